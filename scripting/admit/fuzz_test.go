package admit_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// FuzzRewrite: any input is an error or a module, never a panic; the same
// input gives the same output; and the output is valid for the engine exactly
// when the input was, so that nothing invalid becomes valid by the rewriting.
func FuzzRewrite(f *testing.F) {
	f.Add(sumLoop())
	f.Add(fn1(i64, c32(0), []byte{0x0e, 1, 0, 0}))
	f.Add(fn1(nil, c32(1), asm.Op(0x40, 0), []byte{0x1a}))
	var m asm.Module
	imp := m.Import("env", "add", asm.Cat(i64, i64), i64)
	m.Table(3)
	m.Memory(1, 2)
	m.Global(asm.F32, 1, asm.F32Bits(1))
	m.Elem(1, imp)
	m.Data(3, "data")
	m.Passive("passive")
	m.Export("run", asm.Func, m.Func(i64, asm.Cat(i64, i64), nil, get(0), get(0), get(0), call(imp),
		c32(0), c32(0), c32(1), asm.Op(0xfc, 8, 1, 0), asm.Op(0xfc, 9, 1)))
	f.Add(m.Bytes())
	for seed := range uint64(8) {
		g := &generator{r: base.NewRand(seed, 2)}
		f.Add(program(g.block(3), c64(0)))
	}
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if len(wasm) > 1<<16 {
			t.Skip("slow to compile")
		}
		res, err := admit.Rewrite(wasm, host)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "admit: ") {
				t.Fatalf("error without a place: %v", err)
			}
			return
		}
		again, err := admit.Rewrite(wasm, host)
		if err != nil || !bytes.Equal(res.Wasm, again.Wasm) {
			t.Fatalf("another result the second time: %v", err)
		}
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().
			WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD))
		defer r.Close(ctx)
		_, plain := r.CompileModule(ctx, wasm)
		_, metered := r.CompileModule(ctx, res.Wasm)
		if (plain == nil) != (metered == nil) && !(plain != nil && strings.Contains(plain.Error(), "custom")) {
			t.Fatalf("plain: %v\nmetered: %v", plain, metered)
		}
	})
}

// FuzzBody is FuzzRewrite for the code of one function in a module that has
// one of everything: random bytes reach the instructions at once.
func FuzzBody(f *testing.F) {
	f.Add([]byte{0x03, 0x40, 0x0c, 0x00, 0x0b})
	f.Add(asm.Cat(get(0), []byte{0x50, 0x04, 0x40}, c64(1), ret, end))
	f.Add(asm.Cat(c32(0), c64(1), []byte{0x37, 0, 0}, asm.Op(0x23, 0), asm.Op(0x24, 0)))
	f.Add(asm.Cat(get(0), call(1), c32(0), asm.Op(0x11, 1, 0), []byte{0x1a}))
	f.Add(asm.Cat([]byte{0x02, 0x40}, get(0), wrap, []byte{0x0e, 1, 0, 1, 0x0b}))
	f.Add(asm.Cat(c32(8), c32(0), c32(1), asm.Op(0xfc, 11, 0), c32(1), asm.Op(0x40, 0), []byte{0x1a}))
	f.Add(asm.Cat(c32(8), asm.F64Bits(1), asm.F64Bits(2), []byte{0xa6, 0x39, 3, 0}))
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, code []byte) {
		if len(code) > 4096 {
			t.Skip("long")
		}
		var m asm.Module
		imp := m.Import("env", "add", asm.Cat(i64, i64), i64)
		m.Table(2)
		m.Memory(1, 2)
		m.Global(asm.I64, 1, c64(0))
		m.Elem(0, imp)
		m.Data(0, "data")
		m.Passive("passive")
		m.Export("run", asm.Func, m.Func(i64, i64, []byte{asm.I32, asm.F64, asm.F32}, code, c64(0)))
		wasm := m.Bytes()
		res, err := admit.Rewrite(wasm, host)
		r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().
			WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD))
		defer r.Close(ctx)
		_, plain := r.CompileModule(ctx, wasm)
		if err != nil {
			return // more is refused than the engine would
		}
		if _, metered := r.CompileModule(ctx, res.Wasm); (plain == nil) != (metered == nil) {
			t.Fatalf("plain: %v\nmetered: %v", plain, metered)
		}
	})
}
