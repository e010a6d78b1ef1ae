# Metatopia. `make help` lists the targets; `make run` shows the world.
#
# Nothing that make builds is committed: the browser client goes to web/dist,
# the guests to scripting/guest/dist, the binary to bin/, stamps to .make/.

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS   += --no-builtin-rules
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO  ?= go
NPM ?= npm
# How long `make fuzz` gives every target, and `make soak` the world.
FUZZTIME ?= 20s
SOAKTIME ?= 10m

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X main.release=$(VERSION)
BIN     := bin/metatopia

# Sources that a target is made of; node_modules and built output are not.
go_src    := $(shell find . \( -name node_modules -o -name .git -o -name .make -o -name testdata \) -prune -o \
               \( -name '*.go' -o -name 'go.mod' -o -name 'go.sum' \) -print)
web_src   := $(shell find web/src web/unbuilt cmd/webbuild -type f 2>/dev/null) web/package.json web/embed.go
guest_src := $(shell find scripting/mote -name '*.go') $(shell find scripting/guest \( -name node_modules -o -path scripting/guest/dist -o -path scripting/guest/lua/cache \) -prune -o -type f -print 2>/dev/null)
# Packages of pure functions, quick enough to run again under the race
# detector: it instruments tests too, and shows that nothing hides a goroutine.
race_pkgs := ./internal/base/... ./spatial/... ./physics/... ./raynet/... ./presence/... ./region/... ./lumps ./lumps/mem ./lumps/disk

# Every binary here is static. The race detector alone needs a C compiler.
export CGO_ENABLED := 0

.PHONY: help run build web guests test check bench soak fuzz clean FORCE

help: ## list the targets
	@echo "make TARGET, one of:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

run: build ## build what changed and open the world (Ctrl-C stops it)
	@$(BIN) demo

build: $(BIN) ## bin/metatopia, with the browser client and the guests inside

web: .make/web ## the browser client

guests: .make/guests ## the wasm guests

# The recipe writes the stamp only when the version changed, so that a commit
# alone relinks the binary and nothing else does.
.make/version: FORCE
	@mkdir -p .make
	@[ "$$(cat $@ 2>/dev/null)" = "$(VERSION)" ] || echo "$(VERSION)" > $@

.make/npm-web: web/package-lock.json
	@mkdir -p .make
	@command -v $(NPM) >/dev/null || { echo "make: npm is missing: install Node.js 20 or newer (Debian: apt-get install nodejs npm)" >&2; exit 1; }
	cd web && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.make/web: .make/npm-web $(web_src)
	$(GO) run ./cmd/webbuild
	@touch $@

.make/guests: $(guest_src) go.mod
	@mkdir -p .make
	@scripting/guest/lua/deps.sh || true
	$(GO) run ./scripting/guest/build
	@touch $@

$(BIN): $(go_src) .make/web .make/guests .make/version
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $@ ./cmd/metatopia
	@touch $@

test: ## everything: types, lint, unit, race, other CPUs, whole worlds; under 20 minutes
	@test/run.sh

check: build ## what must hold before a commit: format, vet, linters, rules, 386 and arm64
	@test/check.sh

bench: ## the Go benchmarks (make bench BENCH=Step PKG=./physics)
	$(GO) test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem $(or $(PKG),./...)

soak: build ## 200 real nodes; a simulated day of churn; two nodes of processes 200,000 times; lumps: 1000 kills, a million, Kubo; processes against a model, the world: SOAKTIME (10m) each
	$(GO) test ./node/overlay -count=1 -v -run TestRealNodes -nodes 200 -seconds 60 -timeout 30m
	$(GO) test ./scripting/far -count=1 -run AtRandom -runs 200000 -timeout 30m
	$(BIN) bench overlay --nodes 200 --scenario churn --cycles 86400
	$(GO) test ./lumps/disk -count=1 -v -run 'TestKilled|TestPowerCutAtEvery' -kills 1000 -killdir $(CURDIR)/.make/kills -cuts 50 -timeout 60m
	$(GO) test ./lumps/exchange -count=1 -v -run TestHostileCampaign -hostile -timeout 30m
	$(GO) test ./lumps/lumpsbench -run '^$$' -bench Store -benchtime 1x -lumps 1000000 -timeout 60m -v
	$(GO) test ./scripting/hostile -count=1 -v -neighbour -timeout 30m
	METATOPIA_BIN=$(CURDIR)/$(BIN) $(GO) test ./test/e2e -count=1 -v -run Kubo -kubo build -timeout 30m
	METATOPIA_SOAK=$(SOAKTIME) $(GO) test ./scripting/process -count=1 -v -run TestAgainstAModel -timeout 0
	$(BIN) demo --headless --for $(SOAKTIME) --json

.PHONY: race-packages
race-packages: # for test/run.sh, so that the list stands in one place
	@echo $(race_pkgs)

fuzz: ## every fuzz target for FUZZTIME (20s)
	@test/fuzz.sh $(FUZZTIME)

clean: ## remove what make built; keeps node_modules
	rm -rf bin .make test/artifacts
	find web/dist scripting/guest/dist -type f ! -name '.gitignore' ! -name 'README*' ! -name PLACEHOLDER -delete 2>/dev/null || true
