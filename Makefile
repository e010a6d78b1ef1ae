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
# And quick ones whose few goroutines share memory.
race_pkgs := ./internal/base/... ./spatial/... ./physics/... ./raynet/... ./presence/... ./region/... ./lumps ./lumps/mem ./lumps/disk ./internal/durable ./node/outbound

# Every binary here is static. The race detector alone needs a C compiler.
export CGO_ENABLED := 0

# On amd64 physics solves eight contacts at a time with package simd of Go,
# which is an experiment (docs/decisions/0023-how-do-lanes-get-in.md). A plain go
# build works too: slower, with the same results bit for bit.
ifeq ($(shell $(GO) env GOHOSTARCH),amd64)
export GOEXPERIMENT := simd
endif

.PHONY: help run build web guests test check bench soak golden fuzz clean FORCE

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

# Rapier, which the tests of physics and its benchmark compare with.
.make/npm-oracle: physics/oracle/package-lock.json
	@mkdir -p .make
	@command -v $(NPM) >/dev/null || { echo "make: npm is missing: install Node.js 20 or newer (Debian: apt-get install nodejs npm)" >&2; exit 1; }
	cd physics/oracle && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
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

soak: build .make/npm-oracle ## 200 real nodes; three servers of a region that fail while 20 people trade, and four that fail for good; a simulated day of churn; a pile of bodies for 10 minutes; a million hand-offs and all their states; two nodes of processes 200,000 times; lumps: 1000 kills, a million, Kubo; 10,000 logs of who administers; 10,000 clusters of a region's servers; 200 leaders killed of a region whose servers may lie; 1,000 histories of every store; balls over a border for a minute; a join that is interrupted; servers that come back among liars; processes against a model, the world: SOAKTIME (10m) each
	$(GO) test ./node/overlay -count=1 -v -run TestRealNodes -nodes 200 -seconds 60 -timeout 30m
	$(GO) test ./scripting/far -count=1 -run AtRandom -runs 200000 -timeout 30m
	$(BIN) bench overlay --nodes 200 --scenario churn --cycles 86400
	$(GO) test ./lumps/disk -count=1 -v -run 'TestKilled|TestPowerCutAtEvery' -kills 1000 -killdir $(CURDIR)/.make/kills -cuts 50 -timeout 60m
	$(GO) test ./lumps/exchange -count=1 -v -run TestHostileCampaign -hostile -timeout 30m
	$(GO) test ./lumps/lumpsbench -run '^$$' -bench Store -benchtime 1x -lumps 1000000 -timeout 60m -v
	$(GO) test ./scripting/hostile -count=1 -v -neighbour -timeout 30m
	METATOPIA_BIN=$(CURDIR)/$(BIN) $(GO) test ./test/e2e -count=1 -v -run Kubo -kubo build -timeout 30m
	METATOPIA_SOAK=1 METATOPIA_BIN=$(CURDIR)/$(BIN) $(GO) test ./test/e2e -count=1 -v -run TestServersFail -timeout 30m
	METATOPIA_SOAK=1 $(GO) test ./physics -count=1 -v -run 'StacksStand|HeavyOnLight'
	METATOPIA_SOAK=1 $(GO) test ./physics/scenes -count=1 -v -timeout 60m
	METATOPIA_SOAK=1 $(GO) test ./region/shard/lab -count=1 -v -run 'SameOnARM|Figures|Quiet'
	$(GO) test ./physics/oracle -count=1 -v -run 'Pile|Pyramid|Rain' -full -timeout 30m
	METATOPIA_SOAK=1 $(GO) test ./region/order/raft -count=1 -run TestCluster -timeout 60m
	METATOPIA_SOAK=1 METATOPIA_KILLS=200 $(GO) test ./node/byzantine -count=1 -v -timeout 30m
	METATOPIA_SOAK=1 $(GO) test ./region/succession -count=1 -timeout 30m
	METATOPIA_SOAK=1 $(GO) test ./region/slots/... -count=1 -v -run TestContract -timeout 60m
	METATOPIA_SOAK=1m $(GO) test ./node/borderbench -count=1 -v
	METATOPIA_SOAK=1 $(GO) test ./node -count=1 -v -run 'TestAJoinIsTakenUpAgain|TestServersComeBackAmongLiars|TestAServerLiesAmongFour' -timeout 30m
	METATOPIA_SOAK=1 $(GO) test ./region/handoff ./region/handoff/campaign -count=1 -v -run 'TestEveryState|TestCampaign' -timeout 60m
	METATOPIA_SOAK=$(SOAKTIME) $(GO) test ./scripting/process -count=1 -v -run TestAgainstAModel -timeout 0
	$(BIN) demo --headless --for $(SOAKTIME) --json

.PHONY: race-packages
race-packages: # for test/run.sh, so that the list stands in one place
	@echo $(race_pkgs)

golden: ## write the golden hashes and scenarios of the cores anew; say in the commit why
	$(GO) test $$($(GO) list -f '{{range .TestImports}}{{if eq . "github.com/metatopia/metatopia/internal/golden"}}{{$$.ImportPath}}{{end}}{{end}}' ./...) -run 'TestGolden$$|TestScenarios' -rewrite -count=1
	git diff --stat -- '*testdata*'

fuzz: ## every fuzz target for FUZZTIME (20s)
	@test/fuzz.sh $(FUZZTIME)

clean: ## remove what make built; keeps node_modules
	rm -rf bin .make test/artifacts
	find web/dist scripting/guest/dist -type f ! -name '.gitignore' ! -name 'README*' ! -name PLACEHOLDER -delete 2>/dev/null || true
