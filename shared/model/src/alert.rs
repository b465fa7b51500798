//! The kinds and states of an alert, and what can happen to one.

use crate::named::named;

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

named! {
    /// What happened to an alert that somebody is told of.
    Happening {
        /// It is new.
        Opened = "opened",
        /// It got worse.
        Escalated = "escalated",
        /// Somebody has seen it.
        Acknowledged = "acknowledged",
        /// It is over.
        Resolved = "resolved",
    }
}
