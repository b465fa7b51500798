# The only command surface. `make` alone lists the verbs.
export CARGO_BUILD_JOBS ?= 2
CARGO := cargo
TOOLS := .tools

.PHONY: help run test test-reference check bench bench-edge edge backtest lambda-local fmt wasm

help: ## list the verbs
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 17

run: ## build, start sandbox, API and a sweep every minute; Ctrl-C ends all of it
	@$(CARGO) build -p risk-sandbox -p risk-api -p risk-sweep
	@./run.sh

test: ## every test; installs what it needs
	$(CARGO) build --workspace --bins
	edge-wasm/build.sh
	EDGE_REQUIRED=1 $(CARGO) test --workspace --no-fail-fast

edge: ## the validation in WebAssembly: edge-wasm/pkg for web, Node, bundlers and Lambda@Edge
	edge-wasm/build.sh

test-reference: ## install reference implementations (npm, PyPI) into .tools and compare the maths with them
	tests/reference/install.sh
	REFERENCE_REQUIRED=1 $(CARGO) test -p risk-tests --test reference

check: ## formatting, lints, docs, architecture and tidy tests, WebAssembly build of model and engine
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --document-private-items
	$(CARGO) test -p risk-tests --test architecture
	$(MAKE) --no-print-directory wasm

wasm:
	@./wasm.sh check -p risk-model -p risk-engine -p risk-edge

bench: ## loopback load beside a bare route, start-up, memory, and the maths beside numpy and @aave/math-utils, in one run
	tests/reference/install.sh
	$(CARGO) build --release -p risk-sandbox -p risk-api -p risk-tests --bins
	$(CARGO) bench -p risk-tests --bench service --bench maths

bench-edge: edge ## the module's size, start and speed beside viem's isAddress and ajv on the same cases
	node tests/edge/drivers/bench.mjs

backtest: ## VaR coverage and lead before liquidations on ../shared/data; coverage of PRICES=file FROM=date TO=date
	@$(CARGO) bench -p risk-tests --bench backtest -- $(abspath $(PRICES)) $(FROM) $(TO)

lambda-local: $(TOOLS)/bin/cargo-lambda ## the API as a Lambda function on this machine (cargo lambda watch), port 9000
	./lambda-local.sh

$(TOOLS)/bin/cargo-lambda:
	python3 -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet cargo-lambda==1.9.2

fmt: ## format the code
	$(CARGO) fmt --all
