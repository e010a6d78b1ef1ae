package scripting

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func one(name string) (Value, bool) {
	if name == "n" {
		return Int(41), true
	}
	return Value{}, false
}

var touched = Event{Name: "touch", From: base.DeriveID("test"), FromName: "Ada"}

func TestHandle(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, countGuest())
	got, err := e.Handle(m, touched, one, 7, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Set) != 2 || got.Set[0] != (SlotWrite{"n", Int(42)}) || got.Set[1].Name != "r" ||
		!reflect.DeepEqual(got.Say, []string{"touch"}) || got.Gas == 0 {
		t.Fatalf("got %+v", got)
	}
	if other, _ := e.Handle(m, touched, one, 8, 1e6); other.Set[1] == got.Set[1] {
		t.Error("the seed makes no difference")
	}
}

// TestHandlePure: the same arguments give the same effects and gas, every
// time, in two engines, from many goroutines.
func TestHandlePure(t *testing.T) {
	var want Effects
	for range 2 {
		e := newEngine(t)
		m := admitGuest(t, e, countGuest())
		if want.Gas == 0 {
			var err error
			if want, err = e.Handle(m, touched, one, 7, 1e6); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 250 {
					got, err := e.Handle(m, touched, one, 7, 1e6)
					if err != nil || !reflect.DeepEqual(got, want) {
						t.Errorf("got %+v, %v; want %+v", got, err, want)
						return
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestHandleGas: a budget of exactly what a run needs suffices, one less is a
// fault, and a fault reports the whole budget or the point where it stopped.
func TestHandleGas(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, countGuest())
	full, err := e.Handle(m, touched, one, 7, 1e6)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := e.Handle(m, touched, one, 7, full.Gas); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("with exactly enough gas: %+v, %v", got, err)
	}
	for gas := range full.Gas {
		got, err := e.Handle(m, touched, one, 7, gas)
		if !errors.Is(err, ErrOutOfGas) || got.Gas != gas || got.Set != nil || got.Say != nil {
			t.Fatalf("with %d gas: %+v, %v", gas, got, err)
		}
	}
}

// TestHandleFaults: what a bad handler does is a fault whose text is the same
// in every engine.
func TestHandleFaults(t *testing.T) {
	cases := map[string]struct {
		wasm []byte
		want error
		text string
	}{
		"endless loop":      {spinGuest(), ErrOutOfGas, "out of gas"},
		"endless recursion": {recurseGuest(true), ErrTooDeep, "calls nested too deep"},
		"long recursion":    {recurseGuest(false), ErrOutOfGas, "out of gas"},
		"unreachable":       {codeGuest([]byte{0x00}), ErrTrap, "trap: unreachable"},
		"division by zero":  {codeGuest(c32(1), c32(0), []byte{0x6d}, drop), ErrTrap, "trap: integer divide by zero"},
		"load out of range": {codeGuest(c32(-1), []byte{0x28, 0, 0}, drop), ErrTrap, "trap: out of bounds memory access"},
		"pointer to a host": {badPointerGuest(), ErrTrap, "trap: pointer out of range"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				e := newEngine(t)
				m := admitGuest(t, e, c.wasm)
				var gas uint64
				for i := range 3 {
					got, err := e.Handle(m, touched, one, 7, 2e6)
					if !errors.Is(err, c.want) || err.Error() != c.text {
						t.Fatalf("got %v, want %q", err, c.text)
					}
					if i > 0 && got.Gas != gas {
						t.Fatalf("gas %d, then %d", gas, got.Gas)
					}
					gas = got.Gas
				}
			}
		})
	}
}

// TestHandleBounds: more than a handler may do is answered, not done.
func TestHandleBounds(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, greedyGuest())
	got, err := e.Handle(m, touched, one, 7, 2e6)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Set) != maxSets || len(got.Say) != maxSays || len(got.Log) != maxLogs {
		t.Errorf("%d writes, %d lines, %d log lines", len(got.Set), len(got.Say), len(got.Log))
	}
}

func TestHandleRefusesProcess(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, echoGuest())
	if _, err := e.Handle(m, touched, one, 7, 1e6); !errors.Is(err, ErrNotUsable) {
		t.Errorf("got %v", err)
	}
}

// TestEviction: more modules than are kept compiled all stay usable.
func TestEviction(t *testing.T) {
	e := newEngine(t)
	var ms []*Module
	for i := range maxLoaded + 10 {
		ms = append(ms, admitGuest(t, e, codeGuest(c32(int32(i)), drop)))
	}
	loaded := 0
	for _, m := range ms {
		if m.compiled != nil {
			loaded++
		}
	}
	if loaded > maxLoaded+1 {
		t.Errorf("%d modules loaded", loaded)
	}
	for i, m := range ms {
		if _, err := e.Handle(m, touched, nil, 0, 1e6); err != nil {
			t.Fatal(i, err)
		}
	}
	same := admitGuest(t, e, codeGuest(c32(0), drop))
	if same != ms[0] {
		t.Error("the same bytes gave another module")
	}
	e.mu.Lock()
	known := len(e.modules)
	for range 10 {
		if !e.forget() {
			t.Error("nothing to forget")
		}
	}
	if len(e.modules) != known-10 {
		t.Errorf("%d of %d modules left", len(e.modules), known)
	}
	e.mu.Unlock()
	for i, m := range ms {
		if _, err := e.Handle(m, touched, nil, 0, 1e6); err != nil {
			t.Fatal(i, err)
		}
	}
}

// TestAdmitRefuses: what must not be admitted, with the reason.
func TestAdmitRefuses(t *testing.T) {
	e := newEngine(t)
	cases := map[string][]byte{
		"no entry":           emptyGuest(),
		"not wasm":           []byte("#!/bin/sh\n"),
		"invalid types":      codeGuest(c64(1)),
		"a meter of its own": importGuest("mt:meter", "spent"),
		"an unknown import":  importGuest("env", "abort"),
		"mixed kinds":        mixedGuest(),
	}
	for name, wasm := range cases {
		if _, err := e.Admit(wasm); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestCacheDir: a module compiled by one engine runs in the next from disk.
func TestCacheDir(t *testing.T) {
	dir := t.TempDir()
	var want []byte
	for range 2 {
		e, err := NewEngine(EngineConfig{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Handle(admitGuest(t, e, countGuest()), touched, one, 7, 1e6)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(fmt.Sprintf("%+v", got))
		if want != nil && !bytes.Equal(text, want) {
			t.Errorf("got %s, want %s", text, want)
		}
		want = text
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
