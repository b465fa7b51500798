// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A wallet that is a contract: it signs by its owner's key (ERC-1271) and holds positions as any address does.
contract OwnerWallet {
  address private immutable owner;

  constructor(address owner_) {
    owner = owner_;
  }

  /// The magic value of ERC-1271 where the owner signed the hash.
  function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
    if (signature.length != 65) return 0xffffffff;
    (bytes32 r, bytes32 s) = (bytes32(signature[:32]), bytes32(signature[32:64]));
    address signer = ecrecover(hash, uint8(signature[64]), r, s);
    return signer != address(0) && signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
  }
}
