//! What the wallets of a read have in a market of Aave's shape: their rows, and before them, in a sweep, one bitmap each
//! that says who has any.

use std::collections::HashSet;

use risk_app::ports::{Depth, WalletQuery};
use risk_engine::aave::Position;
use risk_model::{Address, Asset, GapReason};

use crate::aave::{ReadMarket, Rows, bitmap_call, is_in_use, rows_call};
use crate::alchemy::{Answer, Group};
use crate::json_rpc::Fault;
use crate::markets::MarketAddresses;

/// Wallets whose rows are read in one `eth_call`: 60 reserves take about a million gas each, and nodes stop at some
/// hundred millions.
const ROWS_PER_AGGREGATE: usize = 100;
/// Wallets whose bitmaps are: about ten thousand gas each.
const BITMAPS_PER_AGGREGATE: usize = 1_000;
/// Words of one wallet's answer beside its rows.
const WORDS_BESIDE_ROWS: usize = 3;
/// A sweep of more wallets than this asks for bitmaps first: most wallets have nothing in most markets, and the rows of
/// one are as long as sixty bitmaps. For fewer, one more request would be the higher price.
const FEW: usize = ROWS_PER_AGGREGATE;

/// The wallets' part of one read of a market.
pub(super) struct Users<'a> {
    market: &'a MarketAddresses,
    queries: &'a [WalletQuery],
    /// What is asked next of the wallets in `due`: their bitmaps, or their rows.
    asks_bitmaps: bool,
    /// Places of the wallets that are asked next.
    due: Vec<usize>,
    /// By place.
    read: Vec<User>,
}

/// What is known of one wallet.
#[derive(Clone, Debug)]
enum User {
    /// Why nothing is.
    Unread(Fault),
    /// The pool says that it owes nothing and that nothing of it is collateral; no other deposit was ever found.
    Nothing,
    Rows(Result<Rows, GapReason>),
}

impl<'a> Users<'a> {
    pub(super) fn new(market: &'a MarketAddresses, queries: &'a [WalletQuery], depth: Depth) -> Self {
        Self {
            market,
            queries,
            asks_bitmaps: matches!(depth, Depth::Known { .. }) && queries.len() > FEW,
            due: (0..queries.len()).collect(),
            read: vec![User::Unread(Fault::Malformed); queries.len()],
        }
    }

    /// Whether there is more to ask.
    pub(super) fn is_open(&self) -> bool {
        !self.due.is_empty()
    }

    /// What to ask next; a row of the market has so many words, and there are so many rows.
    pub(super) fn ask(&self, rows: usize, words_per_row: usize) -> Group {
        let due = self.due.iter().filter_map(|place| self.queries.get(*place));
        let (reply_words, per_aggregate) = if self.asks_bitmaps {
            (1, BITMAPS_PER_AGGREGATE)
        } else {
            (rows * words_per_row + WORDS_BESIDE_ROWS, ROWS_PER_AGGREGATE)
        };
        let call = if self.asks_bitmaps { bitmap_call } else { rows_call };
        Group {
            calls: due.map(|query| call(self.market, query.wallet)).collect(),
            per_aggregate,
            reply_words,
        }
    }

    /// Takes the answers to what was asked last. `deposit_tokens` are the market's, where all of them are known: a
    /// deposit that is no collateral shows in no bitmap, but its token is among the wallet's known ones.
    pub(super) fn take(&mut self, answers: Vec<Answer>, deposit_tokens: Option<&HashSet<Address>>) {
        let due = std::mem::take(&mut self.due);
        let are_bitmaps = std::mem::replace(&mut self.asks_bitmaps, false);
        for (place, answer) in due.into_iter().zip(answers) {
            let Some(query) = self.queries.get(place) else { continue };
            let user = match answer {
                Err(fault) => User::Unread(fault),
                Ok(output) if !are_bitmaps => User::Rows(Rows::read(&output)),
                Ok(output) => match is_in_use(&output) {
                    None => User::Unread(Fault::Malformed),
                    Some(false) if deposit_tokens.is_some_and(|tokens| !holds_any(query, tokens)) => {
                        User::Nothing
                    }
                    Some(_) => {
                        self.due.push(place);
                        User::Unread(Fault::Malformed)
                    }
                },
            };
            if let Some(read) = self.read.get_mut(place) {
                *read = user;
            }
        }
    }

    /// The e-mode categories that wallets are in.
    pub(super) fn e_modes(&self) -> impl Iterator<Item = u8> {
        self.read.iter().filter_map(|user| match user {
            User::Rows(Ok(rows)) => Some(rows.e_mode),
            _ => None,
        })
    }

    /// A wallet's position in the market; `None` where it has nothing there.
    pub(super) fn position(&self, place: usize, market: &ReadMarket) -> Result<Option<Position>, GapReason> {
        match self.read.get(place) {
            Some(User::Nothing) => Ok(None),
            Some(User::Rows(rows)) => rows.as_ref().map_err(|reason| *reason)?.position(market),
            Some(User::Unread(fault)) => Err(fault.reason()),
            None => Err(GapReason::Malformed),
        }
    }
}

fn holds_any(query: &WalletQuery, tokens: &HashSet<Address>) -> bool {
    query.known_tokens.iter().filter_map(Asset::address).any(|token| tokens.contains(&token))
}
