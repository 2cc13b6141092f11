# The two commands of the README: `make repro` and `make test`. Each makes the environment first if there is none.
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/ready
TOOLS := .venv-tools/ready
BROWSER := .venv-browser/ready
PREDICT := .venv-predict/ready
LABEL_STUDIO := .venv-label-studio/ready
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: repro reference claim options doubtful crossvalidate annotation resolve samples test test-tools test-browser lint extras check lock clean

repro: $(READY)
	$(BIN)/python -m dvc repro

# The reference network on the same data, its scores beside those of repro.
reference: repro
	$(BIN)/python -m dvc repro experiments/reference/dvc.yaml
	$(BIN)/python -m dvc metrics show reports/metrics.json experiments/reference/reports/metrics.json

# The experiments in experiments/, on another corpus with: make claim CORPUS=folder. After repro, for dvc exp run wants all outputs there.
CORPUS_FROM_HERE = $(shell realpath --relative-to=. "$(CORPUS)")
claim options: repro
	$(if $(CORPUS),$(BIN)/python -m dvc exp run -S experiments/params.yaml:experiment.corpus=$(CORPUS_FROM_HERE),$(BIN)/python -m dvc repro) experiments/$@/dvc.yaml

# After a git merge whose conflicts are resolved but for dvc.lock: any side's will do, for what the merged project lacks runs here.
resolve: $(READY)
	@others="$$(git diff --name-only --diff-filter=U -- . ':!*dvc.lock')"; \
	test -z "$$others" || { echo "resolve the conflicts of these first:"; echo "$$others"; exit 1; }
	git diff --name-only --diff-filter=U | xargs --no-run-if-empty git checkout --quiet --ours --
	$(BIN)/python -m dvc repro
	git add --update -- '*dvc.lock'

# Held-out predictions of the labels, for pipeline.review; scores by them; whether they find labels that are wrong. What these need of
# the chain is made first.
doubtful crossvalidate annotation: $(READY)
	$(BIN)/python -m dvc repro experiments/$@/dvc.yaml

# Corpora that lie outside the project, through every format and back: make samples SHARED=folder, whose folder data has them.
samples: $(READY)
	$(BIN)/python -m benchmarks.samples $(SHARED)/data

test: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder --max-worker-restart 0

# On loopback, started and stopped by the tests: DVC's storage servers and a real Label Studio; and prediction in an environment of
# its own. The browser is Debian's chromium (apt-get install chromium); without it what is corrected in the page is skipped.
test-tools: $(TOOLS) $(LABEL_STUDIO) $(PREDICT)
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --reinstall --python .venv-predict .
	$(BIN)/python -m pytest --durations 5 tests/alone
	.venv-tools/bin/python -m pytest --confcutdir tests/tools --durations 5 tests/tools

# The report and the page of predictions in Debian's chromium; screenshots of them lie in .venv-browser/screenshots.
test-browser: $(BROWSER)
	$(BIN)/python -m tests.support.browser_pages .venv-browser/pages
	.venv-browser/bin/python -m pytest --confcutdir tests/browser --durations 5 tests/browser

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

check: lint extras test

# uv is itself in the lock: pip installs it by its hash, it installs the rest.
$(READY): requirements.lock
	$(PYTHON) -m venv .venv
	awk '/^[^ #]/ {wanted = /^uv==/} wanted' requirements.lock > .venv/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "$$PLOTS_PAGE" .venv/plots.html
	$(BIN)/python -m dvc config --local plots.html_template ../.venv/plots.html
	touch $(READY)

# The page of `dvc plots show`, which works without a network: DVC's own loads the drawing library from there.
define PLOTS_PAGE
import pathlib, sys, vl_convert
library = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
head = '<meta charset="utf-8">{refresh_tag}<title>Plots</title><style>table {border-spacing: 15px}</style>'
page = f"<!DOCTYPE html><html lang='en'><head>{head}<script>(() => {{{library}}})();</script></head><body>{{plot_divs}}</body></html>"
pathlib.Path(sys.argv[1]).write_text(page, encoding="utf-8")
endef
export PLOTS_PAGE

$(TOOLS): requirements-tools.lock | $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-tools
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv-tools requirements-tools.lock
	touch $(TOOLS)

$(BROWSER): requirements-browser.lock | $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-browser
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv-browser requirements-browser.lock
	touch $(BROWSER)

# All that `relation-pipeline predict` and `serve` need.
$(PREDICT): requirements-predict.lock | $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-predict
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv-predict requirements-predict.lock
	touch $(PREDICT)

$(LABEL_STUDIO): requirements-label-studio.lock | $(READY)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-label-studio
	$(BIN)/uv pip sync --quiet --require-hashes --python .venv-label-studio requirements-label-studio.lock
	touch $(LABEL_STUDIO)

# With the extras first, for versions that suit them too; then without them, which keeps those versions. One package alone:
# make lock UPGRADE="--upgrade-package NAME"
UPGRADE ?= --upgrade
COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.11 --no-header

lock: $(READY)
	$(COMPILE) --output-file requirements.lock $(UPGRADE) --all-extras --group dev pyproject.toml
	$(COMPILE) --output-file requirements.lock --generate-hashes --group dev pyproject.toml
	$(COMPILE) --output-file requirements-tools.lock $(UPGRADE) --constraint requirements.lock --generate-hashes --group tools
	$(COMPILE) --output-file requirements-browser.lock $(UPGRADE) --constraint requirements.lock --generate-hashes --group browser
	$(COMPILE) --output-file requirements-predict.lock $(UPGRADE) --constraint requirements.lock --generate-hashes --group predict
	$(COMPILE) --output-file requirements-label-studio.lock $(UPGRADE) --generate-hashes --group label-studio

# Whether every extra still finds versions beside those of the lock.
extras: $(READY)
	$(COMPILE) --output-file /dev/null --constraint requirements.lock --all-extras --group dev pyproject.toml

# What git ignores in these places, so never an annotation or another tracked file; DVC's cache and storage stay.
clean:
	git clean --quiet --force -d -X -- .venv .venv-tools .venv-predict .venv-browser .venv-label-studio data models reports dvc_plots experiments
