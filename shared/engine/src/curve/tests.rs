//! Curve pools against an independent implementation, and through the failure of a coin.

use proptest::prelude::*;

use super::*;
use crate::specimen::{asset, block};

fn number(text: &str) -> U256 {
    text.parse().unwrap()
}

fn coin(byte: u8, decimals: u8) -> PoolToken {
    PoolToken { asset: asset(byte), symbol: format!("COIN{byte}").into(), decimals }
}

fn pool(coins: &[(u8, &str)], supply: &str, amp: u64, fee: u64) -> Pool {
    let rates = coins.iter().map(|(decimals, _)| U256::from(10).pow(U256::from(36 - decimals))).collect();
    let tokens = (1..).zip(coins).map(|(byte, (decimals, _))| coin(byte, *decimals)).collect();
    let amp = Amplification { value: U256::from(amp), precision: 1 };
    let mut pool = Pool {
        chain: ChainId::Ethereum,
        address: Address::repeat_byte(0xc0),
        lp_token: Address::repeat_byte(0xc1),
        tokens,
        balances: coins.iter().map(|(_, balance)| number(balance)).collect(),
        supply: number(supply),
        kind: Kind::Stable { amp, rates, fee: U256::from(fee), virtual_price: U256::ZERO },
        block: block(),
    };
    let computed = pool.virtual_price().unwrap().unwrap();
    if let Kind::Stable { virtual_price, .. } = &mut pool.kind {
        *virtual_price = computed;
    }
    pool
}

/// Three dollars, and a coin with its staked form: the pools that curvesim 0.5.0 was run on.
fn three_dollars() -> Pool {
    let coins = [(18, "45123456789012345678901234"), (6, "50234567890123"), (6, "90345678901234")];
    pool(&coins, "180000000000000000000000000", 2_000, 1_000_000)
}

fn staked() -> Pool {
    let coins = [(18, "31000123456789012345678"), (18, "69000987654321098765432")];
    pool(&coins, "92000000000000000000000", 30, 4_000_000)
}

fn position(pool: Pool, amount: &str) -> Position {
    Position { pool: pool.into(), amount: number(amount) }
}

#[test]
fn the_virtual_price_is_the_references_to_the_last_digit() {
    assert_eq!(three_dollars().virtual_price().unwrap(), Some(number("1031660055524388953")));
    assert_eq!(staked().virtual_price().unwrap(), Some(number("1084033201045031810")));
}

#[test]
fn a_finer_amplification_is_the_same_pool() {
    let mut fine = staked();
    let Kind::Stable { amp, .. } = &mut fine.kind else { unreachable!() };
    *amp = Amplification { value: U256::from(3_000), precision: 100 };
    assert_eq!(fine.virtual_price().unwrap(), staked().virtual_price().unwrap());
}

#[test]
fn leaving_in_one_coin_pays_what_the_reference_says_to_the_last_digit() {
    let thousand = position(three_dollars(), "1000000000000000000000");
    let million = position(three_dollars(), "1000000000000000000000000");
    let one = position(staked(), "1000000000000000000");
    let many = position(staked(), "5000000000000000000000");
    for (position, coin, paid) in [
        (&thousand, 0, "1031406731673640009573"),
        (&thousand, 1, "1031492160"),
        (&thousand, 2, "1031835500"),
        (&million, 0, "1031399444048538652982545"),
        (&million, 1, "1031486686890"),
        (&million, 2, "1031833287540"),
        (&one, 0, "1062442485975394359"),
        (&one, 1, "1098080823492172880"),
        (&many, 0, "5290280806714719534258"),
        (&many, 1, "5486203505015348297622"),
    ] {
        assert_eq!(position.exit(coin).unwrap(), Some(number(paid)), "coin {coin}");
    }
    assert!(position(three_dollars(), "1000000000000000000").exit(3).is_err(), "no such coin");
}

fn value(counted: &Counted, usd: &[f64]) -> f64 {
    counted.amounts.iter().zip(usd).map(|(amount, usd)| amount * usd).sum()
}

#[test]
fn a_failed_coin_takes_the_whole_lp_token_with_it() {
    let held = position(three_dollars(), "1000000000000000000000");
    let at = |usd: [f64; 3]| value(&held.counted(&usd).unwrap(), &usd);
    assert!((at([1.0, 1.0, 1.0]) - 1_031.660_055_524).abs() < 1e-6);
    assert!((at([1.0, 0.88, 1.0]) - 1_031.660_055_524 * 0.88).abs() < 1e-6, "March 2023");
    // What the contract would pay now is worth more than that, as long as it is there.
    let claims = held.facts().claims.unwrap();
    let claimed =
        whole(claims[0].amount, 18) + 0.88 * whole(claims[1].amount, 6) + whole(claims[2].amount, 6);
    assert!(claimed > at([1.0, 0.88, 1.0]));
    assert_eq!(claims[1].amount, number("279080932"));
}

