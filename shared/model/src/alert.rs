//! The kinds and states of an alert.

use std::fmt;
use std::str::FromStr;

use crate::rejection::Code;

macro_rules! named {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The snake-case name used in requests and answers.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = Code;

            fn from_str(text: &str) -> Result<Self, Code> {
                Self::ALL.iter().copied().find(|one| one.name() == text).ok_or(Code::Unsupported)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named! {
    /// What an alert warns of.
    AlertKind {
        /// A lending account is near or under a health factor of 1.
        LiquidationRisk = "liquidation_risk",
        /// The volatility component passed its threshold.
        HighVolatility = "high_volatility",
        /// One-day VaR passed its threshold.
        ValueAtRisk = "value_at_risk",
        /// One asset weighs too much.
        OverExposure = "over_exposure",
        /// It would take too long to sell.
        LowLiquidity = "low_liquidity",
        /// A stablecoin left its peg.
        StablecoinDepeg = "stablecoin_depeg",
        /// A protocol's oracle and the market differ.
        OracleDivergence = "oracle_divergence",
        /// The wallet could not be read fully.
        DataBlind = "data_blind",
    }
}

named! {
    /// Where an alert is in its life.
    AlertState {
        /// Nobody has answered it.
        Open = "open",
        /// Somebody has seen it; the condition goes on.
        Acknowledged = "acknowledged",
        /// Over, by hand or by itself.
        Resolved = "resolved",
    }
}
