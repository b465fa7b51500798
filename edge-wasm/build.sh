#!/usr/bin/env bash
# Builds the edge's module for the web, Node and bundlers into edge-wasm/pkg, and the package of Lambda@Edge; nothing is
# done where nothing changed.
set -euo pipefail
cd "$(dirname "$0")/.."
tests/edge/install.sh
./wasm.sh build -p risk-edge --profile edge
cargo build --quiet --manifest-path edge-wasm/bindgen/Cargo.toml --target-dir target/edge-bindgen --locked
module=$(ls -t target/{,wasm-debian/}wasm32-unknown-unknown/edge/risk_edge.wasm 2>/dev/null | head -1 || true)
bindgen=target/edge-bindgen/debug/risk-edge-bindgen
optimize=.tools/edge/node_modules/.bin/wasm-opt
pkg=edge-wasm/pkg
stamp=$(cat "$module" "$bindgen" tests/edge/package-lock.json edge-wasm/lambda-edge/*.mjs edge-wasm/host/* | sha256sum)
[ "$(cat $pkg/stamp 2>/dev/null || true)" = "$stamp" ] && exit 0
rm -rf $pkg
"$bindgen" "$module" $pkg
"$optimize" -O3 --enable-bulk-memory --enable-sign-ext --enable-mutable-globals --enable-nontrapping-float-to-int \
  --enable-reference-types --enable-multivalue --strip-debug --strip-producers --strip-target-features \
  -o $pkg/small.wasm $pkg/web/risk_edge_bg.wasm
for target in web node bundler; do cp $pkg/small.wasm $pkg/$target/risk_edge_bg.wasm; done
rm $pkg/small.wasm
for target in web bundler; do cp edge-wasm/host/validator.* $pkg/$target/; done
cp edge-wasm/host/validator.js $pkg/node/validator.mjs
cp edge-wasm/host/validator.d.ts $pkg/node/validator.d.mts
mkdir $pkg/lambda-edge
cp edge-wasm/lambda-edge/index.mjs $pkg/lambda-edge/
cp edge-wasm/host/validator.js $pkg/lambda-edge/validator.mjs
cp $pkg/node/risk_edge.js $pkg/lambda-edge/risk_edge.cjs
cp $pkg/node/risk_edge_bg.wasm $pkg/lambda-edge/
printf '%s' "$stamp" > $pkg/stamp
wc -c $pkg/*/*.wasm
