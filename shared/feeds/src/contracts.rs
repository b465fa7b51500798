//! The contract interfaces that positions are read through, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // mds1/multicall3, the same address on every supported chain.
    interface Multicall3 {
        struct Call { address target; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable
            returns (Result[] memory returnData);
        function getEthBalance(address addr) external view returns (uint256 balance);
    }

    // aave-v3-origin, src/contracts/interfaces/IPool.sol. `getReserveData` kept this layout through every version.
    struct ReserveDataLegacy {
        uint256 configuration;
        uint128 liquidityIndex;
        uint128 currentLiquidityRate;
        uint128 variableBorrowIndex;
        uint128 currentVariableBorrowRate;
        uint128 currentStableBorrowRate;
        uint40 lastUpdateTimestamp;
        uint16 id;
        address aTokenAddress;
        address stableDebtTokenAddress;
        address variableDebtTokenAddress;
        address interestRateStrategyAddress;
        uint128 accruedToTreasury;
        uint128 unbacked;
        uint128 isolationModeTotalDebt;
    }

    // protocol-v2, contracts/protocol/libraries/types/DataTypes.sol.
    struct ReserveDataV2 {
        uint256 configuration;
        uint128 liquidityIndex;
        uint128 variableBorrowIndex;
        uint128 currentLiquidityRate;
        uint128 currentVariableBorrowRate;
        uint128 currentStableBorrowRate;
        uint40 lastUpdateTimestamp;
        address aTokenAddress;
        address stableDebtTokenAddress;
        address variableDebtTokenAddress;
        address interestRateStrategyAddress;
        uint8 id;
    }

    struct EModeCategoryLegacy {
        uint16 ltv;
        uint16 liquidationThreshold;
        uint16 liquidationBonus;
        address priceSource;
        string label;
    }

    struct CollateralConfig { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; }

    interface Pool {
        function POOL_REVISION() external view returns (uint256);
        function getReservesList() external view returns (address[] memory);
        function getReserveData(address asset) external view returns (ReserveDataLegacy memory);
        function getVirtualUnderlyingBalance(address asset) external view returns (uint128);
        function getUserConfiguration(address user) external view returns (uint256);
        function getEModeCategoryData(uint8 id) external view returns (EModeCategoryLegacy memory);
        function getEModeCategoryCollateralConfig(uint8 id) external view returns (CollateralConfig memory);
        function getEModeCategoryCollateralBitmap(uint8 id) external view returns (uint128);
        function getEModeCategoryLtvzeroBitmap(uint8 id) external view returns (uint128);
        function getEModeCategoryLabel(uint8 id) external view returns (string memory);
    }

    // protocol-v2, contracts/protocol/lendingpool/LendingPool.sol. Its other views that are read are Pool's.
    interface LendingPool {
        function LENDINGPOOL_REVISION() external view returns (uint256);
        function paused() external view returns (bool);
        function getReserveData(address asset) external view returns (ReserveDataV2 memory);
    }

    interface Oracle {
        function BASE_CURRENCY_UNIT() external view returns (uint256);
        function getAssetPrice(address asset) external view returns (uint256);
        function getSourceOfAsset(address asset) external view returns (address);
    }

    // The answer of `getReservesData` is decoded by hand: its tuple changed between versions.
    interface UiPoolDataProvider {
        function getReservesData(address provider) external view returns (bytes memory);
        function getUserReservesData(address provider, address user) external view returns (bytes memory);
    }

    interface Aggregator {
        function latestRoundData() external view returns (
            uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
    }

    interface Erc20 {
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
    }
}
