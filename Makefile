# Every job does its own set-up: the environment in .venv, the build, the install; none is redone while its inputs stand.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
ARGS   ?=
MODE   := $(if $(filter 1,$(LETRADE_DEBUG)),debug,release)
HOT    := $(wildcard hotpath/*.pyx hotpath/*.pxd)
EXTRAS ?= test,lint

# A build of the other kind (LETRADE_DEBUG=1) lies here: file times do not show it.
ifneq ($(MODE),$(shell cat build/mode 2>/dev/null))
OTHER_MODE := always
endif

.PHONY: help setup run test lint bench wheel chaos fuzz matrix clean always
help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

setup: $(VENV)/.built ## the environment, the build and the install, and no more

run: $(VENV)/.built ## the default desk, on paper, with a live table (ARGS="--for 60s")
	$(BIN)/letrade run $(ARGS)

test: $(VENV)/.built ## all tests but the long fault runs (ARGS="-k book")
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile $(ARGS)

lint: $(VENV)/.built ## style, mistakes, strict types, stubs against the build
	$(BIN)/ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_tidy.py tests/test_stubs.py tests/test_public_typing.py

bench: $(VENV)/.built ## latency to p99.9 and throughput
	$(BIN)/python -m letrade.bench $(ARGS)

wheel: $(VENV)/.built ## a portable wheel in dist/
	rm -rf build/lib* build/bdist*
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

chaos: $(VENV)/.built ## the long fault runs
	$(BIN)/python -m pytest -m chaos $(ARGS)

fuzz: $(VENV)/.built ## random bytes at the NATS wire and its twin (ARGS="--for 10m")
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary atheris "letrade[fuzz]"
	$(BIN)/python -m tests.fuzz.wire $(ARGS)

matrix: ## the tests on each other Python that is found here
	.ci/matrix 3.12 3.13

clean: ## back to what git knows
	rm -rf $(VENV) .venv-* build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	rm -f hotpath/*.so
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml setup.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Letrade needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "setuptools>=77" "Cython>=3.1,<4"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation -C editable_mode=compat -e ".[$(EXTRAS)]"
	touch $@

$(VENV)/.built: $(VENV)/.installed $(HOT) $(OTHER_MODE)
	$(BIN)/python setup.py --quiet build_ext --inplace
	touch $@
