# Every target sets up what it needs; `make` alone prints this list.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements.lock)

# One thread per BLAS call: the libraries above it bring their own threads.
export OPENBLAS_NUM_THREADS ?= 1
export OMP_NUM_THREADS ?= 2
# A thread that waits leaves its core to others.
export OMP_WAIT_POLICY ?= PASSIVE
export MPLBACKEND ?= Agg
# Every command and every process that a test starts reads what the first one compiled, whatever the caller wants.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help
help: ## print this list
	@grep -hE '^[a-z][a-z -]*:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@awk '/^[a-z]/ {of_uv = /^uv==/} of_uv' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --require-hashes --no-deps -r $(VENV)/uv.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: setup
setup: $(READY) ## make the environment (.venv) from the locked requirements

.PHONY: lock
lock: $(READY) ## remake requirements.lock from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock

# Evaluation and training ---------------------------------------------------------------------------------

DATA ?= data/oulad
CONFIG ?=
ENGINE ?= local

.PHONY: validate
validate: setup ## check a dataset: DATA=dir
	@$(BIN)/python -m training validate --data $(DATA)

.PHONY: train
train: setup ## validate, fit, evaluate, track, register as challenger: DATA=dir CONFIG=file.toml ENGINE=local
	@$(BIN)/python -m training train --data $(DATA) --engine $(ENGINE) $(if $(CONFIG),--config $(CONFIG))

FOLD ?=
PROTOCOL ?=
PROTOCOLS := leave-last-out temporal few-shot cold-modules holdout
NAME = $(notdir $(patsubst %/,%,$(DATA)))
has = $(wildcard $(DATA)/$(1).parquet $(DATA)/$(1).csv)

# Data that is valid and yet bad input to a protocol does not allow it: no clock, no table holdout. Each says so.
.PHONY: benchmark
benchmark: setup ## models beside published baselines: DATA=dir FOLD=number; PROTOCOL=name for that one alone
	@$(BIN)/python -m training validate --data $(DATA) > /dev/null
	$(if $(PROTOCOL),,$(if $(or $(call has,attempts),$(if $(call has,completions),,neither)),@$(BIN)/python -m training benchmark skills --data $(DATA) \
	    $(if $(FOLD),--fold $(FOLD)) --json mlruns/benchmark-skills-$(NAME).json))
	$(if $(PROTOCOL)$(call has,completions),@for protocol in $(or $(PROTOCOL),$(PROTOCOLS)); do \
	    $(BIN)/python -m training benchmark modules --data $(DATA) --protocol $$protocol \
	        --json mlruns/benchmark-$$protocol-$(NAME).json \
	    || { code=$$?; [ -z "$(PROTOCOL)" ] && [ $$code = 2 ]; } || exit $$code; done)

BUNDLE ?= mlruns/champion.json
OUT ?= mlruns/scores-$(NAME)

.PHONY: score
score: setup ## recommendations for every learner of a dataset, as Parquet: DATA=dir BUNDLE=dir OUT=dir
	@$(BIN)/python -m training score --bundle $(BUNDLE) --data $(DATA) --out $(OUT)

# Other libraries, each in an environment of its own. rectools_extras takes 5.5 GB (torch) and a C compiler
# (LightFM), so it is there only on request: PEERS="implicit rectools rectools_extras".
PEERS ?= implicit rectools
PEERS_AT := tests/benchmarks/peers
python_of = .venv-peers/$(1)/bin/python
BESIDE_PEERS = $(or $(PROTOCOL),leave-last-out)-$(NAME)

.venv-peers/%/.ready: $(PEERS_AT)/requirements-%.lock | $(READY)
	@rm -rf $(@D)
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(@D)
	@VIRTUAL_ENV=$(@D) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes $<
	@touch $@

.PHONY: benchmark-peers
benchmark-peers: setup $(PEERS:%=.venv-peers/%/.ready) ## models beside other libraries: DATA=dir PROTOCOL=name PEERS="implicit rectools"
	@$(BIN)/python -m tests.benchmarks.peers --data $(DATA) --protocol $(or $(PROTOCOL),leave-last-out) \
	    $(foreach peer,$(PEERS),--peer $(peer)=$(call python_of,$(peer))) --json mlruns/benchmark-peers-$(BESIDE_PEERS).json

.PHONY: lock-peers
lock-peers: setup ## remake the locked requirements of other libraries
	@for wanted in $(PEERS_AT)/requirements-*.in; do \
	    $(BIN)/uv pip compile $$wanted --python-version 3.11 --universal --generate-hashes \
	        --no-emit-index-url --no-annotate --no-header --quiet -o $${wanted%.in}.lock; done

NOW ?=
VALUE ?=
# The champion where there is one; what is named must be there.
bundle_of = $(if $(filter file,$(origin BUNDLE)),$(wildcard $(BUNDLE)),$(BUNDLE))

.PHONY: report
report: setup ## what the programme brings, as pages in MLflow: DATA=dir BUNDLE=dir NOW=time VALUE=worth-of-one-unit OUT=dir
	@$(BIN)/python -m training report --data $(DATA) $(if $(bundle_of),--bundle $(BUNDLE)) \
	    $(if $(NOW),--now $(NOW)) $(if $(VALUE),--value-per-unit $(VALUE)) \
	    $(if $(filter command line,$(origin OUT)),--out $(OUT))

.PHONY: promote
promote: setup ## let the challenger serve
	@$(BIN)/python -m training promote

.PHONY: rollback
rollback: setup ## return to the model that served before
	@$(BIN)/python -m training rollback

# Names the bundle of the simulated organisation for serving: it never takes the champion's place.
SIMULATED := mlruns/reskilling.json

