//! What is missing, stale or doubtful: named, never guessed, and never a reason to look safer.

use super::*;

#[test]
fn an_account_that_was_not_read_leaves_everything_it_could_change_unknown() {
    let mut wallet = borrowing(8_000);
    wallet.gaps.push(missing("aave_v3 account on base", Affects::Liquidation));
    let report = report(&wallet, &market_data());
    assert_eq!(
        report.health_factor,
        HealthFactor::Unknown("aave_v3 account on base: unavailable".to_owned())
    );
    assert!(matches!(report.liquidation_probability_24h, Figure::Unknown(_)));
    assert!(matches!((&report.portfolio_value, &report.debt), (Figure::Unknown(_), Figure::Unknown(_))));
    assert!((report.components.liquidation.at_most - 100.0).abs() < 1e-12);
    assert_eq!(report.level, RiskLevel::Unknown);
    assert!(matches!(report.accounts[0].health_factor, HealthFactor::Known(_)));
}

#[test]
fn a_reserve_without_an_oracle_price_leaves_the_health_factor_unknown_and_named() {
    let mut unpriced = market();
    unpriced.reserves[WETH].price = None;
    let report = report(&positions(vec![account(unpriced, borrower(8_000))], vec![]), &market_data());
    assert!(matches!(&report.health_factor, HealthFactor::Unknown(why) if why.contains("WETH")));
    assert!(names(&report, Affects::Liquidation)[0].0.contains("no price for WETH"));
    assert_eq!(report.components.liquidation, Range::UNKNOWN);
    assert_eq!(report.net_worth, Figure::Known(Usd::new(12_000.0).unwrap()));
}

#[test]
fn a_supply_without_debt_owes_nothing_even_without_any_price() {
    let mut unpriced = market();
    unpriced.reserves[WETH].price = None;
    let lender = aave_position(vec![supply(WETH, tokens(1, 18))]);
    let report = report(&positions(vec![account(unpriced, lender)], vec![]), &market_data());
    assert_eq!(report.health_factor, HealthFactor::NoDebt);
    assert_eq!(report.components.liquidation, Range::exactly(0.0));
}

#[test]
fn an_e_mode_that_was_not_read_leaves_both_health_factors_unknown() {
    let wallet =
        positions(vec![account(market(), crate::aave::Position { e_mode: 9, ..borrower(8_000) })], vec![]);
    let report = report(&wallet, &market_data());
    assert!(matches!(report.accounts[0].health_factor, HealthFactor::Unknown(_)));
    assert!(matches!(report.accounts[0].market_health_factor, HealthFactor::Unknown(_)));
    assert_eq!(report.level, RiskLevel::Unknown);
}

#[test]
fn an_unpriced_token_leaves_the_value_unknown_and_the_health_factor_known() {
    let mut wallet = borrowing(8_000);
    wallet.holdings.push(holding(9, "SPAM", 1_000_000));
    let report = report(&wallet, &market_data());
    assert_eq!(
        names(&report, Affects::Value),
        [("price of ethereum:0x0909090909090909090909090909090909090909", GapReason::Missing)]
    );
    assert!(matches!(&report.portfolio_value, Figure::Unknown(why) if why.contains("0x0909")));
    assert!(matches!(
        (&report.net_worth, &report.concentration.hhi),
        (Figure::Unknown(_), Figure::Unknown(_))
    ));
    assert_eq!(report.debt, Figure::Known(Usd::new(8_000.0).unwrap()));
    assert!(matches!(report.health_factor, HealthFactor::Known(_)));
    assert!(report.components.liquidation.known().is_some());
    assert_eq!(report.components.concentration, Range::UNKNOWN);
    assert!(matches!(report.holdings[0].value, Figure::Unknown(_)));
}

