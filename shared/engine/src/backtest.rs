//! Backtests: what a VaR or an alert rule would have said, day by day, beside what then happened (risk-math C.5).
//!
//! Every forecast is made of the closes before its day alone. A day without a close is no observation: it is neither
//! passed nor failed, and the days beside it are not neighbours.

pub use forecast::{Forecast, Model, Scenarios, rolling};
pub use lending::{
    Episode, LendingReplay, LendingTerm, Moment, health_factor_below, passage_at_least, replay_lending,
};
pub use path::PricePath;
pub use portfolio::{PortfolioReplay, Position, TailReplay, replay_portfolio};
pub use shortage::{MOST_STEPS, Missing, Shortage};
pub use verdict::{
    LikelihoodRatio, Transitions, Verdict, Zone, conditional_coverage, independence, traffic_light,
    unconditional_coverage,
};

pub mod distribution;
mod forecast;
mod lending;
mod path;
mod portfolio;
mod shortage;
mod verdict;
