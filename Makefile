# The same four words everywhere: run, test, check, bench. Each makes the environment it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: run test check bench

run: $(VENV)/.run
	$(BIN)/gunicorn wsgi:app

test: $(VENV)/.dev
	PYTHONDEVMODE=1 $(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(VENV)/.run
	$(BIN)/python -m benchmarks

$(VENV)/.run: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: setup.cfg pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.run

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
