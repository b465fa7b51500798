//! The contract interfaces that liquidity is read through, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // v3-periphery, contracts/NonfungiblePositionManager.sol (an ERC-721 with enumeration).
    interface PositionManager {
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128,
            uint256 feeGrowthInside1LastX128, uint128 tokensOwed0, uint128 tokensOwed1);
    }

    // v3-core, contracts/interfaces/pool/IUniswapV3PoolState.sol and IUniswapV3PoolDerivedState.sol.
    interface Pool {
        function slot0() external view returns (
            uint160 sqrtPriceX96, int24 tick, uint16 observationIndex, uint16 observationCardinality,
            uint16 observationCardinalityNext, uint8 feeProtocol, bool unlocked);
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
