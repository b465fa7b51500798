//! What to do about an account, in amounts: the report's own recommendations, or an estimate where it has none.

use risk_model::Figure;

use crate::quantity::whole;
use crate::report::{AccountReport, Action, Report, ReserveReport};

/// The health factor that an estimate leads to where nothing else is asked for: that of the recommendations.
const TARGET: f64 = 1.5;

/// What brings an account to safety, in a sentence. `target` is a health factor that the cure has to reach at least;
/// the report's recommendations, computed by the account's own maths, lead to 1.5. Where they do not reach so far, or
/// where there are none because the account is not near, it is estimated in the same way: with `E = HF × D`, repay
/// `D − E/target`, or supply `(target·D − E) ÷ threshold`.
pub(super) fn cure(account: &AccountReport, report: &Report, target: Option<f64>) -> String {
    let target = target.unwrap_or(TARGET).max(TARGET);
    let steps = recommended(account, report, target);
    let steps = if steps.is_empty() { estimated(account, target) } else { steps };
    if steps.is_empty() {
        let is_far = account.health_factor.ratio().is_some_and(|factor| factor >= target);
        let text = if is_far {
            "Nothing has to be repaid now; repay debt or supply more collateral if it goes on."
        } else {
            "Repay debt or supply more collateral."
        };
        return text.to_owned();
    }
    let text = steps.join(", or ");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(std::iter::once('.')).collect()
}

fn recommended(account: &AccountReport, report: &Report, target: f64) -> Vec<String> {
    let of_account = report.recommendations.iter().filter(|one| one.account == account.key);
    // They lead to their own target, or as far as one repayment can.
    let reach = of_account.filter(|_| target <= TARGET);
    reach
        .map(|one| {
            let verb = match one.action {
                Action::Repay => "repay",
                Action::AddCollateral => "supply",
                Action::SellCollateral => "sell",
            };
            let worth = one.value.known().map_or_else(String::new, |usd| format!(" ({usd})"));
            let into = one
                .proceeds
                .as_ref()
                .map_or_else(String::new, |debt| format!(" to repay {} {}", debt.amount, debt.symbol));
            let after = match one.health_factor_after.ratio() {
                Some(factor) => format!("for a health factor of {factor:.2}"),
                None => "which leaves no debt".to_owned(),
            };
            format!("{verb} {} {}{worth}{into} {after}", one.amount, one.symbol)
        })
        .collect()
}

fn estimated(account: &AccountReport, target: f64) -> Vec<String> {
    let (Some(factor), Figure::Known(debt)) = (account.health_factor.ratio(), &account.debt) else {
        return Vec::new();
    };
    let debt = debt.value();
    if factor >= target || !(debt.is_finite() && debt > 0.0) {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let owed = |one: &ReserveReport| value(one, whole(one.owed, one.decimals));
    let payable = account.reserves.iter().filter(|one| !one.terms.is_paused);
    let largest = payable
        .clone()
        .filter_map(|one| Some((one, owed(one)?)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.asset.cmp(&a.0.asset)));
    let missing = debt * (1.0 - factor / target);
    if let Some((one, all)) = largest.filter(|(_, all)| *all > 0.0) {
        let part = missing.min(all);
        let after = factor * debt / (debt - part);
        let leads = if after.is_finite() {
            format!("for a health factor of about {after:.2}")
        } else {
            "which leaves no debt".to_owned()
        };
        steps.extend(tokens(one, part).map(|amount| format!("repay {amount} {leads}")));
    }
    let takes = |one: &&ReserveReport| {
        one.is_collateral && one.liquidation_threshold > 0.0 && !one.terms.is_frozen && !one.terms.is_paused
    };
    let best = payable.filter(takes).max_by(|a, b| {
        a.liquidation_threshold.total_cmp(&b.liquidation_threshold).then_with(|| b.asset.cmp(&a.asset))
    });
    if let Some(one) = best {
        let more = (target - factor) * debt / one.liquidation_threshold;
        let text = |amount| format!("supply {amount} for a health factor of about {target:.2}");
        steps.extend(tokens(one, more).map(text));
    }
    steps
}

fn value(one: &ReserveReport, tokens: f64) -> Option<f64> {
    one.oracle_price.known().map(|price| tokens * price.value())
}

/// About so many tokens for so many dollars, four digits of them.
fn tokens(one: &ReserveReport, usd: f64) -> Option<String> {
    let price = one.oracle_price.known()?.value();
    let tokens = usd / price;
    let digits = match tokens {
        many if !many.is_finite() || many <= 0.0 => return None,
        many if many >= 1_000.0 => 0,
        many if many >= 1.0 => 3,
        _ => 8,
    };
    Some(format!("about {tokens:.digits$} {} (${usd:.2})", one.symbol))
}
