//! Whole assessments: known wallets, named gaps, and what must hold for any input.

use std::sync::Arc;

use risk_model::{ChainId, GapReason, RiskLevel, U256, Wallet};

use super::*;
use crate::market::MarketData;
use crate::position::{LendingAccount, Provenance};
use crate::probability::Estimate;
use crate::specimen::{
    USDC, WETH, account, asset, block, borrower, closes, debt, holding, market, market_data, now, positions,
    quote, supply, tokens,
};
use crate::stablecoin::{Band, stablecoins};

mod chances;
mod missing;
mod monotone;
mod pools;
mod properties;

fn report(positions: &WalletPositions, data: &MarketData) -> Report {
    assess_one(positions, data, now(), &Parameters::default())
}

fn borrowing(usdc: u64) -> WalletPositions {
    positions(vec![account(market(), borrower(usdc))], vec![])
}

fn names(report: &Report, part: Affects) -> Vec<(&str, GapReason)> {
    report.gaps.iter().filter(|gap| gap.affects == part).map(|gap| (gap.what.as_str(), gap.reason)).collect()
}

#[test]
fn an_empty_wallet_with_complete_coverage_is_known_to_be_at_no_risk() {
    let report = report(&positions(vec![], vec![]), &market_data());
    assert_eq!(report.score, Range::exactly(0.0));
    assert_eq!(report.level, RiskLevel::Low);
    assert_eq!(report.health_factor, HealthFactor::NoDebt);
    assert_eq!(report.net_worth, Figure::Known(Usd::ZERO));
    assert_eq!(report.concentration.hhi, Figure::Known(None));
    assert_eq!(report.liquidation_probability_24h, Figure::Known(Estimate::exactly(0.0)));
    assert_eq!((report.gaps.len(), report.drivers.len()), (0, 0));
}

#[test]
fn the_loss_given_liquidation_is_in_dollars_and_its_profit_is_open_without_gas() {
    let mut data = market_data();
    let taken = |data: &MarketData| {
        let report = report(&borrowing(13_000), data);
        report.accounts[0].liquidation_loss.known().unwrap().clone().unwrap()
    };
    let usd = |figure: &Figure<Usd>| figure.known().unwrap().value();
    let open = taken(&data);
    assert!((open.drop - (1.0 - 13_000.0 / 16_600.0)).abs() < 1e-6);
    assert!((usd(&open.owner_loss) - 325.0).abs() < 1e-3);
    assert!(matches!(&open.is_economic, Figure::Unknown(why) if why.contains("gas")));
    data.quotes.insert(risk_model::Asset::native(ChainId::Ethereum), quote(2_000.0));
    for (gwei, is_economic) in [(10.0, true), (1_000.0, false)] {
        let gas = crate::market::Gas {
            propose_gwei: gwei,
            base_fee_gwei: None,
            source: "etherscan",
            observed_at: now(),
        };
        data.gas.insert(ChainId::Ethereum, gas);
        let told = taken(&data);
        // 600,000 units: $12 at 10 gwei, $1,200 at 1,000; the fee is a tenth of the bonus.
        assert!((usd(&told.liquidator_profit) - (292.5 - gwei * 1.2)).abs() < 1e-3, "{told:?}");
        assert_eq!(told.is_economic, Figure::Known(is_economic));
    }
    let nothing_owed = positions(vec![account(market(), borrower(0))], vec![]);
    assert_eq!(report(&nothing_owed, &data).accounts[0].liquidation_loss, Figure::Known(None));
}

#[test]
fn a_borrower_is_known_in_every_figure() {
    let report = report(&borrowing(13_000), &market_data());
    assert_eq!(report.gaps, []);
    assert_eq!(report.health_factor, HealthFactor::Known("1276923076923076923".parse().unwrap()));
    assert_eq!(report.portfolio_value, Figure::Known(Usd::new(20_000.0).unwrap()));
    assert_eq!(report.debt, Figure::Known(Usd::new(13_000.0).unwrap()));
    assert_eq!(report.net_worth, Figure::Known(Usd::new(7_000.0).unwrap()));
    let account = &report.accounts[0];
    assert_eq!(
        account.market_health_factor.ratio().map(|ratio| (ratio * 1e9).round()),
        Some(1_276_923_077.0)
    );
    assert_eq!(
        account.reserves[0].liquidation_price,
        crate::report::LiquidationPrice::Below(Usd::new(13_000.0 / 8.3).unwrap())
    );
    assert!(report.score.known().is_some() && report.level != RiskLevel::Unknown);
    assert_eq!(report.market.observations, 365);
    assert!(account.volatility.known().is_some_and(|volatility| (0.3..1.5).contains(volatility)));
    assert!(report.components.volatility.known().is_some_and(|points| points > 0.0));
    assert_eq!(report.components.concentration.known(), Some(100.0));
    assert!(report.drivers.windows(2).all(|pair| pair[0].points >= pair[1].points));
}

