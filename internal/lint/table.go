package lint

import "strings"

// row says what the packages at or below a path may reach. The longest path
// that matches a package decides, so a package needs a row of its own only
// when it differs from its parent.
type row struct {
	path string
	// core packages obey the core rule: pure state machines.
	core bool
	// std lists standard packages that this core may import beyond the pure
	// ones; the row says why.
	std []string
	// ours lists the paths of ours that may be imported, each with all below
	// it. A package may always import what stands at or below its own row.
	ours []string
	// third lists the third-party paths that may be in the closure; "*" is
	// any that `only` does not reserve.
	third []string
}

// cid is what a content identifier brings along.
var cid = []string{
	"github.com/ipfs/go-cid", "github.com/multiformats", "github.com/mr-tron/base58", "github.com/klauspost/cpuid",
	"github.com/minio/sha256-simd", "github.com/spaolacci/murmur3", "lukechampine.com/blake3", "golang.org/x",
}

// table is the import table of docs/architecture.md. Change both together.
var table = []row{
	{path: "internal/base", core: true},
	{path: "internal/crew"},
	{path: "internal/durable"},
	{path: "internal/merkle", core: true, ours: []string{"internal/base"}},
	{path: "internal/figures"},
	{path: "internal/golden"},
	{path: "internal/fused"},
	{path: "internal/scenario"},
	{path: "internal/sim", ours: []string{"internal/base", "raynet", "presence", "spatial", "physics", "region"}},
	{path: "internal/lint"},
	{path: "internal/udpnet"},
	// A licence that counts as free in a region does so on every node.
	{path: "internal/spdx", core: true},
	{path: "internal/webget"},
	{path: "internal/demo", ours: []string{"node/control"}, third: []string{"*"}},

	{path: "spatial", core: true, ours: []string{"internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "raynet", core: true, ours: []string{"spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "raynet/raysim", ours: []string{"presence", "raynet", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "raynet/raysim/rival", ours: []string{"presence", "raynet", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	// presence does not import raynet: the driver hands it the neighbours.
	{path: "presence", core: true, ours: []string{"spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "physics/shape", core: true, ours: []string{"spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "physics/tree", core: true, ours: []string{"spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "physics", core: true, ours: []string{"spatial", "internal/base", "internal/merkle"}, third: []string{"github.com/tidwall"}},
	{path: "physics/ragdoll", core: true, ours: []string{"physics", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "physics/record", core: true, ours: []string{"physics", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "physics/physbench", ours: []string{"internal/crew", "physics", "region/handoff", "region/shard", "spatial", "internal/base", "internal/figures"}, third: []string{"github.com/tidwall"}},
	{path: "lumps", ours: []string{"internal/base"}, third: cid},
	{path: "lumps/keep", ours: []string{"lumps", "internal/base"}, third: cid},
	{path: "lumps/transfer", ours: []string{"lumps", "internal/base", "internal/durable"}, third: cid},
	{path: "lumps/exchange", ours: []string{"lumps", "internal/base"}, third: []string{"*"}},
	// assets imports neither exchange nor scripting: the node hands it both.
	{path: "assets", ours: []string{"lumps", "spatial", "internal/base"}, third: append([]string{"github.com/qmuntal/gltf", "github.com/tidwall"}, cid...)},
	{path: "scripting", ours: []string{"lumps", "spatial", "internal/base", "internal/spdx"}, third: append([]string{"github.com/tetratelabs/wazero", "github.com/tidwall"}, cid...)},
	// mote is copied into a guest, so it needs nothing but the standard library.
	{path: "scripting/mote", core: true},
	{path: "scripting/procbench", ours: []string{"scripting", "internal/figures"}, third: []string{"*"}},
	// far carries what scripting/process does to other nodes; the node's clock,
	// streams and processes are handed to it.
	{path: "scripting/far", core: true, ours: []string{"internal/base"}},
	// region does not import scripting: it declares the call that it needs
	// and the node supplies it, so that no engine is in the core's closure.
	{path: "region", core: true, ours: []string{"physics", "spatial", "internal/base", "internal/merkle", "internal/spdx"}, third: []string{"github.com/tidwall"}},
	// campaign runs many cores against each other; nothing but tests and
	// benchmarks import it.
	{path: "region/handoff/campaign", ours: []string{"region/handoff", "internal/base"}},
	// region/shard/lab runs several shards with a network between them, for
	// tests and for figures.
	{path: "region/shard/lab", core: true, ours: []string{"region/shard", "region/handoff", "physics", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	// raft's only dependency is the library that it is a core around.
	{path: "region/order/raft", core: true, ours: []string{"region/order", "internal/base"}, third: []string{"go.etcd.io/raft", "google.golang.org/protobuf"}},
	// slots are a store outside the replicated state: the cores may not reach
	// it. The contract knows no engine; each engine is in a package of its own.
	{path: "region/slots", ours: []string{"internal/base"}},
	{path: "region/slots/bolt", ours: []string{"region/slots"}, third: []string{"go.etcd.io/bbolt", "golang.org/x"}},
	{path: "region/slots/postgres", ours: []string{"region/slots"}, third: []string{"github.com/jackc", "golang.org/x"}},
	{path: "region/slots/etcd", ours: []string{"region/slots"}},
	{path: "region/slots/open", ours: []string{"region/slots"}, third: []string{"*"}},
	{path: "region/slots/slotstest", ours: []string{"region/slots"}, third: []string{"github.com/anishathalye/porcupine"}},
	// roles are a function of the control log alone.
	{path: "region/succession", core: true, ours: []string{"internal/base"}},
	// whether the replicas agree is a function of what they have signed.
	{path: "region/agree", core: true, ours: []string{"region/succession", "internal/base"}},
	// so is what everybody else may do.
	{path: "region/access", core: true, ours: []string{"internal/base"}},
	// region/wire frames messages on the stream that its caller hands it.
	{path: "region/wire", core: true, std: []string{"io"}, ours: []string{"region", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},

	{path: "node", ours: []string{"internal/webget", "region", "physics", "scripting", "assets", "lumps", "presence", "raynet", "spatial", "internal/base", "internal/durable"}, third: []string{"*"}},
	{path: "node/server", ours: []string{"internal/crew", "region", "physics", "spatial", "internal/base", "internal/durable"}, third: []string{"*"}},
	{path: "node/outbound", ours: []string{"internal/base"}},
	{path: "node/replica", ours: []string{"node/outbound", "region/order", "internal/base", "internal/durable"}, third: []string{"go.etcd.io/raft", "google.golang.org/protobuf", "golang.org/x"}},
	// node/byzantine is the only importer of SmartBFT.
	{path: "node/byzantine", ours: []string{"node/replica", "node/outbound", "region/order", "internal/base", "internal/durable"}, third: []string{"github.com/hyperledger-labs/SmartBFT", "go.etcd.io/raft", "google.golang.org/protobuf", "golang.org/x"}},
	{path: "node/stores", ours: []string{"region", "physics", "spatial", "internal/base", "internal/spdx"}, third: []string{"*"}},
	{path: "node/replay", ours: []string{"region", "physics", "spatial", "internal/base", "internal/spdx"}, third: []string{"*"}},
	{path: "node/history", ours: []string{"node/replay", "region", "physics", "spatial", "internal/base", "internal/spdx", "internal/merkle"}, third: []string{"*"}},
	{path: "node/witness", ours: []string{"node/replay", "region", "physics", "spatial", "internal/base", "internal/spdx"}, third: []string{"*"}},
	// node/door is the only importer of OPAQUE.
	{path: "node/door", ours: []string{"region/access", "internal/base", "internal/durable"}, third: []string{"*"}},
	{path: "node/member", ours: []string{"lumps", "internal/base"}, third: []string{"*"}},
	{path: "node/borderbench", ours: []string{"node/p2p", "node/server", "region", "spatial", "internal/base", "internal/durable"}, third: []string{"*"}},
	{path: "node/regionbench", ours: []string{"node", "lumps", "internal/webget", "assets", "physics", "presence", "raynet", "region", "scripting", "spatial", "internal/base", "internal/figures", "internal/durable"}, third: []string{"*"}},
	{path: "node/lumpbench", ours: []string{"node/p2p", "lumps", "internal/base", "internal/figures"}, third: []string{"*"}},
	{path: "node/world", ours: []string{"lumps", "spatial", "region/agree", "region/succession", "internal/base"}, third: []string{"*"}},
	{path: "node/keeper", ours: []string{"node/world", "lumps", "spatial", "region/agree", "region/succession", "internal/base"}, third: []string{"*"}},
	{path: "node/law", ours: []string{"region", "physics", "node/world", "lumps", "spatial", "internal/base", "internal/spdx"}, third: []string{"*"}},
	{path: "node/packages", ours: []string{"scripting/pkg", "lumps", "internal/base"}, third: cid},
	{path: "node/mount", ours: []string{"lumps", "internal/base"}, third: cid},
	{path: "node/p2p", ours: []string{"raynet", "lumps", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/overlay", ours: []string{"node/p2p", "raynet", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/control", third: []string{"*"}},

	{path: "terminal", ours: []string{"node/control"}, third: []string{"*"}},
	{path: "web", ours: []string{"node/control"}, third: []string{"*"}},
	{path: "cmd/metatopia", ours: []string{"node", "region/slots", "terminal", "web", "scripting/guest", "scripting/compiler", "scripting/iface", "scripting/pkg", "scripting/procbench", "physics/physbench", "physics/record", "internal/demo", "internal/figures", "internal/webget", "raynet", "internal/durable"}, third: []string{"*"}},
	{path: "cmd/webbuild", ours: []string{"web"}, third: []string{"*"}},
	{path: "test", ours: []string{"node/control"}, third: []string{"*"}},
}

// reserved is a package path, ours or not, that only some may use.
type reserved struct {
	path    string
	direct  []string // who may import it
	closure []string // who may reach it at all; nil leaves that to the table
	why     string
}

var only = []reserved{
	{
		path:    "github.com/libp2p",
		direct:  []string{"node/p2p", "lumps/exchange"},
		closure: []string{"node", "node/borderbench", "node/lumpbench", "node/overlay", "node/regionbench", "node/p2p", "lumps/exchange", "cmd/metatopia"},
		why:     "the network is behind node/p2p and lumps/exchange, so that nothing else depends on its types",
	},
	{
		path:   "github.com/tetratelabs/wazero",
		direct: []string{"scripting"},
		why:    "the engine is behind scripting, so that metering cannot be passed by",
	},
	{
		path:   "github.com/qmuntal/gltf",
		direct: []string{"assets"},
		why:    "what strangers modelled is read in one place, behind its bounds",
	},
	{
		path:    "github.com/jackc",
		direct:  []string{"region/slots/postgres"},
		closure: []string{"region/slots/postgres", "region/slots/open", "node", "node/regionbench", "cmd/metatopia"},
		why:     "a region's state never rests on a database: scripts reach one through effects only",
	},
	{
		path:    "go.etcd.io/etcd",
		direct:  []string{},
		closure: []string{},
		why:     "the server is for tests; the client's definitions clash with those of pubsub, so region/slots/etcd speaks JSON",
	},
	{
		path:    "github.com/evanw/esbuild",
		direct:  []string{"cmd/webbuild"},
		closure: []string{"cmd/webbuild"},
		why:     "the bundler is a build tool and stays out of the node",
	},
	{
		path:   Module + "/node",
		direct: []string{"cmd/metatopia", "node"},
		why:    "the node is assembled once, in the command; others speak to it through node/control",
	},
}

// below reports whether path is prefix or stands below it.
func below(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

func anyBelow(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if below(path, p) {
			return true
		}
	}
	return false
}

// rowOf finds the deciding row for a path of ours.
func rowOf(rows []row, path string) (row, bool) {
	var best row
	found := false
	for _, r := range rows {
		if below(path, r.path) && (!found || len(r.path) > len(best.path)) {
			best, found = r, true
		}
	}
	return best, found
}
