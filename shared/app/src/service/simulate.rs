//! What-if questions: a wallet read now, moved and changed as asked, and assessed on both sides.

use risk_engine::lending::Lending;
use risk_engine::probability::depeg::Peg;
use risk_engine::simulate::{Act, Outside, Refusal, Simulation, Step, Trial, assets_of, simulate};
use risk_engine::stress::{Jump, Named, Shock};
use risk_engine::{Parameters, position::WalletPositions};
use risk_model::request::{ActionKind, ActionRequest, ShockTarget, SimulateRequest};
use risk_model::{Asset, Code, Rejection};
use serde::Serialize;
use utoipa::ToSchema;

use super::assess::{Outcome, distinct_assets, off_the_runtime};
use super::hourly::simulated_assets;
use super::{AppError, Service};
use crate::ports::{Depth, WalletQuery};
use crate::summary::Summary;

/// A wallet before and after what was tried. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SimulationBody {
    /// As it is now.
    pub before: Summary,
    /// As it would be; its recommendations are the cures to the target health factor.
    pub after: Summary,
    /// Tokens that the actions needed and the wallet does not hold.
    pub from_outside: Vec<OutsideBody>,
}

/// Tokens that had to come from outside the wallet.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OutsideBody {
    /// Chain and contract.
    pub asset: String,
    /// Whole tokens.
    pub amount: String,
}

impl From<&Outside> for OutsideBody {
    fn from(outside: &Outside) -> Self {
        Self { asset: outside.asset.to_string(), amount: outside.decimal() }
    }
}

impl Service {
    /// Reads a wallet now and tries what is asked on it. Nothing is stored and no alert is touched.
    ///
    /// # Errors
    /// [`AppError::NothingKnown`] where no provider answers, [`AppError::Refused`] where an action is not possible on
    /// what was read; store errors.
    pub async fn simulate(&self, request: &SimulateRequest) -> Result<SimulationBody, AppError> {
        let trial = trial(request);
        let positions = self.read_one(request).await?;
        let read = std::slice::from_ref(&positions);
        let brought = assets_of(&trial.steps).into_iter().filter(|asset| is_known(&positions, asset));
        let brought: Vec<Asset> = brought.collect();
        let assets = once_each(distinct_assets(read), &brought);
        // A step may make of a simple account one that has to be simulated.
        let simulated = once_each(simulated_assets(read), if brought.is_empty() { &[] } else { &assets });
        let market = self.market(&assets, &simulated).await;
        let now = self.ports.clock.now();
        let parameters = self.parameters(request);
        let tried = off_the_runtime(move || simulate(&positions, &market, now, &parameters, &trial));
        let Simulation { mut before, mut after, from_outside } =
            tried.await.map_err(|refusal| AppError::Refused(vec![refused(refusal)]))?;
        let (active, critical) = self.standing_counts(request.wallet).await?;
        before.left_out = self.settings.left_out(&request.scope);
        after.left_out = before.left_out.clone();
        Ok(SimulationBody {
            before: Summary::of(&before, active, critical),
            after: Summary::of(&after, active, critical),
            from_outside: from_outside.iter().map(Into::into).collect(),
        })
    }

    async fn read_one(&self, request: &SimulateRequest) -> Result<WalletPositions, AppError> {
        let query = self.query_of(request.wallet).await?;
        let positions = self.read_positions(query, &request.scope).await?;
        Ok(positions)
    }

    /// Everything of one wallet, read now; an error where nothing at all could be.
    pub(super) async fn read_positions(
        &self,
        query: WalletQuery,
        scope: &risk_model::request::Scope,
    ) -> Result<WalletPositions, AppError> {
        let read = self.ports.positions.read(&[query], Depth::Discover, scope).await;
        let positions = read.into_iter().next().ok_or(AppError::NotFound("wallet"))?;
        if Outcome::of(&positions).is_informative {
            return Ok(positions);
        }
        Err(AppError::NothingKnown(positions.gaps))
    }

    /// The service's parameters, with the cure that is asked for: it is told at any health factor under the target.
    fn parameters(&self, request: &SimulateRequest) -> Parameters {
        let mut parameters = self.settings.parameters.clone();
        if let Some(target) = request.target_health_factor {
            (parameters.cure_target, parameters.cure_below) = (target, target);
        }
        parameters
    }
}

fn once_each(mut assets: Vec<Asset>, more: &[Asset]) -> Vec<Asset> {
    assets.extend(more);
    assets.sort_unstable();
    assets.dedup();
    assets
}

/// Tokens that no position knows are in no market data either: asking providers for any address is not for a request.
fn is_known(positions: &WalletPositions, asset: &Asset) -> bool {
    let is_held = positions.holdings.iter().any(|holding| holding.asset == *asset);
    is_held || positions.accounts.iter().any(|account| account.account.decimals(asset).is_some())
}

fn trial(request: &SimulateRequest) -> Trial {
    let jump = match request.replay {
        Some(days) => Some(Jump::Days { from: days.from, to: days.to }),
        None if request.shocks.is_empty() => None,
        None => Some(Jump::Rules(
            request.shocks.iter().map(|shock| (named(shock.target), 1.0 + shock.change)).collect(),
        )),
    };
    let name = if request.replay.is_some() { "replay" } else { "shocks" };
    let shock = |jump| Shock { name: name.to_owned(), jump, is_oracle_frozen: request.is_oracle_frozen };
    Trial {
        shock: jump.map(shock),
        gas_factor: request.gas_factor,
        steps: request.actions.iter().filter_map(step).collect(),
    }
}

const fn named(target: ShockTarget) -> Named {
    match target {
        ShockTarget::Risk => Named::Risk,
        ShockTarget::Dollar => Named::Peg(Peg::Dollar),
        ShockTarget::StakedEther => Named::Peg(Peg::Ether),
        ShockTarget::WrappedBitcoin => Named::Peg(Peg::Bitcoin),
        ShockTarget::Asset(asset) => Named::Asset(asset),
    }
}

/// The step of an action; the parser leaves none without its fields.
fn step(action: &ActionRequest) -> Option<Step> {
    let amount = || action.amount.clone();
    let act = match action.kind {
        ActionKind::Swap => {
            return Some(Step::Swap { from: action.asset?, into: action.into?, amount: amount()? });
        }
        ActionKind::Supply => Act::Supply(action.asset?, amount()?),
        ActionKind::Withdraw => Act::Withdraw(action.asset?, amount()?),
        ActionKind::Repay => Act::Repay(action.asset?, amount()?),
        ActionKind::Borrow => Act::Borrow(action.asset?, amount()?),
        ActionKind::EMode => Act::EMode(action.category?),
    };
    Some(Step::Account { key: action.account.clone()?, act })
}

fn refused(refusal: Refusal) -> Rejection {
    let field = refusal.step.map_or_else(|| "shocks".to_owned(), |step| format!("actions[{step}]"));
    Rejection::with_message(field, Code::Unsupported, refusal.message)
}
