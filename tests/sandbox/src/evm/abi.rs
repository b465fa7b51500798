//! The contracts' interfaces, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    interface Multicall3 {
        struct Call { address target; bytes callData; }
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData);
        function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable
            returns (Result[] memory returnData);
        function getEthBalance(address addr) external view returns (uint256 balance);
        function getBlockNumber() external view returns (uint256 blockNumber);
        function getCurrentBlockTimestamp() external view returns (uint256 timestamp);
        function getChainId() external view returns (uint256 chainid);
        function getBasefee() external view returns (uint256 basefee);
    }

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

    struct EModeCategoryLegacy {
        uint16 ltv;
        uint16 liquidationThreshold;
        uint16 liquidationBonus;
        address priceSource;
        string label;
    }

    struct CollateralConfig { uint16 ltv; uint16 liquidationThreshold; uint16 liquidationBonus; }

    interface Pool {
        function getReservesList() external view returns (address[] memory);
        function getReserveData(address asset) external view returns (ReserveDataLegacy memory);
        function getConfiguration(address asset) external view returns (uint256);
        function getUserConfiguration(address user) external view returns (uint256);
        function getUserEMode(address user) external view returns (uint256);
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor);
        function getEModeCategoryData(uint8 id) external view returns (EModeCategoryLegacy memory);
        function getEModeCategoryCollateralConfig(uint8 id) external view returns (CollateralConfig memory);
        function getEModeCategoryCollateralBitmap(uint8 id) external view returns (uint128);
        function getEModeCategoryBorrowableBitmap(uint8 id) external view returns (uint128);
        function getEModeCategoryLtvzeroBitmap(uint8 id) external view returns (uint128);
        function getEModeCategoryLabel(uint8 id) external view returns (string memory);
        function POOL_REVISION() external view returns (uint256);
        function getReserveNormalizedIncome(address asset) external view returns (uint256);
        function getReserveNormalizedVariableDebt(address asset) external view returns (uint256);
        function getReservesCount() external view returns (uint256);
        function getReserveAddressById(uint16 id) external view returns (address);
        function getVirtualUnderlyingBalance(address asset) external view returns (uint128);
        function getLiquidationGracePeriod(address asset) external view returns (uint40);
        function getReserveAToken(address asset) external view returns (address);
        function getReserveVariableDebtToken(address asset) external view returns (address);
        function getReserveDeficit(address asset) external view returns (uint256);
        function ADDRESSES_PROVIDER() external view returns (address);
    }

    struct UserReserveData {
        address underlyingAsset;
        uint256 scaledATokenBalance;
        bool usageAsCollateralEnabledOnUser;
        uint256 scaledVariableDebt;
    }

    struct EModeCategory {
        uint16 ltv;
        uint16 liquidationThreshold;
        uint16 liquidationBonus;
        uint128 collateralBitmap;
        string label;
        uint128 borrowableBitmap;
        uint128 ltvzeroBitmap;
    }

    struct Emode { uint8 id; EModeCategory eMode; }

    // IUiPoolDataProviderV3 of 3.4 to 3.6 declares one struct of 40 fields. Its runs of static fields are structs of
    // their own here, because a tuple of the codec ends at 24: static members are encoded in place, so the words
    // are the same.
    struct AggregatedReserveData {
        address underlyingAsset;
        string name;
        string symbol;
        uint256 decimals;
        ReserveTerms terms;
        ReserveState state;
        ReserveMarket market;
        ReserveLimits limits;
    }

    struct ReserveTerms {
        uint256 baseLTVasCollateral;
        uint256 reserveLiquidationThreshold;
        uint256 reserveLiquidationBonus;
        uint256 reserveFactor;
        bool usageAsCollateralEnabled;
        bool borrowingEnabled;
        bool isActive;
        bool isFrozen;
    }

    struct ReserveState {
        uint128 liquidityIndex;
        uint128 variableBorrowIndex;
        uint128 liquidityRate;
        uint128 variableBorrowRate;
        uint40 lastUpdateTimestamp;
        address aTokenAddress;
        address variableDebtTokenAddress;
        address interestRateStrategyAddress;
    }

    struct ReserveMarket {
        uint256 availableLiquidity;
        uint256 totalScaledVariableDebt;
        uint256 priceInMarketReferenceCurrency;
        address priceOracle;
        uint256 variableRateSlope1;
        uint256 variableRateSlope2;
        uint256 baseVariableBorrowRate;
        uint256 optimalUsageRatio;
    }

    struct ReserveLimits {
        bool isPaused;
        bool isSiloedBorrowing;
        uint128 accruedToTreasury;
        uint128 isolationModeTotalDebt;
        bool flashLoanEnabled;
        uint256 debtCeiling;
        uint256 debtCeilingDecimals;
        uint256 borrowCap;
        uint256 supplyCap;
        bool borrowableInIsolation;
        uint128 virtualUnderlyingBalance;
        uint128 deficit;
    }

    struct BaseCurrencyInfo {
        uint256 marketReferenceCurrencyUnit;
        int256 marketReferenceCurrencyPriceInUsd;
        int256 networkBaseTokenPriceInUsd;
        uint8 networkBaseTokenPriceDecimals;
    }

    interface UiPoolDataProvider {
        function getReservesData(address provider) external view
            returns (AggregatedReserveData[] memory, BaseCurrencyInfo memory);
        function getReservesList(address provider) external view returns (address[] memory);
        function getUserReservesData(address provider, address user) external view
            returns (UserReserveData[] memory, uint8);
        function getEModes(address provider) external view returns (Emode[] memory);
    }

    interface ProtocolDataProvider {
        function getReserveConfigurationData(address asset) external view returns (
            uint256 decimals, uint256 ltv, uint256 liquidationThreshold, uint256 liquidationBonus,
            uint256 reserveFactor, bool usageAsCollateralEnabled, bool borrowingEnabled,
            bool stableBorrowRateEnabled, bool isActive, bool isFrozen);
        function getReserveTokensAddresses(address asset) external view returns (
            address aTokenAddress, address stableDebtTokenAddress, address variableDebtTokenAddress);
        function getUserReserveData(address asset, address user) external view returns (
            uint256 currentATokenBalance, uint256 currentStableDebt, uint256 currentVariableDebt,
            uint256 principalStableDebt, uint256 scaledVariableDebt, uint256 stableBorrowRate,
            uint256 liquidityRate, uint40 stableRateLastUpdated, bool usageAsCollateralEnabled);
        function getPaused(address asset) external view returns (bool isPaused);
    }

    interface Oracle {
        function getAssetPrice(address asset) external view returns (uint256);
        function getAssetsPrices(address[] calldata assets) external view returns (uint256[] memory);
        function getSourceOfAsset(address asset) external view returns (address);
        function BASE_CURRENCY_UNIT() external view returns (uint256);
        function BASE_CURRENCY() external view returns (address);
    }

    interface AddressesProvider {
        function getPool() external view returns (address);
        function getPriceOracle() external view returns (address);
        function getPoolDataProvider() external view returns (address);
        function getMarketId() external view returns (string memory);
    }

    interface Erc20 {
        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address owner) external view returns (uint256);
        function scaledBalanceOf(address user) external view returns (uint256);
        function scaledTotalSupply() external view returns (uint256);
        function UNDERLYING_ASSET_ADDRESS() external view returns (address);
        function POOL() external view returns (address);
    }

    interface Aggregator {
        function latestRoundData() external view returns (
            uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
        function latestAnswer() external view returns (int256);
        function decimals() external view returns (uint8);
        function description() external view returns (string memory);
        function BASE_TO_USD_AGGREGATOR() external view returns (address);
    }
}
