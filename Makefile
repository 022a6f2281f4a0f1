# The whole developer interface. `make run` and `make test` need Python 3.11 or newer and nothing else.
SHELL := /bin/sh
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
SOURCES := $(sort $(shell find django_k8s entrypoints docker requirements/image charts manifests example_project -type f ! -path '*/.state/*' ! -path '*/media/*' ! -path '*/staticfiles/*' ! -name '*.pyc' ! -name 'db.sqlite3*' 2>/dev/null))

.DEFAULT_GOAL := help
.PHONY: help adopt run test test-oldest test-newest soak broken lint format types image develop bench compare docs site manifests lock clean python FORCE

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and none is on PATH. Name one: make PYTHON=/path/to/python3 ..." >&2; exit 1; }

# A file that is renamed or removed changes this list, but no file's time.
build/sources: FORCE
	@mkdir -p build
	@echo "$(SOURCES)" | cmp -s - $@ || echo "$(SOURCES)" > $@
FORCE:

# The wheel is what is tested and run, not the working tree.
build/wheel: pyproject.toml README.md LICENSE build/sources $(SOURCES) | python
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

# An environment with everything that tests and linters need, by hash, and the wheel under test.
build/venv/stamp: build/wheel requirements/dev.txt
	@test -x build/venv/bin/pip || $(PYTHON) -m venv build/venv
	@build/venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@build/venv/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps "$$(cat build/wheel)"
	@touch $@

# The same with the oldest supported releases instead of the newest.
build/oldest/stamp: build/wheel requirements/dev.txt requirements/oldest.txt
	@test -x build/oldest/bin/pip || $(PYTHON) -m venv build/oldest
	@build/oldest/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@build/oldest/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/oldest.txt
	@build/oldest/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps "$$(cat build/wheel)"
	@touch $@

# It pins other releases of what we need, so it has an environment of its own.
build/checkov/stamp: requirements/checkov.txt
	@test -x build/checkov/bin/pip || $(PYTHON) -m venv build/checkov
	@build/checkov/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/checkov.txt
	@touch $@

# What builds the site, apart from the rest: requirements/site.in.
build/site-venv/stamp: requirements/site.txt | python
	@test -x build/site-venv/bin/pip || $(PYTHON) -m venv build/site-venv
	@build/site-venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/site.txt
	@touch $@

# Programs that the tests need and this machine lacks, as far as PyPI and Debian have them; nothing needs root.
build/tools/stamp: requirements/tools.txt tests/tools.py | build/venv/stamp
	@build/venv/bin/python tests/tools.py
	@touch $@

TESTS ?= tests
JOBS ?= 4
export PATH := $(PATH):$(CURDIR)/build/tools/bin
test: build/venv/stamp build/checkov/stamp build/tools/stamp  ## install what the tests need, then run all tests
	@build/venv/bin/python tests/run.py --jobs $(JOBS) $(COVERAGE) --pytest="$(PYTEST)" $(TESTS)
# A part of the tests covers a part of the code.
COVERAGE ?= $(if $(filter tests,$(TESTS)),--coverage 95)

# The same tests on other releases, except for those whose subject is not the library's code.
test-oldest: build/oldest/stamp build/tools/stamp  ## run the library's tests with the oldest supported dependencies
	@build/oldest/bin/python tests/run.py --releases --outcomes build/outcomes/oldest --jobs $(JOBS) --pytest="$(PYTEST)" $(TESTS)

# Newer releases are looked for each time, since the index is what changes. By uv: pip gives up on OpenTelemetry's packages.
EXTRAS = $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"], sep=",")')
test-newest: build/wheel build/tools/stamp  ## run the library's tests with the newest dependencies, without the lock
	@test -x build/newest/bin/pip || $(PYTHON) -m venv build/newest
	@test -x build/newest/bin/uv || build/newest/bin/pip install -q --disable-pip-version-check uv
	@build/newest/bin/uv pip install -q --python build/newest/bin/python --upgrade --reinstall-package django-k8s-toolkit -r requirements/dev.in "$(CURDIR)/$$(cat build/wheel)[$(EXTRAS)]"
	@build/newest/bin/python tests/run.py --releases --outcomes build/outcomes/newest --jobs $(JOBS) --pytest="$(PYTEST)" $(TESTS)

soak: build/venv/stamp  ## run the long forms of the tests, which take minutes each
	@build/venv/bin/pytest -m "hypothesis and not cluster" --hypothesis-profile=soak $(PYTEST) $(TESTS) || [ $$? -eq 5 ]
	@build/venv/bin/pytest -m "soak and not alone and not cluster" -n 8 --dist load $(PYTEST) $(TESTS) || [ $$? -eq 5 ]
	@build/venv/bin/pytest -m "soak and alone" $(PYTEST) $(TESTS) || [ $$? -eq 5 ]
	@build/venv/bin/pytest -m "soak and cluster" $(PYTEST) $(TESTS) || [ $$? -eq 5 ]

