# Everything runs in an environment inside the checkout; python3 (3.11 to 3.14) and pip suffice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help benchmark test test-slow test-oldest test-newest coverage bench package lint format \
  docs clean

help:
	@echo 'make benchmark   fit and compare the models on the built-in catalogs'
	@echo 'make test        the whole test suite, except tests marked slow or network'
	@echo 'make test-slow   the tests marked slow'
	@echo 'make coverage    the test suite, with the lines and branches that it runs'
	@echo 'make bench       measure speed and memory, write docs/benchmarks.md'
	@echo 'make test-oldest the test suite with the oldest versions that pyproject.toml allows'
	@echo 'make test-newest the test suite with the newest ones'
	@echo 'make package     build wheel and source, check them, and run them in an empty environment'
	@echo 'make lint        ruff, mypy --strict, import-linter, numpydoc'
	@echo 'make format      let ruff fix what it can'
	@echo 'make docs        the documentation, in docs/_build/html'
	@echo 'make clean       remove the environment and all caches'

# Redone only when the dependencies change: the package itself is installed in place.
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || \
	  { echo "$(PYTHON) is not Python 3.11 to 3.14: run make PYTHON=/path/to/python3.11"; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --editable '.[dev]' --constraint constraints.txt
	$(BIN)/python -m pip install --no-deps easy-tpp --constraint constraints.txt
	@touch $@

benchmark: $(INSTALLED)
	$(BIN)/recast benchmark

# Ratios of times first, while nothing else runs; then the rest, on all cores.
test: $(INSTALLED)
	$(BIN)/python -m pytest -q benchmarks/test_ratios.py -m 'not slow'
	$(BIN)/python -m pytest tests -n auto -m 'not slow and not network'

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

# fail_under is of lines and branches together; each of them has to reach it.
coverage: $(INSTALLED)
	$(BIN)/python -m pytest -m 'not slow and not network' --cov \
	  --cov-report=term --cov-report=json:.coverage.json
	@$(BIN)/python -c "import json; \
	  totals = json.load(open('.coverage.json'))['totals']; \
	  shares = [totals[f'percent_{what}_covered'] for what in ('statements', 'branches')]; \
	  print('lines {:.1f} %, branches {:.1f} %'.format(*shares)); exit(min(shares) < 95.0)"

# Ten minutes. One thread and processor time: what else the machine does then hardly counts.
bench: $(INSTALLED)
	@mkdir -p .benchmarks
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest benchmarks --benchmark-json=.benchmarks/speed.json \
	  --benchmark-timer=time.process_time
	$(BIN)/python benchmarks/page.py .benchmarks/speed.json docs

# Environments of their own, made anew each time. Old releases warn of what newer Pythons and their
# own dependencies have renamed: that says nothing of this project.
test-oldest:
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet uv
	.venv-oldest/bin/uv pip compile --quiet pyproject.toml --extra cluster --extra csep --extra obspy \
	  --resolution lowest-direct --python .venv-oldest/bin/python --output-file .venv-oldest/pins.txt
	.venv-oldest/bin/uv pip install --python .venv-oldest/bin/python --editable '.[dev]' \
	  --constraint .venv-oldest/pins.txt
	.venv-oldest/bin/python -m pip install --quiet --no-deps easy-tpp
	.venv-oldest/bin/python -m pytest -m 'not slow and not network' -W ignore::DeprecationWarning

test-newest:
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade --editable '.[dev]'
	.venv-newest/bin/python -m pip install --quiet --no-deps easy-tpp
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
	$(BIN)/python -m pytest -q tests/test_public_api.py -k numpydoc

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
	rm -rf $(VENV) .venv-oldest .venv-newest build dist docs/_build *.egg-info .mypy_cache .ruff_cache \
	  .pytest_cache .hypothesis .import_linter_cache .benchmarks .coverage* htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
