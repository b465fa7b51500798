# The only command surface. `make` alone lists the verbs.
export CARGO_BUILD_JOBS ?= 2
CARGO := cargo
TOOLS := .tools

.PHONY: help run test test-reference test-chain check chaos crash bench bench-sweep bench-store bench-edge edge backtest backup restore lambda-local fmt wasm

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 17

run: ## build, start sandbox, API and a sweep every minute; Ctrl-C ends all of it
	@$(CARGO) build -p risk-sandbox -p risk-api -p risk-sweep
	@./run.sh

test: ## every test; installs what it needs
	tests/chain/install.sh
	tests/moto/install.sh
	tests/redis/install.sh
	tests/mongo/install.sh
	$(CARGO) build --workspace --bins
	edge-wasm/build.sh
	EDGE_REQUIRED=1 REDIS_REQUIRED=1 MONGO_REQUIRED=1 $(CARGO) test --workspace --no-fail-fast

edge: ## the validation in WebAssembly: edge-wasm/pkg for web, Node, bundlers and Lambda@Edge
	edge-wasm/build.sh

test-reference: ## install reference implementations (npm, PyPI) into .tools; compare maths, signatures, events with them
	tests/reference/install.sh
	tests/moto/install.sh
	REFERENCE_REQUIRED=1 $(CARGO) test -p risk-tests --test reference --test channels

test-chain: ## install a node and the protocols' contracts (npm) into .tools and hold the service against them
	tests/chain/install.sh
	$(CARGO) build -p risk-api -p risk-sweep
	CHAIN_REQUIRED=1 CHAIN_WHOLE=1 $(CARGO) test -p risk-tests --test chain

check: ## formatting, lints, docs, architecture and tidy tests, WebAssembly build of model and engine
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items
	$(CARGO) test -p risk-tests --test architecture
	$(MAKE) --no-print-directory wasm

wasm:
	@./wasm.sh check -p risk-model -p risk-engine -p risk-edge

chaos: ## kill sweeps and the API, KILLS=200 ROUNDS=100 SEED=7: no alert, no message and nothing acknowledged is lost
	$(CARGO) build --workspace --bins
	KILLS=$(or $(KILLS),200) ROUNDS=$(or $(ROUNDS),100) $(CARGO) test -p risk-tests --test chaos -- --nocapture \
	  kills acknowledged full_disk

crash: ## a crash, its end and a flapping price over WALLETS=10000: exactly the alerts of an independent count, each told once
	$(CARGO) build --release --workspace --bins
	WALLETS=$(or $(WALLETS),10000) $(CARGO) test --release -p risk-tests --test chaos crash -- --nocapture

bench: ## loopback load beside a bare route, start-up, memory, and the maths beside numpy and @aave/math-utils, in one run
	tests/reference/install.sh
	$(CARGO) build --release -p risk-sandbox -p risk-api -p risk-tests --bins
	$(CARGO) bench -p risk-tests --bench service --bench maths

bench-sweep: ## sweeps of 10 k, 100 k and 1 M wallets (WALLETS=n,… for others): wallets/s, upstream requests, memory, bytes
	$(CARGO) build --release -p risk-sandbox -p risk-api -p risk-sweep
	WALLETS=$(WALLETS) $(CARGO) bench -p risk-tests --bench sweep

bench-store: ## writes and reads a second of each store, one by one and in bulk, and of quotas, beside the raw drivers
	tests/redis/install.sh
	$(CARGO) bench -p risk-tests --bench store

bench-edge: edge ## the module's size, start and speed beside viem's isAddress and ajv on the same cases
	node tests/edge/drivers/bench.mjs

backtest: ## VaR coverage and lead before liquidations on ../shared/data; coverage of PRICES=file FROM=date TO=date
	@$(CARGO) bench -p risk-tests --bench backtest -- $(abspath $(PRICES)) $(FROM) $(TO)

backup: ## copy what is kept (the SQLite file of DATA_DIR to TO=file, a MongoDB to TO=folder), while the service runs or not
	$(if $(TO),,$(error TO=file or folder is missing))
	@$(CARGO) run --quiet -p risk-api -- backup "$(abspath $(TO))"

restore: ## put a copy, FROM=file, in the place of the SQLite file of DATA_DIR, which no process may have open; or FROM=folder into an empty MongoDB database
	$(if $(FROM),,$(error FROM=file or folder is missing))
	@$(CARGO) run --quiet -p risk-api -- restore "$(abspath $(FROM))"

lambda-local: $(TOOLS)/bin/cargo-lambda ## the API as a Lambda function on this machine (cargo lambda watch), port 9000
	./lambda-local.sh

$(TOOLS)/bin/cargo-lambda:
	python3 -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet cargo-lambda==1.9.2

fmt: ## format the code
	$(CARGO) fmt --all
