//! The contracts' interfaces as far as they are deployed, configured and asked here, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // Our own, contracts/*.sol.
    interface Token {
        function begin(string symbol, uint8 decimals) external;
        function mint(address to, uint256 value) external;
        function balanceOf(address owner) external view returns (uint256);
        event Transfer(address indexed from, address indexed to, uint256 value);
    }
    interface Feed {
        function set(int256 answer) external;
    }

    // Both generations.
    interface AddressesProvider {
        function setACLAdmin(address admin) external;
        function setACLManager(address manager) external;
        function setPriceOracle(address oracle) external;
        function setPoolImpl(address implementation) external;
        function setPoolConfiguratorImpl(address implementation) external;
        function setPoolDataProvider(address provider) external;
        function getPool() external view returns (address);
        function getPoolConfigurator() external view returns (address);
    }
    interface Acl {
        function addPoolAdmin(address admin) external;
        function addAssetListingAdmin(address admin) external;
        function addRiskAdmin(address admin) external;
        function addEmergencyAdmin(address admin) external;
    }
    interface Oracle {
        function setAssetSources(address[] assets, address[] sources) external;
        function getAssetPrice(address asset) external view returns (uint256);
    }
    interface Pool {
        function POOL_REVISION() external view returns (uint256);
        function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode) external;
        function withdraw(address asset, uint256 amount, address to) external returns (uint256);
        function borrow(address asset, uint256 amount, uint256 mode, uint16 referralCode, address onBehalfOf) external;
        function repay(address asset, uint256 amount, uint256 mode, address onBehalfOf) external returns (uint256);
        function setUserUseReserveAsCollateral(address asset, bool useAsCollateral) external;
        function setUserEMode(uint8 categoryId) external;
        function liquidationCall(
            address collateralAsset, address debtAsset, address user, uint256 debtToCover, bool receiveAToken
        ) external;
        function getUserConfiguration(address user) external view returns (uint256);
        function getUserEMode(address user) external view returns (uint256);
        function getUserAccountData(address user) external view returns (
            uint256 totalCollateralBase, uint256 totalDebtBase, uint256 availableBorrowsBase,
            uint256 currentLiquidationThreshold, uint256 ltv, uint256 healthFactor);
        event LiquidationCall(
            address indexed collateralAsset, address indexed debtAsset, address indexed user, uint256 debtToCover,
            uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken);
    }
    interface Scaled {
        function scaledBalanceOf(address user) external view returns (uint256);
        function balanceOf(address user) external view returns (uint256);
    }
    interface Configurator {
        function configureReserveAsCollateral(address asset, uint256 ltv, uint256 threshold, uint256 bonus) external;
        function setReserveBorrowing(address asset, bool enabled) external;
        function setReserveFactor(address asset, uint256 factor) external;
        function setLiquidationProtocolFee(address asset, uint256 fee) external;
        function setReserveFreeze(address asset, bool freeze) external;
        function setReservePause(address asset, bool paused) external;
    }

    // 3.0.2.
    struct FirstReserveInput {
        address aTokenImpl;
        address stableDebtTokenImpl;
        address variableDebtTokenImpl;
        uint8 underlyingAssetDecimals;
        address interestRateStrategyAddress;
        address underlyingAsset;
        address treasury;
        address incentivesController;
        string aTokenName;
        string aTokenSymbol;
        string variableDebtTokenName;
        string variableDebtTokenSymbol;
        string stableDebtTokenName;
        string stableDebtTokenSymbol;
        bytes params;
    }
    interface FirstConfigurator {
        function initReserves(FirstReserveInput[] input) external;
        function setEModeCategory(
            uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, address oracle, string label) external;
        function setAssetEModeCategory(address asset, uint8 id) external;
    }

    // 3.6.
    struct SecondReserveInput {
        address aTokenImpl;
        address variableDebtTokenImpl;
        address underlyingAsset;
        string aTokenName;
        string aTokenSymbol;
        string variableDebtTokenName;
        string variableDebtTokenSymbol;
        bytes params;
        bytes interestRateData;
    }
    struct RateData {
        uint16 optimalUsageRatio;
        uint32 baseVariableBorrowRate;
        uint32 variableRateSlope1;
        uint32 variableRateSlope2;
    }
    interface SecondConfigurator {
        function initReserves(SecondReserveInput[] input) external;
        function setEModeCategory(uint8 id, uint16 ltv, uint16 threshold, uint16 bonus, string label) external;
        function setAssetCollateralInEMode(address asset, uint8 id, bool collateral) external;
        function setAssetBorrowableInEMode(address asset, uint8 id, bool borrowable) external;
        function setAssetLtvzeroInEMode(address asset, uint8 id, bool ltvzero) external;
    }

    // Uniswap V3.
    interface PoolFactory {
        function enableFeeAmount(uint24 fee, int24 tickSpacing) external;
    }
    interface PositionManager {
        struct MintParams {
            address token0; address token1; uint24 fee; int24 tickLower; int24 tickUpper; uint256 amount0Desired;
            uint256 amount1Desired; uint256 amount0Min; uint256 amount1Min; address recipient; uint256 deadline;
        }
        struct DecreaseLiquidityParams {
            uint256 tokenId; uint128 liquidity; uint256 amount0Min; uint256 amount1Min; uint256 deadline;
        }
        struct CollectParams { uint256 tokenId; address recipient; uint128 amount0Max; uint128 amount1Max; }
        function createAndInitializePoolIfNecessary(
            address token0, address token1, uint24 fee, uint160 sqrtPriceX96) external payable returns (address pool);
        function mint(MintParams params) external payable returns (
            uint256 tokenId, uint128 liquidity, uint256 amount0, uint256 amount1);
        function decreaseLiquidity(DecreaseLiquidityParams params) external payable returns (
            uint256 amount0, uint256 amount1);
        function collect(CollectParams params) external payable returns (uint256 amount0, uint256 amount1);
        function positions(uint256 tokenId) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 tickLower,
            int24 tickUpper, uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128,
            uint128 tokensOwed0, uint128 tokensOwed1);
    }
    interface SwapRouter {
        struct ExactInputSingleParams {
            address tokenIn; address tokenOut; uint24 fee; address recipient; uint256 deadline; uint256 amountIn;
            uint256 amountOutMinimum; uint160 sqrtPriceLimitX96;
        }
        function exactInputSingle(ExactInputSingleParams params) external payable returns (uint256 amountOut);
    }

    // ERC-1271.
    interface Signer {
        function isValidSignature(bytes32 hash, bytes signature) external view returns (bytes4 magic);
    }

    interface Multicall3 {
        struct Call { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call[] calldata calls) external payable returns (Result[] memory returnData);
    }
}
