#!/usr/bin/env bash
# Starts the sandbox, the API and sweeps on loopback; ends all of them on Ctrl-C.
set -euo pipefail
cd "$(dirname "$0")"
bin=target/debug
data=$(mktemp -d)
pids=()
stop() {
  trap - EXIT INT TERM
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$data"
}
trap stop EXIT
trap 'exit 0' INT TERM

# A line that a process prints, once it is there; an error once the process is not.
await_line() { # file pattern pid
  for _ in $(seq 200); do
    if grep -m1 -oE "$2" "$1" 2>/dev/null; then return 0; fi
    kill -0 "$3" 2>/dev/null || { cat "$1" >&2; return 1; }
    sleep 0.05
  done
  echo "gave up waiting for $2" >&2; return 1
}

$bin/risk-sandbox --port "${SANDBOX_PORT:-0}" >"$data/sandbox.log" 2>&1 & pids+=($!)
sandbox=$(await_line "$data/sandbox.log" 'http://127\.0\.0\.1:[0-9]+' "${pids[-1]}")

export ENV=development AUTH_MODE=open DATA_DIR="$data" PORT="${PORT:-8001}" BIND_ADDRESS=127.0.0.1
export LOG_LEVEL="${LOG_LEVEL:-warn}" BACKGROUND_TASK_INTERVAL=60 NEAR_TASK_INTERVAL=15 FRESH_SECONDS="${FRESH_SECONDS:-15}"
export ALCHEMY_URL="$sandbox/alchemy/{network}/v2/{key}" ALCHEMY_API_KEY=sandbox
export COINGECKO_URL="$sandbox/coingecko/api/v3" COINGECKO_API_KEY=sandbox COINGECKO_RATE_PER_SECOND=1000
export DEFILLAMA_URL="$sandbox/llama" DEFILLAMA_RATE_PER_SECOND=1000
export DEFILLAMA_TVL_URL="$sandbox/llama" DEFILLAMA_TVL_RATE_PER_SECOND=1000
export ETHERSCAN_URL="$sandbox/etherscan/v2/api" ETHERSCAN_API_KEY=sandbox ETHERSCAN_RATE_PER_SECOND=1000
export THEGRAPH_URL="$sandbox/thegraph/api" THEGRAPH_API_KEY=sandbox
CHANNELS='[{"id": "desk", "kind": "slack", "url": "'$sandbox'/receivers/slack/services/T0/B0/x"}]'
export CHANNELS
SAMPLE_WALLETS=$(curl -fsS "$sandbox/control/catalogue" |
  python3 -c 'import json,sys; print(",".join(w["name"] + "=" + w["address"] for w in json.load(sys.stdin)))')
export SAMPLE_WALLETS
first=${SAMPLE_WALLETS#*near=}; first=${first%%,*}

$bin/risk-api >"$data/api.log" 2>&1 & pids+=($!)
api=$(await_line "$data/api.log" 'http://127\.0\.0\.1:[0-9]+' "${pids[-1]}")

for pair in ${SAMPLE_WALLETS//,/ }; do
  curl -fsS -X PUT -H 'content-type: application/json' -d "{\"label\":\"${pair%%=*}\"}" \
    "$api/api/risk/watches/${pair#*=}" >/dev/null
done

cat <<TXT

  Risk Manager is running against its sandbox; Ctrl-C ends it.

  page      $api/
  try       $first
  by curl   curl -s '$api/api/risk/summary?wallet=$first'
  alerts    $sandbox/control/received/slack
  sandbox   $sandbox/control/catalogue

TXT
$bin/risk-sweep loop 2>"$data/sweep.log" & pids+=($!)
# Whichever of the three ends first ends all; what it said last says why.
wait -n || true
tail -n 20 "$data"/*.log >&2
