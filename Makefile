# `make run` and `make test` are enough on a fresh machine; the rest is for those who work on it.
# `make help` prints the comments behind the targets' names.
.DEFAULT_GOAL := help
PYTHON ?= python3
STAGE ?= dev
SEEDS ?= 100000
CASES ?= 100000
HTTP_CASES ?= 100
MUTANTS ?= 100
SEED ?= 1
FAULT_SECONDS ?= 10
MINUTES ?= 10
BENCH_SECONDS ?= 1500
BENCHMARKS ?= fresh_clone fanout languages roster_reads roster_sync access_patterns cache_replay \
  cold_start cold_speak first_sentence talk page end_to_end growth flood hall voice_in voice_out \
  keeping transcripts report box
BIN := .venv/bin
# The lock alone decides what is in an environment: infra/install.py.
INSTALL := $(PYTHON) -I infra/install.py
# One lock for every Python and machine of infra/install.py. What is locked stays as it is unless its
# line in the .in file moves; `make lock LOCK_OPTIONS=--upgrade` moves all.
LOCK := $(BIN)/uv pip compile --system-certs --quiet --universal --python-version 3.11 --generate-hashes --no-header
APT := -qq -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=120
ENGINES := apertium apertium-es-pt apertium-pt-gl apertium-spa-cat apertium-fr-es apertium-spa-ita cg3

.PHONY: help run hall test venv python system browser wrk recogniser check unit integration network test-browser test-deploy bench quality \
  simulate mutants lag fuzz faults audit audit-venv licences soak screenshots package deploy oidc-layer alarm-drill lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: python system venv  ## the whole system on loopback: http://127.0.0.1:8000 (3 min the first time)
	@exec $(BIN)/python -m infra.local $(ARGS)

# The lid may be closed, and the machine stays awake while nobody touches it. systemd-logind grants that
# to whoever sits at the machine.
AWAKE := systemd-inhibit --what=idle:sleep:handle-lid-switch --who='make hall' --why='phones in the hall read along'
HALL = $(BIN)/python -m infra.local --hall $(if $(ADDRESS),'$(ADDRESS)') $(ARGS)

hall: python system venv  ## the same for phones in the room, without internet: docs/hall.md
	@if $(AWAKE) true 2>/dev/null; then exec $(AWAKE) $(HALL); fi; \
	  echo "power saving stays on: keep the lid open, and switch off sleep in the settings" >&2; \
	  exec $(HALL)

test: system browser venv check  ## every check and every test (12 min)
	@$(UNIT) --cov --cov-report=; unit=$$?; \
	  $(SIDE_BY_SIDE) --cov --cov-append --cov-report=term:skip-covered --cov-fail-under=89 \
	    tests/deploy tests/network tests/integration tests/browser && exit $$unit

check: venv  ## formatting, lint, types of Python and of the pages, import directions, templates (1 min)
	@$(MAKE) --no-print-directory --jobs --keep-going $(CHECKS)

CHECKS := check-format check-lint check-types check-pages check-imports check-templates
.PHONY: $(CHECKS)

check-format:
	$(BIN)/ruff format --check .

check-lint:
	$(BIN)/ruff check .

check-types:
	$(BIN)/mypy

# The pages' JavaScript by its JSDoc types. deno takes nothing from the network, and keeps what it has
# checked in .venv.
check-pages:
	env DENO_DIR=.venv/.deno DENO_NO_UPDATE_CHECK=1 $(BIN)/deno check --quiet --no-remote --config chalice_app/web/deno.json chalice_app/web infra/local/dictation

check-imports:
	$(BIN)/lint-imports

check-templates:
	$(BIN)/cfn-lint --non-zero-exit-code informational infra/tables.yaml infra/alarms.yaml infra/domain.yaml

# Byte code is kept whatever the environment says: each worker, and each of a stage's six processes,
# would compile the project again.
UNIT = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=auto --dist=worksteal --durations=10 tests/unit

