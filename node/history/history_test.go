package history

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// busy is a region in which things happen.
func busy(t *testing.T, cfg Config, ticks int) *world {
	w := newWorld(t, cfg)
	_, a := keyOf(1)
	w.control(ball("apple", 1, a))
	w.control(ball("brick", 3, base.Key{}))
	for who := byte(1); who <= 2; who++ {
		w.input(who, region.Input{Kind: region.InJoin, Region: regionConfig().ID, Name: "p", Pos: spatial.At(float64(who), 0, 2)})
	}
	for i := range ticks {
		if i%7 == 0 {
			w.input(byte(1+i%2), region.Input{Kind: region.InSteer, Vel: spatial.Vec{X: 2, Z: float32(i%5) - 2}})
		}
		w.ticks(1)
	}
	return w
}

// TestReplay: from any state kept, the ticks lead to what they led to.
func TestReplay(t *testing.T) {
	dir := t.TempDir()
	w := busy(t, Config{Dir: dir, MaxBytes: 256 << 10}, 600)
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].From != 1 || list[0].To != 600 || len(list[0].States) < 2 {
		t.Fatal(list, err)
	}
	for _, from := range list[0].States {
		for _, to := range []base.Tick{from, from + 1, 600} {
			if to > 600 {
				continue
			}
			if r := replayTo(t, dir, replay.Job{Config: regionConfig()}, from, to); r.Tick() != to || r.Hash() != w.hash[to] {
				t.Fatalf("from %d to %d: tick %d, hash %s, not %s", from, to, r.Tick(), r.Hash().Short(), w.hash[to].Short())
			}
		}
	}
	if _, err := State(dir, 0); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
}

// TestReopen: what was written before a crash goes on, without what the region
// has lost, and without what was half written.
func TestReopen(t *testing.T) {
	dir := t.TempDir()
	w := busy(t, Config{Dir: dir}, 100)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := files(dir)
	f, err := os.OpenFile(names[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte{9, 0, 0, 0, 1, 2})
	f.Close()
	if w.store, err = Open(Config{Dir: dir}, 100); err != nil {
		t.Fatal(err)
	}
	w.ticks(50)
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].To != 150 || len(list[0].States) != 1 {
		t.Fatal(list, err)
	}
	// The region has lost its last ticks: they are made anew, otherwise.
	w.store.Close()
	if w.store, err = Open(Config{Dir: dir}, 90); err != nil {
		t.Fatal(err)
	}
	if w.store.last != 90 {
		t.Fatalf("goes on after tick %d", w.store.last)
	}
	w.ticks(10) // ticks 151 to 160: they do not follow
	list, err = List(dir)
	if err != nil || len(list) != 2 || list[0].To != 90 || list[1].From != 151 || list[1].To != 160 {
		t.Fatal(list, err)
	}
	if err := Walk(dir, 80, func(base.Tick, []byte) error { return nil }); !errors.Is(err, ErrGap) {
		t.Fatal(err)
	}
}

// TestBounds: the oldest goes first, and what is left has no gap.
func TestBounds(t *testing.T) {
	dir := t.TempDir()
	const most = 400 << 10
	busy(t, Config{Dir: dir, MaxBytes: most}, 3000)
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].To != 3000 || list[0].From < 100 {
		t.Fatal(list, err)
	}
	if b := list[0].Bytes; b > most+most/8+64<<10 || b < most/2 {
		t.Fatalf("%d bytes are kept", b)
	}
	dir = t.TempDir()
	busy(t, Config{Dir: dir, MaxBytes: 1 << 20, MaxTicks: 500}, 3000)
	if list, err = List(dir); err != nil || list[0].From < 1000 || list[0].From > 2500 {
		t.Fatal(list, err)
	}
}

// TestDamage: a record that was changed ends the past there; a state that was
// changed is found out.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	busy(t, Config{Dir: dir}, 200)
	names, _ := files(dir)
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-100] ^= 1
	if err := os.WriteFile(names[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := List(dir)
	if err != nil || list[0].To >= 200 || list[0].To < 190 {
		t.Fatal(list, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "0000000000000fff.past"), []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := List(dir); err == nil {
		t.Fatal("a file that is no history passes")
	}
}

// TestWhen: a time names a tick.
func TestWhen(t *testing.T) {
	dir := t.TempDir()
	now := time.Unix(1e9, 0)
	w := newWorld(t, Config{Dir: dir, Now: func() time.Time { return now }})
	for range 1000 {
		w.ticks(1)
		now = now.Add(50 * time.Millisecond)
	}
	tick, err := TickAt(dir, time.Unix(1e9+32, 0))
	if err != nil || tick != 600 {
		t.Fatal(tick, err)
	}
	if _, err := TickAt(dir, time.Unix(1e9-1, 0)); !errors.Is(err, ErrNone) {
		t.Fatal(err)
	}
}

func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	f.Add([]byte(header))
	f.Add(append([]byte(header), timeFrame(3, 4)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		name := filepath.Join(dir, "0000000000000001.past")
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = List(dir)
		s, err := Open(Config{Dir: dir}, 100)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Close()
	})
}
