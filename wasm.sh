#!/usr/bin/env bash
# wasm.sh check|build ARGUMENTS: cargo for wasm32-unknown-unknown: with the target installed, else added by rustup, else with Debian's own std source.
set -euo pipefail
verb=$1
shift
target=wasm32-unknown-unknown
has_std() { ls "$(rustc --print target-libdir --target $target)"/libstd-*.rlib >/dev/null 2>&1; }
if has_std || { timeout 60 rustup target add $target >/dev/null 2>&1 && has_std; }; then
  exec cargo "$verb" "$@" --target $target
fi
if [ ! -x /usr/bin/wasm-ld-22 ]; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src lld-22
fi
RUSTC=/usr/bin/rustc RUSTDOC=/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 \
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/usr/bin/wasm-ld-22 \
  exec /usr/bin/cargo "$verb" "$@" --target $target --target-dir target/wasm-debian -Zbuild-std=std,panic_abort