#[test]
fn a_virtual_price_that_the_balances_do_not_give_is_not_counted_with() {
    let mut odd = three_dollars();
    let Kind::Stable { virtual_price, .. } = &mut odd.kind else { unreachable!() };
    *virtual_price += *virtual_price / U256::from(1_000);
    let fault = position(odd, "1000000000000000000").counted(&[1.0; 3]).unwrap_err();
    assert_eq!(fault.reason, GapReason::Malformed);
}

#[test]
fn a_coin_with_a_rate_stands_for_more_than_itself() {
    let mut wrapped = staked();
    let Kind::Stable { rates, virtual_price, .. } = &mut wrapped.kind else { unreachable!() };
    rates[1] = number("1200000000000000000");
    *virtual_price = U256::ZERO;
    let computed = wrapped.virtual_price().unwrap().unwrap();
    let Kind::Stable { virtual_price, .. } = &mut wrapped.kind else { unreachable!() };
    *virtual_price = computed;
    let held = position(wrapped, "1000000000000000000");
    let usd = [2_000.0, 2_300.0];
    // 2,300 for what stands for 1.2 is 1,916.67 a unit: less than the first coin's 2,000.
    let wanted = whole(computed, 18) * 2_300.0 / 1.2;
    assert!((value(&held.counted(&usd).unwrap(), &usd) / wanted - 1.0).abs() < 1e-12);
}

#[test]
fn a_crypto_pool_counts_the_lower_of_its_own_price_and_its_share() {
    let crypto = |lp_price: &str| {
        let kind = Kind::Crypto { lp_price: number(lp_price) };
        position(Pool { kind, ..staked() }, "1000000000000000000")
    };
    let usd = [2_000.0, 1_000.0];
    let share = (31_000.123_456_789 * 2_000.0 + 69_000.987_654_321 * 1_000.0) / 92_000.0;
    let low = crypto("600000000000000000").counted(&usd).unwrap();
    assert!((value(&low, &usd) - 1_200.0).abs() < 1e-9);
    let high = crypto("900000000000000000").counted(&usd).unwrap();
    assert!((value(&high, &usd) - share).abs() < 1e-6);
    assert!((high.distances[0].1 - (1_800.0 / share - 1.0)).abs() < 1e-9);
    assert_eq!(crypto("1").exit(0).unwrap(), None);
}

#[test]
fn a_pool_that_ran_out_of_a_coin_has_no_price() {
    let empty = Pool { balances: vec![U256::ZERO, U256::from(7)], ..staked() };
    assert!(empty.virtual_price().is_err());
    assert!(position(empty, "1000000000000000000").counted(&[1.0, 1.0]).is_err());
    let nobody = Pool { supply: U256::ZERO, ..staked() };
    assert!(position(nobody, "1").facts().claims.is_err());
}

proptest! {
    #[test]
    fn nothing_that_a_hostile_pool_answers_panics(
        numbers in prop::array::uniform10(any::<[u64; 4]>()), small: bool, precision: u8, decimals: u8, coin in 0_usize..3,
    ) {
        let n = numbers.map(|limbs| if small { U256::from(limbs[0]) } else { U256::from_limbs(limbs) });
        let amp = Amplification { value: n[0], precision };
        let mut pool = staked();
        pool.tokens[1].decimals = decimals;
        (pool.balances, pool.supply) = (vec![n[1], n[2]], n[3]);
        pool.kind = Kind::Stable { amp, rates: vec![n[4], n[5]], fee: n[6], virtual_price: n[7] };
        let mut position = Position { pool: pool.clone().into(), amount: n[8] };
        let _ = (position.facts(), position.exit(coin), position.counted(&[1.0, 2.0]), position.counted(&[1.0]));
        pool.kind = Kind::Crypto { lp_price: n[9] };
        position.pool = pool.into();
        let _ = (position.facts(), position.exit(coin), position.counted(&[1.0, 2.0]));
    }

    #[test]
    fn what_is_counted_is_never_more_than_leaving_in_the_cheapest_coin_is_worth(
        first in 1_000_u64..1_000_000_000, second in 1_000_u64..1_000_000_000, price in 0.5_f64..1.5,
    ) {
        let coins = [(18, format!("{first}000000000000000000")), (18, format!("{second}000000000000000000"))];
        let coins: Vec<(u8, &str)> = coins.iter().map(|(decimals, text)| (*decimals, text.as_str())).collect();
        let held = position(pool(&coins, "1000000000000000000000000", 100, 0), "1000000000000000000");
        let usd = [1.0, price];
        let claims = held.facts().claims.unwrap();
        let claimed = whole(claims[0].amount, 18) + price * whole(claims[1].amount, 18);
        prop_assert!(value(&held.counted(&usd).unwrap(), &usd) <= claimed * (1.0 + 1e-9));
    }
}
