#!/usr/bin/env bash
# The API as a Lambda function under `cargo lambda watch`, against the sandbox; Ctrl-C ends both.
set -euo pipefail
cd "$(dirname "$0")"
port=${LAMBDA_PORT:-9000}
cargo build -p risk-sandbox
log=$(mktemp)
target/debug/risk-sandbox --port 0 >"$log" 2>&1 & sandbox_pid=$!
trap 'kill $sandbox_pid 2>/dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 100); do grep -q http "$log" && break; sleep 0.05; done
sandbox=$(grep -m1 -oE 'http://127\.0\.0\.1:[0-9]+' "$log")
data=$(mktemp -d)
export ENV=development DATA_DIR="$data" ADMIN_API_KEY="${ADMIN_API_KEY:-rm_$(head -c32 /dev/urandom | od -An -tx1 | tr -d ' \n')}"
export ALCHEMY_URL="$sandbox/alchemy/{network}/v2/{key}" ALCHEMY_API_KEY=sandbox
export COINGECKO_URL="$sandbox/coingecko/api/v3" COINGECKO_API_KEY=sandbox COINGECKO_RATE_PER_SECOND=1000
export DEFILLAMA_URL="$sandbox/llama" DEFILLAMA_RATE_PER_SECOND=1000
export DEFILLAMA_TVL_URL="$sandbox/llama" DEFILLAMA_TVL_RATE_PER_SECOND=1000
export ETHERSCAN_URL="$sandbox/etherscan/v2/api" ETHERSCAN_API_KEY=sandbox ETHERSCAN_RATE_PER_SECOND=1000
export THEGRAPH_URL="$sandbox/thegraph/api" THEGRAPH_API_KEY=sandbox
wallet=$(curl -fsS "$sandbox/control/catalogue" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["address"])')
cat <<TXT

  curl -s -H 'x-api-key: $ADMIN_API_KEY' 'http://127.0.0.1:$port/lambda-url/risk-api/api/risk/summary?wallet=$wallet'
  $(pwd)/.tools/bin/cargo-lambda lambda invoke -A 127.0.0.1 -P $port risk-sweep -F tests/events/scheduled.json

TXT
PATH="$(pwd)/.tools/bin:$PATH" cargo lambda watch --offline --ignore-changes -A 127.0.0.1 -P "$port"
