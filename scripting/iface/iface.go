package iface

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// Interface is one version of an interface.
type Interface struct {
	Name     string   `json:"name"` // "mt:log"
	Version  int      `json:"version"`
	Revision int      `json:"revision"` // the latest in which a function came
	About    string   `json:"about"`
	For      []string `json:"for"`
	Exports  []Export `json:"exports,omitempty"`
	Codes    []Code   `json:"codes,omitempty"`
	// Deprecated says why it is on its way out, "" when it is not; Instead what
	// to import in its place.
	Deprecated string `json:"deprecated,omitempty"`
	Instead    string `json:"instead,omitempty"`
	Funcs      []Func `json:"functions"`
}

// Export is a function of the guest that the host calls.
type Export struct {
	Name   string  `json:"name"`
	Params []Param `json:"parameters,omitempty"`
	// Need is "must", "or" (at least one of those with this word) or "may".
	Need string `json:"need"`
}

// Func is a function that is offered.
type Func struct {
	Name   string   `json:"name"`
	Params []Param  `json:"parameters,omitempty"`
	Result Type     `json:"result,omitempty"`
	For    []string `json:"for"`
	Since  int      `json:"since"` // revision
	Group  string   `json:"group,omitempty"`
	Does   string   `json:"does"`
}

// Param is a parameter of a function.
type Param struct {
	Name string `json:"name"`
	Type Type   `json:"type"`
}

// ID is the name of the import module, "mt:log@1".
func (i *Interface) ID() string { return fmt.Sprintf("%s@%d", i.Name, i.Version) }

// Guests are the kinds of guest that are offered any of its functions.
func (i *Interface) Guests() []string {
	var out []string
	for _, k := range []string{Handler, Process, Loader} {
		if slices.ContainsFunc(i.Funcs, func(f Func) bool { return slices.Contains(f.For, k) }) {
			out = append(out, k)
		}
	}
	return out
}

// Func finds a function.
func (i *Interface) Func(name string) (Func, bool) {
	for _, f := range i.Funcs {
		if f.Name == name {
			return f, true
		}
	}
	return Func{}, false
}

// Wasm gives the WebAssembly types as "params:result" in letters.
func (f Func) Wasm() string {
	return letters(f.Params) + ":" + f.Result.Wasm()
}

func letters(ps []Param) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.Type.Wasm())
	}
	return b.String()
}

// Text is the function as its description has it: "send(to: handle) -> code".
func (f Func) Text() string {
	var ps []string
	for _, p := range f.Params {
		ps = append(ps, p.Name+": "+string(p.Type))
	}
	s := f.Name + "(" + strings.Join(ps, ", ") + ")"
	if f.Result != "" {
		s += " -> " + string(f.Result)
	}
	return s
}

//go:embed def/*.txt
var defs embed.FS

var all = sync.OnceValue(func() []*Interface {
	var list []*Interface
	names, err := fs.Glob(defs, "def/*.txt")
	if err != nil {
		panic("iface: " + err.Error())
	}
	for _, name := range names {
		text, err := defs.ReadFile(name)
		if err != nil {
			panic("iface: " + err.Error())
		}
		i, err := Parse(string(text))
		if err != nil {
			panic("iface: " + name + ": " + err.Error())
		}
		list = append(list, i)
	}
	slices.SortFunc(list, compare)
	return list
})

func compare(a, b *Interface) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	return a.Version - b.Version
}

// All is every interface in every version that the node offers, by name and
// version. The caller does not change them.
func All() []*Interface { return slices.Clone(all()) }

// Find gives the interface with the ID, or the latest version of the name, with
// or without "mt:"; nil when there is none.
func Find(name string) *Interface {
	if !strings.Contains(name, ":") {
		name = "mt:" + name
	}
	var found *Interface
	for _, i := range all() {
		if i.ID() == name || i.Name == name {
			found = i
		}
	}
	return found
}
