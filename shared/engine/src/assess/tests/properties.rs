//! What must hold of every assessment, on inputs nobody chose.

use proptest::prelude::*;

use super::*;
use crate::position::Holding;

const EPSILON: f64 = 1e-9;

fn debt_and_price() -> impl Strategy<Value = (u64, u64)> {
    (1_u64..40_000, 1_u64..5_000)
}

/// The borrower's wallet with WETH at a price, by oracle and market.
fn at_price(usdc: u64, weth_usd: u64) -> Report {
    let mut market = market();
    market.reserves[WETH].price = Some(tokens(weth_usd, 8));
    let mut data = market_data();
    data.quotes.insert(asset(1), quote(f64::from(u32::try_from(weth_usd).unwrap())));
    report(&positions(vec![account(market, borrower(usdc))], vec![]), &data)
}

fn any_gap() -> impl Strategy<Value = Affects> {
    prop::sample::select(Affects::ALL.to_vec())
}

fn level_rank(level: RiskLevel) -> Option<usize> {
    [RiskLevel::Low, RiskLevel::Medium, RiskLevel::High, RiskLevel::Critical]
        .iter()
        .position(|one| *one == level)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn risk_never_falls_when_the_debt_rises((usdc, price) in debt_and_price(), more in 0_u64..20_000) {
        let (before, after) = (at_price(usdc, price), at_price(usdc + more, price));
        prop_assert!(after.components.liquidation.at_least >= before.components.liquidation.at_least - EPSILON);
        prop_assert!(after.score.at_least >= before.score.at_least - EPSILON);
        prop_assert!(after.score.at_most >= before.score.at_most - EPSILON);
    }

    #[test]
    fn liquidation_risk_never_falls_when_the_collaterals_price_falls((usdc, price) in debt_and_price(), less in 0_u64..5_000) {
        let (before, after) = (at_price(usdc, price), at_price(usdc, price.saturating_sub(less).max(1)));
        prop_assert!(after.components.liquidation.at_least >= before.components.liquidation.at_least - EPSILON);
        prop_assert!(after.components.liquidation.at_most >= before.components.liquidation.at_most - EPSILON);
    }

    #[test]
    fn a_gap_never_lowers_the_upper_end_nor_the_level((usdc, price) in debt_and_price(), affects in any_gap()) {
        let whole = at_price(usdc, price);
        let mut market = market();
        market.reserves[WETH].price = Some(tokens(price, 8));
        let mut data = market_data();
        data.quotes.insert(asset(1), quote(f64::from(u32::try_from(price).unwrap())));
        let mut wallet = positions(vec![account(market, borrower(usdc))], vec![]);
        wallet.gaps.push(missing("something", affects));
        let partial = report(&wallet, &data);
        prop_assert!(partial.score.at_most >= whole.score.at_most - EPSILON);
        prop_assert!(partial.components.liquidation.at_least >= whole.components.liquidation.at_least - EPSILON);
        if let (Some(before), Some(after)) = (level_rank(whole.level), level_rank(partial.level)) {
            prop_assert!(after >= before);
        }
        if affects == Affects::Confirmation {
            prop_assert_eq!(partial.score, whole.score);
        }
    }

    #[test]
    fn a_missing_price_or_history_never_lowers_the_upper_end((usdc, price) in debt_and_price(), byte in 1_u8..4, history: bool) {
        let whole = at_price(usdc, price);
        let mut market = market();
        market.reserves[WETH].price = Some(tokens(price, 8));
        let mut data = market_data();
        data.quotes.insert(asset(1), quote(f64::from(u32::try_from(price).unwrap())));
        if history { data.closes.remove(&asset(byte)); } else { data.quotes.remove(&asset(byte)); }
        let partial = report(&positions(vec![account(market, borrower(usdc))], vec![]), &data);
        prop_assert!(partial.score.at_most >= whole.score.at_most - EPSILON);
        prop_assert!(byte == 2 || partial.gaps.len() > whole.gaps.len());
    }

    #[test]
    fn scaling_every_amount_leaves_the_ratios_alone(usdc in 1_u64..16_000, scale in 2_u64..50) {
        let scaled = |scale: u64| {
            let parts = vec![supply(WETH, tokens(10 * scale, 18)), debt(USDC, tokens(usdc * scale, 6))];
            report(&positions(vec![account(market(), aave_position(parts))], vec![holding(2, "WBTC", scale)]), &market_data())
        };
        let (one, many) = (scaled(1), scaled(scale));
        prop_assert_eq!(&one.health_factor, &many.health_factor);
        let close = |a: &Figure<f64>, b: &Figure<f64>| (a.known().unwrap() / b.known().unwrap() - 1.0).abs() < 1e-9;
        prop_assert!(close(&one.market.volatility, &many.market.volatility));
        prop_assert!(close(&one.market.max_drawdown, &many.market.max_drawdown));
        prop_assert_eq!(one.components.liquidation, many.components.liquidation);
        let index = |report: &Report| report.concentration.hhi.known().unwrap().unwrap();
        prop_assert!((index(&one) / index(&many) - 1.0).abs() < 1e-9);
        let var = |report: &Report| report.market.var_95.known().unwrap().value() / report.net_worth.known().unwrap().value();
        prop_assert!((var(&one) - var(&many)).abs() < 1e-9);
        for (a, b) in one.market.methods.iter().zip(&many.market.methods) {
            let share = |method: &crate::report::MethodRisk, report: &Report| {
                method.tails.known().map(|tails| tails.es_99.value() / report.net_worth.known().unwrap().value())
            };
            match (share(a, &one), share(b, &many)) {
                (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn the_order_of_what_is_read_changes_nothing(rotate in 0_usize..4) {
        let mut holdings = vec![holding(1, "WETH", 3), holding(2, "WBTC", 1), holding(3, "USDC", 7), holding(9, "SPAM", 5)];
        let mut other = market();
        other.pool = risk_model::Address::repeat_byte(0x11);
        let mut accounts = vec![account(market(), borrower(15_000)), account(other, borrower(9_000))];
        let straight = report(&positions(accounts.clone(), holdings.clone()), &market_data());
        holdings.rotate_left(rotate);
        accounts.rotate_left(rotate % 2);
        prop_assert_eq!(report(&positions(accounts, holdings), &market_data()), straight);
    }

    #[test]
    fn it_is_total_on_hostile_numbers(
        amounts in prop::array::uniform6(any::<[u64; 4]>()), prices in prop::array::uniform3(any::<f64>()),
        volumes in prop::array::uniform3(any::<f64>()), steps in prop::collection::vec(prop::option::of(any::<f64>()), 0..500),
        decimals: u8, e_mode: u8, index in 0_usize..5, clock: u64, participation in 0.0_f64..1.0,
    ) {
        let [a, b, c, d, price, unit] = amounts.map(U256::from_limbs);
        let mut market = market();
        market.base_unit = unit;
        market.reserves[WETH].price = Some(price);
        market.reserves[WETH].decimals = decimals;
        market.reserves[USDC].available_liquidity = Some(c);
        let mut mixed = supply(index, a);
        mixed.scaled_variable_debt = b;
        let position = crate::aave::Position { e_mode, reserves: vec![mixed, debt(USDC, d), supply(WETH, c)] };
        let mut data = market_data();
        for (byte, (usd, volume)) in (1..4).zip(prices.into_iter().zip(volumes)) {
            let hostile = crate::market::Quote { volume_24h_usd: Some(volume), ..quote(usd) };
            data.quotes.insert(asset(byte), hostile);
        }
        let hostile = crate::market::DailyCloses { closes: steps, ..closes(1.0, 0.0, 0.0) };
        data.closes.insert(asset(1), Arc::new(hostile));
        let held = Holding { amount: d, decimals, ..holding(1, "WETH", 1) };
        let wallet = positions(vec![account(market, position)], vec![held, holding(2, "WBTC", 1)]);
        let parameters = Parameters { participation, ..Parameters::default() };
        for at in [now(), Timestamp::new(clock)] {
            let report = assess_one(&wallet, &data, at, &parameters);
            let parts = [report.score, report.components.liquidation, report.components.volatility, report.components.concentration, report.components.liquidity];
            for part in parts {
                prop_assert!((0.0..=100.0).contains(&part.at_least) && (0.0..=100.0).contains(&part.at_most), "{part:?}");
                prop_assert!(part.at_least <= part.at_most, "{part:?}");
            }
            if let (Some(a), Some(b)) = (report.market.var_95.known(), report.market.var_99.known()) {
                prop_assert!(b.value() >= a.value());
            }
            for method in &report.market.methods {
                let Some(tails) = method.tails.known() else { continue };
                prop_assert!(tails.var_99.value() >= tails.var_95.value(), "{method:?}");
                prop_assert!(tails.es_95.value() >= tails.var_95.value() && tails.es_99.value() >= tails.var_99.value(), "{method:?}");
            }
            let text = format!("{report:?}");
            prop_assert!(!text.contains("NaN") && !text.contains("inf,") && !text.contains("inf)"), "{text}");
            let open = report.score.known().is_none();
            prop_assert!(!open || report.gaps.iter().any(|gap| gap.affects != Affects::Confirmation), "{text}");
        }
    }
}

#[test]
fn the_wallet_and_chain_of_a_report_are_the_ones_asked_about() {
    let report = at_price(1_000, 2_000);
    assert_eq!(report.wallet, Wallet::new(risk_model::Address::repeat_byte(0xAB)));
    assert_eq!((report.accounts[0].chain, report.accounts[0].block), (ChainId::Ethereum, block()));
}
