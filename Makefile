# charlab: make demo, make test, make lint, make study, make bench, make setup.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
export PATH := $(BIN):$(PATH)
# One thread per process: trainings run side by side instead (docs/reproducibility.md).
export OMP_NUM_THREADS ?= 1

.PHONY: help setup demo test test-slow lint format bench study clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.installed  ## make or refresh the environment in .venv

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "charlab needs Python 3.11 or later; set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup  ## the whole pipeline on the built-in text, offline
	@charlab study demo
	@charlab fan-out
	@echo "The report: report/index.html (a browser shows it), report/report.md (the same as text)"

study: setup  ## the study in params.yaml, its trainings side by side on all cores
	@charlab fan-out

test: setup  ## the tests; make test-slow runs the slow ones
	python -m pytest -q -n auto -m "not slow"

test-slow: setup  ## the slow tests: whole pipelines in temporary clones
	python -m pytest -q -m slow

lint: setup  ## ruff (lint and format) and mypy
	ruff check .
	ruff format --check .
	mypy

format: setup  ## let ruff mend what it can
	ruff check --fix .
	ruff format .

bench: setup  ## the benchmarks; CHARLAB_MIRROR names a mirror for those that read real texts
	@for script in benchmarks/*.py; do echo "== $$script"; python $$script || exit 1; done

clean:  ## remove the environment and scratch files; data and caches stay
	rm -rf $(VENV) .charlab .hypothesis .mypy_cache .pytest_cache .ruff_cache
