# `make run` starts a node; `make test` runs everything that must pass.
# ARGS are passed on: make run ARGS="--listen /ip4/127.0.0.1/tcp/0", make test ARGS="--filter MultiaddrTests"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The only list of Debian packages. `deps` is what building and running need, `test-deps` what the tests need besides,
# BENCH_PACKAGES what `make bench` does.
PACKAGES := libssl-dev libc-ares-dev libsecp256k1-dev libsqlite3-dev pkg-config
TEST_PACKAGES := python3 python3-venv python3-dev gcc libgmp-dev redis-server chromium libnss3-tools curl openssl pebble wrk
BENCH_PACKAGES := wrk openssl nginx-light

CONFIGURATION ?= release
ARGS ?=

.PHONY: help deps test-deps interop run build test bench format lint clean

help: ## Lists these targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Installs the Debian packages that building needs, if any is missing.
	@scripts/install-packages $(PACKAGES)

test-deps: deps ## Installs what the tests need besides.
	@scripts/install-packages $(TEST_PACKAGES)

interop: test-deps ## Prepares the real peers that the interop tests talk to.
	@Interop/setup

run: deps ## Builds and runs a node (ARGS: its flags).
	swift run --configuration $(CONFIGURATION) waystation run $(ARGS)

build: deps ## Builds .build/release/waystation.
	swift build --configuration $(CONFIGURATION) --product waystation

test: test-deps interop ## Runs all tests (ARGS: for swift test).
	@# One after the other: simulations fill the test pool's threads for seconds, and others beside them would run out of time.
	swift test --no-parallel $(ARGS) 2>&1 | scripts/repeat-failures

bench: deps ## Measures the node in release mode.
	@scripts/install-packages $(BENCH_PACKAGES)
	Benchmarks/run $(ARGS)

format: ## Formats all Swift files.
	swift format --in-place --parallel --recursive Package.swift Sources Tests Interop Fuzz

lint: ## Checks the formatting and the house rules.
	swift format lint --strict --parallel --recursive Package.swift Sources Tests Interop Fuzz
	scripts/check-house

clean: ## Removes what was built.
	swift package clean
	rm -rf .build-interop
