# The entry points of this repository. Each does its own set-up, so any of them works right after `git clone`.
.DEFAULT_GOAL := help
.PHONY: help setup build demo test soak-kill fuzz lint fmt docs clean
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-print-directory

jidoka := .build/release/jidoka

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z%-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile
	@for bench in $(benches); do printf '  make %-10s %s\n' "$$bench" "compare with the peer in the same run"; done

setup: ## install system packages, native libraries, example data and Python environments; a second run does nothing
	@scripts/setup native
	@scripts/setup example
	@scripts/setup test

build: ## build the release binary: .build/release/jidoka
	@scripts/setup native
	swift build -c release --static-swift-stdlib --product jidoka

demo: build ## run the whole line on real census data (Examples/employment)
	@scripts/setup example
	@JIDOKA_BINARY="$(abspath $(jidoka))" .venv/bin/python Examples/employment/demo.py

test: setup ## set up, build, and run the unit and the acceptance tests
	@scripts/test

soak-kill: setup build ## kill the server 200 times under eight writers and look for what is lost or doubled (JIDOKA_KILL_CYCLES=N)
	@cd Acceptance && JIDOKA_BINARY="$(abspath $(jidoka))" JIDOKA_KILL_CYCLES="$${JIDOKA_KILL_CYCLES:-200}" ../.venv-test/bin/python -m pytest test_kill_cycles.py -q -s

fuzz: ## give the decoders made-up inputs for a minute each (JIDOKA_FUZZ_SECONDS=N, JIDOKA_FUZZ_SEED=N)
	@scripts/setup native
	@JIDOKA_FUZZ_SECONDS="$${JIDOKA_FUZZ_SECONDS:-60}" JIDOKA_FUZZ_SEED="$${JIDOKA_FUZZ_SEED:-$$RANDOM}" swift test --filter FuzzTests

lint: ## check the format and the house rules
	swift format lint --strict --parallel --recursive Sources Tests Package.swift
	@scripts/setup native
	swift test --filter TidyTests

fmt: ## format all Swift files and wrap their long comments
	@scripts/format

docs: ## draw the module map of ARCHITECTURE.md and write docs/reference
	@scripts/module-map
	@$(MAKE) build
	@scripts/reference "$(jidoka)"
	@JIDOKA_WRITE_REFERENCE=1 swift test --filter ServerTests.AccessTests

clean: ## remove what was built; downloads in .cache stay
	rm -rf .build

# One benchmark is one folder with an executable `run`.
benches := $(patsubst Benchmarks/%/run,bench-%,$(wildcard Benchmarks/*/run))
bench-%: build
	@test -x Benchmarks/$*/run || { echo "there is no Benchmarks/$*/run; there are: $(benches)" >&2; exit 2; }
	@scripts/setup test
	@JIDOKA_BINARY="$(abspath $(jidoka))" Benchmarks/$*/run
