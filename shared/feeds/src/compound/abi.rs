//! The interfaces of Compound's contracts, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // compound-finance/compound-protocol, contracts/Comptroller.sol and ComptrollerStorage.sol.
    interface Comptroller {
        function getAllMarkets() external view returns (address[] memory);
        function getAssetsIn(address account) external view returns (address[] memory);
        function markets(address cToken) external view
            returns (bool isListed, uint256 collateralFactorMantissa, bool isComped);
        function oracle() external view returns (address);
        function closeFactorMantissa() external view returns (uint256);
        function liquidationIncentiveMantissa() external view returns (uint256);
        function mintGuardianPaused(address cToken) external view returns (bool);
        function isDeprecated(address cToken) external view returns (bool);
    }

    // contracts/PriceOracle.sol.
    interface PriceOracle {
        function getUnderlyingPrice(address cToken) external view returns (uint256);
    }

    // contracts/CToken.sol and CErc20.sol. The functions of `Current` accrue first, inside an `eth_call` too.
    interface CToken {
        function underlying() external view returns (address);
        function exchangeRateCurrent() external returns (uint256);
        function borrowBalanceCurrent(address account) external returns (uint256);
        function borrowRatePerBlock() external view returns (uint256);
        function supplyRatePerBlock() external view returns (uint256);
        function getCash() external view returns (uint256);
        function protocolSeizeShareMantissa() external view returns (uint256);
    }

    // compound-finance/comet, contracts/CometCore.sol.
    struct AssetInfo {
        uint8 offset;
        address asset;
        address priceFeed;
        uint64 scale;
        uint64 borrowCollateralFactor;
        uint64 liquidateCollateralFactor;
        uint64 liquidationFactor;
        uint128 supplyCap;
    }

    // contracts/CometStorage.sol.
    struct TotalsBasic {
        uint64 baseSupplyIndex;
        uint64 baseBorrowIndex;
        uint64 trackingSupplyIndex;
        uint64 trackingBorrowIndex;
        uint104 totalSupplyBase;
        uint104 totalBorrowBase;
        uint40 lastAccrualTime;
        uint8 pauseFlags;
    }

    // contracts/CometMainInterface.sol and CometExtInterface.sol.
    interface Comet {
        function decimals() external view returns (uint8);
        function numAssets() external view returns (uint8);
        function getAssetInfo(uint8 i) external view returns (AssetInfo memory);
        function getPrice(address priceFeed) external view returns (uint256);
        function baseToken() external view returns (address);
        function baseTokenPriceFeed() external view returns (address);
        function totalsBasic() external view returns (TotalsBasic memory);
        function totalsCollateral(address asset) external view returns (uint128 totalSupplyAsset, uint128 reserved);
        function totalSupply() external view returns (uint256);
        function totalBorrow() external view returns (uint256);
        function supplyKink() external view returns (uint256);
        function supplyPerSecondInterestRateBase() external view returns (uint256);
        function supplyPerSecondInterestRateSlopeLow() external view returns (uint256);
        function supplyPerSecondInterestRateSlopeHigh() external view returns (uint256);
        function borrowKink() external view returns (uint256);
        function borrowPerSecondInterestRateBase() external view returns (uint256);
        function borrowPerSecondInterestRateSlopeLow() external view returns (uint256);
        function borrowPerSecondInterestRateSlopeHigh() external view returns (uint256);
        function userBasic(address account) external view returns (
            int104 principal, uint64 baseTrackingIndex, uint64 baseTrackingAccrued, uint16 assetsIn, uint8 reserved);
        function userCollateral(address account, address asset) external view
            returns (uint128 balance, uint128 reserved);
    }
}
