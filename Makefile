# `make run` and `make test` are enough on a fresh machine; the rest is for whoever works on it.
PYTHON ?= python3
STAGE ?= dev
SEEDS ?= 100000
PIP_AUDIT := 2.10.1
CASES ?= 100000
FAULT_SECONDS ?= 10
MINUTES ?= 10
BENCH_SECONDS ?= 600
BENCHMARKS ?= fanout languages roster_reads roster_sync access_patterns cache_replay cold_start \
  talk page end_to_end growth flood
BIN := .venv/bin
ENGINES := apertium apertium-es-pt apertium-pt-gl apertium-spa-cat apertium-fr-es apertium-spa-ita cg3

.PHONY: run test venv system browser wrk check unit integration test-browser test-deploy bench simulate \
  fuzz faults audit licences soak screenshots package deploy oidc-layer alarm-drill lock clean

run: system venv  ## the whole system on loopback: http://127.0.0.1:8000
	@exec $(BIN)/python -m infra.local $(ARGS)

test: system browser venv check  ## every check and every test
	@$(BIN)/pytest --cov --cov-report= tests/unit; unit=$$?; \
	  $(SIDE_BY_SIDE) --cov --cov-append --cov-report=term:skip-covered \
	    tests/deploy tests/integration tests/browser && exit $$unit

check: venv  ## formatting, lint, types, import directions, templates
	@$(MAKE) --no-print-directory --jobs --keep-going $(CHECKS)

CHECKS := check-format check-lint check-types check-imports check-templates
.PHONY: $(CHECKS)

check-format:
	$(BIN)/ruff format --check .

check-lint:
	$(BIN)/ruff check .

check-types:
	$(BIN)/mypy

check-imports:
	$(BIN)/lint-imports

check-templates:
	$(BIN)/cfn-lint --non-zero-exit-code informational infra/tables.yaml infra/alarms.yaml

# Three workers for two cores: half of the time of these tests is waiting. A file is one worker's, as
# what it shares is. The longest come first, so that no worker is left with them at the end. Byte code
# is kept whatever the environment says: each stage's six processes would compile the project anew.
SIDE_BY_SIDE = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=3 --dist=loadfile \
  --no-loadscope-reorder --durations=10

unit: venv
	$(BIN)/pytest tests/unit

integration: system venv
	$(SIDE_BY_SIDE) tests/integration

test-browser: system browser venv
	$(SIDE_BY_SIDE) tests/browser

test-deploy: system venv  ## the real zip, deployed to an emulator and talked to
	$(BIN)/pytest tests/deploy

# A quarter of an hour on a quiet machine; each benchmark is ended after BENCH_SECONDS.
bench: system browser wrk venv  ## every figure of the README, as tables and into bench-results.jsonl
	rm -f bench-results.jsonl
	@for each in $(BENCHMARKS); do \
	  timeout --signal=INT --kill-after=60 $(BENCH_SECONDS) $(BIN)/python -m tests.benchmarks.$$each || failed="$$failed $$each"; \
	done; test -z "$$failed" || { echo "not measured:$$failed" >&2; exit 1; }

simulate: venv  ## SEEDS schedules of the roster code, and every mutant
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --mutants --jobs 2

faults: system venv  ## FAULT_SECONDS of every fault of every service, under a talk
	FAULT_SECONDS=$(FAULT_SECONDS) $(BIN)/pytest tests/integration/test_faults.py

fuzz: venv  ## CASES of hostile input at every way in
	$(BIN)/python -m tests.fuzz --cases $(CASES)

soak: system venv  ## MINUTES (10; 30 for the long one) of churn and kill -9 on the real stage
	$(BIN)/python tests/benchmarks/soak.py --minutes $(MINUTES)

licences: venv  ## of every package, shipped and for development
	$(BIN)/python -m infra.licences

# --strict: an index that serves no advisories, or a pin that it does not know, is no pass.
audit: .venv/audit/built  ## every pinned package against the published advisories; needs the network
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes \
	  --requirement requirements.txt --requirement infra/requirements-dev.txt

# In an environment of its own: what it needs must not move the pins that it looks at.
.venv/audit/built: venv
	$(PYTHON) -m venv .venv/audit
	.venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT)
	@touch $@

screenshots: system browser venv  ## of docs/, from a stage that is running
	$(BIN)/python -m infra.screenshots $(ARGS)

package: venv  ## one SAM template of STAGE, into .chalice/packaged
	$(BIN)/python -m infra.package --stage '$(STAGE)'
	$(BIN)/cfn-lint --non-zero-exit-code informational '.chalice/packaged/$(STAGE)/sam.json'

deploy: venv  ## tables, functions and what Chalice cannot say, to STAGE
	$(BIN)/python -m infra.deploy --stage '$(STAGE)' $(ARGS)

# For Lambda's arm64 (lambda_architecture in .chalice/config.json), whatever machine this is.
oidc-layer: venv  ## what api_handler needs where SPEAKER_JWKS_URL is set: infra/README.md
	rm -rf .chalice/packaged/oidc-layer && mkdir -p .chalice/packaged/oidc-layer
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-compile --only-binary :all: \
	  --platform manylinux2014_aarch64 --python-version 3.11 --implementation cp \
	  --target .chalice/packaged/oidc-layer/python --requirement infra/requirements-oidc.txt
	cd .chalice/packaged/oidc-layer && $(PYTHON) -m zipfile -c ../oidc-layer.zip python
	@ls -l .chalice/packaged/oidc-layer.zip

alarm-drill: venv  ## every alarm fires when it should and is silent when it should be
	$(BIN)/python -m tests.alarm_drill

venv: .venv/built  ## .venv and nothing else

.venv/built: infra/requirements-dev.txt
	@echo "installing the development packages into .venv: a minute or two"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	$(BIN)/pip check
	@touch $@

# Rule-based engines for Spanish, Catalan, Galician, French and Italian: Debian packages, installed
# only by root and only where they are missing. Without them the stage still runs, in Portuguese.
system:
	@command -v apertium >/dev/null && command -v cg-proc >/dev/null || \
	  $(call as_root_install,$(ENGINES),only Portuguese is offered)

# Debian's Chromium for the browser tests; without it they are skipped and say so.
browser:
	@command -v chromium >/dev/null || \
	  $(call as_root_install,chromium fonts-noto-core,the browser tests are skipped)

# What the fan-out is compared with; without it that one line of the comparison is missing.
wrk:
	@command -v wrk >/dev/null || $(call as_root_install,wrk,the fan-out is not compared with wrk)

define as_root_install
{ if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
  echo "installing $(1)"; \
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install --yes --no-install-recommends $(1) >/dev/null; } \
  || echo "apt-get failed: $(2)" >&2; fi; }
endef

LOCK = $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
  --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

lock:  ## after a change of infra/requirements-dev.in or infra/requirements-oidc.in
	$(BIN)/python -m pip install --quiet pip-tools
	$(LOCK) --output-file infra/requirements-dev.txt infra/requirements-dev.in
	$(LOCK) --constraint infra/requirements-dev.txt \
	  --output-file infra/requirements-oidc.txt infra/requirements-oidc.in

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
