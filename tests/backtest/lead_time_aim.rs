//! The aim of the alert rule, held: nearly every liquidation is warned of, with half the fixed line's false alarms.

mod lead_time;
mod prices;

use lead_time::{Bench, Rule, recorded};

#[test]
fn the_alert_rule_warns_of_99_percent_an_hour_before_with_half_the_false_alarms_of_a_fixed_line() {
    let path = prices::file("prices_daily_wide.csv");
    let Some(closes) = prices::daily(&path).unwrap() else {
        println!("{}", prices::absent(&path));
        return;
    };
    let Some(bench) = Bench::new(&closes).unwrap() else {
        println!("{}", recorded::ABSENT);
        return;
    };
    println!("{} liquidations, {} without a chance", bench.liquidated.len(), bench.without_chance);
    println!("left out: {:?}", bench.excluded);
    let (ours, fixed) = (bench.measure(&Rule::ours()), bench.measure(&Rule::Fixed(1.2)));
    let recall = ours.lead.recall();
    println!("recall {recall:.4}, fixed {:.4}", fixed.lead.recall());
    println!("median lead {} h, fixed {} h", ours.lead.median_hours, fixed.lead.median_hours);
    println!("fixed line of equal recall: {:.3}", bench.equal_recall(recall));
    assert!(recall >= 0.99, "{recall}");
    for (name, half) in &ours.halves {
        println!("{name}: {:.4} of {}", half.recall(), half.of);
        assert!(half.recall() >= 0.98, "{name}: {}", half.recall());
    }
    for (name, one, other) in [
        ("as they were", &ours.as_they_were, &fixed.as_they_were),
        ("re-levered", &ours.relevered, &fixed.relevered),
    ] {
        for (rule, seen) in [("alert rule", one), ("fixed line", other)] {
            let (opened, a_month) = (seen.opened, seen.false_a_month());
            println!("{name}, {rule}: {opened} alarms, {a_month:.4} false a month of {:.0}", seen.months);
        }
        assert!(other.false_ones > 0, "{name}: the fixed line has none to be half of");
        assert!(2.0 * one.false_a_month() <= other.false_a_month(), "{name}");
    }
}
