//! VaR and expected shortfall of the wallet by every method and horizon, each with what it takes to compute it again.

use libm::sqrt;
use risk_model::Figure;

use super::dependence::moving;
use super::exposure::{Days, Exposure, profits, too_large};
use crate::covariance::{Shrunk, cholesky};
use crate::filtered::{TAIL_INDEX, predictive_tail};
use crate::market_risk::{
    self, CornishFisher, LAMBDA, Shape, TAIL_95_BPS, TAIL_99_BPS, ewma_variance, historical_tails,
    normal_tail,
};
use crate::prepared::Prepared;
use crate::report::{Method, MethodRisk, Tails};
use crate::returns::Window;
use crate::simulation::{Horizon, linear_tails, monte_carlo_tails};

/// A method's tails over so many scenarios, or why there are none.
type Found = Result<(market_risk::Tails, usize), String>;

/// Every method over both horizons, in [`Method::ALL`]'s order.
pub(super) fn measure(
    days: &Days<'_>,
    covariance: Option<&Shrunk>,
    prepared: &Prepared<'_>,
) -> Vec<MethodRisk> {
    let Some(window) = days.window else {
        return each(|method, horizon| described(method, horizon, prepared, Figure::Known(Tails::NONE)));
    };
    let wallet = Wallet::of(days, window, covariance, prepared);
    each(|method, horizon| {
        let found = match method {
            Method::Historical => wallet.historical(horizon),
            Method::Ewma => wallet.ewma(horizon),
            Method::CornishFisher => wallet.cornish_fisher(horizon),
            Method::FilteredHistorical => wallet.filtered(horizon),
            Method::MonteCarlo => wallet.monte_carlo(horizon),
        };
        let used = if method == Method::FilteredHistorical { wallet.filtered_window } else { Some(window) };
        let (tails, scenarios) = match found {
            Ok((tails, scenarios)) => {
                (Tails::at_most(&tails, wallet.most).map_or_else(too_large, Figure::Known), scenarios)
            }
            Err(why) => (Figure::Unknown(why), 0),
        };
        MethodRisk { window: used, scenarios, ..described(method, horizon, prepared, tails) }
    })
}

/// Every method unknown for the same reason.
pub(super) fn unknown(prepared: &Prepared<'_>, why: &str) -> Vec<MethodRisk> {
    each(|method, horizon| described(method, horizon, prepared, Figure::Unknown(why.to_owned())))
}

fn each(mut one: impl FnMut(Method, Horizon) -> MethodRisk) -> Vec<MethodRisk> {
    let pairs = Method::ALL.into_iter().flat_map(|method| Horizon::ALL.map(|horizon| (method, horizon)));
    pairs.map(|(method, horizon)| one(method, horizon)).collect()
}

/// The wallet as the methods see it.
struct Wallet<'d, 'a> {
    days: &'d Days<'a>,
    window: Window,
    moving: Vec<&'d Exposure<'a>>,
    covariance: Option<&'d Shrunk>,
    /// The days that all moving assets have a surprise of.
    filtered_window: Option<Window>,
    prepared: &'d Prepared<'d>,
    /// The most that can be lost, USD: what is held where nothing is owed.
    most: f64,
}

impl<'d, 'a> Wallet<'d, 'a> {
    fn of(
        days: &'d Days<'a>,
        window: Window,
        covariance: Option<&'d Shrunk>,
        prepared: &'d Prepared<'d>,
    ) -> Self {
        let moving = moving(days);
        let windows: Option<Vec<Window>> =
            moving.iter().map(|one| Some(prepared.filtered(&one.asset)?.window())).collect();
        let owes = days.exposures.iter().any(|exposure| exposure.usd < 0.0);
        let most =
            if owes { f64::INFINITY } else { days.exposures.iter().map(|exposure| exposure.usd).sum() };
        let filtered_window = windows.and_then(|windows| windows.into_iter().reduce(Window::and));
        Self { days, window, moving, covariance, filtered_window, prepared, most }
    }

    /// The order statistics of the window's days, or of every seven of them in a row.
    fn historical(&self, horizon: Horizon) -> Found {
        let weekly;
        let profits = match horizon {
            Horizon::Day => &self.days.profits,
            Horizon::Week => {
                weekly = profits(&self.days.exposures, |one| one.series.weekly_returns(self.window));
                &weekly
            }
        };
        let tails = historical_tails(profits).ok_or("the profits are too large, or there are none")?;
        Ok((tails, profits.len()))
    }

    fn ewma(&self, horizon: Horizon) -> Found {
        let variance = ewma_variance(&self.days.profits, LAMBDA).ok_or("the profits are too large")?;
        let deviation = sqrt(variance * f64::from(horizon.days()));
        let tail = |bps| normal_tail(0.0, deviation, bps).ok_or("the profits are too large");
        let tails = market_risk::Tails { at_95: tail(TAIL_95_BPS)?, at_99: tail(TAIL_99_BPS)? };
        Ok((tails, self.days.profits.len()))
    }

    fn cornish_fisher(&self, horizon: Horizon) -> Found {
        let shape = Shape::of(&self.days.profits).ok_or("the profits do not vary, or are too large")?;
        let fit = CornishFisher::new(shape.over(f64::from(horizon.days())))
            .map_err(|outside| outside.to_string())?;
        let tails = fit.tails().ok_or("the profits are too large")?;
        Ok((tails, self.days.profits.len()))
    }

