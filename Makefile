# Everything that is done in a clone. Each target installs what it needs into .venv; `make test` and `make bench` also ask the
# system for Chromium, nginx and wrk where they may.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: help install run zappa demo-lambda test test-fast check format bench bench-lambda clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.installed  ## install access-es for your own domain: .venv/bin/access-es
	@echo "Next: .venv/bin/access-es users add NAME, and ES_ENDPOINT=https://… .venv/bin/access-es serve"

run: $(VENV)/.demo  ## browse a real Kibana through access-es on this machine
	$(BIN)/python -m access_es demo $(ARGS)

zappa: .venv-deploy/.ready  ## run Zappa in .venv-deploy, whose libraries it packs: make zappa ARGS="deploy dev"
	VIRTUAL_ENV=$(CURDIR)/.venv-deploy PATH="$(CURDIR)/.venv-deploy/bin:$$PATH" zappa $(ARGS)

demo-lambda: $(VENV)/.demo-lambda  ## the same through AWS Lambda as Zappa deploys it, and API Gateway, all on this machine
	$(BIN)/python -m access_es.demo.cloud $(ARGS)

test: $(VENV)/.dev  ## all tests: units, servers, then real Elasticsearch, Kibana, browser and cloud
	.ci/system-packages chromium curl fonts-dejavu-core nginx-light openssl wget
	command -v java >/dev/null || .ci/system-packages default-jdk-headless
	$(BIN)/python -m tests.run all $(ARGS)

test-fast: $(VENV)/.dev  ## unit tests: no server, engine, browser or cloud needed
	$(BIN)/python -m tests.run fast $(ARGS)

check: $(VENV)/.dev  ## formatter, linter, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## measure access-es beside other proxies
	.ci/system-packages nginx-light wrk
	$(BIN)/python -m bench.proxies $(ARGS)

bench-lambda: $(VENV)/.dev  ## measure cold starts and warm requests of the zip, beside a bare Flask app
	$(BIN)/python -m bench.coldstart $(ARGS)

clean:  ## remove what was installed in this folder, not the demo's cache
	rm -rf $(VENV) .venv-deploy .pytest_cache .mypy_cache .ruff_cache

$(VENV)/.run: requirements.txt requirements-local.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-local.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.run pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.demo: $(VENV)/.run requirements-demo.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-demo.txt
	@touch $@

$(VENV)/.demo-lambda: $(VENV)/.demo requirements-demo-lambda.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-demo-lambda.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.demo-lambda requirements-dev.txt requirements-socks.txt requirements-deploy.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -r requirements-deploy.txt
	@touch $@

.venv-deploy/.ready: requirements.txt requirements-deploy.txt
	$(PYTHON) -m venv --clear .venv-deploy
	.venv-deploy/bin/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-deploy.txt
	@touch $@
