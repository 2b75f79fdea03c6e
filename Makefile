# What a checkout needs is made on demand, from Python 3.10 or later and make alone: the environment from
# requirements.lock, Node.js and Chromium where the machine has none. Nothing is done by hand before these targets.
#
#   make demo    JupyterLab with the quickstart open (DEMO_HEADLESS=1: execute it, print the result's path last)
#   make test    everything below, in order; each can also be made alone
#   make lint widgets unit chaos older notebooks e2e
#   make bench   our figures and the peers', in one run
#   make screenshots   the pictures of the README, anew
#   make lock    renew both lock files

SHELL := /bin/bash
.NOTPARALLEL:

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
NODE := $(BIN)/python tools/node.py
# An assignment of its own, so that a browser that cannot be had stops the recipe.
WITH_BROWSER := CHROMIUM_PATH="$$($(BIN)/python tools/browser.py)" && export CHROMIUM_PATH &&
# The oldest line of DuckDB that the whole store is tested on, beside the one in the lock file.
DUCKDB_OLDER ?= 1.5.6
PYTEST := $(BIN)/python -m pytest
PARALLEL := -n auto --dist worksteal

.PHONY: demo test lint bundles widgets unit chaos older notebooks e2e screenshots bench lock clean

test: lint widgets unit chaos older notebooks e2e

ifeq ($(DEMO_HEADLESS),1)
demo: $(READY) bundles
	rm -rf build/demo && mkdir -p build/demo
	INLAY_STORE="$(CURDIR)/build/demo/store" $(BIN)/jupyter nbconvert --to notebook --execute \
	  --ExecutePreprocessor.kernel_name=python3 --ExecutePreprocessor.timeout=600 \
	  --output-dir build/demo notebooks/quickstart.ipynb
	@echo "$(CURDIR)/build/demo/quickstart.ipynb"
else
demo: $(READY) bundles
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) notebooks/quickstart.ipynb
endif

lint: $(READY) node_modules/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python tools/notebooks.py --check
	$(NODE) node_modules/@biomejs/biome/bin/biome ci --error-on-warnings
	$(NODE) node_modules/typescript/bin/tsc --noEmit

bundles: $(READY) node_modules/.ready
	$(NODE) js/build.mjs

widgets: bundles
	$(WITH_BROWSER) $(NODE) node_modules/vitest/vitest.mjs run

unit: bundles
	$(PYTEST) tests/unit $(PARALLEL)

chaos: bundles
	$(PYTEST) tests/chaos $(PARALLEL)

# The same tests on an older DuckDB, laid over the environment instead of a second one, and on the journal that appends:
# maps are tried above.
older: bundles .venvs/duckdb-$(DUCKDB_OLDER)/.ready
	export PYTHONPATH="$(CURDIR)/.venvs/duckdb-$(DUCKDB_OLDER)" INLAY_TEST_DUCKDB=$(DUCKDB_OLDER) INLAY_JOURNAL=append && \
	  $(PYTEST) tests/unit tests/chaos/test_kill.py $(PARALLEL)

notebooks: bundles
	rm -rf build/notebooks && mkdir -p build/notebooks
	INLAY_STORE="$(CURDIR)/build/notebooks/store" $(PYTEST) --nbval-lax --nbval-current-env notebooks

# Journeys mostly wait: two at a time, each in a JupyterLab of its own.
e2e: bundles
	$(WITH_BROWSER) $(PYTEST) tests/e2e -n 2 --dist loadfile

# The pictures of the README, anew.
screenshots: bundles
	$(WITH_BROWSER) $(PYTEST) tests/e2e/screenshots.py

bench: bundles
	$(BIN)/python bench/peer.py
	$(BIN)/python bench/record.py
	$(BIN)/python bench/compare.py
	$(WITH_BROWSER) $(BIN)/python bench/browser.py
	$(WITH_BROWSER) $(BIN)/python bench/browser_table.py

lock: $(BIN)/python node_modules/.ready
	$(BIN)/python -m venv .venvs/lock && .venvs/lock/bin/pip install --quiet uv
	.venvs/lock/bin/uv pip compile --quiet --universal --python-version 3.10 --group dev \
	  --no-header --no-annotate --output-file requirements.lock pyproject.toml
	$(NODE) npm install --package-lock-only --omit-lockfile-registry-resolved

clean:
	rm -rf .venv .venvs .tools node_modules build dist src/inlay/static

# --- What the targets stand on; a stamp lies inside what it vouches for, so that it goes when that goes. ---

# Debian keeps the module that makes environments in a package of its own.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "inlay needs Python 3.10 or later: make PYTHON=...")'
	$(PYTHON) -m venv .venv || { rm -rf .venv; [ "$$(id -u)" = 0 ] && command -v apt-get && \
	  apt-get -qq update && apt-get -qq install --yes python3-venv && $(PYTHON) -m venv .venv; }

# Without isolation the build takes hatchling from the lock file, and needs no second download. Compiled is what is
# imported, when it is: to compile all of it takes as long as the rest.
$(READY): requirements.lock pyproject.toml hatch_build.py node_modules/.ready | $(BIN)/python
	$(BIN)/python -m pip install --quiet --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

node_modules/.ready: package-lock.json | $(BIN)/python
	$(NODE) npm ci --no-audit --no-fund
	touch $@

.venvs/duckdb-%/.ready: | $(BIN)/python
	rm -rf $(@D)
	$(BIN)/python -m pip install --quiet --no-compile --no-deps --target $(@D) duckdb==$*
	touch $@
