# make demo and make test do all the set-up; nothing has to be done before them.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test lint audit check format bench clean

demo: .make/demo
	$(BIN)/loganomaly --input examples --output results
	@echo
	@echo "Open results/report.html in a browser; what happened is told in examples/README.md"

# The tests run against the installed wheel, not the source tree.
test: .make/test
	$(BIN)/python -P -m pytest -n auto --dist loadfile

lint: .make/lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file pyproject.toml benchmarks/*.py
	$(BIN)/mypy --config-file pyproject.toml fuzz/*.py

# A known vulnerability of a package fails; where nobody can be asked, it says that nothing was checked.
audit: .make/audit
	$(BIN)/python tests/audit.py

check: lint test audit

format: .make/lint
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .make/demo
	$(PIP) install --quiet '.[bench]'
	$(BIN)/python benchmarks/throughput.py

clean:
	rm -rf $(VENV) .make dist build results

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "LogAnomaly needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "$(PYTHON) cannot make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

SOURCES := pyproject.toml README.md LICENSE $(shell find src -type f -not -path '*/__pycache__/*' 2>/dev/null)

dist/built: $(SOURCES) | $(VENV)/bin/python
	rm -rf dist
	$(PIP) wheel --quiet --no-deps --wheel-dir dist .
	@touch $@

.make/demo: dist/built
	$(PIP) install --quiet --upgrade --upgrade-strategy only-if-needed dist/*.whl
	$(PIP) install --quiet --force-reinstall --no-deps dist/*.whl
	@mkdir -p .make && touch $@

.make/test: .make/demo
	$(PIP) install --quiet "$$(ls dist/*.whl)[test]"
	$(BIN)/python tests/small_model.py
	$(BIN)/python tests/browser_setup.py
	@mkdir -p .make && touch $@

.make/lint: .make/test
	$(PIP) install --quiet "$$(ls dist/*.whl)[test,lint]"
	@mkdir -p .make && touch $@

.make/audit: .make/test
	$(PIP) install --quiet "$$(ls dist/*.whl)[test,audit]"
	@mkdir -p .make && touch $@
