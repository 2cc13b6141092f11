# The two commands of the README: `make repro` and `make test`. Each makes the environment first if there is none.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/ready
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: repro claim options test lint check lock clean

repro: $(READY)
	$(BIN)/python -m dvc repro

# The experiments in experiments/, on another corpus with: make claim CORPUS=folder. After repro, for dvc exp run wants all outputs there.
claim options: repro
	$(if $(CORPUS),$(BIN)/python -m dvc exp run -S experiments/params.yaml:experiment.corpus=$(CORPUS),$(BIN)/python -m dvc repro) experiments/$@/dvc.yaml

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --max-worker-restart 0

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

check: lint test

# uv is itself in the lock: pip installs it by its hash, it installs the rest.
$(READY): requirements.lock
	$(PYTHON) -m venv .venv
	awk '/^[^ #]/ {wanted = /^uv==/} wanted' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

# With the extras first, for versions that suit them too; then without them, which keeps those versions. One package alone:
# make lock UPGRADE="--upgrade-package NAME"
UPGRADE ?= --upgrade
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --no-header --group dev pyproject.toml

lock:
	$(COMPILE) --output-file requirements.lock $(UPGRADE) --all-extras
	$(COMPILE) --output-file requirements.lock --generate-hashes

# What git ignores in these places, so never an annotation or another tracked file; DVC's cache and storage stay.
clean:
	git clean --quiet --force -d -X -- .venv data models reports dvc_plots experiments
