#!/usr/bin/env bash
# Installs what the Lua driver is compiled with: as root on Debian by apt-get,
# else it says what is missing. The driver is left out then; all else works.
set -euo pipefail

missing=()
command -v clang >/dev/null || missing+=(clang)
command -v wasm-ld >/dev/null || missing+=(lld)
[ -e /usr/include/wasm32-wasi/stdlib.h ] || missing+=(wasi-libc)
compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a' >/dev/null ||
	compgen -G '/usr/lib/llvm-*/lib/clang/*/lib/*/libclang_rt.builtins*' >/dev/null || missing+=(libclang-rt-dev-wasm32)

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "guests: missing for Lua: ${missing[*]}" >&2
	echo "guests: install them (Debian: sudo apt-get install ${missing[*]}) and run make guests again" >&2
	exit 1
fi
echo "== installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null 2>&1 || {
	# The package lists may be old or absent.
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
