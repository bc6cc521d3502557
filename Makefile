# Everything sets itself up in .venv: a machine with Python 3.11 or newer and its venv module is enough.
# Another Python: make test PYTHON=/path/to/python3.12

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
PEERS := benchmarks/.venv/.ready
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test check bench format lock clean

help: ## show what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(READY) ## compare the options of Ben Tre and write a report
	$(BIN)/cemfa compare organics_2030 --replications 100

test: $(READY) ## run every test
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal -q $(ARGS)

check: $(READY) ## style, types and the rules of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/architecture

bench: $(READY) $(PEERS) ## compare speeds with other tools, peers in an environment of their own
	$(BIN)/python -m benchmarks --write $(ARGS)

format: $(READY) ## put the code in its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## write requirements.lock anew
	$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --no-strip-extras --no-header \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --extra dev --output-file requirements.lock pyproject.toml
	@sed -i '1i # Written by `make lock`: what pyproject.toml asks for, with its development extra and the build backend.' requirements.lock

clean: ## remove what was made, the environment included
	rm -rf .venv benchmarks/.venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "cemfa needs Python 3.11 or newer with the modules venv and ensurepip (on Debian: python3-venv)" >&2; exit 1; }
	@echo "Setting up .venv (once) ..." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -qq --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@touch $@

$(PEERS): benchmarks/peers.txt
	@test -n "$(PYTHON)" || { echo "the benchmarks need Python 3.11 or newer with the modules venv and ensurepip" >&2; exit 1; }
	@echo "Setting up benchmarks/.venv (once) ..." >&2
	@test -x benchmarks/.venv/bin/python || $(PYTHON) -m venv benchmarks/.venv
	@benchmarks/.venv/bin/python -m pip install -qq -r benchmarks/peers.txt
	@touch $@
