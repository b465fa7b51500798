//! The table of the alert rule's lead and false alarms, beside the fixed line and the fixed line at equal recall.

use risk_engine::market::DailyCloses;

use crate::lead_time::recorded::ABSENT;
use crate::lead_time::{Bench, FALSE_AFTER_DAYS, Measured, Rule};

/// Prints the table of the alert rule, the fixed line, and the fixed line at equal recall.
pub(crate) fn print(closes: &[(String, DailyCloses)]) -> anyhow::Result<()> {
    let Some(bench) = Bench::new(closes)? else {
        println!("{}", ABSENT);
        return Ok(());
    };
    let ours = bench.measure(&Rule::ours());
    let equal = bench.equal_recall(ours.lead.recall());
    head(&bench);
    let fixed = bench.measure(&Rule::Fixed(1.2));
    for (name, measured) in [
        ("alert rule".to_owned(), &ours),
        ("fixed, HF < 1.20".to_owned(), &fixed),
        (format!("fixed at equal recall, {equal:.3}"), &bench.measure(&Rule::Fixed(equal))),
    ] {
        row(&name, measured);
    }
    println!("split:");
    for ((name, one), (_, other)) in ours.halves.iter().zip(&fixed.halves) {
        println!(
            "  {name:<14} alert rule {:.4}, fixed 1.20 {:.4} of {}",
            one.recall(),
            other.recall(),
            one.of
        );
    }
    println!(
        "{:.1} wallet-months as they were, {:.1} re-levered (debt scaled to a factor of 1.1 to 2, every 7th day, for 30 \
         days); left out as wrongly reconstructed (under 1 for weeks, never liquidated) or unpriced: {}; liquidated \
         wallets without a chance, by the fixed line: {}",
        ours.as_they_were.months,
        ours.relevered.months,
        bench.excluded.join(", "),
        bench.without_chance
    );
    Ok(())
}

fn head(bench: &Bench) {
    println!("\nLead before liquidation, {} liquidations of 2021-01 to 2022-04:", bench.liquidated.len());
    println!(
        "recall: an alert stands an hour before; lead: since when, at the sample's 168, 72, 48, 24, 12, 6, 3 and 1 h;"
    );
    println!(
        "false alarm: opened, and nothing under 1 nor liquidated within {FALSE_AFTER_DAYS} days; daily closes; an \
         alert opens again only after it closed"
    );
    println!(
        "{:<28} {:>8} {:>11} | {:^27} | {:^27}",
        "rule", "recall", "median lead", "borrowers as they were", "borrowers re-levered"
    );
    println!(
        "{:<28} {:>8} {:>11} | {:>6} {:>6} {:>13} | {:>6} {:>6} {:>13}",
        "", "at 1 h", "h", "alarms", "false", "false a month", "alarms", "false", "false a month"
    );
}

fn row(name: &str, measured: &Measured) {
    let (a, b) = (&measured.as_they_were, &measured.relevered);
    println!(
        "{name:<28} {:>8.4} {:>11} | {:>6} {:>6} {:>13.4} | {:>6} {:>6} {:>13.4}",
        measured.lead.recall(),
        measured.lead.median_hours,
        a.opened,
        a.false_ones,
        a.false_a_month(),
        b.opened,
        b.false_ones,
        b.false_a_month()
    );
}
