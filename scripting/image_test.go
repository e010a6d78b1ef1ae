package scripting

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

var (
	load64  = func(at uint64) []byte { return asm.Op(0x29, 3, at) }
	store64 = func(at uint64) []byte { return asm.Op(0x37, 3, at) }
	grow    = asm.Op(0x40, 0)
	gget    = func(g uint64) []byte { return asm.Op(0x23, g) }
	gset    = func(g uint64) []byte { return asm.Op(0x24, g) }
)

// startGuest is a handler whose start counts in memory and in a global, and
// whose handle does so too and writes slot "n" with what it finds. more is
// added to the start.
func startGuest(thaw bool, more func(m *asm.Module) []byte) []byte {
	var m asm.Module
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	m.Import("mt:random@1", "u64", nil, i64)
	m.Import("mt:log@1", "log", asm.Cat(i32, i32, i32), nil)
	m.Import("mt:slot@1", "get_int", asm.Cat(i32, i32, i64), i64)
	m.Import("mt:image@1", "size", nil, i32)
	m.Import("mt:image@1", "read", asm.Cat(i32, i32, i32), i32)
	m.Import("mt:image@1", "fail", asm.Cat(i32, i32), nil)
	m.Memory(1, 8)
	m.Data(0, "n")
	m.Global(asm.I64, 1, c64(1000))
	m.Global(asm.F64, 1, asm.F64Bits(0x3ff0000000000000))
	m.Global(asm.I32, 0, c32(3))
	bump := asm.Cat(c32(0), c32(0), load64(64), c64(1), add64, store64(64), gget(0), c64(10), add64, gset(0))
	extra := []byte(nil)
	if more != nil {
		extra = more(&m)
	}
	initial := m.Func(nil, nil, nil, bump, c32(1), grow, drop, c32(0), c64(7), store64(65536+8), extra)
	handle := m.Func(nil, nil, nil, bump,
		c32(0), c32(1), c32(0), load64(64), gget(0), add64, c32(0), load64(65536+8), add64, call(setInt), drop)
	m.Export("_initialize", asm.Func, initial)
	m.Export("handle", asm.Func, handle)
	if thaw {
		m.Export("_thaw", asm.Func, m.Func(nil, nil, nil, bump))
	}
	return m.Bytes()
}

// drawing adds a random number to the global in the start.
func drawing(*asm.Module) []byte { return asm.Cat(gget(0), call(1), add64, gset(0)) }

// ordinary runs a handler without an image; gas is what handle took.
func ordinary(t *testing.T, e *Engine, m *Module, seed uint64) (Effects, error) {
	t.Helper()
	return e.handle(m, nil, touched, one, seed, 1e7)
}

// TestImageIsTheSame: an event ends as it would with a start of its own, but
// for the gas of the start.
func TestImageIsTheSame(t *testing.T) {
	for name, wasm := range map[string][]byte{
		"plain": startGuest(false, nil), "thaw": startGuest(true, nil),
		"lamp": shipped(t, "lamp"), "bell": shipped(t, "bell"), "count": countGuest(), "greedy": greedyGuest(),
	} {
		e := newEngine(t)
		m := admitGuest(t, e, wasm)
		if e.forHandlers(m) == nil {
			t.Errorf("%s has no image", name)
			continue
		}
		want, wantErr := ordinary(t, e, m, 7)
		for range 3 {
			got, err := e.Handle(m, touched, one, 7, 1e7)
			if name == "count" || name == "greedy" { // their image is what they are
				want.Gas -= int64AsUint(m.startGas(nil) - m.startGas(e.forHandlers(m)))
				name = ""
			} else if name != "" {
				want.Gas = got.Gas
			}
			if !reflect.DeepEqual(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%s: got %+v, %v; want %+v, %v", name, got, err, want, wantErr)
			}
		}
	}
}

func int64AsUint(v int64) uint64 { return uint64(v) }

