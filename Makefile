# `make run` and `make test` are enough on a fresh machine; the rest is for whoever works on it.
PYTHON ?= python3
BIN := .venv/bin
ENGINES := apertium apertium-es-pt apertium-pt-gl apertium-spa-cat apertium-fr-es apertium-spa-ita cg3

.PHONY: run test venv system check unit integration lock clean

run: system venv  ## the whole system on loopback: http://127.0.0.1:8000
	@exec $(BIN)/python -m infra.local $(ARGS)

test: system venv check  ## every check and every test
	$(BIN)/pytest --cov --cov-report=term:skip-covered

check: venv  ## formatting, lint, types, import directions, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-lint --non-zero-exit-code informational infra/tables.yaml

unit: venv
	$(BIN)/pytest tests/unit

integration: system venv
	$(BIN)/pytest tests/integration

venv: .venv/built  ## .venv and nothing else

.venv/built: infra/requirements-dev.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Rule-based engines for Spanish, Catalan, Galician, French and Italian: Debian packages, installed
# only by root and only where they are missing. Without them the stage still runs, in Portuguese.
system:
	@command -v apertium >/dev/null && command -v cg-proc >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing $(ENGINES)"; \
	  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
	    apt-get -qq install --yes --no-install-recommends $(ENGINES) >/dev/null; } \
	  || echo "apt-get failed: only Portuguese is offered" >&2; \
	fi

lock:  ## after a change of infra/requirements-dev.in
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file infra/requirements-dev.txt infra/requirements-dev.in

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
