//! Throwaway.
#![allow(clippy::all, missing_docs)]
use std::sync::Arc;
use risk_app::ports::*;
use risk_feeds::{Key, alchemy::*, the_graph::*, positions::*};
use risk_model::*;
struct C; impl Clock for C { fn now(&self) -> Timestamp { Timestamp::new(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()) } }
#[tokio::main]
async fn main() {
    let mut args = std::env::args().skip(1);
    let base = args.next().unwrap();
    let n: u64 = args.next().unwrap().parse().unwrap();
    let extra: Vec<String> = args.collect();
    let client = risk_http::Client::new("try").unwrap();
    let clock: Arc<dyn Clock> = Arc::new(C);
    let a = Alchemy::new(&client, &AlchemySettings{ url: format!("{base}/alchemy/{{network}}/v2/{{key}}"), key: Key::new("sandbox"), rate_per_second: None, deadline: std::time::Duration::from_secs(8) }, &ChainId::ALL).unwrap();
    let g = TheGraph::new(&client, &TheGraphSettings{ base_url: format!("{base}/thegraph/api"), key: Key::new("sandbox"), rate_per_second: None, deadline: std::time::Duration::from_secs(8) }, clock.clone()).unwrap();
    let p = ChainPositions::new(a, g, &ChainId::ALL, clock);
    let depth = if n == 0 { Depth::Discover } else { Depth::Known };
    let mut qs: Vec<WalletQuery> = (0..n).map(|i| WalletQuery{ wallet: Wallet::new(Address::left_padding_from(&(i+1000).to_be_bytes())), known_tokens: vec![] }).collect();
    qs.extend(extra.iter().map(|w| WalletQuery{ wallet: w.parse().unwrap(), known_tokens: vec![] }));
    for _ in 0..2 {
        let t = std::time::Instant::now();
        let r = p.read(&qs, depth, &Default::default()).await;
        println!("read {} in {:?}: accounts {} holdings {} gaps {}", r.len(), t.elapsed(), r.iter().map(|r| r.accounts.len()).sum::<usize>(), r.iter().map(|r| r.holdings.len()).sum::<usize>(), r.iter().map(|r| r.gaps.len()).sum::<usize>());
        for w in r.iter().rev().take(extra.len().max(1)) {
            println!("== {}", w.wallet);
            for a in &w.accounts { 
                let d = risk_engine::aave::account_data(&a.market, &a.position);
                if extra.len() == 1 { println!("{:?} {:?} {:?}", a.position, a.market.e_modes, a.position.reserves.iter().map(|r| &a.market.reserves[r.reserve]).collect::<Vec<_>>()); }
                println!("  account {:?} {} block {} {:?}", a.provenance, a.market.chain, a.market.block.number, d); }
            for h in &w.holdings { println!("  {} {} {} {}", h.asset, h.symbol, h.decimals, h.amount); }
            for g in &w.gaps { println!("  GAP {g:?}"); }
            println!("  readings {}", w.readings.len());
        }
    }
    for u in p.upstreams() { println!("{u:?}"); }
}
