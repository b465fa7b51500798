//! The market that is deployed: which generation of the contracts, and its reserves and e-modes.

use alloy_primitives::{Address, U256, address};

/// A generation of Aave V3's contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// 3.0.2, npm `@aave/core-v3`: half-up rounding, a category for each reserve.
    First,
    /// 3.6, npm `@aave-dao/aave-v3-origin`: rounding against the user, e-modes that stand for themselves.
    Second,
}

impl Generation {
    /// The folder of its artifacts.
    pub(crate) const fn set(self) -> &'static str {
        match self {
            Self::First => "aave-3.0",
            Self::Second => "aave-3.6",
        }
    }
}

/// A reserve as it is configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserve {
    pub(crate) symbol: &'static str,
    /// The real token's address, so that every provider of prices knows it.
    pub(crate) asset: Address,
    pub(crate) decimals: u8,
    /// In cents.
    pub(crate) price_cents: u64,
    /// Loan to value, liquidation threshold, liquidation bonus, protocol fee on it: bps.
    pub(crate) terms: [u16; 4],
}

const fn reserve(
    symbol: &'static str,
    asset: Address,
    decimals: u8,
    price_cents: u64,
    terms: [u16; 4],
) -> Reserve {
    Reserve { symbol, asset, decimals, price_cents, terms }
}

/// The reserves by id: 6, 8 and 18 decimals, some without loan to value, some no collateral outside an e-mode.
pub(crate) const RESERVES: [Reserve; 14] = [
    reserve(
        "WETH",
        address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
        18,
        250_000,
        [8050, 8300, 10500, 1000],
    ),
    reserve(
        "wstETH",
        address!("7f39C581F595B53c5cb19bD0b3f8dA6c935E2Ca0"),
        18,
        300_000,
        [7850, 8100, 10600, 1000],
    ),
    reserve(
        "WBTC",
        address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"),
        8,
        6_000_000,
        [7300, 7800, 10500, 1000],
    ),
    reserve("USDC", address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), 6, 100, [7500, 7800, 10450, 1000]),
    reserve("DAI", address!("6B175474E89094C44Da98b954EedeAC495271d0F"), 18, 100, [6300, 7700, 10500, 1500]),
    reserve(
        "LINK",
        address!("514910771AF9Ca656af840dff83E8264EcF986CA"),
        18,
        1_500,
        [6600, 7100, 10700, 1000],
    ),
    reserve("AAVE", address!("7Fc66500c84A76Ad7e9c93437bFc5Ac33E2DDaE9"), 18, 20_000, [6900, 7600, 10750, 0]),
    reserve("USDT", address!("dAC17F958D2ee523a2206206994597C13D831ec7"), 6, 100, [7500, 7800, 10450, 2000]),
    reserve("LUSD", address!("5f98805A4E8be255a32880FDeC7F6728C6568bA0"), 18, 100, [0, 7700, 10450, 1000]),
    reserve("GHO", address!("40D16FC0246aD3160Ccc09B8D0D3A2cD28aE6C2f"), 18, 100, [0, 0, 0, 0]),
    reserve("PYUSD", address!("6c3ea9036406852006290770BEdFcAbA0e23A0e8"), 6, 100, [7500, 7800, 10450, 1000]),
    reserve("weETH", address!("Cd5fE23C85820F7B72D0926FC9b05b43E359b7ee"), 18, 270_000, [0, 0, 0, 1000]),
    reserve("USDe", address!("4c9EDD5852cd905f086C759E8383e09bff1E68B3"), 18, 100, [7200, 7500, 10850, 1000]),
    reserve(
        "cbBTC",
        address!("cbB7C0000aB88B473b1f5aFd9ef808440eed33Bf"),
        8,
        6_000_000,
        [7300, 7800, 10500, 1111],
    ),
];

/// An e-mode category.
pub(crate) struct EMode {
    pub(crate) id: u8,
    pub(crate) label: &'static str,
    /// Loan to value, liquidation threshold, liquidation bonus: bps.
    pub(crate) terms: [u16; 3],
    /// Its members, collateral and borrowable; by id.
    pub(crate) members: &'static [usize],
    /// Those of them that lend nothing in it although they count against liquidation (since 3.6).
    pub(crate) ltv_zero: &'static [usize],
}

/// The categories. Before 3.2 a reserve is in one at most, so the last is of the second generation only.
pub(crate) const E_MODES: [EMode; 4] = [
    EMode { id: 1, label: "ETH", terms: [9300, 9500, 10100], members: &[0, 1, 11], ltv_zero: &[] },
    EMode { id: 2, label: "Stablecoins", terms: [9000, 9300, 10200], members: &[3, 4, 7, 9], ltv_zero: &[4] },
    EMode { id: 7, label: "BTC", terms: [8400, 8600, 10300], members: &[2, 13], ltv_zero: &[] },
    EMode {
        id: 40,
        label: "wstETH and dollars",
        terms: [8200, 8500, 10400],
        members: &[1, 3],
        ltv_zero: &[3],
    },
];

impl EMode {
    /// Whether a generation has it.
    pub(crate) fn is_of(&self, generation: Generation) -> bool {
        generation == Generation::Second || self.id < 40
    }
}

impl Reserve {
    /// The address of its price feed.
    pub(crate) fn feed(&self) -> Address {
        let mut bytes = self.asset.into_array();
        bytes[0] = 0xfe;
        bytes[1] = 0xed;
        bytes.into()
    }

    /// Base units of one whole token.
    pub(crate) fn one(&self) -> U256 {
        U256::from(10).pow(U256::from(self.decimals))
    }

    /// Base units that so many dollars bought at the first price.
    pub(crate) fn worth(&self, dollars: u64) -> U256 {
        U256::from(dollars) * U256::from(100) * self.one() / U256::from(self.price_cents)
    }

    /// The first price, as feeds have it: 8 decimals.
    pub(crate) fn price(&self) -> U256 {
        U256::from(self.price_cents) * U256::from(1_000_000)
    }
}
