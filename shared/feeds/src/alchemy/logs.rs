//! `eth_getLogs`: what a contract's events say wallets have ever touched, where it keeps no list of its own.

use std::collections::{BTreeSet, HashMap};

use risk_model::{Address, B256, Wallet};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Endpoint, ListFault};
use crate::json_rpc::{Call, Shape};

/// Most markets of one wallet on one chain; a wallet in more gets a gap for the rest.
pub const MAX_MARKETS: usize = 100;
/// Wallets in one filter.
const WALLETS_AT_ONCE: usize = 100;
/// Most logs taken of one answer: the provider's own limit for a range of any length.
const MAX_LOGS: usize = 10_000;
/// Places of the market's id and of the wallet among an event's topics.
const MARKET_TOPIC: usize = 1;
const OWNER_TOPIC: usize = 3;

/// The events that put a wallet into a market: the id is their second topic and the wallet their fourth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The contract.
    pub contract: Address,
    /// Hashes of the events' signatures.
    pub events: Vec<B256>,
    /// The block that the contract was deployed in.
    pub from_block: u64,
}

/// The ids of the markets that a wallet was ever put into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// In order.
    pub ids: BTreeSet<B256>,
    /// Whether there are more than were taken.
    pub is_cut: bool,
}

#[derive(Deserialize)]
struct Log {
    address: Address,
    topics: Vec<B256>,
}

impl Endpoint {
    /// The markets of each wallet by the contract's history, one for each in order: one request a hundred wallets.
    ///
    /// # Errors
    /// The history could not be read: not at all, not as a whole, or not as what was asked for.
    pub async fn markets_of(&self, history: &History, wallets: &[Wallet]) -> Result<Vec<Marks>, ListFault> {
        let mut found = Vec::with_capacity(wallets.len());
        for some in wallets.chunks(WALLETS_AT_ONCE) {
            let call = Call { method: "eth_getLogs", params: filter(history, some), result: Shape::List };
            let logs = self.rpc().single(call).await?.map_err(ListFault::Fault)?;
            found.extend(read(&logs, history, some)?);
        }
        Ok(found)
    }
}

fn filter(history: &History, wallets: &[Wallet]) -> Value {
    let owners: Vec<B256> = wallets.iter().map(|wallet| wallet.address().into_word()).collect();
    json!([{
        "address": history.contract,
        "fromBlock": format!("{:#x}", history.from_block),
        "toBlock": "latest",
        "topics": [history.events, null, null, owners],
    }])
}

fn read(logs: &Value, history: &History, wallets: &[Wallet]) -> Result<Vec<Marks>, ListFault> {
    let logs = logs.as_array().filter(|logs| logs.len() <= MAX_LOGS).ok_or(ListFault::Malformed)?;
    let mut by_owner: HashMap<B256, Marks> =
        wallets.iter().map(|wallet| (wallet.address().into_word(), Marks::default())).collect();
    for log in logs {
        let log = Log::deserialize(log).map_err(|_| ListFault::Malformed)?;
        let topic = |place: usize| log.topics.get(place).ok_or(ListFault::Malformed);
        // What was not asked for says that the filter was not kept to, so that something may be missing as well.
        if log.address != history.contract || !history.events.contains(topic(0)?) {
            return Err(ListFault::Malformed);
        }
        let marks = by_owner.get_mut(topic(OWNER_TOPIC)?).ok_or(ListFault::Malformed)?;
        let id = *topic(MARKET_TOPIC)?;
        if marks.ids.contains(&id) || marks.ids.len() < MAX_MARKETS {
            marks.ids.insert(id);
        } else {
            marks.is_cut = true;
        }
    }
    let of = |wallet: &Wallet| by_owner.get(&wallet.address().into_word()).cloned().unwrap_or_default();
    Ok(wallets.iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: Wallet = Wallet::new(Address::repeat_byte(0x11));
    const BOB: Wallet = Wallet::new(Address::repeat_byte(0x22));
    const CONTRACT: Address = Address::repeat_byte(0xbb);
    const EVENT: B256 = B256::repeat_byte(0xee);

    fn history() -> History {
        History { contract: CONTRACT, events: vec![EVENT, B256::repeat_byte(0xef)], from_block: 18_883_124 }
    }

    fn log(owner: Wallet, id: B256) -> Value {
        let topics = [EVENT, id, B256::ZERO, owner.address().into_word()];
        json!({ "address": CONTRACT, "topics": topics, "data": "0x", "blockNumber": "0x1" })
    }

    fn id(number: u64) -> B256 {
        B256::left_padding_from(&number.to_be_bytes())
    }

    #[test]
    fn each_wallet_has_its_own_markets_once_each_and_in_order() {
        let logs = json!([log(ANN, id(9)), log(BOB, id(9)), log(ANN, id(3)), log(ANN, id(9))]);
        let found = read(&logs, &history(), &[BOB, ANN]).unwrap();
        let ids = |marks: &Marks| marks.ids.iter().copied().collect::<Vec<_>>();
        assert_eq!((ids(&found[0]), ids(&found[1])), (vec![id(9)], vec![id(3), id(9)]));
        assert_eq!(read(&json!([]), &history(), &[ANN]).unwrap(), [Marks::default()]);
    }

    #[test]
    fn one_filter_asks_for_every_wallet_and_event_since_the_deployment() {
        let filter = &filter(&history(), &[ANN, BOB])[0];
        assert_eq!((&filter["fromBlock"], &filter["toBlock"]), (&json!("0x1202234"), &json!("latest")));
        assert_eq!(filter["topics"][3].as_array().unwrap().len(), 2);
        assert_eq!(filter["topics"][0].as_array().unwrap().len(), 2);
        assert!(filter["topics"][1].is_null() && filter["topics"][2].is_null());
    }

    #[test]
    fn logs_that_were_not_asked_for_make_the_answer_worthless() {
        let mut other = log(ANN, id(1));
        other["address"] = json!(Address::ZERO);
        let mut event = log(ANN, id(1));
        event["topics"][0] = json!(B256::ZERO);
        let mut short = log(ANN, id(1));
        short["topics"] = json!([EVENT, id(1)]);
        for bad in [other, event, short, log(BOB, id(1)), json!({}), json!("0x")] {
            let read = read(&json!([log(ANN, id(1)), bad]), &history(), &[ANN]);
            assert!(matches!(read, Err(ListFault::Malformed)), "{bad}");
        }
    }

    #[test]
    fn an_endless_history_is_cut_and_says_so() {
        let many: Vec<Value> = (0..200).map(|number| log(ANN, id(number))).collect();
        let found = read(&json!(many), &history(), &[ANN]).unwrap();
        assert!(found[0].is_cut && found[0].ids.len() == MAX_MARKETS);
        let endless = vec![log(ANN, id(1)); MAX_LOGS + 1];
        assert!(matches!(read(&json!(endless), &history(), &[ANN]), Err(ListFault::Malformed)));
    }
}
