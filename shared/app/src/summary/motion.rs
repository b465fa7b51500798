//! Wire forms of how a health factor moves: the interval and model of its chances, the worst joint move, the carry.

use std::collections::BTreeMap;

use risk_engine::liquidation::Carry;
use risk_engine::probability::{Estimate, Model};
use risk_model::{Asset, Figure};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::figures::FigureBody;

/// A 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntervalBody {
    /// Lower end, fraction.
    pub low: f64,
    /// Upper end, fraction.
    pub high: f64,
}

/// What a chance was computed with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChanceModelBody {
    /// `certain`, `closed_form`, `filtered_historical`, `depeg_jump`, or two of them joined by `+`.
    pub name: String,
    /// Each parameter by name; times are in the unit that the name ends with.
    pub parameters: BTreeMap<String, f64>,
}

/// One asset's part of the worst joint move.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MoveBody {
    /// Chain and contract, or `native`.
    pub asset: String,
    /// Change of its price, fraction.
    pub change: f64,
}

/// Where interest alone leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CarryBody {
    /// To liquidation.
    Liquidates {
        /// Days from now at the present rates and prices.
        days: f64,
    },
    /// Not within a thousand years.
    Never,
    /// Not known.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The chance itself.
pub(super) fn chance(figure: &Figure<Estimate>) -> FigureBody<f64> {
    figure.clone().map(|estimate| estimate.value).into()
}

/// The interval around a chance.
pub(super) fn interval(figure: &Figure<Estimate>) -> FigureBody<IntervalBody> {
    figure.clone().map(|estimate| IntervalBody { low: estimate.low, high: estimate.high }).into()
}

/// The worst joint move by asset.
pub(super) fn moves(figure: &Figure<Vec<(Asset, f64)>>) -> FigureBody<Vec<MoveBody>> {
    let body = |(asset, change): &(Asset, f64)| MoveBody { asset: asset.to_string(), change: *change };
    figure.clone().map(|moves| moves.iter().map(body).collect()).into()
}

impl From<&Model> for ChanceModelBody {
    fn from(model: &Model) -> Self {
        let parameters = model.parameters.iter().filter(|(_, value)| value.is_finite());
        Self {
            name: model.name.clone(),
            parameters: parameters.map(|(name, value)| ((*name).to_owned(), *value)).collect(),
        }
    }
}

impl From<&Figure<Carry>> for CarryBody {
    fn from(carry: &Figure<Carry>) -> Self {
        match carry {
            Figure::Known(Carry::Liquidates { years }) => Self::Liquidates { days: years * 365.0 },
            Figure::Known(Carry::Never) => Self::Never,
            Figure::Unknown(reason) => Self::Unknown { reason: reason.clone() },
        }
    }
}
