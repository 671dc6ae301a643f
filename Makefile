# Every task of the project. `make help` lists them. Nothing outside this folder is changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# What the machine has; CI and laptops differ.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
PYTEST := $(BIN)/pytest -n $(JOBS) --dist worksteal
DEBUG_LIB := build/debug/lib
SOURCES := setup.py $(shell find acd_core service -name '*.pyx' -o -name '*.pxd')

.DEFAULT_GOAL := help
.PHONY: help install build demo test serve bench load protos lint debug oracles msk torture lock audit clean

help: ## list the tasks
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv python3-dev"; exit 1; }
	@command -v c++ >/dev/null || { echo "A C++ compiler is needed. On Debian: apt-get install g++"; exit 1; }
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@{ $(PIP) --upgrade 'pip>=25.1' && $(PIP) --group dev && \
	  ACD_SKIP_COMPILE=1 $(PIP) --no-build-isolation --editable . ; } > $(VENV)/install.log 2>&1 || \
	  { tail -n 30 $(VENV)/install.log; echo "The installation failed; all of it is in $(VENV)/install.log"; exit 1; }
	@touch $@

$(VENV)/.built: $(VENV)/.installed $(SOURCES)
	@echo "Compiling the engine ..."
	@$(BIN)/python setup.py -q build_ext --inplace --parallel $(JOBS)
	@touch $@

install: $(VENV)/.installed
build: $(VENV)/.built ## set up the virtual environment and compile the engine

demo: build ## a busy day in a contact centre, through a real server, in about half a minute
	@$(BIN)/acd demo $(ARGS)

test: build ## every test, on the release build
	$(PYTEST) $(ARGS)

serve: build ## the service, with its journal in ./data, on 127.0.0.1:7007
	@$(BIN)/acd serve --data data $(ARGS)

debug: $(VENV)/.installed ## every test, on a build with all compiler and bounds checks on
	@echo "Compiling the engine with all checks ..."
	@ACD_DEBUG=1 $(BIN)/python setup.py -q build --parallel $(JOBS) --build-lib $(DEBUG_LIB) --build-temp build/debug/temp
	PYTHONPATH=$(CURDIR)/$(DEBUG_LIB) ACD_EXPECT_BUILD=debug $(PYTEST) $(ARGS)

lint: build ## ruff, mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

protos: build ## make the generated gRPC code anew
	@$(BIN)/python proto/generate.py

bench: build ## time the engine's operations
	@$(BIN)/pytest bench --benchmark-only --benchmark-columns=median,iqr,ops,rounds $(ARGS)

load: build ## half a minute of users as they are in life against a real server; report in build/load
	@$(BIN)/python -m load.run $(ARGS)

lock: ## pin what the application runs with, with hashes, in requirements.lock
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet --disable-pip-version-check uv
	@{ grep '^# ' requirements.lock; build/lock/bin/uv pip compile pyproject.toml --universal --quiet --upgrade \
	  --python-version 3.11 --generate-hashes --no-header --system-certs; } > build/requirements.lock
	@mv build/requirements.lock requirements.lock

audit: ## look the pinned dependencies up among known weaknesses
	@$(PYTHON) .ci/audit.py

oracles: build ## every exact result at full length (minutes)
	@$(BIN)/python -m acd_service.simulation.oracles $(ARGS)

msk: build ## the published multi-skill model at full length (minutes)
	@$(BIN)/python -m acd_service.simulation.msk $(ARGS)

torture: build ## the long forms of the random tests, each told of when it is done
	$(PYTEST) -m slow -v --timeout 3000 --durations=0 --durations-min=1 \
	  --override-ini addopts="--import-mode=importlib -ra" $(ARGS)

clean: ## remove what was built, keep the data
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find acd_core service -name '*.so' -delete