// TestNothingIsLeft: what an event did to its instance is not seen by the next
// one, also after faults, growth and another engine.
func TestNothingIsLeft(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, startGuest(true, nil))
	first, err := e.Handle(m, touched, one, 7, 1e7)
	if err != nil || first.Set[0].Value.Int != 3+1030+7 {
		t.Fatalf("%+v, %v", first, err)
	}
	if len(m.idle) != 1 {
		t.Fatalf("%d instances wait", len(m.idle))
	}
	for range 5 {
		for gas := first.Gas - 40; gas <= first.Gas; gas += 7 { // some run out of gas half way
			e.Handle(m, touched, one, 7, gas)
		}
		if got, err := e.Handle(m, touched, one, 7, 1e7); err != nil || !reflect.DeepEqual(got, first) {
			t.Fatalf("got %+v, %v; want %+v", got, err, first)
		}
	}
	if len(m.idle) != 1 {
		t.Errorf("%d instances wait", len(m.idle))
	}
}

// TestImageOnlyWhereSafe: a start that asks for what belongs to one event is
// run for each, and sees it.
func TestImageOnlyWhereSafe(t *testing.T) {
	e := newEngine(t)
	for name, c := range map[string]struct {
		thaw  bool
		more  func(m *asm.Module) []byte
		image bool
	}{
		"nothing":         {false, nil, true},
		"random":          {false, drawing, false},
		"random and thaw": {true, drawing, true},
		"log":             {true, func(*asm.Module) []byte { return asm.Cat(c32(1), c32(0), c32(1), call(2)) }, false},
		"slot":            {true, func(*asm.Module) []byte { return asm.Cat(c32(0), c32(1), c64(0), call(3), drop) }, false},
		"endless":         {true, func(*asm.Module) []byte { return asm.Cat(loop, br(0), end) }, false},
		"trap":            {true, func(*asm.Module) []byte { return []byte{0} }, false},
		"table.set": {true, func(m *asm.Module) []byte {
			m.Table(1)
			return asm.Cat(c32(0), []byte{0xd0, 0x70}, asm.Op(0x26, 0))
		}, false},
		"data.drop": {true, func(m *asm.Module) []byte { m.Passive("x"); return asm.Op(0xfc, 9, 1) }, false},
		"passive": {true, func(m *asm.Module) []byte {
			m.Passive("x")
			return asm.Cat(c32(500), c32(0), c32(1), asm.Op(0xfc, 8, 1, 0))
		}, true},
	} {
		m := admitGuest(t, e, startGuest(c.thaw, c.more))
		if img := e.forHandlers(m); (img != nil) != c.image {
			t.Errorf("%s: image %v", name, img)
		}
		a, aerr := e.Handle(m, touched, one, 1, 1e6)
		again, err := e.Handle(m, touched, one, 1, 1e6)
		if !reflect.DeepEqual(a, again) || fmt.Sprint(aerr) != fmt.Sprint(err) {
			t.Errorf("%s: first %+v, %v; then %+v, %v", name, a, aerr, again, err)
		}
		b, _ := e.Handle(m, touched, one, 2, 1e6)
		if differs := !reflect.DeepEqual(a, b); differs != (name == "random") {
			t.Errorf("%s: two seeds give %+v and %+v", name, a, b)
		}
	}
}

// TestImageIsSmall: a handler whose start fills much memory is started anew for
// each event.
func TestImageIsSmall(t *testing.T) {
	e := newEngine(t)
	for pages, want := range map[int32]error{16: nil, 17: ErrTooLarge} {
		var m asm.Module
		m.Memory(int64(pages), int64(pages))
		m.Export("_initialize", asm.Func, m.Func(nil, nil, nil, c32(0), c32(1), c32(pages<<16), asm.Op(0xfc, 11, 0)))
		m.Export("handle", asm.Func, m.Func(nil, nil, nil))
		mod := admitGuest(t, e, m.Bytes())
		if img := e.forHandlers(mod); (img != nil) != (want == nil) {
			t.Errorf("%d pages: image %v", pages, img)
		}
		if _, err := e.Image(mod, nil, 1e7); !errors.Is(err, want) {
			t.Errorf("%d pages: %v", pages, err)
		}
		if _, err := e.Handle(mod, touched, one, 1, 1e7); err != nil {
			t.Error(err)
		}
	}
}

