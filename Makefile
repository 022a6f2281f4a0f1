# The whole developer interface. `make run` and `make test` need Python 3.11 or newer and nothing else.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SOURCES := $(shell find django_k8s entrypoints docker charts manifests example_project -type f ! -path '*/.state/*' ! -path '*/media/*' ! -path '*/staticfiles/*' ! -name '*.pyc' ! -name 'db.sqlite3*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run test test-oldest soak broken lint format types image develop bench docs manifests lock clean python

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none is on PATH. Name one: make PYTHON=/path/to/python3 ..." >&2; exit 1; }

# The wheel is what is tested and run, not the working tree.
build/wheel: pyproject.toml README.md LICENSE $(SOURCES) | python
	@mkdir -p build
	@test -x build/builder/bin/pip || $(PYTHON) -m venv build/builder
	@test -x build/builder/bin/hatchling || build/builder/bin/pip install -q --disable-pip-version-check hatchling
	@rm -rf dist && build/builder/bin/hatchling build -t wheel -d dist >/dev/null
	@ls dist/*.whl > $@

.venv/bin/django-k8s: build/wheel example_project/requirements.txt
	@test -x .venv/bin/pip || $(PYTHON) -m venv .venv
	@echo "Installing what the example needs into .venv ..."
	@.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r example_project/requirements.txt
	@.venv/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps "$$(cat build/wheel)"
	@touch $@

run: .venv/bin/django-k8s  ## run the example project: web, worker and beat in one terminal
	@exec .venv/bin/django-k8s run --dir example_project $(RUN)

# An environment with everything that tests and linters need, by hash, and the wheel under test: build/venv; build/oldest
# with the oldest supported Python; build/broken, in which the library is broken on purpose.
build/%/stamp: build/wheel requirements/dev.txt
	@test -x build/$*/bin/pip || $(PYTHON) -m venv build/$*
	@build/$*/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@build/$*/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps "$$(cat build/wheel)"
	@touch $@

# The lowest supported releases, and what caps Django.
build/oldest/stamp: build/wheel requirements/oldest.txt
	@test -x build/oldest/bin/pip || $(PYTHON) -m venv build/oldest
	@build/oldest/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/oldest.txt
	@build/oldest/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps "$$(cat build/wheel)"
	@touch $@

# It pins other releases of what we need, so it has an environment of its own.
build/checkov/stamp: requirements/checkov.txt
	@test -x build/checkov/bin/pip || $(PYTHON) -m venv build/checkov
	@build/checkov/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/checkov.txt
	@touch $@

# Tests that load or time the machine run by themselves, all others side by side.
TESTS ?= tests
JOBS ?= 4
RUN_TESTS = COVERAGE_FILE=$(CURDIR)/build/coverage/data build/venv/bin/pytest --cov --cov-append --cov-report= $(PYTEST)
test: build/venv/stamp build/checkov/stamp  ## set up what the tests need, then run them all
	@rm -rf build/coverage && mkdir -p build/coverage
	@$(RUN_TESTS) -m "not alone and not cluster and not soak" -n $(JOBS) --dist loadfile $(TESTS) || [ $$? -eq 5 ]
	@$(RUN_TESTS) -m "alone and not soak" $(TESTS) || [ $$? -eq 5 ] # 5: TESTS names none of these
	@$(RUN_TESTS) -m "cluster and not soak" $(TESTS) || [ $$? -eq 5 ]
	@COVERAGE_FILE=$(CURDIR)/build/coverage/data build/venv/bin/python -m coverage report --fail-under=$(COVERAGE)
# Of a part of the tests nothing is asked.
COVERAGE ?= $(if $(filter tests,$(TESTS)),95,0)

# The same tests on the oldest supported Python and Django, but for those whose subject is not the library's code; of the
# runs under load one rolling update and one recycling.
test-oldest: build/oldest/stamp
	@build/oldest/bin/pytest -m "not alone and not soak and not docker and not browser and not cluster" -n $(JOBS) --dist loadfile $(PYTEST) --ignore tests/chart $(TESTS)
	@build/oldest/bin/pytest -m "alone and not soak" -k "test_rolling_update and wsgi or test_recycling and wsgi-1" $(PYTEST) --ignore tests/chart $(TESTS) || [ $$? -eq 5 ]

soak: build/venv/stamp  ## the long forms of the tests: minutes of waiting each
	@build/venv/bin/pytest -m "soak and not alone and not cluster" -n 8 --dist load $(PYTEST) $(TESTS) || [ $$? -eq 5 ]
	@build/venv/bin/pytest -m "soak and alone" $(PYTEST) $(TESTS) || [ $$? -eq 5 ]
	@build/venv/bin/pytest -m "soak and cluster" $(PYTEST) $(TESTS) || [ $$? -eq 5 ]

broken: build/broken/stamp  ## break promise after promise on purpose and see a test fail: BROKEN="beat worker", --list
	@build/broken/bin/python tests/broken.py $(BROKEN)

lint: build/venv/stamp  ## ruff, mypy strict, shellcheck, hadolint
	@build/venv/bin/ruff check .
	@build/venv/bin/ruff format --check .
	@build/venv/bin/mypy
	@find entrypoints -type f ! -name '*.py' -exec build/venv/bin/shellcheck -s sh {} +
	@build/venv/bin/shellcheck .ci/run
	@for file in docker/Dockerfile docker/Dockerfile.dev; do build/venv/bin/hadolint "$$file"; done

format: build/venv/stamp  ## let ruff format the code
	@build/venv/bin/ruff format .
	@build/venv/bin/ruff check --fix .

IMAGE ?= django-k8s-example:dev
BUILD ?= docker build
image: build/wheel  ## build the example project's production image
	@$(BUILD) -f docker/Dockerfile --build-context library=dist --build-arg RELEASE=dev -t $(IMAGE) example_project

COMPOSE ?= docker compose
develop: export PROJECT = $(CURDIR)/example_project
develop: export DOCKERFILE = $(CURDIR)/docker/Dockerfile.dev
develop: export LIBRARY = $(CURDIR)/dist
develop: build/wheel  ## run the example project in containers, with reload
	@$(COMPOSE) -f docker/compose.yaml up --build

bench: build/venv/stamp  ## compare with the alternatives; each prints one ratio
	@build/venv/bin/python benchmarks

docs: build/venv/stamp  ## write the generated pages: variables, system checks, the chart's values
	@build/venv/bin/python docs/generate.py
	@build/venv/bin/python charts/generate.py

manifests: build/venv/stamp  ## write the plain manifests from the chart
	@build/venv/bin/python manifests/generate.py

# Hashes, and no address of an index: pip's own configuration says where packages come from.
COMPILE = build/venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --upgrade
lock: build/venv/stamp  ## bring the lock files up to date
	@$(COMPILE) --universal --python-version 3.11 --all-extras pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) --strip-extras --python-version 3.11 --all-extras pyproject.toml requirements/dev.in requirements/oldest.in -o requirements/oldest.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/checkov.in -o requirements/checkov.txt

clean:  ## remove what was built
	@rm -rf build dist .venv
