//! The contract interfaces that Curve's pools are read through, as their sources declare them.

use alloy_sol_types::sol;

sol! {
    // curvefi/metaregistry, contracts/MetaRegistry.vy. Arrays are filled up with zeros.
    interface MetaRegistry {
        function get_pool_from_lp_token(address token) external view returns (address);
        function get_coins(address pool) external view returns (address[8] memory);
        function get_balances(address pool) external view returns (uint256[8] memory);
    }

    // curvefi/curve-contract, pool-templates/base/SwapTemplateBase.vy (`A` to `get_virtual_price`; the oldest pools have
    // no `A_precise`), stableswap-ng (`stored_rates`), and the CryptoSwap pools (`gamma`, `lp_price`).
    interface Pool {
        function A() external view returns (uint256);
        function A_precise() external view returns (uint256);
        function fee() external view returns (uint256);
        function get_virtual_price() external view returns (uint256);
        function stored_rates() external view returns (uint256[] memory);
        function gamma() external view returns (uint256);
        function lp_price() external view returns (uint256);
    }

    interface LpToken {
        function totalSupply() external view returns (uint256);
    }
}
