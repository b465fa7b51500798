//! The named wallets: fixed addresses with fixed portfolios, whatever the seed.

use std::collections::HashMap;
use std::sync::LazyLock;

use alloy_primitives::{Address, keccak256};

use crate::compound::plan::{CometPlan, Plan as CompoundPlan};
use crate::morpho::Deal;
use crate::wallets::fork::ForkPlan;
use crate::wallets::{Plan, liquidity};
use crate::world::fork::Kind;

/// A named wallet.
pub(crate) struct Entry {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) description: &'static str,
    /// Whether the address holds code.
    pub(crate) has_code: bool,
    /// What it owns, made on demand.
    pub(crate) plans: fn() -> Vec<Plan>,
}

impl Entry {
    /// Its address: the last 20 bytes of the keccak of its name.
    pub(crate) fn address(&self) -> Address {
        Address::from_slice(&keccak256(format!("risk-sandbox wallet {}", self.name))[12..])
    }
}

/// The entry of an address.
pub(crate) fn find(address: Address) -> Option<&'static Entry> {
    static BY_ADDRESS: LazyLock<HashMap<Address, &'static Entry>> =
        LazyLock::new(|| ENTRIES.iter().map(|entry| (entry.address(), entry)).collect());
    BY_ADDRESS.get(&address).copied()
}

fn ethereum() -> Plan {
    Plan { chain_id: 1, native: 0.731_234_567, ..Plan::default() }
}

