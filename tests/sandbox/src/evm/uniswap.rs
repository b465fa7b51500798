//! Uniswap V3: the position manager, the factory and the pools.

use alloy_primitives::aliases::{I24, I56, U24, U96, U160};
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolInterface, sol};

use crate::evm::{Outcome, Reverted, word};
use crate::liquidity::tick_at;
use crate::wallets::liquidity::{Provided, at_tick, find};
use crate::world::pool::PoolView;
use crate::world::view::View;

sol! {
    interface Manager {
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function ownerOf(uint256 tokenId) external view returns (address);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1);
        function factory() external view returns (address);
    }

    interface Factory {
        function getPool(address tokenA, address tokenB, uint24 fee) external view returns (address);
    }

    interface Pool {
        function slot0() external view returns (
            uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality,
            uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked);
        function token0() external view returns (address);
        function token1() external view returns (address);
        function fee() external view returns (uint24);
        function tickSpacing() external view returns (int24);
        function feeGrowthGlobal0X128() external view returns (uint256);
        function feeGrowthGlobal1X128() external view returns (uint256);
        function ticks(int24 tick) external view returns (
            uint128 liquidityGross, int128 liquidityNet, uint256 feeGrowthOutside0X128,
            uint256 feeGrowthOutside1X128, int56 tickCumulativeOutside,
            uint160 secondsPerLiquidityOutsideX128, uint32 secondsOutside, bool initialized);
        function observe(uint32[] calldata secondsAgos) external view returns (
            int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityCumulativeX128s);
    }
}

/// Seconds that a pool remembers.
const RECORD_SECONDS: u32 = 86_400;

pub(super) fn call_manager(view: &View<'_>, input: &[u8]) -> Outcome {
    use Manager::ManagerCalls as Calls;
    let held = |owner: Address| -> Vec<Provided> {
        let wallet = view.world.wallet(owner);
        wallet.on(view.chain.facts.id).map(|held| held.liquidity.clone()).unwrap_or_default()
    };
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::balanceOf(of) => Manager::balanceOfCall::abi_encode_returns(&U256::from(held(of.owner).len())),
        Calls::tokenOfOwnerByIndex(of) => {
            let index = usize::try_from(of.index).unwrap_or(usize::MAX);
            let id = held(of.owner).get(index).map(|position| position.id);
            let id = id.ok_or_else(|| Reverted::because("EnumerableSet: index out of bounds"))?;
            Manager::tokenOfOwnerByIndexCall::abi_encode_returns(&id)
        }
        Calls::ownerOf(of) => {
            let owner =
                crate::wallets::catalogue::ENTRIES.iter().map(crate::wallets::catalogue::Entry::address);
            let owner = owner.into_iter().find(|owner| held(*owner).iter().any(|one| one.id == of.tokenId));
            let owner =
                owner.ok_or_else(|| Reverted::because("ERC721: owner query for nonexistent token"))?;
            Manager::ownerOfCall::abi_encode_returns(&owner)
        }
        Calls::positions(of) => {
            let position = find(view, of.tokenId).ok_or_else(|| Reverted::because("Invalid token ID"))?;
            Manager::positionsCall::abi_encode_returns(&row(view, &position).ok_or_else(Reverted::bare)?)
        }
        Calls::factory(_) => {
            let (factory, _) = crate::world::pool::deployment(view.chain.facts.id);
            Manager::factoryCall::abi_encode_returns(&factory)
        }
    })
}

fn row(view: &View<'_>, position: &Provided) -> Option<Manager::positionsReturn> {
    let pool = PoolView::new(view, position.pool)?;
    let [token0, token1] = pool.pool.tokens.map(|place| view.token(place).map(|token| token.underlying));
    let [lower, upper] = position.ticks;
    let inside =
        |token: usize| Some(word(&pool.inside_last(token, position.ticks, position.grown.get(token)?)));
    Some(Manager::positionsReturn {
        nonce: U96::ZERO,
        operator: Address::ZERO,
        token0: token0?,
        token1: token1?,
        fee: U24::from(pool.pool.fee_pips),
        tickLower: I24::try_from(lower).ok()?,
        tickUpper: I24::try_from(upper).ok()?,
        liquidity: position.liquidity,
        feeGrowthInside0LastX128: inside(0)?,
        feeGrowthInside1LastX128: inside(1)?,
        tokensOwed0: position.counted[0],
        tokensOwed1: position.counted[1],
    })
}