// TestActiveSegmentIsGone: to name an active segment after the start is a
// trap, as it is where the engine writes them.
func TestActiveSegmentIsGone(t *testing.T) {
	e := newEngine(t)
	for n, want := range map[int32]error{0: nil, 1: ErrTrap} {
		m := admitGuest(t, e, startGuest(false, func(m *asm.Module) []byte {
			m.Passive("x")
			return asm.Cat(c32(500), c32(0), c32(n), asm.Op(0xfc, 8, 0, 0))
		}))
		if _, err := e.Handle(m, touched, one, 1, 1e6); !errors.Is(err, want) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	var m asm.Module
	m.Memory(1, 1)
	m.Data(65534, "abc")
	m.Export("handle", asm.Func, m.Func(nil, nil, nil))
	mod := admitGuest(t, e, m.Bytes())
	if got, err := e.Handle(mod, touched, one, 1, 1e6); !errors.Is(err, ErrTrap) || got.Gas == 0 {
		t.Errorf("data outside the memory: %+v, %v", got, err)
	}
}

// TestSameCodeOtherData: modules that differ in data alone are two.
func TestSameCodeOtherData(t *testing.T) {
	e := newEngine(t)
	say := func(text string) *Module {
		var m asm.Module
		f := m.Import("mt:world@1", "say", asm.Cat(i32, i32), i32)
		m.Memory(1, 1)
		m.Data(0, text)
		m.Export("handle", asm.Func, m.Func(nil, nil, nil, c32(0), c32(3), call(f), drop))
		return admitGuest(t, e, m.Bytes())
	}
	for _, text := range []string{"one", "two"} {
		if out, err := e.Handle(say(text), touched, one, 1, 1e6); err != nil || out.Say[0] != text {
			t.Errorf("%+v, %v", out, err)
		}
	}
}

// inputGuest's _warm reads its input to 100 and fails with it if it begins with
// "!"; handle writes its first 8 bytes to slot "n".
func inputGuest() []byte {
	return startGuest(false, func(m *asm.Module) []byte {
		warm := m.Func(nil, nil, nil,
			c32(0), c32(100), c32(64), call(5), drop, c32(0), c32(0), load64(100), store64(64),
			c32(1), c32(100), call(4), call(2),
			c32(100), []byte{0x2d, 0, 0}, c32('!'), []byte{0x46, 0x04, 0x40}, c32(101), call(4), c32(1), []byte{0x6b}, call(6), end)
		m.Export("_warm", asm.Func, warm)
		return nil
	})
}

func TestImageWithInput(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, inputGuest())
	if e.forHandlers(m) != nil {
		t.Error("a start that logs was kept")
	}
	var images []*Image
	for _, in := range []string{"aaaaaaaa", "b", ""} {
		img, err := e.Image(m, []byte(in), 1e6)
		if err != nil {
			t.Fatal(err)
		}
		if len(img.Log) != 1 || img.Log[0] != in || img.Gas == 0 || img.Module() != m || img.Size() != 2<<16 {
			t.Errorf("%q: %+v", in, img)
		}
		images = append(images, img)
	}
	for range 3 { // in turn, in the same instance
		for k, want := range []int64{0x6161616161616161, 'b', 0} {
			out, err := e.HandleImage(images[k], touched, one, 1, 1e6)
			if err != nil || out.Set[0].Value.Int != want+1+1020+7 {
				t.Errorf("image %d: %+v, %v", k, out, err)
			}
		}
	}
	if n := len(m.idle); n != 1 {
		t.Errorf("%d instances wait", n)
	}
	_, err := e.Image(m, []byte("!line 3: what is this"), 1e6)
	if !errors.Is(err, ErrFailed) || !strings.HasSuffix(err.Error(), "line 3: what is this") {
		t.Errorf("fail: %v", err)
	}
	for gas := range images[0].Gas {
		if _, err := e.Image(m, []byte("aaaaaaaa"), gas); !errors.Is(err, ErrOutOfGas) {
			t.Fatalf("with %d gas: %v", gas, err)
		}
	}
	if img, err := e.Image(m, []byte("aaaaaaaa"), images[0].Gas); err != nil || img.Gas != images[0].Gas {
		t.Errorf("with just enough: %+v, %v", img, err)
	}
}

