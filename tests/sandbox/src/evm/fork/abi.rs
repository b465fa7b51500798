//! The interfaces of Aave V2 and of the 3.0 line, where they differ from the newest, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // protocol-v2, DataTypes.sol.
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

    interface LendingPool {
        function LENDINGPOOL_REVISION() external view returns (uint256);
        function paused() external view returns (bool);
        function getReservesList() external view returns (address[] memory);
        function getReserveData(address asset) external view returns (ReserveDataV2 memory);
        function getUserConfiguration(address user) external view returns (uint256);
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralETH, uint256 totalDebtETH, uint256 availableBorrowsETH,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor);
    }

    // IUiPoolDataProviderV3 before 3.2. Runs of static fields are structs of their own: see evm/abi.rs.
    struct UserReserveDataWithStable {
        address underlyingAsset;
        uint256 scaledATokenBalance;
        bool usageAsCollateralEnabledOnUser;
        uint256 stableBorrowRate;
        uint256 scaledVariableDebt;
        uint256 principalStableDebt;
        uint256 stableBorrowLastUpdateTimestamp;
    }

    struct AggregatedWithStable {
        address underlyingAsset;
        string name;
        string symbol;
        uint256 decimals;
        TermsWithStable terms;
        StateWithStable state;
        MarketWithStable market;
        uint256[26] rest;
    }

    struct TermsWithStable {
        uint256 baseLTVasCollateral;
        uint256 reserveLiquidationThreshold;
        uint256 reserveLiquidationBonus;
        uint256 reserveFactor;
        bool usageAsCollateralEnabled;
        bool borrowingEnabled;
        bool stableBorrowRateEnabled;
        bool isActive;
        bool isFrozen;
    }

    struct StateWithStable {
        uint128 liquidityIndex;
        uint128 variableBorrowIndex;
        uint128 liquidityRate;
        uint128 variableBorrowRate;
        uint128 stableBorrowRate;
        uint40 lastUpdateTimestamp;
        address aTokenAddress;
        address stableDebtTokenAddress;
        address variableDebtTokenAddress;
        address interestRateStrategyAddress;
    }

    struct MarketWithStable {
        uint256 availableLiquidity;
        uint256 totalPrincipalStableDebt;
        uint256 averageStableRate;
        uint256 stableDebtLastUpdateTimestamp;
        uint256 totalScaledVariableDebt;
        uint256 priceInMarketReferenceCurrency;
        address priceOracle;
    }

    struct BaseCurrency { uint256 unit; int256 priceInUsd; int256 nativePriceInUsd; uint8 nativePriceDecimals; }

    interface UiData {
        function getReservesData(address provider) external view
            returns (AggregatedWithStable[] memory, BaseCurrency memory);
        function getUserReservesData(address provider, address user) external view
            returns (UserReserveDataWithStable[] memory, uint8);
    }
}
