//! Two sources, one quote: who serves, who confirms, and what is said when they do not agree.

use risk_engine::market::Quote;
use risk_model::{Affects, Asset, Gap, GapReason, Timestamp};

use super::QuoteLimits;
use crate::coingecko::COINGECKO;
use crate::defillama::DEFILLAMA;
use crate::provider::{Price, Said};

/// A provider that has no price, and why.
struct Lack {
    source: &'static str,
    reason: GapReason,
    since: Option<Timestamp>,
    /// Its failure is told once for the whole batch, so the asset's own gap would repeat it.
    told: bool,
}

/// The quote of one asset by CoinGecko, else DefiLlama, and the gaps that remain of it.
pub(super) fn judge(
    asset: &Asset,
    coingecko: &Said,
    defillama: &Said,
    limits: &QuoteLimits,
    now: Timestamp,
) -> (Option<Quote>, Option<Gap>) {
    let first = price_or_lack(COINGECKO, coingecko, limits, now);
    let second = price_or_lack(DEFILLAMA, defillama, limits, now);
    match (first, second) {
        (Ok(first), Ok(second)) => compare(asset, first, second, limits),
        (Ok(price), Err(lack)) => (Some(quote(price, COINGECKO)), unconfirmed(asset, &lack)),
        (Err(lack), Ok(price)) => (Some(quote(price, DEFILLAMA)), unconfirmed(asset, &lack)),
        (Err(first), Err(second)) => (None, Some(unpriced(asset, &first, &second))),
    }
}

/// A price that is too old serves, confirms and contradicts nothing.
fn price_or_lack<'a>(
    source: &'static str,
    said: &'a Said,
    limits: &QuoteLimits,
    now: Timestamp,
) -> Result<&'a Price, Lack> {
    match said {
        Said::Price(price) if now.seconds_since(price.observed_at) <= limits.max_age_seconds => Ok(price),
        Said::Price(price) => {
            Err(Lack { source, reason: GapReason::Stale, since: Some(price.observed_at), told: false })
        }
        Said::Without(reason) => Err(Lack { source, reason: *reason, since: None, told: false }),
        Said::Unheard { reason, since } => Err(Lack { source, reason: *reason, since: *since, told: true }),
    }
}

fn compare(
    asset: &Asset,
    first: &Price,
    second: &Price,
    limits: &QuoteLimits,
) -> (Option<Quote>, Option<Gap>) {
    // Over the lower of the two: the larger of the readings, and the same whichever comes first.
    let apart = (first.usd - second.usd).abs() / first.usd.min(second.usd);
    if apart <= limits.confirm_within {
        let confirmed = Quote { confirmed_by: Some(DEFILLAMA), ..quote(first, COINGECKO) };
        return (Some(confirmed), None);
    }
    let too_far = apart > limits.diverge_over;
    let gap = Gap {
        what: format!("price of {asset}: {COINGECKO} and {DEFILLAMA} differ by {:.1} %", apart * 100.0),
        source: DEFILLAMA,
        reason: GapReason::Divergent,
        affects: if too_far { Affects::Value } else { Affects::Confirmation },
        since: None,
    };
    ((!too_far).then(|| quote(first, COINGECKO)), Some(gap))
}

fn quote(price: &Price, source: &'static str) -> Quote {
    Quote {
        usd: price.usd,
        source,
        observed_at: price.observed_at,
        volume_24h_usd: price.volume_24h_usd,
        confirmed_by: None,
    }
}

fn unconfirmed(asset: &Asset, lack: &Lack) -> Option<Gap> {
    (!lack.told).then(|| gap(format!("second price of {asset}"), lack, Affects::Confirmation))
}

/// Neither has it. A provider that could not be heard might have had it: that is the reason worth knowing.
fn unpriced(asset: &Asset, first: &Lack, second: &Lack) -> Gap {
    let lacks = [first, second];
    let heard_worst = lacks.iter().find(|lack| lack.reason != GapReason::Missing);
    let lack = lacks.iter().find(|lack| lack.told).or(heard_worst).unwrap_or(&first);
    gap(format!("price of {asset}"), lack, Affects::Value)
}

fn gap(what: String, lack: &Lack, affects: Affects) -> Gap {
    Gap { what, source: lack.source, reason: lack.reason, affects, since: lack.since }
}

#[cfg(test)]
mod tests;
