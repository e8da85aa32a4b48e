# tuneset: raw CSV and text to chat fine-tuning files. `make help` lists what there is.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PLAN ?= dataset.toml

.DEFAULT_GOAL := help
.PHONY: help dataset refresh test check cluster lint types docs format schemas lock bench clean ci

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "tuneset needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock names into $(VENV) (once; about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-index --no-build-isolation --editable .
	@touch $@

dataset: $(READY)  ## Build data/processed/ from data/raw/ as dataset.toml says
	@$(BIN)/tuneset build --plan $(PLAN)

refresh: $(READY)  ## Build for a scheduler: quiet unless something happened; docs/refresh.md has the exit codes
	@$(BIN)/tuneset refresh --plan $(PLAN)

check: $(READY)  ## Check the built files once more, as the platform would
	@$(BIN)/tuneset check data/processed/train.jsonl --validation data/processed/validation.jsonl

test: $(READY)  ## Run every test
	@$(BIN)/python -m pytest -n auto

cluster: $(READY)  ## Add the distributed engine to the environment: make test then kills nodes, too
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-cluster.lock

lint: $(READY)  ## Look for what ruff finds
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)  ## Check the types, strictly
	@$(BIN)/mypy

docs: $(READY)  ## Check that generated pages, schemas and links are up to date
	@$(BIN)/python -m pytest tests/docs

format: $(READY)  ## Format the code
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

schemas: $(READY)  ## Write schemas/ and the generated pages of docs/ anew
	@$(BIN)/python -m pipeline.generated

lock: $(READY)  ## Resolve requirements.lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --group dev pyproject.toml -o requirements.lock
	grep -o 'ray>=[0-9.]*' pyproject.toml | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-annotate --no-emit-index-url --no-emit-find-links -c requirements.lock - -o requirements-cluster.lock

ci:  ## Run what the continuous integration runs
	@bash .ci/run

clean:  ## Remove what was built, and the environment
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist
	rm -rf data/processed/versions data/processed/.work data/processed/.lock
	find data/processed -type l -delete