# Three workers for two cores: half of the time of these tests is waiting. A file is one worker's, as
# what it shares is. The longest come first, so that no worker is left with them at the end.
SIDE_BY_SIDE = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=3 --dist=loadfile \
  --no-loadscope-reorder --durations=10

unit: venv  ## the unit tests but for the `thorough` ones (1 min); one file: .venv/bin/pytest tests/unit/...
	$(UNIT) -m 'not thorough'

integration: system venv  ## the tests on the real stage (6 min)
	$(SIDE_BY_SIDE) tests/integration

# Network namespaces need root and Debian's iproute2; without them these tests are skipped and say so.
network: system venv  ## a hall in a box between real hosts: what phones reach, port by port (2 min)
	$(SIDE_BY_SIDE) tests/network

test-browser: system browser venv  ## the pages in a real browser (5 min)
	$(SIDE_BY_SIDE) tests/browser

test-deploy: system venv  ## the real zip, deployed to an emulator and talked to
	$(BIN)/pytest tests/deploy

# On a quiet machine; each benchmark is ended after BENCH_SECONDS.
bench: system browser wrk venv  ## every figure of the README, as tables and into bench-results.jsonl (75 min)
	rm -f bench-results.jsonl
	@$(MAKE) --no-print-directory recogniser || echo "what is heard in other languages than English is not measured" >&2
	@for each in $(BENCHMARKS); do \
	  timeout --signal=INT --kill-after=60 $(BENCH_SECONDS) $(BIN)/python -m tests.benchmarks.$$each || failed="$$failed $$each"; \
	done; test -z "$$failed" || { echo "not measured:$$failed" >&2; exit 1; }

quality: system venv  ## how good the offline engine's words are, as tables; some: SECTIONS=tokens (1 min)
	$(BIN)/python -m tests.quality $(SECTIONS)

simulate: venv  ## SEEDS (100,000: 10 to 20 min) schedules of counting and delivery, and every mutant
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --mutants --jobs 2

mutants: venv  ## MUTANTS (100: 5 to 15 min) changes of one place of the code, which unit tests must notice
	$(BIN)/python -m tests.mutants --sample $(MUTANTS) --seed $(SEED) --jobs 2

faults: system venv  ## FAULT_SECONDS of every fault of every service, under a talk
	FAULT_SECONDS=$(FAULT_SECONDS) $(BIN)/pytest tests/integration/test_faults.py

lag: system venv  ## 500 joins, moves and returns under a talk, with every index 0.8 s behind
	LAG_EVENTS=500 $(BIN)/pytest -s tests/integration/test_lagging_indexes.py

# schemathesis has an environment of its own: what it needs must not move the tests' pins.
fuzz: venv system  ## CASES (100,000) of hostile input at every way in; HTTP_CASES (100) a route, as docs/openapi.json has it
	$(BIN)/python -m tests.fuzz --cases $(CASES)
	@$(INSTALL) infra/requirements-contracts.txt .venv/contracts
	$(BIN)/python -m tests.fuzz_http --cases $(HTTP_CASES)

soak: system venv  ## MINUTES (10; 30 for the long one) of churn and kill -9 on the real stage
	$(BIN)/python tests/benchmarks/soak.py --minutes $(MINUTES)

licences: venv  ## of every package, shipped and for development
	$(BIN)/python -m infra.licences

# --strict: an index that serves no advisories, or a pin that it does not know, is a failure.
audit: audit-venv  ## every pinned package against the published advisories; needs the network
	.venv/audit/bin/pip-audit --strict --disable-pip --require-hashes \
	  --requirement requirements.txt --requirement infra/requirements-dev.txt \
	  --requirement infra/requirements-oidc.txt --requirement infra/requirements-audit.txt \
	  --requirement infra/requirements-recogniser.txt --requirement infra/requirements-contracts.txt

# In an environment of its own: what it needs must not move the pins that it looks at.
audit-venv: venv
	@$(INSTALL) infra/requirements-audit.txt .venv/audit

