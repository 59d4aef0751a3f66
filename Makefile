# Everything stays inside this folder: .venv (run, test, lint), .venv-oldest (tests on the oldest Python), .venv-sam
# (sam), .venv-lambda (the runtime's Python with nothing but Lambda's own), .venv-ministack (an AWS to deploy to).
# Needs Python >= 3.11, make and the Python package index; no root.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
# Compiled modules are kept, whatever the environment says: a server starts twice as fast.
export PYTHONDONTWRITEBYTECODE :=
.PHONY: help run test test-oldest lint format validate build routes local-table bench conformance requirements clean

# The first of these that runs and is new enough. Override: `make run PYTHON=/path/to/python3`.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
# The Python that Lambda runs, for precompiling and for the artifact tests. Empty where it is missing.
PYTHON313 ?= $(shell tools/find-python 3.13)
# The oldest that is supported. Empty where it is missing.
PYTHON311 ?= $(shell tools/find-python 3.11)

VENV := .venv
BIN := $(VENV)/bin
VENV_SAM := .venv-sam
VENV_OLDEST := .venv-oldest
VENV_LAMBDA := .venv-lambda
VENV_MINISTACK := .venv-ministack
WORKERS ?= 2
# What goes before the second try of the tests that failed: nothing in CI, where races meet a busy machine; `false` here.
AGAIN := $(if $(CI),,false)
# What `make test` hands to pytest, e.g. `make test TESTS='tests/flows -k logout'`.
TESTS ?=
# Every module, what reads and checks input, and the stores: without programs beside them.
OLDEST_TESTS := tests/architecture/test_every_module.py tests/domain tests/crypto tests/config tests/stores tests/ui \
	tests/edge tests/store -k "not dynamodb_local and not moto"
CONFIG ?= infra/config/kratos.yml
UV_PIP = $(BIN)/uv pip install --quiet --python

help: ## What can be made
	@awk -F ':.*## ' '/^[a-z0-9.-]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Start the server on this machine and print its address
	@$(BIN)/vestibule serve --dev -c $(CONFIG)

test: $(VENV)/.dev ## Run the tests (TESTS=… for some of them)
	@$(BIN)/pytest -n $(WORKERS) $(TESTS) || $(AGAIN) $(BIN)/pytest --last-failed --last-failed-no-failures none $(TESTS)

test-oldest: $(VENV_OLDEST)/.dev ## Run what a Python can do otherwise than another on the oldest one that is supported
	@$(VENV_OLDEST)/bin/pytest -n $(WORKERS) -o cache_dir=.cache/pytest-oldest $(OLDEST_TESTS)

lint: $(VENV)/.dev ## Check style, format, types and the arrows between the rooms
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Put the code into its format
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

validate: $(VENV_SAM)/.sam ## Check the templates
	$(VENV_SAM)/bin/cfn-lint infra/*.yaml
	SAM_CLI_TELEMETRY=0 $(VENV_SAM)/bin/sam validate --lint --region eu-central-1

build: $(VENV)/.run $(VENV_SAM)/.sam ## Build the functions and layers for AWS (ARCHITECTURE=arm64|x86_64)
	@tools/sam-build

routes: $(VENV)/.run ## Write edge/routes.py from template.yaml, after routes changed there
	@$(BIN)/python tools/routes.py

local-table: $(VENV)/.run ## Make the table on the DynamoDB Local of docker-compose.yml, for `sam local`
	@$(BIN)/python tools/local_table.py

bench: $(VENV)/.dev ## Measure cold starts, CPU, calls, capacity and requests per second
	$(BIN)/python -m tests.bench

conformance: $(VENV)/.dev ## Compare with the recordings in ../shared/conformance, where they are (CONFORM=… for its options)
	@$(BIN)/python -m tools.conformance $(CONFORM)

requirements: $(VENV)/.uv ## Pin the newest versions that requirements/*.in allow (UPGRADE=--upgrade to move)
	for name in uv deps dev run sam lambda ministack; do $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header $(UPGRADE) requirements/$$name.in -o requirements/$$name.txt; done
	# On top of the deps layer: what that has is left out.
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header $(UPGRADE) \
		$(foreach package,cryptography cffi pycparser typing-extensions,--no-emit-package $(package)) \
		requirements/deps-webauthn.in -o requirements/deps-webauthn.txt

clean: ## Remove what was built, installed and stored
	rm -rf $(VENV) $(VENV_SAM) $(VENV_OLDEST) $(VENV_LAMBDA) $(VENV_MINISTACK) .venv-conformance .aws-sam .cache .vestibule build layers/core/*.egg-info
	rm -rf .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find functions layers tests -name __pycache__ -prune -exec rm -rf {} +

# --- virtual environments: a stamp file each, so that the second call has nothing to do --------------------------

$(VENV)/.uv: requirements/uv.txt
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed and was not found." >&2; exit 2; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "'$(PYTHON) -m venv' does not work; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.run: $(VENV)/.uv requirements/run.txt pyproject.toml
	@if [ ! $(VENV)/.dev -nt requirements/run.txt ]; then echo "Installing what the server needs into $(VENV) …"; \
		$(UV_PIP) $(BIN)/python --require-hashes -r requirements/run.txt; fi
	@$(UV_PIP) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.uv requirements/dev.txt pyproject.toml
	@echo "Installing tests and linters into $(VENV) …"
	@$(UV_PIP) $(BIN)/python --require-hashes -r requirements/dev.txt
	@$(UV_PIP) $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV_OLDEST)/.dev: $(VENV)/.uv requirements/dev.txt pyproject.toml
	@[ -n "$(PYTHON311)" ] || { echo "Python 3.11, the oldest that is supported, was not found." >&2; exit 2; }
	@[ -x $(VENV_OLDEST)/bin/python ] || $(BIN)/uv venv --quiet --python $(PYTHON311) $(VENV_OLDEST)
	@$(UV_PIP) $(VENV_OLDEST)/bin/python --require-hashes -r requirements/dev.txt
	@$(UV_PIP) $(VENV_OLDEST)/bin/python --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV_SAM)/.sam: $(VENV)/.uv requirements/sam.txt
	@echo "Installing the SAM CLI into $(VENV_SAM) …"
	@[ -x $(VENV_SAM)/bin/python ] || $(BIN)/uv venv --quiet --python $(BIN)/python $(VENV_SAM)
	@$(UV_PIP) $(VENV_SAM)/bin/python --require-hashes -r requirements/sam.txt
	@touch $@

$(VENV_LAMBDA)/.ric: $(VENV)/.uv requirements/lambda.txt
	@[ -x $(VENV_LAMBDA)/bin/python ] || $(BIN)/uv venv --quiet --python $(PYTHON313) $(VENV_LAMBDA)
	@$(UV_PIP) $(VENV_LAMBDA)/bin/python --require-hashes -r requirements/lambda.txt
	@touch $@

$(VENV_MINISTACK)/.ministack: $(VENV)/.uv requirements/ministack.txt
	@[ -x $(VENV_MINISTACK)/bin/python ] || $(BIN)/uv venv --quiet --python $(PYTHON313) $(VENV_MINISTACK)
	@$(UV_PIP) $(VENV_MINISTACK)/bin/python --require-hashes -r requirements/ministack.txt
	@touch $@