broken: build/venv/stamp build/tools/stamp  ## break each promise on purpose and check that a test fails (BROKEN="beat worker", BROKEN="--sample 10%", BROKEN=--list)
	@build/venv/bin/python tests/broken.py $(BROKEN)

lint: build/venv/stamp  ## run ruff, mypy --strict, shellcheck, hadolint, the checks of words, and the strict build of the site
	@build/venv/bin/ruff check .
	@build/venv/bin/ruff format --check .
	@build/venv/bin/mypy
	@find entrypoints -type f ! -name '*.py' -exec build/venv/bin/shellcheck -s sh {} +
	@build/venv/bin/shellcheck .ci/run .ci/release
	@build/venv/bin/codespell README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md docs django_k8s entrypoints docker charts example_project benchmarks
	@build/venv/bin/python docs/words.py
	@for file in docker/Dockerfile docker/Dockerfile.dev; do build/venv/bin/hadolint "$$file"; done
	@$(MAKE) --no-print-directory site

format: build/venv/stamp  ## format the code with ruff
	@build/venv/bin/ruff format .
	@build/venv/bin/ruff check --fix .

IMAGE ?= django-k8s-example:dev
BUILD ?= docker build
image: build/wheel  ## build the example project's production image
	@$(BUILD) -f docker/Dockerfile --build-context library=dist --build-arg RELEASE=dev -t $(IMAGE) example_project

COMPOSE ?= docker compose
develop: export PROJECT = $(CURDIR)/example_project
develop: export DOCKERFILE = $(CURDIR)/docker/Dockerfile.dev
develop: export LIBRARY_DIR = $(CURDIR)/dist
develop: build/wheel  ## run the example project in containers, with reload
	@$(COMPOSE) -f docker/compose.yaml up --build

bench: build/venv/stamp  ## run the benchmarks; each prints one ratio to an alternative
	@build/venv/bin/python benchmarks

# COMPARE="web --rounds 9": the parts and options of python tests/compare --help.
compare: build/venv/stamp build/tools/stamp  ## measure one application in our set-up and three others, and write docs/explanation/comparison.md
	@build/venv/bin/python tests/compare $(COMPARE)

# ADOPT="--patch hand.patch --truth facts.json --init=... --up=...": build/venv/bin/python tests/adoption --help lists them.
adopt: build/venv/stamp build/tools/stamp  ## adopt a copy of the Django project in PROJECT=DIR on a cluster, and print a table of the results
	@test -n "$(PROJECT)" || { echo "Name a project: make adopt PROJECT=DIR" >&2; exit 64; }
	@PATH="$(PATH):$(CURDIR)/build/venv/bin" build/venv/bin/python tests/adoption "$(PROJECT)" $(ADOPT)

docs: build/venv/stamp build/site-venv/stamp  ## write the generated pages (variables, system checks, values of the chart), and build the site
	@build/venv/bin/python docs/generate.py
	@build/venv/bin/python charts/generate.py
	@$(MAKE) --no-print-directory site

# --strict: a broken link or anchor fails. Pages that the navigation lacks are found by tests/test_site.py.
site: build/site-venv/stamp  ## build the site of the documentation into build/site
	@$(PYTHON) docs/site_pages.py build
	@build/site-venv/bin/zensical build --config-file build/zensical.toml --strict

manifests: build/venv/stamp  ## write the plain manifests from the chart
	@build/venv/bin/python manifests/generate.py

# Hashes, and no address of an index: pip's own configuration says where packages come from.
COMPILE = build/venv/bin/uv pip compile -q --generate-hashes --no-emit-index-url --no-strip-extras --no-header --no-annotate --upgrade
lock: build/venv/stamp  ## update the lock files
	@$(COMPILE) --universal --python-version 3.11 --all-extras pyproject.toml requirements/dev.in -o requirements/dev.txt
	@$(COMPILE) --universal --python-version 3.11 --all-extras --resolution lowest-direct pyproject.toml requirements/oldest.in -o requirements/oldest.txt
	@for name in checkov site; do $(COMPILE) --universal --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; done
	@$(COMPILE) --universal --python-version 3.11 --no-deps requirements/tools.in -o requirements/tools.txt
	@$(COMPILE) --universal --python-version 3.11 requirements/image/poetry.in -o requirements/image/poetry.txt
	@$(COMPILE) --universal --python-version 3.11 -c requirements/dev.txt requirements/image/tools.in -o requirements/image/tools.txt
	@$(COMPILE) --universal --python-version 3.11 --all-extras -c requirements/dev.txt pyproject.toml -o requirements/image/toolkit.txt

clean:  ## remove everything that was built
	@rm -rf build dist .venv
