//! `eth_feeHistory`: gas prices from the chain itself, where Etherscan has none.

use std::sync::Arc;

use async_trait::async_trait;
use risk_app::ports::Clock;
use risk_engine::market::Gas;
use risk_model::{Affects, ChainId, Gap, GapReason, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::endpoint::quantity;
use super::{ALCHEMY, Alchemy};
use crate::gaps::{last_success, reason_of};
use crate::gas::GasFallback;
use crate::json_rpc::{Call, Shape};

/// Blocks looked at.
const BLOCKS: usize = 4;
/// The tip that half of a block's transactions stayed under.
const PERCENTILE: u32 = 50;
/// What is needed of the answer.
const HISTORY: Shape = Shape::Object(&["baseFeePerGas", "reward"]);
/// Wei of one gwei.
const WEI_PER_GWEI: f64 = 1e9;
/// Above any gas price ever paid: 1 million gwei.
const HIGHEST_WEI: u64 = 1_000_000_000_000_000;

/// Gas prices from the newest blocks.
pub struct FeeHistory {
    alchemy: Alchemy,
    clock: Arc<dyn Clock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    base_fee_per_gas: Vec<String>,
    reward: Vec<Vec<String>>,
}

impl FeeHistory {
    /// Gas prices through these endpoints.
    #[must_use]
    pub fn new(alchemy: Alchemy, clock: Arc<dyn Clock>) -> Self {
        Self { alchemy, clock }
    }

    async fn ask(&self, chain: ChainId) -> Result<Gas, (GapReason, Option<Timestamp>)> {
        let endpoint = self.alchemy.endpoint(chain).ok_or((GapReason::NotConfigured, None))?;
        let params = json!([format!("{BLOCKS:#x}"), "latest", [PERCENTILE]]);
        let call = Call { method: "eth_feeHistory", params, result: HISTORY };
        let result = endpoint.rpc().single(call).await;
        let now = self.clock.now();
        let since = || last_success(endpoint.upstream(), now);
        let result = result.map_err(|error| (reason_of(&error), since()))?;
        let result = result.map_err(|fault| (fault.reason(), since()))?;
        read(&result, now).ok_or_else(|| (GapReason::Malformed, since()))
    }
}

#[async_trait]
impl GasFallback for FeeHistory {
    async fn gas(&self, chain: ChainId) -> Result<Gas, Gap> {
        self.ask(chain).await.map_err(|(reason, since)| Gap {
            what: format!("gas price on {chain}"),
            source: ALCHEMY,
            reason,
            affects: Affects::Confirmation,
            since,
        })
    }
}

/// The next block's base fee, and on top of it the middle of the recent blocks' tips.
fn read(history: &Value, now: Timestamp) -> Option<Gas> {
    let raw = Raw::deserialize(history).ok()?;
    let wei = |text: &String| quantity(text).filter(|wei| *wei <= HIGHEST_WEI);
    // One more than the blocks: the last is of the block to come.
    let base_fee = wei(raw.base_fee_per_gas.get(BLOCKS)?)?;
    let tips = raw.reward.iter().take(BLOCKS).map(|tips| wei(tips.first()?));
    let mut tips: Vec<u64> = tips.collect::<Option<_>>()?;
    tips.sort_unstable();
    let tip = *tips.get(tips.len() / 2)?;
    Some(Gas {
        propose_gwei: gwei(base_fee.saturating_add(tip))?,
        base_fee_gwei: Some(gwei(base_fee)?),
        source: ALCHEMY,
        observed_at: now,
    })
}

/// Bounded by [`HIGHEST_WEI`], so it is exact in a double once split.
fn gwei(wei: u64) -> Option<f64> {
    let (whole, rest) = (u32::try_from(wei / 1_000_000_000).ok()?, u32::try_from(wei % 1_000_000_000).ok()?);
    Some(f64::from(whole) + f64::from(rest) / WEI_PER_GWEI)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::new(5);

    fn history(base_fees: &[&str], tips: &[&str]) -> Value {
        let reward: Vec<[&str; 1]> = tips.iter().map(|tip| [*tip]).collect();
        json!({ "oldestBlock": "0x1", "baseFeePerGas": base_fees, "gasUsedRatio": [], "reward": reward })
    }

    #[test]
    fn the_next_base_fee_and_the_middle_tip_make_the_price() {
        let fees = ["0x1", "0x1", "0x1", "0x1", "0x59682f00"];
        let gas = read(&history(&fees, &["0x0", "0x5f5e100", "0x5f5e100", "0xffffffff"]), NOW).unwrap();
        assert!((gas.propose_gwei - 1.6).abs() < 1e-12 && (gas.base_fee_gwei.unwrap() - 1.5).abs() < 1e-12);
        assert_eq!((gas.source, gas.observed_at), ("alchemy", NOW));
    }

    #[test]
    fn a_history_without_the_coming_block_or_with_absurd_fees_is_none() {
        let (fees, tips) = (["0x1"; 5], ["0x1"; 4]);
        for bad in [
            history(&fees[..4], &tips),
            history(&fees, &[]),
            history(&["0x1", "0x1", "0x1", "0x1", "0xffffffffffffffff"], &tips),
            history(&["0x1", "0x1", "0x1", "0x1", "-1"], &tips),
            json!({ "baseFeePerGas": fees, "reward": [[]] }),
            json!({ "baseFeePerGas": null, "reward": null }),
        ] {
            assert!(read(&bad, NOW).is_none(), "{bad}");
        }
    }
}
