//! Uniswap V3 positions, to the last digit, against @uniswap/v3-sdk.

use risk_engine::uniswap::liquidity::{amounts, fee_growth_inside, fees_owed};
use risk_engine::uniswap::tick::{MAX_TICK, MIN_TICK, sqrt_ratio_at};
use risk_model::U256;
use serde_json::{Value, json};

use crate::draw::Draw;
use crate::driver::answered;
use crate::gauge::Gauge;

const CASES: usize = 2_000;

#[derive(Debug)]
struct Case {
    ticks: [i32; 3],
    /// Where the price lies between its tick and the next, of 2^32.
    fraction: u64,
    liquidity: u128,
    global: U256,
    outside: [U256; 2],
    inside_last: U256,
}

impl Case {
    fn draw(draw: &mut Draw) -> Self {
        let tick = |draw: &mut Draw, low: i32, high: i32| {
            let span = u64::try_from(high - low).expect("a span");
            low + i32::try_from(draw.whole(0, span)).expect("a tick")
        };
        // Ranges as wide as there are ticks, and narrow ones around the price.
        let width = draw.one_of(&[100, 5_000, 200_000, MAX_TICK]);
        let current = tick(draw, (MIN_TICK + 1).max(-width), MAX_TICK.min(width) - 1);
        let ends =
            [0, 1].map(|_| tick(draw, MIN_TICK.max(current - width), MAX_TICK.min(current + width) - 1));
        let lower = ends[0].min(ends[1]);
        let upper = ends[0].max(ends[1]).max(lower + 1);
        let any = |draw: &mut Draw| U256::from_limbs([0; 4].map(|_: u64| draw.bits()));
        let global = any(draw);
        // Growth since the last time that leaves the fees within their 128 bits.
        let inside_last = any(draw);
        Self {
            ticks: [lower, upper, current],
            fraction: draw.whole(0, u64::from(u32::MAX)),
            liquidity: u128::try_from(draw.digits(1, 30)).expect("30 digits"),
            global,
            outside: [any(draw), any(draw)],
            inside_last,
        }
    }

    fn question(&self) -> Value {
        let text = |number: U256| number.to_string();
        json!({
            "ticks": self.ticks,
            "fraction": self.fraction.to_string(),
            "liquidity": self.liquidity.to_string(),
            "global": text(self.global),
            "outside": self.outside.map(text),
            "insideLast": text(self.inside_last),
        })
    }
}

#[test]
fn square_root_prices_amounts_and_fees_are_the_sdks_to_the_last_digit() {
    let Some(answered) = answered("uniswap.mjs", "uniswap", CASES, Case::draw, Case::question) else {
        return;
    };
    let mut roots = Gauge::exact("Uniswap V3 square root price at a tick (@uniswap/v3-sdk)");
    let mut held = Gauge::exact("Uniswap V3 amounts of a position (@uniswap/v3-sdk)");
    let mut fees = Gauge::exact("Uniswap V3 fee growth inside, fees owed (@uniswap/v3-sdk)");
    for (case, answer) in &answered {
        let [lower, upper, current] = case.ticks;
        let ends = [lower, upper].map(|tick| sqrt_ratio_at(tick).expect("a tick"));
        roots.same(&json!(ends.map(|root| root.to_string())), &answer["roots"], case);
        let price: U256 = answer["price"].as_str().expect("a price").parse().expect("a number");
        let seen = amounts(case.liquidity, ends[0], ends[1], price).expect("amounts that fit");
        held.same(&json!(seen.map(|amount| amount.to_string())), &answer["amounts"], case);
        let inside = fee_growth_inside(
            case.global,
            (case.outside[0], current >= lower),
            (case.outside[1], current < upper),
        );
        fees.same(&json!(inside.to_string()), &answer["inside"], case);
        // The contract keeps the low 128 bits; the SDK keeps all of them.
        let owed = fees_owed(case.liquidity, inside, case.inside_last, 0).expect("fees that fit");
        fees.same(&json!(owed.to_string()), &answer["owed"], case);
    }
    roots.report(CASES);
    held.report(CASES);
    fees.report(2 * CASES);
}
