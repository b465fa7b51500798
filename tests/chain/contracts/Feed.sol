// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A price feed with the views of a Chainlink aggregator, moved by anybody.
contract Feed {
  int256 public latestAnswer;
  uint256 public latestTimestamp;
  uint80 public latestRound;

  function set(int256 answer) external {
    (latestAnswer, latestTimestamp) = (answer, block.timestamp);
    ++latestRound;
  }

  function decimals() external pure returns (uint8) {
    return 8;
  }

  function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
    return (latestRound, latestAnswer, latestTimestamp, latestTimestamp, latestRound);
  }
}
