# Two commands do everything on a fresh machine with Python 3.11 or newer: make demo, make test.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)))
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

BIN := $(VENV)/bin
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header \
	--no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test check format format-check lint types imports bench chaos lookups interleavings words schema lock vendored venv clean

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: $(VENV)/.runtime ## install, start with sample papers, print the address (HOST=, PORT=)
	@$(BIN)/paperbot demo --host $(HOST) --port $(PORT) $(ARGS)

test: $(VENV)/.dev $(VENV)/.pages ## run the tests (ARGS="-k word" for some of them)
	$(BIN)/python -m pytest -n 5 --dist worksteal $(ARGS)

check: format-check lint types imports test ## everything that must hold before a commit

format: $(VENV)/.dev ## rewrite the code in the house format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix-only --quiet

format-check: $(VENV)/.dev
	$(BIN)/ruff format --check

lint: $(VENV)/.dev
	$(BIN)/ruff check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## measure, as ratios to what plain tools do on this machine
	$(BIN)/python -m tests.bench $(ARGS)

chaos: $(VENV)/.dev ## kill the bot in all the ways we know, every seed
	$(BIN)/python -m pytest -m chaos --chaos-seeds=all $(ARGS)

lookups: $(VENV)/.dev ## ask PostgreSQL and SQLite ten thousand look-ups: the same answers; and for a thousand readers
	$(BIN)/python -m pytest tests/lookup/store/test_engines_agree.py \
	  tests/follow/services/test_many_readers.py --lookups=10000 --timeout=3600 $(ARGS)

interleavings: $(VENV)/.dev ## write into a vault in Git in a thousand orders, with editors, pulls and the watcher
	$(BIN)/python -m pytest -p no:randomly tests/vault/test_interleavings.py --interleavings=1000 --timeout=3600 $(ARGS)

words: $(VENV)/.dev ## bring the Korean catalogue up to date with what the code says, and compile it
	$(BIN)/python -m tests.words

schema: $(VENV)/.dev ## write the SQLite schema of new databases, from the migrations
	$(BIN)/python -m tests.schema

lock: $(VENV)/.dev ## choose newer versions and write the requirement files again
	$(LOCK) --upgrade --group build --output-file requirements.txt
	$(LOCK) --upgrade --group build --extra rank --constraint requirements.txt \
		--output-file requirements-rank.txt
	$(LOCK) --upgrade --group build --extra workspaces --constraint requirements.txt \
		--output-file requirements-workspaces.txt
	$(LOCK) --upgrade --group build --extra postgres --constraint requirements.txt \
		--output-file requirements-postgres.txt
	$(LOCK) --upgrade --group build --extra charts --constraint requirements.txt \
		--output-file requirements-charts.txt
	$(LOCK) --upgrade --group build --extra mcp --constraint requirements.txt \
		--output-file requirements-mcp.txt
	$(LOCK) --upgrade --group dev --extra rank --extra workspaces --extra postgres --extra charts --extra mcp \
		--constraint requirements-rank.txt --constraint requirements-workspaces.txt \
		--constraint requirements-postgres.txt --constraint requirements-charts.txt \
		--constraint requirements-mcp.txt --output-file requirements-dev.txt

# The integrity is that of the registry; a new version gets a new one (`npm view cytoscape dist.integrity`).
CYTOSCAPE = 3.35.0
CYTOSCAPE_SHA512 = sMvBIXiGMnhkCaWz2R06FwF/27MNlS+Tqvi17foO9UhnUg3XGZccKjxsvEqQFAQYMSSZmN5SxYzUYlQ0DOJJ3g==

vendored: ## fetch the web pages' graph library again, with its licence in its first lines
	mkdir -p build/vendored
	npm pack cytoscape@$(CYTOSCAPE) --silent --pack-destination build/vendored
	test "$$(openssl dgst -sha512 -binary build/vendored/cytoscape-$(CYTOSCAPE).tgz | base64 -w0)" = "$(CYTOSCAPE_SHA512)"
	tar -xzOf build/vendored/cytoscape-$(CYTOSCAPE).tgz package/dist/cytoscape.min.js \
		> bot/platforms/web/static/cytoscape.min.js

venv: $(VENV)/.dev ## only install

clean: ## remove what can be made again
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

# uv installs in seconds what takes pip a minute. It does not read pip's settings: pip installs where these
# name an index, and where uv cannot.
define install
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; make PYTHON=/path/to/python3 names one." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is older or missing." >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing $(1) into $(VENV) …"
	@if PIP_QUIET=0 $(BIN)/python -m pip config list | grep -E '\.(no-)?index' >/dev/null || ! { \
		sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt \
			| $(PIP) --require-hashes --only-binary uv -r /dev/stdin \
		&& $(BIN)/uv pip install -q --python $(BIN)/python --compile-bytecode --require-hashes -r $(1) \
		|| { echo "uv could not; pip installs them …" >&2; false; }; \
	}; then $(PIP) --require-hashes -r $(1); fi
	@$(PIP) --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 bot
endef

$(VENV)/.runtime: requirements.txt pyproject.toml
	$(call install,requirements.txt)
	@touch $@

# What tests check pages with; without npm these tests are skipped, and say so.
$(VENV)/.pages: $(VENV)/.dev tests/site/node/package-lock.json
	@if command -v npm >/dev/null; then \
		echo "Installing tests/site/node …" && npm ci --prefix tests/site/node --silent --no-audit --no-fund; \
	fi
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml
	$(call install,requirements-dev.txt)
	@touch $(VENV)/.runtime $@
