//! One chain: the newest block, then everything of every wallet at that block, then the subgraph.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use risk_app::ports::Depth;
use risk_engine::aave;
use risk_engine::lending::Account;
use risk_engine::position::{Block, LendingAccount, Provenance};
use risk_model::{GapReason, Timestamp, Wallet};
use tokio::time::timeout;

use super::tokens::{Seen, TokenAnswers, TokenPlan, discover};
use super::{ChainPositions, Learned, Part, Wanted, gap};
use crate::aave::{Account as Rows, MarketRead, ReadMarket, hinted_asks, hints, user_call};
use crate::alchemy::{Answer, Endpoint, Group, Head, ListFault, ReadFault, TokenList};
use crate::gaps::last_success;
use crate::json_rpc::Fault;
use crate::markets::{MarketAddresses, market_of};
use crate::the_graph::{IndexFault, IndexedAccounts};

/// Longest read of a chain's contracts for a question that somebody waits for.
const DISCOVER_LIMIT: Duration = Duration::from_secs(15);
/// Longest read of a chain's contracts in a sweep.
const KNOWN_LIMIT: Duration = Duration::from_secs(45);
/// Longest wait for the subgraph to confirm what the contracts already said.
const CONFIRMATION_LIMIT: Duration = Duration::from_secs(2);
/// Requests that a market may take at one block: each asks what the answers before led to.
const MARKET_ROUNDS: usize = 4;
/// Market views in one `eth_call`: some 20 million gas.
const VIEWS_PER_AGGREGATE: usize = 250;
/// Hex of one view there and back, the longest being a reserve's 15 words.
const BYTES_PER_VIEW: usize = 25 * 64;
/// Wallets in one `eth_call`: 60 reserves take about a million gas each, and nodes stop at some hundred millions.
const WALLETS_PER_AGGREGATE: usize = 100;
/// Hex of one wallet's rows there and back, for a market of 60 reserves.
const BYTES_PER_WALLET: usize = 260 * 64;
/// Times that a block may vanish under a read.
const ATTEMPTS: usize = 2;

type TokenLists = Option<Vec<Result<TokenList, ListFault>>>;

/// What was read of a chain at one block.
struct Read {
    block: Block,
    market: Result<ReadMarket, GapReason>,
    users: Vec<Answer>,
    tokens: Option<(TokenPlan, TokenAnswers)>,
}

impl ChainPositions {
    /// One part for each wallet, in order.
    pub(super) async fn read_chain(&self, wanted: Wanted<'_>) -> Vec<Part> {
        let market = market_of(wanted.chain);
        let wallets = distinct(wanted.queries.iter().map(|query| query.wallet));
        let contracts = Box::pin(self.read_contracts(wanted, &market));
        if !wanted.accounts {
            return contracts.await;
        }
        let (mut parts, indexed) = match wanted.depth {
            Depth::Known => (contracts.await, None),
            Depth::Discover => {
                let index = Box::pin(self.graph.accounts(&market, &wallets));
                both(contracts, index).await
            }
        };
        let unread = wanted.queries.iter().zip(&parts).filter(|(_, part)| !part.is_account_known);
        let unread = distinct(unread.map(|(query, _)| query.wallet));
        let indexed = match indexed {
            None if unread.is_empty() => return parts,
            None => self.graph.accounts(&market, &unread).await,
            Some(indexed) => indexed,
        };
        self.compare(wanted, &mut parts, indexed);
        parts
    }

    /// Everything from the contracts, or the gaps of their absence.
    async fn read_contracts(&self, wanted: Wanted<'_>, market: &MarketAddresses) -> Vec<Part> {
        let Some(endpoint) = self.alchemy.endpoint(wanted.chain) else {
            return unread(wanted, GapReason::NotConfigured, None);
        };
        let limit = match wanted.depth {
            Depth::Discover => DISCOVER_LIMIT,
            Depth::Known => KNOWN_LIMIT,
        };
        let read = timeout(limit, self.read_blocks(endpoint, wanted, market)).await;
        let now = self.clock.now();
        let seen = Seen { now, last_success: last_success(endpoint.upstream(), now) };
        match read.unwrap_or(Err(ReadFault::TooLong)) {
            Ok(read) => self.parts(wanted, read, seen),
            Err(fault) => {
                tracing::warn!(chain = %wanted.chain, %fault, "the chain could not be read");
                unread(wanted, fault.reason(), seen.last_success)
            }
        }
    }

