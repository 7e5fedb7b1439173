# Everything a developer or a newcomer runs.  `make` alone lists it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.installed-to-run
STAMP := $(VENV)/.installed-to-develop
REPORT := reports/bill-of-health.html
# Workers for the tests; CI machines here have two cores.
WORKERS ?= 2

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## make .venv with the program and everything to develop it

$(RUN): pyproject.toml requirements/run.txt tools/system-packages
	@tools/system-packages base
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what the program needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/run.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMP): $(RUN) requirements/dev.txt
	@echo "Installing what its development needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

.PHONY: demo
demo: $(RUN) ## set up, then check the example projects and write an HTML report
	@mkdir -p $(dir $(REPORT))
	@$(BIN)/pratique check examples --offline --exit-zero --output $(REPORT)
	@echo
	@echo "The same as a page: $(CURDIR)/$(REPORT)"

.PHONY: test
test: $(STAMP) ## set up, then run every test but the nightly ones
	@tools/system-packages test
	@if command -v npm >/dev/null; then npm ci --prefix tests/tools --ignore-scripts --no-audit --no-fund --silent; fi
	@$(BIN)/pytest -n $(WORKERS) -m "not nightly" $(PYTEST_ARGS)

.PHONY: nightly
nightly: $(STAMP) ## run the tests that take minutes
	@$(BIN)/pytest -n $(WORKERS) -m nightly $(PYTEST_ARGS)

.PHONY: check
check: lint types docs ## format, lint, types, import contracts, docstrings, docs

.PHONY: lint
lint: $(STAMP) ## format, lint, import contracts, docstrings
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/interrogate --quiet src/pratique

.PHONY: types
types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy

.PHONY: docs
docs: $(STAMP) ## build the documentation site into site/
	@$(BIN)/zensical build --strict --clean >/dev/null
	@echo "Documentation: site/index.html"

.PHONY: bench
bench: $(STAMP) ## measure what docs/benchmarks.md promises
	@$(BIN)/python tools/bench.py

.PHONY: format
format: $(STAMP) ## format, mend what can be mended, write the generated pages
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python tools/document.py

.PHONY: lock
lock: $(STAMP) ## write requirements/*.txt anew
	@compile="$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade \
	    --no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-sources pyproject.toml"; \
	$$compile --group dev --output-file requirements/dev.txt; \
	$$compile --group build --constraint requirements/dev.txt --output-file requirements/run.txt

.PHONY: clean
clean: ## remove what was built, and .venv
	@rm -rf $(VENV) site reports build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks
