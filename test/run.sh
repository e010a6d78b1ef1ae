#!/usr/bin/env bash
# All tests, cheapest first, each run counted; the last line is the total.
# A failing run does not stop the later ones: one report shows everything.
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
counts=$PWD/.make/counts.jsonl
totals=$PWD/.make/totals
begin=$SECONDS

step() {
	echo "== $* ($((SECONDS - begin)) s)"
	now=$*
}
# miss notes that the current step failed: the report ends with their names.
miss() { missed+=("$now"); }
die() { echo "test: $*" >&2; exit 1; }
gotest() { # name, then arguments of go test
	local name=$1
	shift
	go test -json "$@" | "$totals" -add "$counts" -name "$name" || miss
}

test/deps.sh || exit 1
mkdir -p .make test/artifacts
rm -f "$counts"
missed=()

step "another engine to compare with"
make --no-print-directory .make/npm-oracle || miss

step build
make --no-print-directory build || die "the build failed"
go build -o "$totals" ./test/totals || die "the build failed"

step "format and vet"
bad=$(find . \( -name node_modules -o -name .git -o -name .make \) -prune -o -name '*.go' -print | xargs gofmt -l)
[ -z "$bad" ] || { echo "not gofmt-ed: $bad" >&2; miss; }
go vet ./... || miss

step "types of the browser client"
(cd web && npm run --silent check) || miss

step "browser client"
report=$PWD/.make/vitest.json
rm -f "$report"
(cd web && npx --no-install vitest run --reporter=default --reporter=json --outputFile.json="$report") || miss
"$totals" -vitest "$report" -add "$counts" -name web || miss

step "unit tests and rules"
gotest unit -timeout 10m $(go list ./... | grep -v '/test/e2e$')

# The comparison with other engines starts them, once, in the unit tests.
step "race detector on the pure packages"
CGO_ENABLED=1 gotest race -short -race -timeout 10m $(go list $(make --no-print-directory -s race-packages) | grep -v -e /physics/oracle -e /physics/physbench -e /region/slots/)

# Cores must give the same bytes on every CPU: their golden hashes are run
# once more as arm64 code.
if command -v qemu-aarch64-static >/dev/null; then
	step "arm64 under qemu"
	rm -f .make/digest .make/digest-admit
	gotest same -short -run TestSameEverywhere ./scripting -digest "$PWD/.make/digest"
	gotest same-admit -short -run TestSameEverywhere ./scripting/admit -digest "$PWD/.make/digest-admit"
	GOARCH=arm64 gotest same-arm64 -short -timeout 10m -exec qemu-aarch64-static -run TestSameEverywhere ./scripting -digest "$PWD/.make/digest"
	GOARCH=arm64 gotest same-admit-arm64 -short -timeout 10m -exec qemu-aarch64-static -run TestSameEverywhere ./scripting/admit -digest "$PWD/.make/digest-admit"
	GOARCH=arm64 gotest arm64 -short -timeout 10m -exec qemu-aarch64-static $(go list ./internal/base ./spatial/... ./physics/... ./region/... ./scripting/mote | grep -v -e /physics/oracle -e /physics/physbench -e /region/slots/)
else
	echo "skipped: arm64 (qemu-aarch64-static is not installed)" >&2
	miss
fi

step "whole worlds, real processes"
METATOPIA_ARTIFACTS=${METATOPIA_ARTIFACTS:-$PWD/test/artifacts} gotest e2e -count=1 -timeout 12m ./test/e2e

echo
echo "artefacts: ${METATOPIA_ARTIFACTS:-test/artifacts}; $((SECONDS - begin)) s"
now="the totals"
"$totals" -sum "$counts" || miss
[ ${#missed[@]} -eq 0 ] && exit
for m in "${missed[@]}"; do
	echo "failed: $m" >&2
done
exit 1