    /// Reads at the newest block, and once more at a newer one where it vanished under the read.
    async fn read_blocks(
        &self,
        endpoint: &Endpoint,
        wanted: Wanted<'_>,
        market: &MarketAddresses,
    ) -> Result<Read, ReadFault> {
        let mut lists: Option<TokenLists> = None;
        let mut fault = ReadFault::BlockGone;
        for _ in 0..ATTEMPTS {
            let (head, listed) = tokio::join!(self.head(endpoint, market), async {
                match lists.take() {
                    Some(lists) => lists,
                    None => discover(endpoint, wanted).await,
                }
            });
            let read = match head {
                Ok((head, learned)) => {
                    self.read_at(endpoint, wanted, market, (head.block, learned), listed.as_deref()).await
                }
                Err(fault) => Err(fault),
            };
            lists = Some(listed);
            match read {
                Err(ReadFault::BlockGone) => fault = ReadFault::BlockGone,
                other => return other,
            }
        }
        Err(fault)
    }

    /// The newest block, and what there is to ask: learned before, or from hints asked with it.
    async fn head(
        &self,
        endpoint: &Endpoint,
        market: &MarketAddresses,
    ) -> Result<(Head, Learned), ReadFault> {
        let mut learned = self.learned(market.chain);
        let questions = if learned.asks.is_empty() { hints(market) } else { Vec::new() };
        let head = endpoint.head(&questions, self.clock.now()).await?;
        if learned.asks.is_empty() {
            let outputs: Vec<_> = head.hints.iter().map(|hint| hint.as_ref().ok().cloned()).collect();
            learned.asks = hinted_asks(&outputs);
        }
        Ok((head, learned))
    }

    /// Everything at one block: one request, and more only for what its answers lead to.
    async fn read_at(
        &self,
        endpoint: &Endpoint,
        wanted: Wanted<'_>,
        market: &MarketAddresses,
        (block, learned): (Block, Learned),
        lists: Option<&[Result<TokenList, ListFault>]>,
    ) -> Result<Read, ReadFault> {
        let mut structure = MarketRead::new(*market, learned.asks);
        let asks = structure.missing();
        let plan = wanted.tokens.then(|| TokenPlan::new(wanted, lists));
        let mut groups = vec![views(market, &asks), users(wanted, market)];
        groups.extend(plan.iter().flat_map(TokenPlan::groups));
        let mut answers = endpoint.read_at(block.hash, &groups).await?.into_iter();
        let mut next = || answers.next().unwrap_or_default();
        structure.take(&asks, next());
        let users = next();
        let tokens = plan.map(|plan| (plan, TokenAnswers { balances: next(), metadata: next() }));
        structure.want_categories(
            users.iter().flatten().filter_map(|output| Rows::read(output).ok()).map(|account| account.e_mode),
        );
        let market = self.finish_market(endpoint, market, structure, block).await?;
        Ok(Read { block, market, users, tokens })
    }

    /// Asks on until nothing that an answer led to is left open.
    async fn finish_market(
        &self,
        endpoint: &Endpoint,
        market: &MarketAddresses,
        mut structure: MarketRead,
        block: Block,
    ) -> Result<Result<ReadMarket, GapReason>, ReadFault> {
        for _ in 1..MARKET_ROUNDS {
            let asks = structure.missing();
            if asks.is_empty() {
                break;
            }
            match endpoint.read_at(block.hash, &[views(market, &asks)]).await {
                Ok(answers) => structure.take(&asks, answers.into_iter().next().unwrap_or_default()),
                Err(ReadFault::BlockGone) => return Err(ReadFault::BlockGone),
                Err(fault) => return Ok(Err(fault.reason())),
            }
        }
        if !structure.missing().is_empty() {
            return Ok(Err(GapReason::Malformed));
        }
        let read = structure.finish(block);
        if let Ok(read) = &read {
            let own_tokens = read.own_tokens.clone();
            self.learn(market.chain, Learned { asks: structure.wanted(), own_tokens });
        }
        Ok(read)
    }

    fn parts(&self, wanted: Wanted<'_>, read: Read, seen: Seen) -> Vec<Part> {
        let mut parts: Vec<Part> = wanted.queries.iter().map(|_| Part::default()).collect();
        if wanted.accounts {
            for (part, output) in parts.iter_mut().zip(&read.users) {
                add_account(part, wanted, &read, output, seen.last_success);
            }
        }
        if let Some((plan, answers)) = read.tokens {
            let learned;
            let own_tokens = match &read.market {
                Ok(market) => &market.own_tokens,
                Err(_) => {
                    learned = self.learned(wanted.chain);
                    &learned.own_tokens
                }
            };
            plan.fill(&mut parts, answers, own_tokens, read.block, seen);
        }
        parts
    }

