package scripting

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/arena"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// chance is a handler of random code: its start and its handle store, load,
// grow, copy and fill at random, and slot "n" is a mix of everything.
func chance(seed uint64) []byte {
	r := base.NewRand(seed, 9)
	var m asm.Module
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	m.Memory(1, int64(1+r.IntN(6)))
	m.Data(0, "n")
	for k := range r.IntN(5) {
		m.Data(int32(100+r.IntN(60000)), strings.Repeat("d", 1+k*300))
	}
	globals := 1 + r.IntN(4)
	for k := range globals {
		m.Global(asm.I64, 1, c64(int64(k*r.IntN(1000))))
	}
	code := func() []byte {
		var b []byte
		for range 3 + r.IntN(12) {
			at, g := c32(int32(8*(1+r.IntN(8000)))), uint64(r.IntN(globals))
			switch r.IntN(6) {
			case 0:
				b = asm.Cat(b, at, gget(g), store64(0))
			case 1:
				b = asm.Cat(b, at, load64(0), gget(g), add64, c64(3), []byte{0x7e}, gset(g))
			case 2:
				b = asm.Cat(b, c32(1), grow, []byte{0xad}, gget(g), add64, gset(g))
			case 3:
				b = asm.Cat(b, at, c32(int32(r.IntN(256))), c32(int32(r.IntN(500))), asm.Op(0xfc, 11, 0))
			case 4:
				b = asm.Cat(b, at, c32(int32(r.IntN(60000))), c32(int32(r.IntN(500))), asm.Op(0xfc, 10, 0, 0))
			case 5:
				b = asm.Cat(b, asm.Op(0x3f, 0), []byte{0xad}, gget(g), []byte{0x85}, gset(g)) // size, xor
			}
		}
		return b
	}
	initial := m.Func(nil, nil, nil, code())
	body := code()
	for k := range globals {
		body = asm.Cat(body, gget(uint64(k)), c64(31), []byte{0x7e}, gget(0), add64, gset(0))
	}
	m.Export("_initialize", asm.Func, initial)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, body, c32(0), c32(1), gget(0), call(setInt), drop))
	return m.Bytes()
}

// state is the memory and the globals of a guest.
func state(g *guest) string {
	s := ""
	for _, v := range g.in.bind() {
		s += fmt.Sprint(v.Get(), " ")
	}
	return s + string(g.in.mem.Bytes())
}

// TestImagesByChance compares random guests from images, in new and in used
// instances, with ones whose start is run: memory, globals, gas and effects.
func TestImagesByChance(t *testing.T) {
	n := uint64(150)
	if testing.Short() {
		n = 20
	}
	e := newEngine(t)
	for seed := range n {
		sameByChance(t, e, seed)
	}
}

func sameByChance(t *testing.T, e *Engine, seed uint64) {
	m := admitGuest(t, e, chance(seed))
	img := e.forHandlers(m)
	if img == nil {
		t.Fatalf("seed %d has no image", seed)
	}
	run := func(img *Image) (string, int64, []SlotWrite, error) {
		g := &guest{Context: t.Context(), h: &handling{slots: one, rand: randReader{base.NewRand(1, 0)}}, spent: spentAll}
		defer g.stop()
		if err := g.start(e, m, img, nil, maxHandlerPages<<16, 1e9); err != nil {
			t.Fatal(err)
		}
		before, gas := state(g), g.left()
		err := g.call(exportHandle)
		return before + "|" + state(g), gas - g.left(), g.h.out.Set, err
	}
	s1, g1, e1, err1 := run(nil)
	for range 3 {
		s2, g2, e2, err2 := run(img)
		if s1 != s2 || g1 != g2 || !reflect.DeepEqual(e1, e2) || fmt.Sprint(err1) != fmt.Sprint(err2) {
			t.Fatalf("seed %d: gas %d and %d, %v and %v, %v and %v, same state: %v", seed, g1, g2, e1, e2, err1, err2, s1 == s2)
		}
	}
}

// TestInterpreterAgrees: images and events are the same with the engine's
// interpreter, which shares no code with its compiler.
func TestInterpreterAgrees(t *testing.T) {
	slow, err := makeEngine(EngineConfig{}, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.Close() })
	fast := newEngine(t)
	guests := map[string][]byte{"lamp": shipped(t, "lamp"), "bell": shipped(t, "bell"), "random": startGuest(true, drawing), "greedy": greedyGuest()}
	for seed := range uint64(20) {
		guests[fmt.Sprint("chance ", seed)] = chance(seed)
	}
	for name, wasm := range guests {
		var texts []string
		for _, e := range []*Engine{fast, slow} {
			m := admitGuest(t, e, wasm)
			img := e.forHandlers(m)
			if img == nil {
				t.Fatalf("%s has no image", name)
			}
			text := fmt.Sprint(img.globals, img.size, img.Gas)
			mem, err := e.arena.Get(arena.Spec{Size: img.size, Limit: img.size, Image: img.mem})
			if err != nil {
				t.Fatal(err)
			}
			text += string(mem.Bytes())
			mem.Free()
			for gas := uint64(5000); gas < 30_000; gas += 1711 {
				out, err := e.Handle(m, touched, one, 7, gas)
				text += fmt.Sprintf("%+v %v", out, err)
			}
			texts = append(texts, text)
		}
		if texts[0] != texts[1] {
			t.Errorf("%s: compiler and interpreter differ", name)
		}
	}
}

// FuzzImages is TestImagesByChance for seeds of the fuzzer's choice.
func FuzzImages(f *testing.F) {
	f.Add(uint64(1 << 40))
	f.Fuzz(func(t *testing.T, seed uint64) { sameByChance(t, newEngine(t), seed) })
}

// TestImagesGolden: images and events are what they were on the machine that
// wrote this down, whatever CPU this one has.
func TestImagesGolden(t *testing.T) {
	const want = "1a6269ed4c8b8bad"
	e := newEngine(t)
	h := sha256.New()
	for seed := range uint64(40) {
		m := admitGuest(t, e, chance(seed))
		img := e.forHandlers(m)
		out, err := e.Handle(m, touched, one, seed, 1e9)
		fmt.Fprintln(h, img.size, img.globals, out.Set, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)[:8]); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
