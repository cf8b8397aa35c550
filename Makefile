# Everything runs in an environment inside the checkout; python3 (3.11 to 3.13) and pip suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help benchmark test test-slow test-oldest test-newest package lint format clean

help:
	@echo 'make benchmark   fit and compare the models on the built-in catalogs'
	@echo 'make test        the whole test suite, except tests marked slow or network'
	@echo 'make test-slow   the tests marked slow'
	@echo 'make test-oldest the test suite with the oldest versions that pyproject.toml allows'
	@echo 'make test-newest the test suite with the newest ones'
	@echo 'make package     build wheel and source, check them, and run them in an empty environment'
	@echo 'make lint        ruff, mypy --strict, import-linter'
	@echo 'make format      let ruff mend what it can'
	@echo 'make clean       remove the environment and all caches'

# Redone only when the dependencies change: the package itself is installed in place.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "$(PYTHON) is not Python 3.11 to 3.13: run make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[dev]' --constraint constraints.txt
	@touch $@

benchmark: $(INSTALLED)
	$(BIN)/recast benchmark

test: $(INSTALLED)
	$(BIN)/python -m pytest -m 'not slow and not network'

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

# Environments of their own, made anew each time. Old releases warn of what newer Pythons and their
# own dependencies have renamed: that says nothing of this project.
test-oldest:
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet uv
	.venv-oldest/bin/uv pip compile --quiet pyproject.toml --extra cluster --extra csep --extra obspy \
	  --resolution lowest-direct --python .venv-oldest/bin/python --output-file .venv-oldest/pins.txt
	.venv-oldest/bin/uv pip install --python .venv-oldest/bin/python --editable '.[dev,csep]' \
	  --constraint .venv-oldest/pins.txt
	.venv-oldest/bin/python -m pytest -m 'not slow and not network' -W ignore::DeprecationWarning

test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade --editable '.[dev,csep]'
	.venv-newest/bin/python -m pytest -m 'not slow and not network'

package: $(INSTALLED)
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m pytest tests/test_packaging.py -m 'slow or network'

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .venv-oldest .venv-newest build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .benchmarks .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
