//! The kinds and states of an alert, and what can happen to one.

use crate::named::named;

named! {
    /// What an alert warns of.
    AlertKind {
        /// A lending account is near or under a health factor of 1.
        LiquidationRisk = "liquidation_risk",
        /// A health factor fell far within a day, to where it matters.
        HealthFactorDrop = "health_factor_drop",
        /// The volatility component passed its threshold.
        HighVolatility = "high_volatility",
        /// One-day VaR passed its threshold.
        ValueAtRisk = "value_at_risk",
        /// One asset weighs too much.
        OverExposure = "over_exposure",
        /// It would take too long to sell.
        LowLiquidity = "low_liquidity",
        /// Gas is dear where an account needs a cure.
        GasSpike = "gas_spike",
        /// A stablecoin left its peg.
        StablecoinDepeg = "stablecoin_depeg",
        /// A protocol's oracle and the market differ.
        OracleDivergence = "oracle_divergence",
        /// A protocol's oracle has not been updated for too long.
        OracleStale = "oracle_stale",
        /// Value leaves a protocol that the wallet is in.
        ProtocolTvlDrop = "protocol_tvl_drop",
        /// Governance changed the terms of an asset that an account depends on, to the owner's loss.
        ParameterChange = "parameter_change",
        /// Interest alone liquidates an account soon.
        CarryLiquidation = "carry_liquidation",
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