#[test]
fn a_stale_block_a_stale_oracle_and_a_stale_quote_are_each_named() {
    let mut old = market();
    old.block.timestamp = Timestamp::new(now().seconds() - 301);
    old.reserves.iter_mut().for_each(|reserve| reserve.last_update = old.block.timestamp.seconds());
    let stale_block = report(&positions(vec![account(old, borrower(8_000))], vec![]), &market_data());
    assert!(names(&stale_block, Affects::Liquidation)[0].0.contains("at block 19000000"));

    let mut oracle = market();
    oracle.reserves[WETH].price_updated_at = Some(now().seconds() - 90_001);
    let stale_oracle = report(&positions(vec![account(oracle, borrower(8_000))], vec![]), &market_data());
    assert!(names(&stale_oracle, Affects::Liquidation)[0].0.starts_with("oracle price of WETH"));

    for report in [&stale_block, &stale_oracle] {
        assert!(matches!(report.health_factor, HealthFactor::Unknown(_)));
        assert!((report.components.liquidation.at_most - 100.0).abs() < 1e-12);
        assert_eq!(report.level, RiskLevel::Unknown);
    }
    let mut data = market_data();
    data.quotes.get_mut(&asset(1)).unwrap().observed_at = Timestamp::new(now().seconds() - 901);
    let stale_quote = report(&borrowing(8_000), &data);
    assert_eq!(names(&stale_quote, Affects::Value)[0].1, GapReason::Stale);
    assert!(matches!(stale_quote.portfolio_value, Figure::Unknown(_)));
    assert!(matches!(stale_quote.accounts[0].market_health_factor, HealthFactor::Unknown(_)));
}

#[test]
fn an_oracle_without_a_readable_age_is_told_and_changes_nothing() {
    let mut unaged = market();
    unaged.reserves[WETH].price_updated_at = None;
    let report = report(&positions(vec![account(unaged, borrower(8_000))], vec![]), &market_data());
    assert_eq!(names(&report, Affects::Confirmation).len(), 1);
    assert!(report.score.known().is_some());
}

#[test]
fn a_block_from_the_future_is_doubted_too() {
    let mut future = market();
    future.block.timestamp = Timestamp::new(now().seconds() + 121);
    let report = report(&positions(vec![account(future, borrower(8_000))], vec![]), &market_data());
    assert_eq!(names(&report, Affects::Liquidation)[0].1, GapReason::Malformed);
}

#[test]
fn a_subgraph_can_show_danger_and_never_safety() {
    let from_subgraph = |usdc| {
        let account =
            LendingAccount { provenance: Provenance::Subgraph, ..account(market(), borrower(usdc)) };
        report(&positions(vec![account], vec![]), &market_data())
    };
    let safe = from_subgraph(1_000);
    assert_eq!(safe.level, RiskLevel::Unknown);
    assert!(matches!(safe.health_factor, HealthFactor::Unknown(_)));
    assert_eq!(from_subgraph(17_000).level, RiskLevel::Critical);
}

#[test]
fn missing_or_short_history_leaves_probability_and_market_risk_unknown() {
    let mut data = market_data();
    data.closes.remove(&asset(1));
    let without = report(&borrowing(13_000), &data);
    assert_eq!(names(&without, Affects::Volatility)[0].1, GapReason::Missing);

    let mut short = closes(2_000.0, 0.03, 1.0);
    short.first_day += 350;
    short.closes.truncate(50);
    data.closes.insert(asset(1), Arc::new(short));
    let short = report(&borrowing(13_000), &data);
    assert_eq!(names(&short, Affects::Volatility)[0].1, GapReason::TooShort);
    for report in [without, short] {
        let account = &report.accounts[0];
        assert!(matches!(
            (&account.probability_24h, &report.market.var_99),
            (Figure::Unknown(_), Figure::Unknown(_))
        ));
        let from_factor = score::health_factor_points(account.health_factor.ratio().unwrap());
        assert_eq!(report.components.liquidation, Range::exactly(from_factor).widened());
        assert_eq!(report.components.volatility, Range::UNKNOWN);
        assert_eq!(report.components.concentration.known(), Some(100.0));
    }
}

#[test]
fn a_missing_volume_leaves_the_time_to_sell_unknown() {
    let mut data = market_data();
    data.quotes.get_mut(&asset(1)).unwrap().volume_24h_usd = None;
    let report = report(&borrowing(8_000), &data);
    assert_eq!(names(&report, Affects::Liquidity)[0].1, GapReason::Missing);
    assert!(matches!(report.liquidity.days, Figure::Unknown(_)));
    assert_eq!(report.score.known(), None);
}

#[test]
fn the_feeds_gaps_are_listed_once_and_in_order() {
    let mut wallet = borrowing(8_000);
    let gap = missing("price of everything", Affects::Confirmation);
    wallet.gaps = vec![gap.clone(), gap.clone()];
    let mut data = market_data();
    data.gaps.push(gap.clone());
    data.asset_gaps.insert(asset(1), vec![missing("second price of WETH", Affects::Confirmation), gap]);
    let report = report(&wallet, &data);
    assert_eq!(
        report.gaps.iter().map(|gap| gap.what.as_str()).collect::<Vec<_>>(),
        ["price of everything", "second price of WETH"]
    );
    assert!(report.score.known().is_some());
}