# A hundred megabytes that one benchmark needs: what it hears of the voices.
recogniser: venv
	@$(INSTALL) infra/requirements-recogniser.txt .venv/recogniser

screenshots: system browser venv  ## of docs/, from a stage that is running
	$(BIN)/python -m infra.screenshots $(ARGS)

package: venv  ## one SAM template of STAGE, into .chalice/packaged
	$(BIN)/python -m infra.package --stage '$(STAGE)'
	$(BIN)/cfn-lint --non-zero-exit-code informational '.chalice/packaged/$(STAGE)/sam.json'

deploy: venv  ## tables, functions and what Chalice cannot say, to STAGE
	$(BIN)/python -m infra.deploy --stage '$(STAGE)' $(if $(DOMAIN),--domain '$(DOMAIN)') \
	  $(if $(CERTIFICATE),--certificate '$(CERTIFICATE)') $(ARGS)

oidc-layer: venv  ## the Lambda layer that api_handler needs where SPEAKER_JWKS_URL is set (infra/README.md)
	$(BIN)/python -m infra.oidc_layer

alarm-drill: venv  ## every alarm fires when it should and is silent when it should be
	$(BIN)/python -m tests.alarm_drill

venv: python  ## .venv and nothing else: what the lock says, to the hash (2 min the first time)
	@$(INSTALL) infra/requirements-dev.txt .venv

# Debian's Python lacks ensurepip until python3-venv is there.
python:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(call as_root_install,python3-venv,.venv cannot be built)

# Rule-based engines for Spanish, Catalan, Galician, French and Italian: Debian packages, installed
# only by root and only where they are missing. Without them the stage still runs, in Portuguese.
system:
	@command -v apertium >/dev/null && command -v cg-proc >/dev/null || \
	  $(call as_root_install,$(ENGINES),only Portuguese is offered)
	@command -v espeak-ng >/dev/null || \
	  $(call as_root_install,espeak-ng,Portuguese and Catalan have no voice)

# Debian's Chromium for the browser tests; without it they are skipped and say so.
browser:
	@command -v chromium >/dev/null || \
	  $(call as_root_install,chromium fonts-noto-core,the browser tests are skipped)

# What the fan-out is compared with; without it that one line of the comparison is missing.
wrk:
	@command -v wrk >/dev/null || $(call as_root_install,wrk,the fan-out is not compared with wrk)

# As root it installs; else, and where apt-get fails, one line says what is missing and what that means.
define as_root_install
{ if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
    echo "$(2); to have it, as root on Debian: apt-get install $(1)" >&2; \
  else echo "installing $(1): about half a minute" && \
    { apt-get $(APT) update && DEBIAN_FRONTEND=noninteractive \
      apt-get $(APT) install --yes --no-install-recommends $(1); } >.apt.log 2>&1 && rm -f .apt.log || \
    echo "$(2): apt-get failed: $$(grep -m 1 -E '^E:' .apt.log || tail -n 1 .apt.log) (.apt.log has all of it)" >&2; \
  fi; }
endef

lock: venv  ## after a change of an infra/requirements-*.in
	$(LOCK) $(LOCK_OPTIONS) --output-file infra/requirements-dev.txt infra/requirements-dev.in
	$(LOCK) $(LOCK_OPTIONS) --constraint infra/requirements-dev.txt \
	  --output-file infra/requirements-oidc.txt infra/requirements-oidc.in
	$(LOCK) $(LOCK_OPTIONS) --output-file infra/requirements-audit.txt infra/requirements-audit.in
	$(LOCK) $(LOCK_OPTIONS) --output-file infra/requirements-recogniser.txt infra/requirements-recogniser.in
	$(LOCK) $(LOCK_OPTIONS) --output-file infra/requirements-contracts.txt infra/requirements-contracts.in

clean:  ## removes .venv and the tools' caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .mutants
