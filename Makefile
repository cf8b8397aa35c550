# Everything runs in an environment inside the checkout; python3 (3.11 to 3.13) and pip suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help benchmark test test-slow lint format docs clean

help:
	@echo 'make benchmark   fit and compare the models on the built-in catalogs'
	@echo 'make test        the whole test suite, except tests marked slow or network'
	@echo 'make test-slow   the tests marked slow'
	@echo 'make lint        ruff, mypy --strict, import-linter'
	@echo 'make format      let ruff mend what it can'
	@echo 'make docs        the documentation, in docs/_build/html'
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

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Afresh each time: pages run their examples, and no cache tells whether their code has changed.
# Four at a time: they take from none to forty seconds, and two cores are kept busy so.
docs: $(INSTALLED)
	rm -rf docs/_build
	$(BIN)/python -m sphinx -q -j 4 -W --keep-going -b html -d docs/_build/doctrees docs docs/_build/html
	$(BIN)/python -m pytest tests/test_docs.py
	@echo 'docs/_build/html/index.html'

clean:
	rm -rf $(VENV) build dist docs/_build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	  .import_linter_cache .benchmarks .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
