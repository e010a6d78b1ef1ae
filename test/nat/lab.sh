#!/usr/bin/env bash
# Real nodes behind real NATs: network namespaces of this machine, joined to
# nothing else, with the kernel's own address translation.
#
#   lab.sh BINARY [easy|hard]
#
# A hub in the open network founds a world and relays; Ada and Bob join it from
# homes of their own. With `easy` NATs (one outside port a socket) they must
# end with a direct connection, with `hard` ones (a random port for each flow)
# they must still be neighbours through the relay. Needs root, ip and nft.
set -euo pipefail
bin=$(realpath "${1:?usage: lab.sh BINARY [easy|hard]}")
kind=${2:-easy}
id=mtlab$$
dir=$(mktemp -d)
pids=()

finish() {
	for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
	wait 2>/dev/null || true
	for n in net hub ada adar bob bobr; do ip netns del "$id$n" 2>/dev/null || true; done
	[ -n "${KEEP:-}" ] && echo "logs: $dir" || rm -rf "$dir"
}
trap finish EXIT

in_() { local n=$1; shift; ip netns exec "$id$n" "$@"; }
at() { local n=$1; shift; in_ "$n" "$bin" --home "$dir/$n" "$@"; }

for n in net hub ada adar bob bobr; do
	ip netns add "$id$n"
	in_ $n ip link set lo up
done
# The open network is a bridge. Its addresses are public ones, because only
# those are used for hole punching; nothing leaves the namespaces.
in_ net ip link add br0 type bridge
in_ net ip link set br0 up
open_() { # namespace, address in the open network
	ip -n "$id$1" link add up0 type veth peer name "v$1" netns "${id}net"
	in_ net ip link set "v$1" master br0 up
	in_ "$1" ip addr add "$2/24" dev up0
	in_ "$1" ip link set up0 up
}
home() { # host, router, the router's open address
	open_ "$2" "$3"
	ip -n "$id$2" link add in0 type veth peer name up0 netns "$id$1"
	in_ "$2" ip addr add 192.168.1.1/24 dev in0
	in_ "$2" ip link set in0 up
	in_ "$1" ip addr add 192.168.1.2/24 dev up0
	in_ "$1" ip link set up0 up
	in_ "$1" ip route add default via 192.168.1.1
	in_ "$2" sysctl -qw net.ipv4.ip_forward=1
	local how=masquerade
	[ "$kind" = hard ] && how="masquerade fully-random"
	in_ "$2" nft -f - <<-NFT
		table ip home {
			chain translate { type nat hook postrouting priority 100; oifname "up0" $how; }
			chain arriving { type filter hook input priority 0; policy drop;
				iifname "in0" accept; iifname "lo" accept; ct state established,related accept; }
			chain passing { type filter hook forward priority 0; policy drop;
				iifname "in0" accept; ct state established,related accept; }
		}
	NFT
}
open_ hub 11.0.0.1
home ada adar 11.0.0.2
home bob bobr 11.0.0.3

up() { # name, flags
	local n=$1; shift
	at "$n" up --name "$n" --no-web --no-telnet --no-mdns --json --log-level info "$@" >"$dir/$n.out" 2>"$dir/$n.err" &
	pids+=($!)
	for _ in $(seq 100); do [ -s "$dir/$n.out" ] && return; sleep 0.1; done
	echo "$n did not start:" >&2; cat "$dir/$n.err" >&2; exit 1
}
up hub --reach public --listen /ip4/11.0.0.1/udp/4001/quic-v1
at hub world create Lab --json >/dev/null
link=$(at hub world link)
at hub region seed Square --at 0,0,0 --json >/dev/null
up ada --reach private --join "$link"
up bob --reach private --join "$link"
key() { sed 's/.*"key":"\([0-9a-f]*\)".*/\1/' "$dir/$1.out"; }
ada=$(key ada); bob=$(key bob)

via() { # whose peers, which key: the transport
	at "$1" peers --json | python3 -c '
import json, sys
for p in json.load(sys.stdin)["peers"]:
    if p["key"] == sys.argv[1]: print(p["transport"])' "$2"
}
near() { at "$1" neighbours --json | grep -q "$2"; }
want=quic-v1
[ "$kind" = hard ] && want=circuit
began=$SECONDS
for _ in $(seq 90); do
	a=$(via ada "$bob"); b=$(via bob "$ada")
	if [ "$a" = $want ] && [ "$b" = $want ] && near ada "$bob" && near bob "$ada"; then
		# A relayed connection must stay one: look again when punching is over.
		if [ "$kind" = hard ]; then
			sleep 30
			[ "$(via ada "$bob")" = circuit ] && near ada "$bob" && near bob "$ada" || { echo "not any more after 30 s"; exit 1; }
		fi
		echo "ok: $kind NATs, neighbours via $want after $((SECONDS - began)) s"
		exit 0
	fi
	sleep 1
done
echo "failed: $kind NATs: ada sees bob via '${a:-nobody}', bob sees ada via '${b:-nobody}'"
at ada doctor || true
at ada neighbours || true
at ada peers || true
at bob peers || true
exit 1
