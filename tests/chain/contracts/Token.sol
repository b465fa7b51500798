// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// An ERC-20 token that anybody may mint and anybody may spend: its code is laid at the real tokens' addresses.
contract Token {
  string public symbol;
  uint8 public decimals;
  uint256 public totalSupply;
  mapping(address => uint256) public balanceOf;

  event Transfer(address indexed from, address indexed to, uint256 value);

  function begin(string calldata symbol_, uint8 decimals_) external {
    (symbol, decimals) = (symbol_, decimals_);
  }

  function name() external view returns (string memory) {
    return symbol;
  }

  function mint(address to, uint256 value) external {
    totalSupply += value;
    balanceOf[to] += value;
    emit Transfer(address(0), to, value);
  }

  function transfer(address to, uint256 value) external returns (bool) {
    return move(msg.sender, to, value);
  }

  function transferFrom(address from, address to, uint256 value) external returns (bool) {
    return move(from, to, value);
  }

  function approve(address, uint256) external pure returns (bool) {
    return true;
  }

  function allowance(address, address) external pure returns (uint256) {
    return type(uint256).max;
  }

  function move(address from, address to, uint256 value) private returns (bool) {
    balanceOf[from] -= value;
    balanceOf[to] += value;
    emit Transfer(from, to, value);
    return true;
  }
}
