# charlab: make demo, make test, make study; make help lists all of them.
# Without make: README.md, "Without make".
PYTHON ?= python3
# The package index of torch alone; empty: the default index. With
#   make setup TORCH_INDEX=https://download.pytorch.org/whl/cpu
# Linux gets the CPU build, a tenth of the size of the default one, which brings CUDA.
TORCH_INDEX ?=
# What pytest runs: make test TESTS=tests/clean
TESTS ?= tests

VENV := .venv
# Relative, so that the checkout's folder may have blanks in its name.
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-input
# Runs a command; on a terminal, with a line every five seconds: pip says nothing while it installs torch.
# The loop ends with the command, or, after a Ctrl-C, with the shell that runs it.
ALIVE := sh -c 'while [ -t 1 ] && sleep 5 && kill -0 $$$$ 2> /dev/null; do \
    echo "setup: $$(($$(date +%s) - $$(cat $(VENV)/.started))) s"; done & \
  "$$@"; status=$$?; kill $$! 2> /dev/null; exit $$status' alive
# Stages run 'python'; it has to be the one of the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# One thread per process: trainings run side by side instead (docs/architecture.md).
export OMP_NUM_THREADS ?= 1

.PHONY: help setup demo study test test-slow coverage lint format bench picture clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.installed  ## make or refresh the environment in .venv

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "charlab needs Python 3.11 or later, found $$($(PYTHON) --version 2>&1);" \
	    "set PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setup: making the environment in $(VENV), once; a few minutes, most of it for torch"
	@mkdir -p $(VENV) && date +%s > $(VENV)/.started
	@$(ALIVE) $(PYTHON) -m venv $(VENV)
	@if [ -n "$(TORCH_INDEX)" ]; then \
	  echo "setup: torch, from $(TORCH_INDEX)"; \
	  $(ALIVE) $(PIP) --no-deps --index-url "$(TORCH_INDEX)" "$$(grep '^torch==' requirements.lock)"; fi
	@echo "setup: the $$(grep -c == requirements.lock) packages of requirements.lock"
	@$(ALIVE) $(PIP) --requirement requirements.lock
	@echo "setup: charlab itself"
	@$(ALIVE) $(PIP) --quiet --no-deps --no-build-isolation --editable .
	@# DVC runs "python stages/..." through a shell; the .pth file puts this environment first on its PATH.
	@$(BIN)/python -c 'import shutil, sysconfig as s; shutil.copy("charlab-path.pth", s.get_path("purelib"))'
	@echo "setup: the kernels, compiled for this processor"
	@$(ALIVE) $(BIN)/python -m charlab.commands.compile
	@echo "setup: done in $$(($$(date +%s) - $$(cat $(VENV)/.started))) s"
	@touch $@

demo: setup  ## the whole pipeline on the built-in text, offline, on a git branch "demo"
	@$(BIN)/charlab study demo --run
	@echo "The report: report/index.html (a browser shows it), report/report.md (the same as text)"
	@echo "To go back: $(BIN)/charlab study --back"

study: setup  ## the study in params.yaml, its trainings side by side on all cores
	@$(BIN)/charlab fan-out

test: setup  ## the fast tests
	$(BIN)/python -m pytest -q -n auto -m "not slow" $(TESTS)

test-slow: setup  ## the slow tests: whole pipelines in temporary clones
	$(BIN)/python -m pytest -q -n auto --dist loadfile -m slow $(TESTS)

coverage: setup  ## the fast tests, and which lines of src/charlab they miss
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q -n auto -m "not slow" $(TESTS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

lint: setup  ## ruff (lint and format) and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## the benchmarks; CHARLAB_MIRROR names a mirror for those that read real texts
	@for script in benchmarks/*.py; do \
	  echo "== $$script"; $(BIN)/python $$script || exit 1; done

# As root: make picture CHROMIUM="chromium --no-sandbox"
CHROMIUM ?= chromium
picture: setup  ## docs/page.png, the README's picture of report/index.html, with Chromium
	@$(CHROMIUM) --headless --hide-scrollbars --window-size=1100,780 --virtual-time-budget=4000 \
	  --screenshot="$(CURDIR)/docs/page.png" "file://$(CURDIR)/report/index.html" 2> /dev/null
	@# The page has few colors: a third of the size.
	@$(BIN)/python -c 'from PIL import Image; name = "docs/page.png"; \
	  Image.open(name).quantize(48).save(name, optimize=True)'

# .charlab also holds trainings that were interrupted.
clean:  ## remove the environment and caches; data and unfinished trainings stay
	rm -rf $(VENV) .charlab/logs .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
