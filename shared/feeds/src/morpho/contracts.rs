//! The interfaces of Morpho Blue, its oracles and its interest rate models, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // morpho-org/morpho-blue, src/interfaces/IMorpho.sol and src/libraries/EventsLib.sol.
    #[derive(Debug)]
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    #[derive(Debug)]
    struct Market {
        uint128 totalSupplyAssets;
        uint128 totalSupplyShares;
        uint128 totalBorrowAssets;
        uint128 totalBorrowShares;
        uint128 lastUpdate;
        uint128 fee;
    }

    interface Morpho {
        event Supply(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets, uint256 shares);
        event SupplyCollateral(bytes32 indexed id, address indexed caller, address indexed onBehalf, uint256 assets);
        function idToMarketParams(bytes32 id) external view returns (MarketParams memory);
        function market(bytes32 id) external view returns (Market memory);
        function position(bytes32 id, address user) external view returns (
            uint256 supplyShares, uint128 borrowShares, uint128 collateral);
    }

    // src/interfaces/IOracle.sol
    interface MorphoOracle {
        function price() external view returns (uint256);
    }

    // src/interfaces/IIrm.sol
    interface Irm {
        function borrowRateView(MarketParams memory marketParams, Market memory market) external view returns (uint256);
    }
}
