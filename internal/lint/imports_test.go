package lint

import (
	"strings"
	"testing"
)

// fixture builds what `go list -deps` would give for one package of ours.
func fixture(path string, imports ...string) Package {
	return Package{ImportPath: Module + "/" + path, Imports: imports, Deps: imports, Doc: "x", GoFiles: []string{"x.go"}}
}

func TestImportsControls(t *testing.T) {
	libp2p := "github.com/libp2p/go-libp2p/core/host"
	for _, tc := range []struct {
		name string
		pkg  Package
		want string // a part of the finding, "" for none
	}{
		{"core may use fmt", fixture("raynet", "fmt", Module+"/spatial"), ""},
		{"core reads a clock", fixture("raynet", "time"), "time arrives as a tick"},
		{"core below a core", fixture("region/handoff", "sync"), "one goroutine"},
		{"core with an unlisted package", fixture("physics", "encoding/gob"), "not on the list"},
		{"driver may read a clock", fixture("node/server", "time"), ""},
		{"rooms that must not know each other", fixture("physics", Module+"/lumps"), "physics may import only spatial"},
		{"base imports ours", fixture("internal/base", Module+"/spatial"), "may import only nothing"},
		{"third party in a core", fixture("raynet", "github.com/google/uuid"), "raynet may reach only"},
		{"index in spatial", fixture("spatial", "github.com/tidwall/rtree"), ""},
		{"libp2p in its place", fixture("node/p2p", libp2p), ""},
		{"libp2p in lumps/exchange", fixture("lumps/exchange", libp2p), ""},
		{"libp2p in node itself", fixture("node", libp2p), "the network is behind"},
		{"libp2p reached by the terminal", reaching("terminal", libp2p), "the network is behind"},
		{"libp2p reached by node", reaching("node", libp2p), ""},
		{"libp2p reached by control", reaching("node/control", libp2p), "the network is behind"},
		{"wazero outside scripting", fixture("node", "github.com/tetratelabs/wazero"), "the engine is behind"},
		{"wazero below scripting", fixture("scripting/meter", "github.com/tetratelabs/wazero/api"), ""},
		{"esbuild in the node", reaching("cmd/metatopia", "github.com/evanw/esbuild/pkg/api"), "the bundler"},
		{"node imported by the terminal", fixture("terminal", Module+"/node"), "assembled once"},
		{"control imported by the terminal", fixture("terminal", Module+"/node/control"), ""},
		{"node imported by the command", fixture("cmd/metatopia", Module+"/node"), ""},
		{"no row", fixture("attic/new"), "has no row"},
		{"does not load", Package{ImportPath: Module + "/spatial", Error: &struct{ Err string }{"broken"}}, "broken"},
	} {
		t.Run(tc.name, func(t *testing.T) { expect(t, Imports([]Package{tc.pkg}), tc.want) })
	}
}

func reaching(path, dep string) Package {
	p := fixture(path)
	p.Deps = []string{dep}
	return p
}

func TestDocsControl(t *testing.T) {
	p := fixture("spatial")
	expect(t, Docs([]Package{p}), "")
	p.Doc = " \n"
	expect(t, Docs([]Package{p}), "no package comment")
}

// expect wants exactly the findings that hold want, or none at all.
func expect(t *testing.T, fs []Finding, want string) {
	t.Helper()
	if want == "" {
		if len(fs) != 0 {
			t.Errorf("innocent, but found: %v", fs)
		}
		return
	}
	for _, f := range fs {
		if strings.Contains(f.String(), want) {
			return
		}
	}
	t.Errorf("want a finding with %q, got %v", want, fs)
}