.PHONY: demo
demo: setup ## the main job, end to end: on real data with promotion, then on the simulated organisation
	@$(BIN)/python -m training validate --data data/oulad
	@$(BIN)/python -m training train --data data/oulad
	@$(BIN)/python -m training promote --reason "make demo"
	@SERVING_POINTER=mlruns/champion.json $(BIN)/python -m serving demo --data data/oulad
	@$(BIN)/python -m training validate --data data/reskilling
	@$(BIN)/python -m training train --data data/reskilling --json mlruns/reskilling.train.json
	@$(BIN)/python -c 'import json, os; made = json.load(open("mlruns/reskilling.train.json")); \
	    print(json.dumps({"bundle": os.path.relpath(made["bundle"], "mlruns"), "alias": "challenger"} \
	    | {name: made[name] for name in ("bundle_id", "version")}))' > $(SIMULATED).new
	@mv $(SIMULATED).new $(SIMULATED)
	@SERVING_POINTER=$(SIMULATED) $(BIN)/python -m serving demo --data data/reskilling

.PHONY: sample
sample: setup ## simulate the organisation in data/reskilling again, bit for bit
	@$(BIN)/python -m training sample --out data/reskilling

.PHONY: pictures
pictures: setup ## draw the pictures of the guide for learning designers again, with what make demo trained
	@$(BIN)/python -m training pictures --bundle $(SIMULATED) --data data/reskilling --out docs/pictures

.PHONY: screenshots
screenshots: setup chromium ## pictures of MLflow for the guide that HR reads, of what make demo and make report left
	@$(BIN)/python -m tests.browser.pictures --out docs/pictures

# Serving -------------------------------------------------------------------------------------------------

HOST ?= 127.0.0.1
PORT ?= 8000
MLFLOW_PORT ?= 5000

# The secret that keyed hashes of API keys are made with: random, this machine's own, never in git.
.env: | setup
	@(umask 077; $(BIN)/python -c 'import secrets; print("SERVING_KEY_SECRET=" + secrets.token_urlsafe(48))' > .env)

.PHONY: serve
serve: setup .env ## the API on HOST:PORT, with the champion
	@$(BIN)/python -m serving run --host $(HOST) --port $(PORT)

.PHONY: mlflow
mlflow: setup ## MLflow's pages on MLFLOW_PORT, for this machine or, with MLFLOW_AUTH_CONFIG_PATH, for a team
	@exec $(BIN)/python -m training mlflow --host $(HOST) --port $(MLFLOW_PORT)

# Quality -------------------------------------------------------------------------------------------------

# Files in the order they are found: by number of tests, the longest would come last and leave one core idle.
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: lint
lint: setup ## formatting, style, types, import contracts, links in docs
	@$(BIN)/ruff format --check --quiet . || { echo "run: .venv/bin/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache > .lint-imports.log || { cat .lint-imports.log; rm .lint-imports.log; exit 1; }
	@rm .lint-imports.log
	@$(BIN)/python -m pytest -p no:cacheprovider tests/unit/test_docs.py -k link

.PHONY: test
test: setup ## every test that is quick and needs nothing but this machine, with coverage
	@$(PYTEST) -m "not browser and not node and not postgres and not slow" --cov --cov-report=
	@$(BIN)/coverage report --include 'recommender/*' --fail-under 92
	@$(BIN)/coverage report --include 'training/*' --fail-under 88
	@$(BIN)/coverage report --include 'serving/*' --fail-under 88

.PHONY: test-rest
test-rest: setup chromium .node-clients/.ready ## what make test leaves out: slow tests, a browser's, Node.js' and PostgreSQL's (installs Chromium and Node.js from Debian where they are missing)
	@$(PYTEST) -m "browser or node or postgres or slow"

.PHONY: test-all
test-all: test-rest test ## every test, each once

.PHONY: soak
soak: setup ## an hour of every call with flat memory and latency, 20,000 generated calls, 100,000 bodies of noise, 100,000 broken statements: MINUTES=60
	@$(BIN)/python -m tests.chaos.soak --minutes $(or $(MINUTES),60)
	@$(BIN)/python -m tests.chaos.fuzz
	@$(BIN)/python -m tests.chaos.xapi_mutations

.PHONY: chaos
chaos: setup ## kill service or database 200 times on each store under load, swap the model 100 times: KILLS=200 SWAPS=100
	@$(BIN)/python -m tests.chaos.crashes --kills $(or $(KILLS),200)
	@$(BIN)/python -m tests.chaos.swaps --swaps $(or $(SWAPS),100)

.PHONY: chromium
chromium:
	@command -v chromium > /dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core > /dev/null; } \
	    || { echo "Chromium is needed for the browser tests; install your system's package chromium" >&2; exit 2; }

# Libraries of others for Node.js that tests drive the service with, as locked.
.node-clients/.ready: tests/integration/node/package.json tests/integration/node/package-lock.json
	@{ command -v node && command -v npm; } > /dev/null || { apt-get update -qq && apt-get install -qq -y --no-install-recommends nodejs npm > /dev/null; } \
	    || { echo "Node.js and npm are needed to test with clients in JavaScript; install your system's packages nodejs and npm" >&2; exit 2; }
	@rm -rf $(@D) && mkdir $(@D) && cp $^ $(@D)
	@npm ci --prefix $(@D) --loglevel=error --ignore-scripts --no-audit --no-fund > /dev/null
	@touch $@

.PHONY: check
check: lint test ## lint and test

.PHONY: clean
clean: ## remove the environment and every cache, never mlruns or data
	@rm -rf $(VENV) .venv-peers .node-clients .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache htmlcov *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
