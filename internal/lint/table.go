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
	{path: "physics", core: true, ours: []string{"spatial", "internal/base"}, third: []string{"github.com/tidwall"}},
	{path: "lumps", ours: []string{"internal/base"}, third: cid},
	{path: "lumps/keep", ours: []string{"lumps", "internal/base"}, third: cid},
	{path: "lumps/transfer", ours: []string{"lumps", "internal/base"}, third: cid},
	{path: "lumps/exchange", ours: []string{"lumps", "internal/base"}, third: []string{"*"}},
	// assets imports neither exchange nor scripting: the node hands it both.
	{path: "assets", ours: []string{"lumps", "spatial", "internal/base"}, third: append([]string{"github.com/qmuntal/gltf", "github.com/tidwall"}, cid...)},
	{path: "scripting", ours: []string{"lumps", "spatial", "internal/base", "internal/spdx"}, third: append([]string{"github.com/tetratelabs/wazero", "github.com/tidwall"}, cid...)},
	// mote is copied into a guest, so it needs nothing but the standard library.
	{path: "scripting/mote", core: true},
	// far carries what scripting/process does to other nodes; the node's clock,
	// streams and processes are handed to it.
	{path: "scripting/far", core: true, ours: []string{"internal/base"}},
	// region does not import scripting: it declares the call that it needs
	// and the node supplies it, so that no engine is in the core's closure.
	{path: "region", core: true, ours: []string{"physics", "spatial", "internal/base", "internal/spdx"}, third: []string{"github.com/tidwall"}},
	// region/wire frames messages on the stream that its caller hands it.
	{path: "region/wire", core: true, std: []string{"io"}, ours: []string{"region", "spatial", "internal/base"}, third: []string{"github.com/tidwall"}},

	{path: "node", ours: []string{"internal/webget", "region", "physics", "scripting", "assets", "lumps", "presence", "raynet", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/server", ours: []string{"region", "physics", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/lumpbench", ours: []string{"node/p2p", "lumps", "internal/base"}, third: []string{"*"}},
	{path: "node/world", ours: []string{"lumps", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/keeper", ours: []string{"node/world", "lumps", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/packages", ours: []string{"scripting/pkg", "lumps", "internal/base"}, third: cid},
	{path: "node/mount", ours: []string{"lumps", "internal/base"}, third: cid},
	{path: "node/p2p", ours: []string{"raynet", "lumps", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/overlay", ours: []string{"node/p2p", "raynet", "spatial", "internal/base"}, third: []string{"*"}},
	{path: "node/control", third: []string{"*"}},

	{path: "terminal", ours: []string{"node/control"}, third: []string{"*"}},
	{path: "web", ours: []string{"node/control"}, third: []string{"*"}},
	{path: "cmd/metatopia", ours: []string{"node", "terminal", "web", "scripting/guest", "scripting/compiler", "scripting/iface", "scripting/pkg", "scripting/procbench", "internal/demo", "internal/webget", "raynet"}, third: []string{"*"}},
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
		closure: []string{"node", "node/lumpbench", "node/overlay", "node/p2p", "lumps/exchange", "cmd/metatopia"},
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
