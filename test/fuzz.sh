#!/usr/bin/env bash
# Runs every fuzz target for the time given, one after the other.
# usage: test/fuzz.sh 20s
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:?usage: test/fuzz.sh TIME}
n=0
while IFS=: read -r file name; do
	pkg=./$(dirname "$file")
	echo "== $pkg $name"
	# Making an input that covers something new smaller may take a minute, the
	# default: more than the target has.
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 20x "$pkg"
	n=$((n + 1))
done < <(grep -rHoE --include='*_test.go' --exclude-dir=node_modules '^func Fuzz[A-Za-z0-9_]*' . | sed 's/^\.\///; s/:func /:/' | sort)
[ "$n" -gt 0 ] || { echo "fuzz: no target found" >&2; exit 1; }
echo "fuzz: $n targets, $time each, no failure"