    /// Holds what the contracts said against the subgraph, and falls back on it where they said nothing.
    fn compare(&self, wanted: Wanted<'_>, parts: &mut [Part], indexed: Result<IndexedAccounts, IndexFault>) {
        let chain = wanted.chain;
        let indexed = match indexed {
            Ok(indexed) => indexed,
            Err(fault) => {
                tracing::warn!(%chain, %fault, "the subgraph could not be read");
                let since = self.graph.last_success();
                let is_asked = |part: &&mut Part| wanted.depth == Depth::Discover || !part.is_account_known;
                for part in parts.iter_mut().filter(is_asked) {
                    part.gaps.push(gap::confirmation(chain, fault.reason(), since));
                }
                return;
            }
        };
        for (query, part) in wanted.queries.iter().zip(parts) {
            let position = indexed.positions.get(&query.wallet);
            if indexed.unreadable.contains(&query.wallet) {
                part.gaps.push(gap::confirmation(chain, GapReason::Malformed, None));
            } else if !part.is_account_known {
                part.readings.push(gap::indexed(chain, indexed.market.block));
                part.accounts.extend(position.map(|position| LendingAccount {
                    account: Account::Aave(aave::Account {
                        market: Arc::clone(&indexed.market),
                        position: position.clone(),
                    }),
                    provenance: Provenance::Subgraph,
                }));
            } else if position.is_some() && part.accounts.is_empty() {
                part.gaps.push(gap::confirmation(chain, GapReason::Divergent, None));
            } else if wanted.depth == Depth::Discover {
                part.readings.push(gap::indexed(chain, indexed.market.block));
            }
        }
    }
}

/// Awaits contracts and subgraph side by side. Once the contracts told everything, the subgraph can only confirm
/// it, and nobody waits long for that.
async fn both(
    contracts: impl Future<Output = Vec<Part>> + Unpin,
    index: impl Future<Output = Result<IndexedAccounts, IndexFault>> + Unpin,
) -> (Vec<Part>, Option<Result<IndexedAccounts, IndexFault>>) {
    match select(contracts, index).await {
        Either::Right((indexed, contracts)) => (contracts.await, Some(indexed)),
        Either::Left((parts, index)) if parts.iter().all(|part| part.is_account_known) => {
            let indexed = timeout(CONFIRMATION_LIMIT, index).await.unwrap_or(Err(IndexFault::TooLong));
            (parts, Some(indexed))
        }
        Either::Left((parts, index)) => (parts, Some(index.await)),
    }
}

fn views(market: &MarketAddresses, asks: &[crate::aave::Ask]) -> Group {
    Group {
        calls: asks.iter().map(|ask| ask.call(market)).collect(),
        per_aggregate: VIEWS_PER_AGGREGATE,
        bytes_per_call: BYTES_PER_VIEW,
    }
}

fn users(wanted: Wanted<'_>, market: &MarketAddresses) -> Group {
    let queries = if wanted.accounts { wanted.queries } else { &[] };
    Group {
        calls: queries.iter().map(|query| user_call(market, query.wallet)).collect(),
        per_aggregate: WALLETS_PER_AGGREGATE,
        bytes_per_call: BYTES_PER_WALLET,
    }
}

/// Adds what the contracts say of a wallet's account; a wallet without a position has no account.
fn add_account(part: &mut Part, wanted: Wanted<'_>, read: &Read, output: &Answer, since: Option<Timestamp>) {
    let chain = wanted.chain;
    let position = read.market.as_ref().map_err(|reason| *reason).and_then(|market| {
        let output = output.as_ref().map_err(|fault: &Fault| fault.reason())?;
        Ok((market, Rows::read(output)?.position(market)?))
    });
    match position {
        Ok((market, position)) => {
            part.is_account_known = true;
            part.readings.push(gap::read_at("aave_v3 account", chain, read.block));
            if position.is_some() && !market.has_known_rules {
                part.gaps.push(gap::unverified_rules(chain));
            }
            part.accounts.extend(position.map(|position| LendingAccount {
                account: Account::Aave(aave::Account { market: Arc::clone(&market.market), position }),
                provenance: Provenance::Chain,
            }));
        }
        Err(reason) => part.gaps.extend(gap::account(chain, reason, since)),
    }
}

/// The parts of wallets of which nothing could be read.
fn unread(wanted: Wanted<'_>, reason: GapReason, since: Option<Timestamp>) -> Vec<Part> {
    let gaps = || {
        let accounts = wanted.accounts.then(|| gap::account(wanted.chain, reason, since));
        let tokens = wanted.tokens.then(|| gap::tokens(wanted.chain, reason, since));
        accounts.into_iter().flatten().chain(tokens).collect()
    };
    wanted.queries.iter().map(|_| Part { gaps: gaps(), ..Part::default() }).collect()
}

fn distinct(wallets: impl Iterator<Item = Wallet>) -> Vec<Wallet> {
    let mut seen = HashSet::new();
    wallets.filter(|wallet| seen.insert(*wallet)).collect()
}
