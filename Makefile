# Everything a person or CI does with this repository. Each target installs what it needs.
PYTHON ?= python3
BIN := .venv/bin
RUNS := .venv/.runs
READY := .venv/.ready

.PHONY: install demo test check format bench kafka lock schemas

install: $(READY)

# What running needs is enough for a first look; testing needs as much again.
$(RUNS): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Waterdesk needs Python 3.11 or later; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip # twice as fast as 3.11's
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q services shared waterdesk
	touch $(RUNS)

$(READY): requirements-dev.lock $(RUNS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $(READY)

demo: $(RUNS)
	$(BIN)/waterdesk demo

# One worker more than cores: many tests wait for a peer that is frozen, killed or away.
WORKERS = $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
test: install
	$(BIN)/pytest --numprocesses $(WORKERS) --no-loadscope-reorder

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(RUNS)
	$(BIN)/waterdesk bench pipeline --bus embedded --complaints 20000
	$(BIN)/waterdesk bench pipeline --bus kafka --complaints 20000

kafka: $(RUNS)
	$(BIN)/waterdesk kafka

schemas: install
	$(BIN)/python -m shared.events.documents

# Exact versions of what builds and runs (requirements.lock) and of that with what tests need (-dev).
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
  --no-emit-index-url --no-emit-find-links --python-version 3.11 pyproject.toml
lock: install
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --group build --group dev --output-file requirements-dev.lock
	$(COMPILE) --group build --constraint requirements-dev.lock --output-file requirements.lock