// TestProcessesShareAnImage: the Go guest starts from one, and each process
// has its arguments and a seed of its own.
func TestProcessesShareAnImage(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	e := ps.cfg.Engine
	m := admitGuest(t, e, shipped(t, "greeter"))
	if e.forProcesses(m) == nil {
		t.Fatal("the greeter has no image")
	}
	for _, arg := range []string{"x", "y"} {
		i, err := ps.Spawn(SpawnSpec{Module: m, Args: []string{arg}})
		if err != nil {
			t.Fatal(err)
		}
		if got := lines(t, ps, i.PID, 1); !strings.Contains(got[0], `["`+arg+`"]`) {
			t.Errorf("logged %q", got)
		}
		if err := ps.Kill(i.PID); err != nil {
			t.Fatal(err)
		}
	}
}

// TestMemoryIsBounded: what all guests have together is refused beyond the
// bound, with the reason; handlers go on.
func TestMemoryIsBounded(t *testing.T) {
	e, err := NewEngine(EngineConfig{Memory: 5 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	ps := NewProcesses(ProcessesConfig{Engine: e})
	t.Cleanup(func() { ps.Close() })
	h := admitGuest(t, e, countGuest())
	p := admitGuest(t, e, echoGuest())
	refused := 0
	for range 8 {
		i, err := ps.Spawn(SpawnSpec{Module: p})
		if err != nil {
			if refused++; !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "no memory left for guests") {
				t.Fatal(err)
			}
			continue
		}
		for i.State != Waiting { // it has its memory
			if i, err = ps.Get(i.PID); err != nil || i.State == Exited {
				t.Fatalf("%+v, %v", i, err)
			}
		}
		if _, err := e.Handle(h, touched, one, 7, 1e6); err != nil {
			t.Fatal(err)
		}
	}
	if refused < 3 {
		t.Errorf("%d of 8 spawns were refused", refused)
	}
}

// TestGrowthIsBounded: within the bound of all guests one grows until nothing is
// left, and is told so.
func TestGrowthIsBounded(t *testing.T) {
	e, err := NewEngine(EngineConfig{Memory: 5 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	ps := NewProcesses(ProcessesConfig{Engine: e})
	t.Cleanup(func() { ps.Close() })
	i, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, e, growGuest())})
	if err != nil {
		t.Fatal(err)
	}
	if i, _ = ps.Wait(t.Context(), i.PID); i.Exit != "exit 5" {
		t.Errorf("it ended with %s", i.Exit)
	}
}

// TestImageHasNoSecrets: two images of a handler are the same bytes.
func TestImageHasNoSecrets(t *testing.T) {
	var want []byte
	for range 2 {
		e := newEngine(t)
		m := admitGuest(t, e, startGuest(true, drawing))
		img, err := e.Image(m, []byte("in"), 1e6)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Append(nil, img.globals, img.size, img.Gas)
		if want != nil && !bytes.Equal(got, want) {
			t.Errorf("%s, then %s", want, got)
		}
		want = got
	}
}