#[test]
fn the_worst_account_is_the_wallets_and_they_are_never_averaged() {
    let mut other = market();
    other.pool = risk_model::Address::repeat_byte(0x11);
    let wallet =
        positions(vec![account(other, borrower(1_000)), account(market(), borrower(16_000))], vec![]);
    let report = report(&wallet, &market_data());
    assert_eq!(report.health_factor, HealthFactor::Known("1037500000000000000".parse().unwrap()));
    assert_eq!(report.accounts[0].health_factor, report.health_factor);
    assert_eq!(report.components.liquidation, report.accounts[0].score);
    assert_eq!(report.recommendations.len(), 3);
    assert_eq!(report.recommendations[0].account, report.accounts[0].key);
}

#[test]
fn a_liquidatable_account_is_critical_whatever_else_is_missing() {
    let mut wallet = borrowing(17_000);
    wallet.gaps.push(missing("aave_v3 account on base", Affects::Liquidation));
    let report = report(&wallet, &MarketData::default());
    assert!(report.health_factor.ratio().is_some_and(|factor| factor < 1.0));
    assert_eq!(report.level, RiskLevel::Critical);
    assert_eq!(report.liquidation_probability_7d, Figure::Known(Estimate::exactly(1.0)));
    assert!(matches!(report.net_worth, Figure::Unknown(_)));
}

fn missing(what: &str, affects: Affects) -> Gap {
    Gap { what: what.to_owned(), source: "alchemy", reason: GapReason::Unavailable, affects, since: None }
}

fn aave_position(reserves: Vec<crate::aave::ReservePosition>) -> crate::aave::Position {
    crate::aave::Position { e_mode: 0, reserves }
}

#[test]
fn a_divergent_oracle_is_named_and_the_market_health_factor_tells_the_other_story() {
    let mut data = market_data();
    data.quotes.insert(asset(1), quote(1_500.0));
    let report = report(&borrowing(13_000), &data);
    assert_eq!(names(&report, Affects::Confirmation)[0].1, GapReason::Divergent);
    assert!(report.accounts[0].health_factor.ratio().unwrap() > 1.27);
    assert!(report.accounts[0].market_health_factor.ratio().unwrap() < 1.0);
}

#[test]
fn owing_more_than_it_has_is_the_end_of_the_volatility_component() {
    let report = report(&borrowing(25_000), &market_data());
    assert_eq!(report.components.volatility, Range::exactly(100.0));
    assert!(matches!(report.market.volatility, Figure::Unknown(_)));
}

#[test]
fn what_a_reserve_cannot_pay_out_counts_as_stuck() {
    let mut dry = market();
    dry.reserves[WETH].available_liquidity = Some(tokens(5, 18));
    let half = report(&positions(vec![account(dry, borrower(8_000))], vec![]), &market_data());
    assert!(half.components.liquidity.known().is_some_and(|points| (50.0..51.0).contains(&points)));
    assert!(
        half.drivers
            .iter()
            .any(|driver| driver.component == "liquidity" && driver.because.contains("50.0 %"))
    );
    let mut unread = market();
    unread.reserves[WETH].available_liquidity = None;
    let unread = report(&positions(vec![account(unread, borrower(8_000))], vec![]), &market_data());
    assert_eq!(names(&unread, Affects::Liquidity).len(), 1);
    assert_eq!(unread.components.liquidity.known(), None);
}

/// A hundred closes: WETH halves in the middle and is still otherwise, and the dollar never moves.
fn halved_once() -> MarketData {
    let mut data = market_data();
    for (byte, before, after) in [(1, 4_000.0, 2_000.0), (3, 1.0, 1.0)] {
        let mut still = closes(after, 0.0, 0.0);
        still.first_day = crate::specimen::TODAY - 100;
        still.closes = (0..100).map(|day| Some(if day < 50 { before } else { after })).collect();
        data.closes.insert(asset(byte), Arc::new(still));
    }
    data
}

#[test]
fn the_chances_and_the_distance_come_from_the_moves_of_the_health_factor() {
    let report = report(&borrowing(13_000), &halved_once());
    let account = &report.accounts[0];
    let factor = account.health_factor.ratio().unwrap();
    // One of n moves is ln 2, the others nothing: the sample deviation is ln 2 ÷ √n.
    let daily = 2.0_f64.ln() / 99.0_f64.sqrt();
    let near = |seen: &Figure<f64>, wanted: f64| {
        let seen = *seen.known().unwrap();
        assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
    };
    let yearly = daily * 365.0_f64.sqrt();
    near(&account.volatility, yearly);
    near(&account.distance_sigmas, factor.ln() / daily);
    near(&account.uniform_drop, 1.0 - 1.0 / factor);
    for (seen, days) in [(&account.probability_24h, 1.0), (&account.probability_7d, 7.0)] {
        let wanted = crate::probability::first_passage(factor, yearly, days / 365.0).unwrap();
        let seen = seen.known().unwrap();
        near(&Figure::Known(seen.value), wanted);
        assert!(seen.low < seen.value && seen.value < seen.high);
    }
    assert_eq!(account.probability_model.as_ref().unwrap().name, "closed_form");
    assert_eq!(report.liquidation_probability_7d, account.probability_7d);
}

