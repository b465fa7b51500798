//! What is written: the pages of a sweep, as the store takes them and as rows of the raw driver.

use risk_app::records::{AssessmentRecord, Commit, Watch};
use risk_engine::alarm::{AccountMemory, Memory, Peaks};
use risk_model::{
    Address, Asset, B256, ChainId, KnownMarkets, OwnThresholds, Range, RiskLevel, Timestamp, Wallet,
};

/// Wallets of a page.
pub(crate) const PAGE: u64 = 1_000;
/// About the length of a real summary, bytes.
const BODY_BYTES: usize = 6_000;

/// A wallet by number, spread over the space of addresses as real ones are.
pub(crate) fn wallet(number: u64) -> Wallet {
    Wallet::new(Address::from_slice(&alloy_primitives::keccak256(number.to_be_bytes())[12..]))
}

pub(crate) fn watch(number: u64) -> Watch {
    Watch {
        wallet: wallet(number),
        label: Some(format!("wallet {number}")),
        health_factor_threshold: None,
        thresholds: OwnThresholds::new(),
        channels: None,
        min_severity: None,
        created_at: Timestamp::new(1_700_000_000),
        updated_at: Timestamp::new(1_700_000_000),
    }
}

fn body(number: u64) -> String {
    let field =
        |index: usize| format!("\"figure_{index}\":{{\"state\":\"known\",\"value\":{number}.{index}}}");
    let mut text = "{".to_owned();
    for index in 0.. {
        text.push_str(&field(index));
        if text.len() > BODY_BYTES {
            text.push('}');
            return text;
        }
        text.push(',');
    }
    text
}

/// What a sweep writes of one page at a time, without alerts, which are few.
pub(crate) fn page(number: u64, at: u64) -> Commit {
    let numbers = number * PAGE..(number + 1) * PAGE;
    let wallets: Vec<Wallet> = numbers.clone().map(wallet).collect();
    let at = Timestamp::new(1_700_000_000 + at);
    let assessment = |number: u64| AssessmentRecord {
        wallet: wallet(number),
        at,
        level: RiskLevel::Medium,
        score: Range::exactly(33.25),
        is_informative: true,
        body: body(number),
    };
    let peaks = Peaks { half: 2, highest: 1.75, before: Some(1.8) };
    let account = AccountMemory { peaks: Some(peaks), ..AccountMemory::default() };
    let memory =
        Memory { accounts: [("aave_v3:ethereum:main".to_owned(), account)].into(), ..Memory::default() };
    let tokens: Vec<Asset> =
        (0..8).map(|byte| Asset::contract(ChainId::Ethereum, Address::repeat_byte(byte))).collect();
    let markets = vec![KnownMarkets { chain: ChainId::Base, ids: vec![B256::repeat_byte(3)] }];
    Commit {
        at,
        assessments: numbers.map(assessment).collect(),
        memories: wallets.iter().map(|wallet| (*wallet, memory.clone())).collect(),
        tokens: wallets.iter().map(|wallet| (*wallet, tokens.clone())).collect(),
        markets: wallets.iter().map(|wallet| (*wallet, markets.clone())).collect(),
        near: wallets.iter().map(|wallet| (*wallet, wallet.address().0[0] < 16)).collect(),
        ..Commit::default()
    }
}
