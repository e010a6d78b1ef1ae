package admit_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// fn1 makes a module of one function from its code.
func fn1(locals []byte, code ...[]byte) []byte {
	var m asm.Module
	m.Memory(1, 1)
	m.Func(nil, nil, locals, code...)
	return m.Bytes()
}

// section replaces one section's bytes.
func section(id byte, body []byte) []byte {
	m := asm.Module{Extra: map[byte][]byte{id: body}}
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil))
	return m.Bytes()
}

// TestForged: indices that would name what the rewriting adds, and names that
// belong to the host, are refused.
func TestForged(t *testing.T) {
	// One global of its own; the gas counter becomes global 1, the depth 2.
	global := func(code ...[]byte) []byte {
		var m asm.Module
		m.Global(asm.I64, 1, c64(0))
		m.Func(nil, nil, nil, code...)
		return m.Bytes()
	}
	exported := func(name string, kind byte, index uint64) []byte {
		var m asm.Module
		m.Func(nil, nil, nil)
		m.Global(asm.I64, 1, c64(0))
		m.Export(name, kind, index)
		return m.Bytes()
	}
	imported := func(module, name string, params, results []byte) []byte {
		var m asm.Module
		m.Import(module, name, params, results)
		m.Func(nil, nil, nil)
		return m.Bytes()
	}
	for name, c := range map[string]struct {
		wasm []byte
		want error
	}{
		"writes the gas counter":          {global(c64(1<<40), asm.Op(0x24, 1)), admit.ErrMalformed},
		"reads the gas counter":           {global(asm.Op(0x23, 1), []byte{0x1a}), admit.ErrMalformed},
		"writes the depth counter":        {global(c32(1<<20), asm.Op(0x24, 2)), admit.ErrMalformed},
		"exports the gas counter":         {exported("gas", asm.Global, 1), admit.ErrMalformed},
		"exports a host's name":           {exported("mt:gas", asm.Global, 0), admit.ErrForbidden},
		"exports a missing function":      {exported("f", asm.Func, 1), admit.ErrMalformed},
		"imports the meter":               {imported(admit.MeterModule, admit.MeterImport, i32, nil), admit.ErrForbidden},
		"imports something unknown":       {imported("env", "exec", nil, nil), admit.ErrForbidden},
		"imports with another signature":  {imported("env", "add", i64, i64), admit.ErrForbidden},
		"calls the function past its own": {fn1(nil, c32(0), call(1)), admit.ErrMalformed},
		"names it in a table":             {func() []byte { var m asm.Module; m.Func(nil, nil, nil); m.Table(1); m.Elem(0, 1); return m.Bytes() }(), admit.ErrMalformed},
		"names it in a reference":         {fn1(nil, asm.Op(0xd2, 1), []byte{0x1a}), admit.ErrMalformed},
		"names it in a global": {func() []byte {
			var m asm.Module
			m.Func(nil, nil, nil)
			m.Global(0x70, 0, asm.Op(0xd2, 1))
			return m.Bytes()
		}(), admit.ErrMalformed},
		"uses an added local":         {fn1(i64, get(1), []byte{0x1a}), admit.ErrMalformed},
		"sets an added local":         {fn1(nil, c64(-1), set(0)), admit.ErrMalformed},
		"branches past its body":      {fn1(nil, asm.Op(0x0c, 1)), admit.ErrMalformed},
		"branches past it in a table": {fn1(nil, c32(0), []byte{0x0e, 1, 0, 1}), admit.ErrMalformed},
		"names an added type":         {fn1(nil, c32(0), []byte{0x02, 1, 0x0b}), admit.ErrMalformed},
		"calls through an added type": {fn1(nil, c32(0), c32(0), asm.Op(0x11, 1, 0)), admit.ErrMalformed},
		"code after the end":          {fn1(nil, []byte{0x0b, 0x01}), admit.ErrMalformed},
		"no end":                      {fn1(nil, []byte{0x02, 0x40}), admit.ErrMalformed},
	} {
		if _, err := admit.Rewrite(c.wasm, host); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

// TestForbidden: features that guests do not get.
func TestForbidden(t *testing.T) {
	for name, wasm := range map[string][]byte{
		"SIMD":               fn1(nil, append([]byte{0xfd, 12}, make([]byte, 16)...), []byte{0x1a}),
		"a vector local":     fn1([]byte{0x7b}),
		"threads":            fn1(nil, []byte{0xfe, 3, 0}),
		"exceptions":         fn1(nil, []byte{0x1f, 0x40, 0, 0x0b}),
		"a tail call":        fn1(nil, []byte{0x12, 0}),
		"externref":          fn1([]byte{0x6f}),
		"shared memory":      section(5, []byte{1, 3, 1, 1}),
		"64-bit memory":      section(5, []byte{1, 4, 1}),
		"an imported memory": section(2, asm.Cat([]byte{1, 1, 'm', 1, 'n', 2, 0, 1})),
		"an imported global": section(2, asm.Cat([]byte{1, 1, 'm', 1, 'n', 3, 0x7e, 1})),
		"a tag section":      section(13, []byte{1, 0, 0}),
		"a start function":   section(8, []byte{0}),
		"a struct type":      section(1, []byte{1, 0x5f, 0}),
		"a computed offset":  section(11, asm.Cat([]byte{1, 0}, c32(1), c32(1), []byte{0x6a, 0x0b, 1, 'x'})),
	} {
		if _, err := admit.Rewrite(wasm, host); !errors.Is(err, admit.ErrForbidden) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestLimits(t *testing.T) {
	many := func(id byte, n uint64, entry ...byte) []byte {
		return section(id, asm.Cat(asm.U(n), bytes.Repeat(entry, int(min(n, 1<<20)))))
	}
	for name, wasm := range map[string][]byte{
		"module":     append(fn1(nil), make([]byte, admit.MaxModule)...),
		"types":      many(1, admit.MaxTypes+1, 0x60, 0, 0),
		"parameters": section(1, asm.Cat([]byte{1, 0x60}, asm.U(100), bytes.Repeat(i32, 100), []byte{0})),
		"functions":  many(3, admit.MaxFuncs+1, 0),
		"globals":    many(6, admit.MaxGlobals+1, 0x7f, 0, 0x41, 0, 0x0b),
		"exports":    many(7, admit.MaxExports+1, 1, 'x', 0, 0),
		"data":       many(11, admit.MaxData+1, 1, 0),
		"elements":   many(9, admit.MaxElems+1, 1, 0, 0),
		"tables":     many(4, admit.MaxTables+1, 0x70, 0, 0),
		"a table":    section(4, asm.Cat([]byte{1, 0x70, 0}, asm.U(admit.MaxTable+1))),
		"memory":     section(5, asm.Cat([]byte{1, 0}, asm.U(uint64(host.MaxPages)+1))),
		"memories":   section(5, []byte{2, 0, 1, 0, 1}),
		"a name":     section(7, asm.Cat([]byte{1}, asm.U(300), make([]byte, 300), []byte{0, 0})),
		"element lists": section(9, asm.Cat([]byte{2, 1, 0}, asm.U(40000), make([]byte, 40000),
			[]byte{1, 0}, asm.U(40000), make([]byte, 40000))),
	} {
		if _, err := admit.Rewrite(wasm, host); !errors.Is(err, admit.ErrLimit) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	good := sumLoop()
	for i := range good {
		if _, err := admit.Rewrite(good[:i], host); err == nil && i > 8 {
			// A cut between two sections can leave a whole module only before
			// the functions are declared.
			if bytes.Contains(good[:i], []byte("run")) {
				t.Errorf("cut at %d of %d is admitted", i, len(good))
			}
		}
	}
	for name, wasm := range map[string][]byte{
		"empty":             nil,
		"text":              []byte("(module)"),
		"version 2":         []byte("\x00asm\x02\x00\x00\x00"),
		"a component":       []byte("\x00asm\x0d\x00\x01\x00"),
		"sections twice":    append(append([]byte{}, fn1(nil)...), 1, 1, 0),
		"trailing bytes":    section(5, []byte{1, 0, 1, 0}),
		"a long integer":    section(5, []byte{1, 0, 0x81, 0x80, 0x80, 0x80, 0x80, 0}),
		"a huge count":      section(1, asm.U(1000)),
		"no bodies":         []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00"),
		"more than 4 GiB":   section(5, asm.Cat([]byte{1, 1, 1}, asm.U(65537))),
		"a bad name":        section(7, []byte{1, 1, 0xff, 0, 0}),
		"an unknown opcode": fn1(nil, []byte{0xc5}),
		"a bad alignment":   fn1(nil, c32(0), []byte{0x28, 64, 0, 0x1a}),
	} {
		if _, err := admit.Rewrite(wasm, host); !errors.Is(err, admit.ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