#[test]
fn a_day_that_halved_the_coin_is_a_loss_of_half_of_what_is_held_now() {
    let data = halved_once();
    let report = report(&positions(vec![], vec![holding(1, "WETH", 3)]), &data);
    let near = |seen: f64, wanted: f64| assert!((seen / wanted - 1.0).abs() < 1e-9, "{seen} is not {wanted}");
    // 99 returns, all still but one of −50 %, on $6,000: the worst day is the 99 % VaR; the 95 % one is nothing,
    // and its shortfall spreads the loss over 4.95 days.
    assert_eq!(report.market.observations, 99);
    near(report.market.var_99.known().unwrap().value(), 3_000.0);
    near(report.market.es_99.known().unwrap().value(), 3_000.0);
    assert!(report.market.var_95.known().unwrap().value().abs() < 1e-9);
    near(report.market.es_95.known().unwrap().value(), 3_000.0 / 4.95);
    near(*report.market.max_drawdown.known().unwrap(), 0.5);
    // One of n values is x: its sample deviation is x ÷ √n.
    near(*report.market.volatility.known().unwrap(), 0.5 / 99.0_f64.sqrt() * 365.0_f64.sqrt());
}

#[test]
fn market_risk_is_of_todays_signed_positions() {
    // The same coin held and owed cancels out to the last cent, and so does all of its risk.
    let hedged = aave_position(vec![supply(USDC, tokens(50_000, 6)), debt(WETH, tokens(5, 18))]);
    let mut wallet = positions(vec![account(market(), hedged)], vec![]);
    let short = report(&wallet, &market_data());
    wallet.holdings.push(holding(1, "WETH", 5));
    let flat = report(&wallet, &market_data());
    let var = |report: &Report| report.market.var_99.known().unwrap().value();
    assert!(var(&short) > 200.0, "{}", var(&short));
    assert!(var(&flat) < 100.0, "{}", var(&flat));
    assert!(flat.concentration.by_asset.known().is_some_and(|shares| shares.len() == 2));
}

#[test]
fn in_a_crisis_what_is_at_risk_moves_together_and_dollars_do_not() {
    let data = market_data();
    let of = |holdings| report(&positions(vec![], holdings), &data);
    let dollars_a_year = |report: &Report, volatility: &Figure<f64>| {
        volatility.known().unwrap() * report.net_worth.known().unwrap().value()
    };
    let crisis = |report: &Report| dollars_a_year(report, &report.market.stressed_volatility);
    let (ether, bitcoin) = (holding(1, "WETH", 30), holding(2, "WBTC", 1));
    let (a, b) = (crisis(&of(vec![ether.clone()])), crisis(&of(vec![bitcoin.clone()])));
    let both = of(vec![ether.clone(), bitcoin]);
    let wanted = (a * a + b * b + 2.0 * 0.9 * a * b).sqrt();
    // The covariance of both is shrunk, that of one alone is not.
    assert!((crisis(&both) / wanted - 1.0).abs() < 0.02, "{} is not {wanted}", crisis(&both));
    assert!(crisis(&both) > 1.05 * dollars_a_year(&both, &both.market.volatility));
    let with_dollars = of(vec![ether, holding(3, "USDC", 100_000)]);
    assert!((crisis(&with_dollars) / a - 1.0).abs() < 0.02, "{} is not {a}", crisis(&with_dollars));
    assert_eq!(of(vec![]).market.stressed_volatility, Figure::Known(0.0));
}

#[test]
fn a_dollar_that_trades_under_one_is_told_with_its_band_and_one_without_a_price_with_none() {
    let mut data = market_data();
    data.quotes.insert(asset(3), quote(0.97));
    let held = positions(vec![], vec![holding(3, "USDC", 200), holding(1, "WETH", 1)]);
    let found = stablecoins(&report(&held, &data));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].symbol.as_str(), found[0].weight_usd), ("USDC", 194.0));
    assert_eq!(found[0].distance().map(Band::of), Figure::Known(Band::High));
    data.quotes.remove(&asset(3));
    assert!(matches!(stablecoins(&report(&held, &data))[0].distance(), Figure::Unknown(_)));
}
