# Infolinia. `make` alone says what there is.
.DEFAULT_GOAL := help
.PHONY: help setup demo test bench model check fmt docs clean
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@echo "==> Python environment in $(VENV)/"
	@$(PYTHON) -m venv $(VENV) || { echo "The module venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install -qq --upgrade 'pip>=25.1'

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@echo "==> Python packages (about a minute the first time)"
	@$(BIN)/python -m pip install -qq --constraint constraints.txt --editable '.[vosk,whisper,postgres,test-caller]' --group dev
	@touch $@

setup: $(VENV)/.installed ## environment, Asterisk, prompts, models: all that demo and test need
	@sh tools/system-packages.sh
	@$(BIN)/infolinia setup

demo: setup ## a real call through a real Asterisk, shown live; leaves everything running
	@$(BIN)/infolinia demo

test: setup ## all tests, real calls included
	@echo "==> Style, types, rooms"
	@$(MAKE) --no-print-directory check
	@echo "==> Tests"
	@$(BIN)/python -m pytest --durations=8 -rs
	@echo "All passed. Next: make demo (a call to listen to), make bench (figures), docs/ (how it works)."

check: $(VENV)/.installed ## ruff, mypy, import-linter, the dialplans
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/infolinia check

fmt: $(VENV)/.installed ## mend the style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: setup ## the figures of docs/figures.md, measured side by side
	@$(BIN)/infolinia bench

model: $(VENV)/.installed ## the small Vosk model for tests and benches, trained anew (half an hour; never for citizens)
	@sh tools/asr_tiny/make.sh

docs: $(VENV)/.installed ## the documentation as a site, built strictly
	@$(BIN)/python tools/node_reference.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html"

clean: ## stop what runs and remove what was made (not the data in var/)
	@[ ! -x $(BIN)/infolinia ] || $(BIN)/infolinia down
	@rm -rf $(VENV) site dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Cleaned. The data in var/ is kept; remove it by hand to start from nothing."
