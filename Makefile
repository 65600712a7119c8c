# `make help` lists what one can do. CI does no more than `make check`.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

bin := node_modules/.bin
scripts := .ci/run scripts/breaking scripts/database scripts/debian scripts/fresh scripts/generate scripts/grpcurl scripts/helm scripts/chart scripts/torture clients/python/generate clients/python/test.sh
sources := $(shell find src generated/ts -name '*.ts') package.json tsconfig.json scripts/bundle.ts
host := $(or $(ARCHIVE_HOST),127.0.0.1)
# Not what Kubernetes or Docker say of a service called archive.
port := $(or $(filter-out tcp://% udp://% sctp://%,$(ARCHIVE_PORT)),50051)
http_port := $(or $(filter-out tcp://% udp://% sctp://%,$(ARCHIVE_HTTP_PORT)),50052)
address := $(if $(findstring :,$(host)),[$(patsubst [%],%,$(host))],$(host)):$(port)

##@ Use it

help: ## List what one can do (this)
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Node replaces the shell, so that Ctrl-C reaches it once and make waits until it has stopped.
run: build ## Serve on the embedded database, or on that of ARCHIVE_DATABASE_URL; Ctrl-C stops it
	@echo
	@echo "Address: $(address)"
	@echo "HTTP:    http://$(if $(findstring :,$(host)),[$(patsubst [%],%,$(host))],$(host)):$(http_port)"
	@echo "Data:    $(if $(ARCHIVE_DATABASE_URL),where ARCHIVE_DATABASE_URL says,$(CURDIR)/data/archive.db)"
	@echo "Try:     grpcurl -plaintext $(address) list"
	@command -v grpcurl >/dev/null || if command -v go >/dev/null; \
		then echo "         (there is no grpcurl here; \`scripts/grpcurl\` builds one with Go and prints where it is)"; \
		else echo "         (there is no grpcurl here: see https://github.com/fullstorydev/grpcurl#installation)"; fi
	@echo
	@ARCHIVE_HTTP_PORT=$(http_port) exec node dist/src/main.js serve

image: needs-docker ## Build the container image
	docker build --tag synergos-archive .

# What is delivered, with versions and licences; a test holds the licences against a list.
sbom: installed ## Write sbom.json: all that the program is made of, as CycloneDX
	npm sbom --sbom-format=cyclonedx --omit=dev --package-lock-only >sbom.json

##@ Work on it

build: dist/.built ## Install what is missing and compile

# What is missing is said first, not after the minutes that the rest takes. Both wait for servers a third of the time.
test: needs-python needs-go build ## Run every test on SQLite, MariaDB and MySQL
	@$(MAKE) --no-print-directory --jobs=2 test-service test-clients

# What it leaves out, it says (vitest.quick.config.ts).
quick: types lint build ## Check types and style, and run what is fast on SQLite: a minute and a half at most
	ARCHIVE_TEST_ENGINES=sqlite $(bin)/vitest run --config vitest.quick.config.ts

check: lint types fresh test ## Do all that CI does

torture: build ## Let machines try what nobody thought of, for 15 minutes: MINUTES=60, SEED=1234
	scripts/torture

lint: installed ## Check style, protos and shell scripts
	$(bin)/biome check .
	$(bin)/buf lint
	@$(MAKE) --no-print-directory breaking
	@if command -v shellcheck >/dev/null; then (set -x; shellcheck --severity=warning $(scripts)); \
		else echo "shellcheck is not on the PATH: the scripts are not checked"; fi

# The first time it builds a Helm, where there is none on the PATH; CI does without.
chart: needs-go ## Check the Helm chart: lint it, render it, and hold it against Kubernetes' types
	scripts/chart

generate: installed ## Write proto/ and generated/ anew from the table of record types and the protos
	scripts/generate

# Not by the launcher of tsx: it kills what does not answer a signal at once, and its servers would stay.
# What it measures can be chosen: make bench BENCH="--databases sqlite --sections calls --only create".
bench: build ## Measure its speed, for most of an hour; BENCH=--quick: in five minutes; PROFILE=1 shows where the time goes; see docs/performance.md
	$(bin)/tsc -p bench/tsconfig.json
	exec node --import tsx bench/main.ts $(if $(PROFILE),--sections profile) $(BENCH)

clean: ## Remove all that was built and installed; data/ stays
	rm -rf dist coverage node_modules clients/typescript/dist clients/typescript/node_modules

##@ Parts of the above

installed: node_modules/.installed ## Install the Node packages, if package-lock.json has changed

types: installed ## Check the types of everything, tests and the TypeScript client included
	$(bin)/tsc

# What is not checked is said, and fails where CI is set: there somebody relies on it.
breaking: installed ## Check that the protos break no client of those on main
	@scripts/breaking

fresh: installed ## Check that what is generated is what `make generate` makes
	@scripts/fresh

# How it is done can be chosen: make test VITEST="--maxWorkers=2".
test-service: build ## Test the service
	$(bin)/vitest run $(VITEST)

# Each client has a target of its own, in which its own tool runs its own tests.
# Two at a time, the service's own tests included, as each waits for its server half of the time; with a make from 4.0 on,
# each writes when it is done.
test-clients: needs-python needs-go build ## Test the clients, and what docs/clients.md says
	@$(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,--jobs=2) $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) \
		test-python test-typescript test-go test-snippets test-browser

test-typescript: build ## Test the TypeScript client, also as a package in an empty project
	cd clients/typescript && npm test

# With the oldest and the newest protobuf and grpcio, each in an environment of its own.
test-python: build needs-python ## Test the Python package as pip installs it
	clients/python/test.sh

test-go: build needs-go ## Build, vet and test the Go module, and run its example
	cd generated/go && go build ./... && go vet ./... && go test ./...
	$(bin)/vitest run --config test/clients/vitest.config.ts go-example

test-snippets: build needs-python needs-go ## Run what docs/clients.md says
	$(bin)/vitest run --config test/clients/vitest.config.ts snippets

# The first time it fetches a browser, where there is none: 20 seconds, and 300 MB of the cache.
test-browser: build ## Test how pages call by HTTP, in a real browser
	$(bin)/vitest run --config test/browser/vitest.config.ts

# Not of `make test`: each starts a cluster of its own, which takes minutes.
test-deployments: build ## Test the Compose files' services as processes, and balancers before databases
	$(bin)/vitest run --config test/deployments/vitest.config.ts

needs-python:
	@command -v "$${PYTHON:-python3}" >/dev/null || { echo "There is no python3 on the PATH. Install Python 3.7 or newer" \
		"with venv (https://www.python.org/downloads, apt-get install python3-venv, brew install python)," \
		"or set PYTHON to one. make quick, make test-service and make test-typescript do without." >&2; exit 1; }

needs-go:
	@command -v go >/dev/null || { echo "There is no go on the PATH. Install Go $$(awk '$$1 == "go" { print $$2 }' generated/go/go.mod)" \
		"or newer (https://go.dev/dl, brew install go). make quick and make test-typescript do without." >&2; exit 1; }

needs-docker:
	@command -v docker >/dev/null || { echo "There is no docker on the PATH. Install Docker (https://docs.docker.com/get-docker)," \
		"or run the server without it: make run." >&2; exit 1; }

# Dependencies' scripts are not run: all of them work without, and what `prepare` does is the next target.
node_modules/.installed: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

dist/.built: node_modules/.installed $(sources)
	npm run --silent build
	@touch $@

.PHONY: help run image sbom chart build test quick check torture lint generate bench clean installed types breaking fresh test-service test-clients \
	test-typescript test-python test-go test-snippets test-browser test-deployments needs-python needs-go needs-docker
