//! Return series and the market risk of whole wallets against pandas and numpy.

use std::sync::Arc;

use risk_engine::market::{DailyCloses, MarketData, Quote};
use risk_engine::position::{Block, Holding, WalletPositions};
use risk_engine::report::Report;
use risk_engine::returns::Series;
use risk_engine::{Parameters, assess_one};
use risk_model::{Address, Asset, B256, ChainId, Figure, Timestamp, U256, Usd, Wallet};
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::{ask, number};
use crate::gauge::Gauge;

const CASES: usize = 1_000;
const TODAY: u64 = 20_000;
const TOLERANCE: f64 = 1e-9;

/// Closes up to yesterday, most days there, holes of one to four days now and then.
fn closes(draw: &mut Draw, days: usize) -> Vec<Option<f64>> {
    let mut level = draw.magnitude(1e-3, 1e5);
    let mut hole = 0;
    let mut closes: Vec<Option<f64>> = (0..days)
        .map(|_| {
            level *= 1.0 + draw.market_return();
            if hole == 0 && draw.chance(0.01) {
                hole = draw.index(4) + 1;
            }
            let is_missing = hole > 0;
            hole = hole.saturating_sub(1);
            (!is_missing).then_some(level)
        })
        .collect();
    *closes.last_mut().expect("days") = Some(level);
    closes
}

fn history(closes: Vec<Option<f64>>) -> DailyCloses {
    let days = u64::try_from(closes.len()).expect("a count");
    DailyCloses { first_day: TODAY - days, closes, source: "drawn" }
}

#[test]
fn a_return_series_with_holes_is_pandas() {
    let mut draw = Draw::named("series");
    let cases: Vec<Vec<Option<f64>>> = (0..CASES)
        .map(|_| {
            let days = draw.index(400) + 100;
            closes(&mut draw, days)
        })
        .collect();
    let questions: Vec<Value> =
        cases.iter().map(|closes| json!({ "ask": "series", "closes": closes })).collect();
    let Some(answers) = ask("returns.py", &questions) else {
        return;
    };
    let mut returns = Gauge::relative("log returns with short holes filled (pandas)", TOLERANCE);
    let mut short = 0;
    for (closes, answer) in cases.into_iter().zip(&answers) {
        let wanted: Vec<f64> =
            serde_json::from_value(answer["returns"].clone()).expect("returns are numbers");
        let history = history(closes);
        let series = Series::of(&history, TODAY, &Parameters::default());
        if wanted.len() < Parameters::default().min_observations {
            assert!(series.is_err(), "{} returns are too few: {history:?}", wanted.len());
            short += 1;
            continue;
        }
        let series = series.expect("enough returns");
        assert_eq!(series.returns().len(), wanted.len(), "{history:?}");
        for (seen, wanted) in series.returns().iter().zip(wanted) {
            // A log return is a difference of two logarithms of up to 12, each rounded.
            returns.near(*seen, wanted, 1e-14, &history.first_day);
        }
    }
    assert!(short < CASES / 2, "{short} series were too short to compare");
    returns.report(CASES);
}

/// Coins with their values and full histories.
struct Portfolio {
    coins: Vec<(f64, Vec<f64>)>,
}

impl Portfolio {
    fn draw(draw: &mut Draw) -> Self {
        let count = draw.index(8) + 1;
        let common = draw.market_returns(366);
        let coins = (0..count).map(|_| {
            let mut level = draw.magnitude(1e-2, 1e5);
            let closes = common.iter().map(|market| {
                level *= 1.0 + (0.7 * market + 0.5 * draw.market_return()).max(-0.9);
                level
            });
            let closes: Vec<f64> = closes.collect();
            (draw.magnitude(10.0, 1e6), closes)
        });
        Self { coins: coins.collect() }
    }

    fn report(&self) -> Report {
        let now = Timestamp::new(TODAY * 86_400 + 36_000);
        let block = Block { number: 1, hash: B256::ZERO, timestamp: now };
        let mut market = MarketData::default();
        let mut holdings = Vec::new();
        for (index, (usd, closes)) in self.coins.iter().enumerate() {
            let byte = u8::try_from(index).expect("a few coins") + 1;
            let asset = Asset::contract(ChainId::Ethereum, Address::repeat_byte(byte));
            // One million base units at a price that makes them worth the value.
            let quote = Quote {
                usd: *usd,
                source: "drawn",
                observed_at: now,
                volume_24h_usd: Some(1e9),
                confirmed_by: None,
            };
            market.quotes.insert(asset, quote);
            market.closes.insert(asset, Arc::new(history(closes.iter().copied().map(Some).collect())));
            let amount = U256::from(1_000_000);
            holdings.push(Holding { asset, symbol: "COIN".into(), decimals: 6, amount, block });
        }
        let wallet = Wallet::new(Address::repeat_byte(0xAB));
        let positions = WalletPositions {
            wallet,
            accounts: vec![],
            holdings,
            pools: vec![],
            markets: vec![],
            readings: vec![],
            gaps: vec![],
        };
        assess_one(&positions, &market, now, &Parameters::default())
    }
}

fn usd(figure: &Figure<Usd>) -> f64 {
    figure.known().expect("a known figure").value()
}

#[test]
fn the_market_risk_of_a_whole_wallet_is_numpys() {
    let mut draw = Draw::named("wallets");
    let cases: Vec<Portfolio> = (0..CASES).map(|_| Portfolio::draw(&mut draw)).collect();
    let questions: Vec<Value> = cases
        .iter()
        .map(|one| {
            let (values, closes): (Vec<f64>, Vec<&Vec<f64>>) =
                one.coins.iter().map(|(usd, closes)| (*usd, closes)).unzip();
            json!({ "ask": "wallet", "values": values, "closes": closes })
        })
        .collect();
    let Some(answers) = ask("returns.py", &questions) else {
        return;
    };
    let mut tails = Gauge::relative("wallet: historical VaR and ES at 95 and 99 (numpy)", TOLERANCE);
    let mut volatility = Gauge::relative("wallet: annual volatility (numpy)", TOLERANCE);
    let mut drawdown = Gauge::relative("wallet: maximum drawdown at today's amounts (numpy)", TOLERANCE);
    let mut spread = Gauge::relative("wallet: Herfindahl-Hirschman index (numpy)", TOLERANCE);
    for (portfolio, answer) in cases.iter().zip(&answers) {
        let report = portfolio.report();
        let values: Vec<f64> = portfolio.coins.iter().map(|(usd, _)| *usd).collect();
        for (figure, field) in [
            (&report.market.var_95, "var_95"),
            (&report.market.var_99, "var_99"),
            (&report.market.es_95, "es_95"),
            (&report.market.es_99, "es_99"),
        ] {
            tails.near(usd(figure), number(answer, field), 0.0, &values);
        }
        let known = |figure: &Figure<f64>| *figure.known().expect("a known figure");
        volatility.near(known(&report.market.volatility), number(answer, "volatility"), 0.0, &values);
        drawdown.near(known(&report.market.max_drawdown), number(answer, "max_drawdown"), 1e-15, &values);
        let index = report.concentration.hhi.known().expect("a known figure").expect("a wallet with value");
        spread.near(index, number(answer, "hhi"), 0.0, &values);
    }
    tails.report(4 * CASES);
    volatility.report(CASES);
    drawdown.report(CASES);
    spread.report(CASES);
}
