package scripting

import (
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// script puts together guests that are mostly calls of the host. Fragments are
// made first: an import must come before a function.
type script struct {
	m     asm.Module
	funcs map[string]uint64
	data  int32
}

func newScript() *script {
	s := &script{funcs: map[string]uint64{}, data: 4096}
	s.m.Memory(1, 4)
	return s
}

// do calls INTERFACE.FUNCTION, as in "process.spawn", with arguments that
// fragments push.
func (s *script) do(name string, args ...[]byte) []byte {
	f, ok := s.funcs[name]
	if !ok {
		module, name, _ := strings.Cut(name, ".")
		of := hostFuncIndex[admit.Import{Module: "mt:" + module + "@1", Name: name}]
		if of.call == nil {
			panic("no function " + name)
		}
		f = s.m.Import(of.module, of.name, bytesOf(of.sig.Params), bytesOf(of.sig.Results))
		s.funcs[module+"."+name] = f
	}
	return asm.Cat(asm.Cat(args...), call(f))
}

func bytesOf(ts []admit.ValType) (b []byte) {
	for _, t := range ts {
		b = append(b, byte(t))
	}
	return b
}

// text places a string and pushes its place and length.
func (s *script) text(t string) []byte {
	at := s.data
	s.m.Data(at, t)
	s.data += int32(len(t)+7) &^ 7
	return asm.Cat(c32(at), c32(int32(len(t))))
}

// spawn spawns the same module with an argument.
func (s *script) spawn(arg, name string, flags int32, tag int64) []byte {
	return s.do("process.spawn", s.text(arg), s.text(name), c32(flags), c64(tag))
}

// receive takes any letter, for as long as it takes.
func (s *script) receive() []byte { return s.do("message.receive", c32(0), c32(0), c64(-1)) }

// send sends a text to the handle in a local.
func (s *script) send(local uint64, tag int64, text string) []byte {
	return s.do("message.send", get(local), c64(tag), s.text(text))
}

// exit exits with what a fragment pushes.
func (s *script) exit(code ...[]byte) []byte { return s.do("process.exit", code...) }

// want exits with a code unless a fragment pushes a number.
func (s *script) want(n int32, code int32, of ...[]byte) []byte {
	return asm.Cat(asm.Cat(of...), c32(n), []byte{0x47, 0x04, 0x40}, s.exit(c32(code)), end) // i32.ne, if
}

// when runs code if the first argument is a text of one letter.
func (s *script) when(letter byte, code ...[]byte) []byte {
	return asm.Cat(
		s.do("process.arg", c32(0), c32(0), c32(1)), c32(1), []byte{0x46}, // its length is 1
		[]byte{0x04, 0x40}, c32(0), asm.Op(0x2d, 0, 0), c32(int32(letter)), []byte{0x46}, // i32.load8_u, i32.eq
		[]byte{0x04, 0x40}, asm.Cat(code...), end, end)
}

// local sets a local.
func local(n uint64, code ...[]byte) []byte { return asm.Cat(asm.Cat(code...), set(n)) }

// locals of every function of a script: 0-7 are i32, 8-11 i64.
var scriptLocals = []byte{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I64, asm.I64, asm.I64, asm.I64}

// handle makes a guest that handles letters, handleOr one that can also run: its
// code must be made before.
func (s *script) handle(code ...[]byte) []byte { return s.handleOr(asm.Cat(code...)) }

func (s *script) handleOr(handle []byte, run ...[]byte) []byte {
	s.m.Export("handle", asm.Func, s.m.Func(nil, nil, scriptLocals, handle))
	if len(run) == 0 {
		return s.m.Bytes()
	}
	return s.run(run...)
}

// run makes a blocking guest.
func (s *script) run(code ...[]byte) []byte {
	s.m.Export("run", asm.Func, s.m.Func(nil, nil, scriptLocals, code...))
	return s.m.Bytes()
}

// exits runs a guest to its end and looks how that was.
func exits(t *testing.T, ps *Processes, wasm []byte, spec SpawnSpec, want string) {
	t.Helper()
	if got := wait(t, ps, spawn(t, ps, wasm, spec)); got.Exit != want {
		t.Errorf("%s, want %s", got.Exit, want)
	}
}