/// Every named wallet.
pub(crate) static ENTRIES: [Entry; 21] = [
    Entry {
        name: "safe",
        description: "WETH and WBTC against USDC, health factor about 2.6",
        has_code: false,
        plans: || {
            let supply = vec![("WETH", 25.512_345_678), ("WBTC", 0.801_234_56)];
            let tokens = vec![("USDC", 1520.25), ("UNI", 210.5)];
            vec![Plan { supply, tokens, debt: vec![("USDC", 1.0)], health: 2.6, ..ethereum() }]
        },
    },
    Entry {
        name: "near",
        description: "WETH and LINK against USDT, health factor about 1.08",
        has_code: false,
        plans: || {
            let supply = vec![("WETH", 12.043_21), ("LINK", 640.75)];
            vec![Plan { supply, debt: vec![("USDT", 1.0)], health: 1.08, ..ethereum() }]
        },
    },
    Entry {
        name: "liquidatable",
        description: "LINK and WETH against DAI, health factor about 0.96: anyone may liquidate it",
        has_code: false,
        plans: || {
            let supply = vec![("LINK", 4010.5), ("WETH", 3.010_2)];
            vec![Plan { supply, debt: vec![("DAI", 1.0)], health: 0.96, ..ethereum() }]
        },
    },
    Entry {
        name: "no_debt",
        description: "supplies WETH and USDC, borrows nothing: no health factor",
        has_code: false,
        plans: || vec![Plan { supply: vec![("WETH", 5.25), ("USDC", 12_000.5)], ..ethereum() }],
    },
    Entry {
        name: "emode_loop",
        description: "wstETH against WETH in the ETH e-mode, health factor about 1.03",
        has_code: false,
        plans: || {
            let supply = vec![("wstETH", 120.333)];
            vec![Plan { supply, debt: vec![("WETH", 1.0)], health: 1.03, e_mode: 1, ..ethereum() }]
        },
    },
    Entry {
        name: "stablecoins_only",
        description: "USDC against USDT, and stablecoins in the wallet; no ether at all; health factor about 1.5",
        has_code: false,
        plans: || {
            let tokens = vec![("USDC", 8_000.01), ("USDT", 4_321.5), ("DAI", 1_000.0), ("USDS", 750.25)];
            let supply = vec![("USDC", 50_000.0)];
            let debt = vec![("USDT", 1.0)];
            vec![Plan { tokens, supply, debt, health: 1.5, native: 0.0, ..ethereum() }]
        },
    },
    Entry {
        name: "emode_zero_lt",
        description: "sUSDe, whose base threshold is 0, counts inside its e-mode; health factor about 1.06",
        has_code: false,
        plans: || {
            let supply = vec![("sUSDe", 200_000.0)];
            vec![Plan { supply, debt: vec![("USDC", 1.0)], health: 1.06, e_mode: 2, ..ethereum() }]
        },
    },
    Entry {
        name: "dust",
        description: "cents of everything: an account worth less than the gas to touch it",
        has_code: false,
        plans: || {
            let tokens = vec![("UNI", 0.000_000_001), ("USDC", 0.000_001)];
            let (supply, debt) = (vec![("WETH", 0.000_2)], vec![("USDC", 1.0)]);
            vec![Plan { tokens, supply, debt, health: 1.8, native: 0.000_000_1, ..ethereum() }]
        },
    },
    Entry {
        name: "huge",
        description: "billions: more than the market could absorb, health factor about 1.35",
        has_code: false,
        plans: || {
            let supply = vec![("WETH", 1_200_000.0), ("WBTC", 40_000.0)];
            let debt = vec![("USDC", 0.6), ("USDT", 0.4)];
            let tokens = vec![("SHIB", 40_000_000_000_000.0)];
            vec![Plan { tokens, supply, debt, health: 1.35, native: 50_000.0, ..ethereum() }]
        },
    },
    Entry { name: "empty", description: "owns nothing anywhere", has_code: false, plans: Vec::new },
    Entry {
        name: "contract",
        description: "a contract (a smart account) with an Aave account, health factor about 1.7",
        has_code: true,
        plans: || {
            let supply = vec![("WETH", 40.0)];
            vec![Plan { supply, debt: vec![("USDC", 1.0)], health: 1.7, ..ethereum() }]
        },
    },
    Entry {
        name: "spam",
        description: "a little WETH among 125 tokens nobody prices, one of them with a balance of 2^256-1",
        has_code: false,
        plans: || vec![Plan { tokens: vec![("WETH", 1.2), ("tBTC", 0.02)], spam: 125, ..ethereum() }],
    },
    Entry {
        name: "multi_chain",
        description: "accounts on Ethereum (health factor about 1.9) and Arbitrum (about 1.25)",
        has_code: false,
        plans: || {
            let debt = || vec![("USDC", 1.0)];
            let first = Plan { supply: vec![("WETH", 10.5)], debt: debt(), health: 1.9, ..ethereum() };
            let supply = vec![("WETH", 6.25), ("ARB", 2_000.0)];
            let tokens = vec![("USDC", 310.0)];
            let second = Plan { chain_id: 42161, supply, tokens, debt: debt(), health: 1.25, ..ethereum() };
            vec![first, second]
        },
    },
    Entry {
        name: "uniswap_lp",
        description: "Uniswap V3 positions on Ethereum (in range, out of range with fees owed, closed, and in a \
                      pool without a record) and on Arbitrum",
        has_code: false,
        plans: liquidity::uniswap_lp,
    },
    Entry {
        name: "aave_v2",
        description: "an Aave V2 account: WETH and WBTC against USDC and, at a stable rate, DAI; health factor about 1.2",
        has_code: false,
        plans: || {
            let account = ForkPlan {
                kind: Kind::AaveV2,
                supply: vec![("WETH", 20.123_456), ("WBTC", 0.501_234)],
                debt: vec![("USDC", 31_000.5)],
                stable: vec![("DAI", 17_500.25), ("USDC", 1_200.0)],
                e_mode: 0,
            };
            vec![Plan { forks: vec![account], ..ethereum() }]
        },
    },
    Entry {
        name: "spark",
        description: "a Spark account: wstETH against WETH in its ETH e-mode, health factor about 1.05",
        has_code: false,
        plans: || {
            let account = ForkPlan {
                kind: Kind::Spark,
                supply: vec![("wstETH", 50.25)],
                debt: vec![("WETH", 53.4)],
                stable: Vec::new(),
                e_mode: 1,
            };
            vec![Plan { forks: vec![account], ..ethereum() }]
        },
    },
    Entry {
        name: "compound_v2",
        description: "cETH and cWBTC against USDC and more cUNI in a market not entered, health factor about 1.3",
        has_code: false,
        plans: || {
            let compound = CompoundPlan {
                entered: vec![("cETH", 14.25), ("cWBTC", 0.350_017)],
                idle: vec![("cUNI", 905.5)],
                debt: Some(("cUSDC", 1.3)),
                comets: Vec::new(),
            };
            vec![Plan { tokens: vec![("USDC", 75.5)], compound, ..ethereum() }]
        },
    },
    Entry {
        name: "compound_v3",
        description: "accounts in the Comets of USDC (about 1.2) and USDT (no debt) on Ethereum, and of USDC on Arbitrum",
        has_code: false,
        plans: || {
            let collateral = vec![("WBTC", 0.512_345_67), ("WETH", 7.25), ("LINK", 110.125)];
            let borrower = CometPlan { base: "USDC", collateral, health: 1.2, ..CometPlan::default() };
            let supplier = CometPlan { base: "USDT", supplied: 4_321.123_456, ..CometPlan::default() };
            let first = CompoundPlan { comets: vec![borrower, supplier], ..CompoundPlan::default() };
            let collateral = vec![("ARB", 5_000.75), ("wstETH", 2.125)];
            let other = CometPlan { base: "USDC", collateral, health: 1.6, ..CometPlan::default() };
            let second = CompoundPlan { comets: vec![other], ..CompoundPlan::default() };
            let arbitrum = Plan { chain_id: 42161, native: 0.1, compound: second, ..Plan::default() };
            vec![Plan { compound: first, ..ethereum() }, arbitrum]
        },
    },
    Entry {
        name: "compound_ether",
        description: "ETH-quoted Comet of WETH, with collaterals beyond the sixteenth, health factor about 1.04",
        has_code: false,
        plans: || {
            let collateral = vec![("wstETH", 31.75), ("rETH", 4.5), ("ENS", 410.25), ("LDO", 900.0)];
            let borrower = CometPlan { base: "WETH", collateral, health: 1.04, ..CometPlan::default() };
            let compound = CompoundPlan { comets: vec![borrower], ..CompoundPlan::default() };
            vec![Plan { compound, ..ethereum() }]
        },
    },
    Entry {
        name: "morpho",
        description: "wstETH against USDC on Morpho, health factor about 1.1; a safe WBTC loan and a WETH supply beside",
        has_code: false,
        plans: || {
            let near = Deal { market: 0, collateral: 8.25, health: 1.1, ..Deal::default() };
            let lent = Deal { market: 1, lent: 3.5, ..Deal::default() };
            let safe = Deal { market: 2, collateral: 0.75, health: 2.4, ..Deal::default() };
            vec![Plan { morpho: vec![near, lent, safe], ..ethereum() }]
        },
    },
    Entry {
        name: "curve_lp",
        description: "LP tokens of two Curve pools: DAI/USDC/USDT, and wstETH/WETH with rates; DAI beside",
        has_code: false,
        plans: || {
            let curve = vec![(0, 12_345.678_901), (1, 3.251_234_567)];
            vec![Plan { curve, tokens: vec![("DAI", 100.25)], ..ethereum() }]
        },
    },
];
