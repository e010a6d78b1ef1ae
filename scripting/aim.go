package scripting

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"unsafe"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/scripting/compiler"
)

// What the engine needs to call an export is a stack of 10 KB and more, which it
// makes anew for every look-up and binds to the instance. Handlers wait for most
// of their lives, so one of these serves all instances of a module, a call at a
// time: it is *aimed* at the instance before each call. The engine has no way to
// do so. Its object is the same for all instances but for one pointer, which is
// set here; the version of the engine is fixed, aimer looks that the pointer is
// where it should be, and tries it. Where that fails every instance has its own
// (docs/decisions/0015).

// aimer knows where the pointer is.
type aimer struct {
	of     reflect.Type // of the engine's functions
	parent uintptr      // place of the pointer in them
	engine reflect.Type // of what it points to
}

// aimed is an export that can be called; only one caller at a time may have it.
type aimed struct {
	api.Function
	parent *unsafe.Pointer // nil when it belongs to one instance
}

// engineOf is what the pointer of a function of mod's must be.
func (a *aimer) engineOf(mod api.Module) (unsafe.Pointer, bool) {
	v := reflect.ValueOf(mod)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	f := v.Elem().FieldByName("Engine")
	if f.Kind() != reflect.Interface || f.Elem().Type() != a.engine {
		return nil, false
	}
	return f.Elem().UnsafePointer(), true
}

// pointer is that of a function.
func (a *aimer) pointer(f api.Function) *unsafe.Pointer {
	if reflect.TypeOf(f) != a.of {
		return nil
	}
	return (*unsafe.Pointer)(unsafe.Add(reflect.ValueOf(f).UnsafePointer(), a.parent))
}

var errNoAim = errors.New("the engine's functions are not as expected")

// newAimer looks at a function of one instance and calls it for another; both
// are of the same module, whose export answers with a global.
func newAimer(first, second api.Module, export, global string) (*aimer, error) {
	f := first.ExportedFunction(export)
	t := reflect.TypeOf(f)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, errNoAim
	}
	field, ok := t.Elem().FieldByName("parent")
	if !ok || field.Type.Kind() != reflect.Pointer {
		return nil, errNoAim
	}
	a := &aimer{of: t, parent: field.Offset, engine: field.Type}
	one, ok1 := a.engineOf(first)
	two, ok2 := a.engineOf(second)
	p := a.pointer(f)
	if !ok1 || !ok2 || one == two || *p != one {
		return nil, errNoAim
	}
	for i, mod := range []api.Module{first, second, first} {
		g, ok := mod.ExportedGlobal(global).(api.MutableGlobal)
		if !ok {
			return nil, errNoAim
		}
		g.Set(uint64(100 + i))
		*p = []unsafe.Pointer{one, two}[i%2]
		got, err := f.Call(context.Background())
		if err != nil || len(got) != 1 || got[0] != uint64(100+i) {
			return nil, errNoAim
		}
	}
	return a, nil
}

// aimTrial exports a mutable global n and a function f that gives its value.
var aimTrial = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x05\x01\x60\x00\x01\x7e" + // a type: gives an i64
	"\x03\x02\x01\x00" + // a function of it
	"\x06\x06\x01\x7e\x01\x42\x00\x0b" + // the global
	"\x07\x09\x02\x01n\x03\x00\x01f\x00\x00" + // the exports
	"\x0a\x06\x01\x04\x00\x23\x00\x0b") // global.get 0

// theAimer is that of this program's engine, or nil. It is tried in a runtime of
// its own, which leaves nothing behind.
var theAimer = sync.OnceValue(func() *aimer {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, compiler.Config())
	defer r.Close(ctx)
	c, err := r.CompileModule(ctx, aimTrial)
	if err != nil {
		return nil
	}
	var two [2]api.Module
	for i := range two {
		if two[i], err = r.InstantiateModule(ctx, c, moduleConfig); err != nil {
			return nil
		}
	}
	a, _ := newAimer(two[0], two[1], "f", "n")
	return a
})

// aim gives the handle export of an instance.
func (m *Module) aim(in *instance) *aimed {
	a := m.engine.aimer
	if a == nil {
		return &aimed{Function: in.take(exportHandle)}
	}
	if in.engine == nil {
		in.engine, _ = a.engineOf(in.mod)
	}
	f, ok := m.handles.Get().(*aimed)
	if !ok {
		fresh := in.mod.ExportedFunction(exportHandle)
		f = &aimed{Function: fresh, parent: a.pointer(fresh)}
	}
	if f.parent != nil {
		*f.parent = in.engine
	}
	return f
}

// miss takes back what aim gave, after a call that came to its end.
func (m *Module) miss(in *instance, f *aimed) {
	if f.parent == nil {
		in.give(exportHandle, f.Function)
		return
	}
	*f.parent = nil // the instance may go
	m.handles.Put(f)
}

// newHandles is for a module that was compiled anew: the old ones have pointers
// into code that is gone.
func newHandles() *sync.Pool { return new(sync.Pool) }
