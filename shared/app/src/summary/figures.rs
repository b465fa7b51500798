//! Wire forms of figures that can be missing.

use risk_model::{Figure, HealthFactor, Range, Timestamp, Usd};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A value, or why there is none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FigureBody<T> {
    /// The value.
    Known {
        /// In the unit of the field's name.
        value: T,
    },
    /// No value.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl<T> From<Figure<T>> for FigureBody<T> {
    fn from(figure: Figure<T>) -> Self {
        match figure {
            Figure::Known(value) => Self::Known { value },
            Figure::Unknown(reason) => Self::Unknown { reason },
        }
    }
}

impl<T> FigureBody<T> {
    /// What an assessment does not say that was made before the figure was.
    pub(super) fn not_told() -> Self {
        Self::Unknown { reason: "the version that made this assessment did not compute it".to_owned() }
    }
}

/// A health factor as decimal text with 18 places, no debt, or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HealthFactorBody {
    /// The factor.
    Known {
        /// Decimal text, 1 is the liquidation line.
        value: String,
    },
    /// Nothing is owed.
    NoDebt,
    /// No value.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl From<&HealthFactor> for HealthFactorBody {
    fn from(factor: &HealthFactor) -> Self {
        match (factor, factor.decimal()) {
            (HealthFactor::Unknown(reason), _) => Self::Unknown { reason: reason.clone() },
            (_, Some(value)) => Self::Known { value },
            (_, None) => Self::NoDebt,
        }
    }
}

/// A score of 0 to 100, or the lowest and highest that the missing inputs still allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ScoreBody {
    /// The score.
    Known {
        /// 0 to 100.
        value: f64,
    },
    /// The gaps leave it open.
    Unknown {
        /// What is missing.
        reason: String,
        /// No missing input can make it lower.
        at_least: f64,
        /// No missing input can make it higher.
        at_most: f64,
    },
}

impl ScoreBody {
    /// The body of a score; `why` says what leaves an open one open.
    #[must_use]
    pub fn of(range: Range, why: &str) -> Self {
        match range.known() {
            Some(value) => Self::Known { value },
            None => {
                Self::Unknown { reason: why.to_owned(), at_least: range.at_least, at_most: range.at_most }
            }
        }
    }
}

/// USD as a plain number.
pub(super) fn usd(figure: &Figure<Usd>) -> FigureBody<f64> {
    figure.clone().map(Usd::value).into()
}

/// A plain number.
pub(super) fn number(figure: &Figure<f64>) -> FigureBody<f64> {
    figure.clone().into()
}

/// RFC 3339 in UTC with whole seconds; the last second of year 9999 for anything later.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    const LAST: i64 = 253_402_207_200;
    let seconds = i64::try_from(at.seconds()).unwrap_or(LAST).min(LAST);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_text_and_never_fail() {
        assert_eq!(rfc3339(Timestamp::new(1_700_000_000)), "2023-11-14T22:13:20Z");
        assert!(rfc3339(Timestamp::new(u64::MAX)).starts_with("9999-"));
    }

    #[test]
    fn an_open_score_says_its_bounds() {
        let body = ScoreBody::of(Range::exactly(30.0).widened(), "missing: price of X");
        let json = serde_json::to_value(&body).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"state":"unknown","reason":"missing: price of X","at_least":30.0,"at_most":100.0})
        );
    }
}
