# The same words everywhere: run, test, check, bench, update. Each makes the environment it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PINS   := deploy/constraints.txt

.PHONY: run test check bench update

# PYTHON, if it is given, names the Python of the environment; one of another Python is made anew.
ifneq ($(origin PYTHON),file)
ifneq ($(shell $(PYTHON) -V 2>&1),$(shell $(BIN)/python -V 2>&1))
.PHONY: $(BIN)/python
endif
endif

run: $(VENV)/.run
	$(BIN)/gunicorn wsgi:app

test: $(VENV)/.test
	PYTHONDEVMODE=1 $(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.hostile

update:
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	echo "# The versions that make installs; \`make update\` takes the newest that setup.cfg admits." > $(PINS)
	$(BIN)/python -m pip freeze --exclude-editable >> $(PINS)

# A mark for each set of packages; an older one is made again when the list of packages changes.
$(VENV)/.run: WHAT = .[metrics]
$(VENV)/.test: WHAT = .[test]
$(VENV)/.bench: WHAT = .[metrics,bench]
$(VENV)/.dev: WHAT = .[dev]
$(VENV)/.run $(VENV)/.test $(VENV)/.bench $(VENV)/.dev: setup.cfg pyproject.toml $(PINS) $(BIN)/python
	$(BIN)/python -m pip install --quiet --constraint $(PINS) --editable '$(WHAT)'
	@touch $@

$(BIN)/python:
	$(PYTHON) -m venv --clear $(VENV)
