# What one does with this repository. `make` alone prints this list.
# Everything is installed into .venv and local/azurite/node_modules; nothing is installed globally.

PYTHON ?= python3
UV_VERSION := 0.13.9
VENV := .venv
BIN := $(VENV)/bin
SITE := $(VENV)/site
# The tests wait for processes half of their time.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN) + 1 )))
FUZZ_EXAMPLES ?= 5000
SEEDS ?= 10000
REQUIREMENTS := $(wildcard *requirements*.txt */requirements.txt) constraints.txt pyproject.toml
MODEL := examples/heart-classifier/model/MLmodel

.DEFAULT_GOAL := help
.PHONY: help setup demo check test fuzz-values simulate lint types docs up down bench clean

help: ## Show this list
	@echo "Azure Machine Learning batch endpoints, self-hosted. Begin with: make demo"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.installed $(VENV)/.azurite ## Install everything into .venv, with .venv/bin/bml
	@echo "Ready: $(BIN)/bml"

demo: setup $(MODEL) ## Score real files through the whole service, and end it again
	@$(BIN)/python examples/demo.py

check: lint types ## Check style, types and unit tests, in a minute: before each commit
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal tests/unit --ignore tests/unit/scorer/values

test: setup $(MODEL) ## Run all tests (WORKERS=2 for two at a time)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

fuzz-values: setup ## Try thousands of values on every kind of file (FUZZ_EXAMPLES=5000)
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -n $(WORKERS) --dist load --timeout 3600 tests/unit/scorer/values

simulate: setup ## Try the node in thousands of simulated worlds (SEEDS=10000)
	$(BIN)/python -m tests.simulation seeds $(SEEDS)

lint: setup ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## Check types
	$(BIN)/mypy

docs: $(SITE)/.installed ## Build the pages as a site into build/site; a dead link fails
	NO_MKDOCS_2_WARNING=1 $(SITE)/bin/mkdocs build --strict

up: setup ## Start the service on this machine and leave it running (= bml local up --detach)
	$(BIN)/bml local up --detach

down: setup ## End the service that `make up` started; its data stays (= bml local down)
	$(BIN)/bml local down

bench: setup ## Measure throughput and overhead into benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

clean: ## Remove what make made; the data of `make up` in .local stays
	rm -rf $(VENV) .demo build docs/site/node_modules local/azurite/node_modules tests/integration/infra/kusto/node_modules $(dir $(MODEL)) .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" % v[:2])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(REQUIREMENTS) | $(BIN)/python
	@echo "Installing the pinned packages into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements-dev.txt -c constraints.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.azurite: local/azurite/package-lock.json $(VENV)/.installed
	@echo "Installing Azurite into local/azurite/node_modules ..."
	@$(BIN)/python -c 'from local.azurite.installation import ensure_installed; from local.azurite.installation import find_node; ensure_installed(find_node())'
	@touch $@

$(SITE)/.installed: docs/site/requirements.txt docs/site/package-lock.json $(VENV)/.azurite
	@echo "Installing the builder of the site into $(SITE) ..."
	@$(BIN)/python -m venv $(SITE)
	@$(BIN)/uv pip install --quiet --python $(SITE)/bin/python -r docs/site/requirements.txt
	@$(BIN)/python -c 'from pathlib import Path; from local.azurite.installation import ensure_installed; from local.azurite.installation import find_node; ensure_installed(find_node(), Path("docs/site"))'
	@touch $@

$(MODEL): examples/heart-classifier/train.py examples/heart-classifier/heart-train.csv $(VENV)/.installed
	@echo "Training the example's model ..."
	@$(BIN)/python examples/heart-classifier/train.py
