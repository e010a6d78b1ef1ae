#!/usr/bin/env bash
# Installs what the tests need and a machine may lack. Does nothing when
# everything is there; as root on Debian it calls apt-get, else it says what
# is missing. qemu is optional: without it the arm64 run is left out, loudly.
set -euo pipefail

missing=()
need() { # command, Debian package
	command -v "$1" >/dev/null || missing+=("$2")
}
need chromium chromium
need telnet inetutils-telnet
need ip iproute2
need tmux tmux
need wat2wasm wabt
need gcc gcc
need qemu-aarch64-static qemu-user-static
command -v gcc >/dev/null && [ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)

# Debian puts the server's programs where no path leads.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)

"$(dirname "$0")/../scripting/guest/lua/deps.sh"
command -v lua5.4 >/dev/null || missing+=(lua5.4)

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "test: missing: ${missing[*]}" >&2
	echo "test: install them (Debian: sudo apt-get install ${missing[*]}) and run make test again" >&2
	exit 1
fi
echo "== installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
	# The package lists may be old or absent.
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
