package scripting

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/admit"
)

// Library is what a script binds a name to: a text in its own language, or a
// module that is all computation. A caller cannot tell which, so a text can be
// replaced by a module.
type Library struct {
	Name   string
	Text   []byte  // nil for a module
	Module *Module // one for which IsLibrary gives nil

	funcs []libraryFunc
}

// libraryFunc is an exported function that a script can call.
type libraryFunc struct {
	name string
	sig  admit.Signature
}

// usableAsLibrary: it imports nothing, so that a call is a function of what
// was called before in the same run; it is started as a handler is.
func usableAsLibrary(res *admit.Result) error {
	switch {
	case len(res.Imports) > 0:
		return fmt.Errorf("%w: a library imports nothing, and it imports %s.%s", ErrNotUsable, res.Imports[0].Module, res.Imports[0].Name)
	case len(libraryFuncs(res)) == 0:
		return fmt.Errorf("%w: a library exports functions of numbers", ErrNotUsable)
	}
	if err := starts(res); err != nil {
		return err
	}
	return small(res)
}

// IsLibrary tells whether scripts can call the module: nil, or why not,
// wrapping ErrNotUsable.
func (m *Module) IsLibrary() error { return usableAsLibrary(m.res) }

// libraryFuncs lists what scripts may call, by name: functions of at most 16
// numbers that give at most one. Names that begin with _ are for starts.
func libraryFuncs(res *admit.Result) []libraryFunc {
	var list []libraryFunc
	number := func(t admit.ValType) bool { return t != admit.FuncRef }
	for _, name := range slices.Sorted(maps.Keys(res.Funcs)) {
		sig := res.Funcs[name]
		if strings.HasPrefix(name, "_") || len(sig.Params) > maxLibraryParams || len(sig.Results) > 1 ||
			slices.ContainsFunc(slices.Concat(sig.Params, sig.Results), func(t admit.ValType) bool { return !number(t) }) {
			continue
		}
		list = append(list, libraryFunc{name, sig})
	}
	return list
}

// describe is the form in which a script's driver reads a function: its name,
// and types as in the pages of the interfaces.
func (f libraryFunc) describe() string {
	letter := map[admit.ValType]string{admit.I32: "i", admit.I64: "I", admit.F32: "f", admit.F64: "F"}
	var b strings.Builder
	b.WriteString(f.name + " ")
	for _, t := range f.sig.Params {
		b.WriteString(letter[t])
	}
	b.WriteByte(':')
	for _, t := range f.sig.Results {
		b.WriteString(letter[t])
	}
	return b.String()
}

// libraries checks what an image is to be bound to.
func libraries(libs []Library) ([]Library, error) {
	libs = slices.Clone(libs)
	for i := range libs {
		l := &libs[i]
		if l.Text != nil {
			continue
		}
		if err := l.Module.IsLibrary(); err != nil {
			return nil, fmt.Errorf("library %s: %w", l.Name, err)
		}
		l.funcs = libraryFuncs(l.Module.res)
	}
	return libs, nil
}

// bound are the libraries of the guest.
func (g *guest) bound() []Library {
	switch {
	case g.i != nil:
		return g.i.libs
	case g.h != nil:
		return g.h.libs
	case g.p != nil && g.p.img != nil:
		return g.p.img.libs
	}
	return nil
}

// library gives the instance of a module among the guest's libraries, made at
// the first call in a run: its start is charged to the guest.
func (g *guest) library(l *Library) *guest {
	for _, c := range g.called {
		if c.in.m == l.Module {
			return c
		}
	}
	e := l.Module.engine
	img := e.forHandlers(l.Module)
	g.charge(l.Module.startGas(img))
	c := &guest{Context: context.Background(), h: &handling{}, spent: func(c *guest) {
		// The gas is the guest's: what it may have more it is told by its own.
		g.gas.Set(c.gas.Get())
		g.spent(g)
		c.gas.Set(g.gas.Get())
	}}
	err := c.start(e, l.Module, img, nil, maxHandlerPages<<16, g.left())
	if c.in == nil {
		panic(fault(err))
	}
	g.called = append(g.called, c) // to be stopped, whatever comes
	g.gas.Set(c.gas.Get())
	if err != nil {
		rethrow(err)
	}
	return c
}

// run calls an export of a library with the guest's gas.
func (c *guest) run(g *guest, name string, stack []uint64) {
	f := c.in.take(name)
	c.gas.Set(g.gas.Get())
	err := f.CallWithStack(c, stack)
	g.gas.Set(c.gas.Get())
	if err != nil {
		c.faulted = true
		var exit *exitError
		if errors.As(err, &exit) {
			panic(exit)
		}
		panic(fault(err))
	}
	c.in.give(name, f)
}