pub(super) fn call_factory(view: &View<'_>, input: &[u8]) -> Outcome {
    let Factory::FactoryCalls::getPool(of) =
        Factory::FactoryCalls::abi_decode(input).map_err(|_| Reverted::bare())?;
    let pool = view.chain.pools.iter().find(|pool| {
        let tokens = pool.tokens.map(|place| view.token(place).map(|token| token.underlying));
        U24::from(pool.fee_pips) == of.fee
            && (tokens == [Some(of.tokenA), Some(of.tokenB)] || tokens == [Some(of.tokenB), Some(of.tokenA)])
    });
    Ok(Factory::getPoolCall::abi_encode_returns(&pool.map_or(Address::ZERO, |pool| pool.address)))
}

pub(super) fn call_pool(view: &View<'_>, place: usize, input: &[u8]) -> Outcome {
    use Pool::PoolCalls as Calls;
    let pool = PoolView::new(view, place).ok_or_else(Reverted::bare)?;
    let token = |side: usize| {
        let token = pool.pool.tokens.get(side).and_then(|place| view.token(*place));
        token.map_or(Address::ZERO, |token| token.underlying)
    };
    let growth = |side| word(&pool.growth(side, view.timestamp));
    Ok(match Calls::abi_decode(input).map_err(|_| Reverted::bare())? {
        Calls::slot0(_) => {
            Pool::slot0Call::abi_encode_returns(&slot0(view, &pool).ok_or_else(Reverted::bare)?)
        }
        Calls::token0(_) => Pool::token0Call::abi_encode_returns(&token(0)),
        Calls::token1(_) => Pool::token1Call::abi_encode_returns(&token(1)),
        Calls::fee(_) => Pool::feeCall::abi_encode_returns(&U24::from(pool.pool.fee_pips)),
        Calls::tickSpacing(_) => {
            let spacing = I24::try_from(pool.pool.spacing).map_err(|_| Reverted::bare())?;
            Pool::tickSpacingCall::abi_encode_returns(&spacing)
        }
        Calls::feeGrowthGlobal0X128(_) => Pool::feeGrowthGlobal0X128Call::abi_encode_returns(&growth(0)),
        Calls::feeGrowthGlobal1X128(_) => Pool::feeGrowthGlobal1X128Call::abi_encode_returns(&growth(1)),
        Calls::ticks(of) => {
            let tick = i64::try_from(of.tick).map_err(|_| Reverted::bare())?;
            Pool::ticksCall::abi_encode_returns(&tick_state(view, &pool, place, tick))
        }
        Calls::observe(of) => Pool::observeCall::abi_encode_returns(&observe(view, &pool, &of.secondsAgos)?),
    })
}

fn slot0(view: &View<'_>, pool: &PoolView<'_>) -> Option<Pool::slot0Return> {
    let price = pool.sqrt_price(view.timestamp);
    let cardinality = if pool.pool.keeps_record { 7_200 } else { 1 };
    Some(Pool::slot0Return {
        sqrtPriceX96: word(&price).to::<U160>(),
        tick: I24::try_from(tick_at(&price)).ok()?,
        observationIndex: 0,
        observationCardinality: cardinality,
        observationCardinalityNext: cardinality,
        feeProtocol: 0,
        unlocked: true,
    })
}

/// A tick; zeros where nobody's range ends.
fn tick_state(view: &View<'_>, pool: &PoolView<'_>, place: usize, tick: i64) -> Pool::ticksReturn {
    let gross = at_tick(view, place, tick);
    let outside = |token| {
        if gross == 0 { U256::ZERO } else { word(&pool.growth_outside(token, tick, view.timestamp)) }
    };
    Pool::ticksReturn {
        liquidityGross: gross,
        liquidityNet: 0,
        feeGrowthOutside0X128: outside(0),
        feeGrowthOutside1X128: outside(1),
        tickCumulativeOutside: I56::ZERO,
        secondsPerLiquidityOutsideX128: U160::ZERO,
        secondsOutside: 0,
        initialized: gross != 0,
    }
}

fn observe(view: &View<'_>, pool: &PoolView<'_>, ago: &[u32]) -> Result<Pool::observeReturn, Reverted> {
    let remembered = if pool.pool.keeps_record { RECORD_SECONDS } else { 0 };
    if ago.iter().any(|seconds| *seconds > remembered) {
        return Err(Reverted::because("OLD"));
    }
    let at = |seconds: &u32| {
        let time = view.timestamp.saturating_sub(u64::from(*seconds));
        I56::try_from(pool.tick_cumulative(time)).map_err(|_| Reverted::bare())
    };
    let cumulatives = ago.iter().map(at).collect::<Result<Vec<_>, _>>()?;
    Ok(Pool::observeReturn {
        secondsPerLiquidityCumulativeX128s: vec![U160::ZERO; ago.len()],
        tickCumulatives: cumulatives,
    })
}