    fn filtered(&self, horizon: Horizon) -> Found {
        if self.moving.is_empty() {
            return Ok((STILL, 0));
        }
        let window = self.filtered_window.ok_or("the returns of an asset cannot be filtered")?;
        let parameters = self.prepared.parameters();
        if window.days() < parameters.min_observations.saturating_sub(parameters.filter.burn_in).max(2) {
            return Err("the assets share too few days after the filter's first ones".to_owned());
        }
        match horizon {
            Horizon::Day => self.filtered_day(window),
            Horizon::Week => self.filtered_week(window),
        }
    }

    fn filtered_day(&self, window: Window) -> Found {
        let mut columns = Vec::with_capacity(self.moving.len());
        for exposure in &self.moving {
            let history = self.prepared.filtered(&exposure.asset);
            let column =
                history.and_then(|history| history.tomorrow(window)).ok_or("a day has no surprise")?;
            columns.push((column, exposure.usd));
        }
        let profits = crate::returns::weighted_sum(&columns);
        let tail = |bps| predictive_tail(&profits, bps).ok_or("the profits are too large");
        Ok((market_risk::Tails { at_95: tail(TAIL_95_BPS)?, at_99: tail(TAIL_99_BPS)? }, profits.len()))
    }

    fn filtered_week(&self, window: Window) -> Found {
        let columns: Option<Vec<_>> =
            self.moving.iter().map(|one| self.prepared.filtered_week(&one.asset, window)).collect();
        let columns = columns.ok_or("a simulated week has no finite return")?;
        let columns: Vec<_> = columns.iter().map(std::sync::Arc::as_ref).collect();
        let tails = linear_tails(&columns, &self.exposures()).ok_or("the profits are too large")?;
        Ok((tails, self.paths()))
    }

    fn monte_carlo(&self, horizon: Horizon) -> Found {
        if self.moving.is_empty() {
            return Ok((STILL, 0));
        }
        let shrunk = self.covariance.ok_or("there is no covariance of the returns")?;
        let factor = cholesky(&shrunk.covariance).map_err(|error| error.to_string())?;
        let innovations = self.prepared.innovations().ok_or("the simulation's parameters are impossible")?;
        let tails = monte_carlo_tails(&factor, &self.exposures(), innovations, horizon)
            .ok_or("the profits are too large, or the assets too many")?;
        Ok((tails, self.paths()))
    }

    fn exposures(&self) -> Vec<f64> {
        self.moving.iter().map(|exposure| exposure.usd).collect()
    }

    fn paths(&self) -> usize {
        usize::try_from(self.prepared.parameters().draws.paths).unwrap_or(usize::MAX)
    }
}

const NOTHING: market_risk::Tail = market_risk::Tail { var: 0.0, es: 0.0 };
/// The tails of what does not move.
const STILL: market_risk::Tails = market_risk::Tails { at_95: NOTHING, at_99: NOTHING };

/// A method with its basis and parameters, without scenarios.
fn described(method: Method, horizon: Horizon, prepared: &Prepared<'_>, tails: Figure<Tails>) -> MethodRisk {
    let parameters = prepared.parameters();
    let (draws, filter) = (parameters.draws, parameters.filter);
    let burn_in = f64::from(u32::try_from(filter.burn_in).unwrap_or(u32::MAX));
    let of_filter = [("decay", filter.decay), ("burn_in", burn_in), ("floor", filter.floor)];
    let (seed, parameters) = match (method, horizon) {
        (Method::Historical | Method::CornishFisher, _) => (None, vec![]),
        (Method::Ewma, _) => (None, vec![("lambda", LAMBDA)]),
        (Method::FilteredHistorical, Horizon::Day) => {
            (None, [&of_filter[..], &[("tail_index", TAIL_INDEX)]].concat())
        }
        (Method::FilteredHistorical, Horizon::Week) => (Some(draws.seed), of_filter.to_vec()),
        (Method::MonteCarlo, _) => {
            (Some(draws.seed), vec![("degrees_of_freedom", f64::from(draws.degrees_of_freedom))])
        }
    };
    MethodRisk {
        method,
        horizon_days: horizon.days(),
        window: None,
        scenarios: 0,
        basis: basis(method, horizon),
        seed,
        parameters,
        tails,
    }
}

/// What a method's figures are made of.
const fn basis(method: Method, horizon: Horizon) -> &'static str {
    match (method, horizon) {
        (Method::Historical, Horizon::Day) => "order statistic ceil(αn) of the daily profits",
        (Method::Historical, Horizon::Week) => {
            "order statistic ceil(αn) of overlapping windows of 7 days: neighbours share 6 of them"
        }
        (Method::Ewma, Horizon::Day) => "normal, mean zero, RiskMetrics' variance",
        (Method::Ewma, Horizon::Week) => {
            "normal, mean zero, RiskMetrics' variance times 7, as that model has it for independent days"
        }
        (Method::CornishFisher, Horizon::Day) => "mean, deviation and shape of the daily profits",
        (Method::CornishFisher, Horizon::Week) => {
            "mean, deviation and shape of the sum of 7 independent such days"
        }
        (Method::FilteredHistorical, Horizon::Day) => {
            "predictive tail of the window's surprises at tomorrow's volatility"
        }
        (Method::FilteredHistorical, Horizon::Week) => {
            "paths of 7 drawn days, the same for every asset, the volatility following each path"
        }
        (Method::MonteCarlo, _) => {
            "paths of multivariate Student-t log returns, mean zero, by the Cholesky factor of the Ledoit-Wolf covariance"
        }
    }
}
