package admit_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// TestComplexity: functions that cost the engine seconds or minutes are
// refused before it sees them.
func TestComplexity(t *testing.T) {
	rep := bytes.Repeat
	locals := func(n int) []byte { return rep([]byte{asm.I64}, n) }
	loop := asm.Cat([]byte{3, 0x40}, asm.Op(0x20, 0), asm.I64Const(1), []byte{0x7c}, asm.Op(0x21, 0),
		asm.Op(0x20, 0), []byte{0xa7}, asm.Op(0x0d, 0), []byte{0x0b})
	cases := map[string]struct {
		locals []byte
		code   []byte
	}{
		"30000 loops":            {locals(1), rep(loop, 30000)},
		"2000 loops, 200 locals": {locals(200), rep(loop, 2000)},
		"4000 loops, 500 locals": {locals(500), rep(loop, 4000)},
		"60000 blocks, nested":   {nil, asm.Cat(rep([]byte{2, 0x40}, 60000), rep([]byte{0x0b}, 60000))},
		"10000 loops, nested":    {nil, asm.Cat(rep([]byte{3, 0x40}, 10000), rep([]byte{0x0b}, 10000))},
		"20000 branches":         {nil, asm.Cat([]byte{2, 0x40}, rep(asm.Cat(asm.I32Const(0), asm.Op(0x0d, 0)), 20000), []byte{0x0b})},
		"2000 locals":            {locals(2000), nil},
		"600 KB":                 {nil, rep([]byte{1}, 600<<10)},
		"a branch table, 1000 locals": {locals(1000), asm.Cat([]byte{2, 0x40}, asm.I32Const(0),
			[]byte{0x0e}, asm.U(16000), make([]byte, 16001), []byte{0x0b})},
		"200000 labels":           {nil, rep(asm.Cat([]byte{2, 0x40}, asm.I32Const(0), []byte{0x0e}, asm.U(10000), make([]byte, 10001), []byte{0x0b}), 20)},
		"a branch table of 20000": {nil, asm.Cat(asm.I32Const(0), []byte{0x0e}, asm.U(20000), make([]byte, 20001))},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var m asm.Module
			m.Func(nil, nil, c.locals, c.code)
			if _, err := admit.Rewrite(m.Bytes(), nothing); !errors.Is(err, admit.ErrLimit) {
				t.Fatalf("got %v, want %v", err, admit.ErrLimit)
			}
		})
	}
	t.Run("a branch table that carries 60 values", func(t *testing.T) {
		var m asm.Module
		ty := m.Type(nil, rep([]byte{asm.I64}, 60))
		m.Func(nil, nil, nil, asm.Cat([]byte{2}, asm.U(ty)), rep(asm.I64Const(1), 60), asm.I32Const(0),
			[]byte{0x0e}, asm.U(16000), make([]byte, 16001), []byte{0x0b}, rep([]byte{0x1a}, 60),
			asm.Cat([]byte{2}, asm.U(ty)), rep(asm.I64Const(1), 60), asm.I32Const(0),
			[]byte{0x0e}, asm.U(1000), make([]byte, 1001), []byte{0x0b}, rep([]byte{0x1a}, 60))
		if _, err := admit.Rewrite(m.Bytes(), nothing); !errors.Is(err, admit.ErrLimit) {
			t.Fatalf("got %v, want %v", err, admit.ErrLimit)
		}
	})
	t.Run("the sum over functions", func(t *testing.T) {
		var m asm.Module
		for range 20 {
			m.Func(nil, nil, locals(1), rep(loop, 1000))
		}
		if _, err := admit.Rewrite(m.Bytes(), nothing); !errors.Is(err, admit.ErrLimit) {
			t.Fatalf("got %v, want %v", err, admit.ErrLimit)
		}
	})
}

var nothing = admit.Policy{Import: func(string, string) (admit.Signature, bool) { return admit.Signature{}, false }}
