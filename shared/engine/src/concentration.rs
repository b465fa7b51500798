//! How the gross value is spread, and how long it would take to sell (risk-math C.6).

use std::collections::BTreeMap;

/// Longest time to sell that is told, days: ten years stand for anything longer, a market without trades included.
pub const MAX_EXIT_DAYS: f64 = 3_650.0;

/// Shares of the sum by key, largest first and by key where equal; empty where there is no value.
#[must_use]
pub fn shares<K: Ord + Copy>(values: impl IntoIterator<Item = (K, f64)>) -> Vec<(K, f64)> {
    let mut sums: BTreeMap<K, f64> = BTreeMap::new();
    for (key, value) in values {
        *sums.entry(key).or_insert(0.0) += value;
    }
    let total: f64 = sums.values().sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let mut shares: Vec<(K, f64)> = sums.into_iter().map(|(key, value)| (key, value / total)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    shares
}

/// Herfindahl-Hirschman index of shares, `Σ w²`; `None` where there is nothing to share.
#[must_use]
pub fn herfindahl(shares: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut some = false;
    let sum = shares.into_iter().inspect(|_| some = true).map(|share| share * share).sum();
    some.then_some(sum)
}

/// Days to sell a value at `participation` of the daily volume: `value ÷ (participation × volume)`, at most
/// [`MAX_EXIT_DAYS`]; 0 for no value.
#[must_use]
pub fn exit_days(value_usd: f64, volume_24h_usd: f64, participation: f64) -> f64 {
    if value_usd <= 0.0 {
        return 0.0;
    }
    let days = value_usd / (participation * volume_24h_usd);
    // No volume gives infinity, and nothing divided by nothing no number: both are no market.
    if days.is_nan() { MAX_EXIT_DAYS } else { days.min(MAX_EXIT_DAYS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_weights_have_the_reference_index() {
        let index = herfindahl([0.5, 0.3, 0.15, 0.05]).unwrap();
        assert!((index - 0.365).abs() < 1e-12);
        assert!((1.0 / index - 2.739_7).abs() < 1e-4);
        assert_eq!(herfindahl([]), None);
    }

    #[test]
    fn shares_are_of_the_sum_of_each_key() {
        assert_eq!(shares([("b", 1.0), ("a", 1.0), ("b", 2.0)]), [("b", 0.75), ("a", 0.25)]);
        assert_eq!(shares([("b", 1.0), ("a", 1.0)]), [("a", 0.5), ("b", 0.5)]);
        assert_eq!(shares([("a", 0.0)]), []);
    }

    #[test]
    fn no_market_takes_the_longest_time_and_no_value_none() {
        let days =
            [exit_days(1_000.0, 10_000.0, 0.1), exit_days(1_000.0, 0.0, 0.1), exit_days(0.0, 0.0, 0.1)];
        assert_eq!(days.map(f64::to_bits), [1.0, MAX_EXIT_DAYS, 0.0].map(f64::to_bits));
    }
}
