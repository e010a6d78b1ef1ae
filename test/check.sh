#!/usr/bin/env bash
# What must hold before a commit. make check builds the binary first, so that
# the embedded directories are there.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0

step() { echo "== $*"; }
sources() { find . \( -name node_modules -o -name .git -o -name .make \) -prune -o -name '*.go' -print; }

step format
bad=$(sources | xargs gofmt -l)
if [ -n "$bad" ]; then
	echo "not gofmt-ed:" >&2
	echo "$bad" >&2
	exit 1
fi

step vet
go vet ./...

step staticcheck
go tool staticcheck ./...

step rules
go test ./internal/lint

step "generated files are clean"
# Everything generated is ignored by git: building must leave no trace.
if git rev-parse --git-dir >/dev/null 2>&1; then
	for d in web/dist scripting/guest/dist bin; do
		left=$(git status --porcelain --untracked-files=all -- "$d")
		if [ -n "$left" ]; then
			echo "building changed what git sees:" >&2
			echo "$left" >&2
			exit 1
		fi
	done
fi
go mod verify >/dev/null

# Metatopia is for machines of 64 bits: a library of OPAQUE's (ksf) does not build
# for others. Ours is held to it all the same, it finds numbers that do not fit.
step "build for linux/386, but for what needs ksf"
GOOS=linux GOARCH=386 GOEXPERIMENT= go build $(go list -f '{{.ImportPath}}{{range .Deps}} {{.}}{{end}}' ./... | grep -v bytemare/ksf | cut -d' ' -f1)
step "build for linux/arm64"
GOOS=linux GOARCH=arm64 go build -trimpath -o /dev/null ./cmd/metatopia

echo "check: all good"
