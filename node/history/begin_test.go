package history

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region/order"
)

// TestStatesAreRare: a state that is large beside the bound is not kept again in
// every tick.
func TestStatesAreRare(t *testing.T) {
	w := newWorld(t, Config{Dir: t.TempDir(), MaxBytes: 256})
	states := 0
	for range 60 {
		from := w.store.from
		w.ticks(1)
		if w.store.from != from {
			states++
		}
	}
	if states > 30 {
		t.Fatalf("%d states of 60 ticks", states)
	}
}

// TestTicksWhileAStateIsWritten: the state is one tick's, and no record of those
// after it is lost, whenever it comes to be whole, and none counts twice.
func TestTicksWhileAStateIsWritten(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, Config{Dir: dir, MaxBytes: 16 << 10})
	w.fast = true
	for range 60 {
		w.ticks(20)
		list, err := List(dir) // the oldest files may go while they are read
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			continue // the first state is on its way
		}
		next := list[0].From + 1
		err = Walk(dir, list[0].From, func(tick base.Tick, _ []byte) error {
			if tick != next {
				t.Fatalf("tick %d, not %d", tick, next)
			}
			next++
			return nil
		})
		if err != nil && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, ErrGap) {
			t.Fatal(err)
		}
	}
	w.fast = false
	w.settle()
	w.ticks(5)
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].To != 1205 {
		t.Fatal(list, err)
	}
	for _, from := range list[0].States {
		r := replayTo(t, dir, replay.Job{Config: regionConfig()}, from, 1205)
		if r.Tick() != 1205 || r.Hash() != w.hash[1205] {
			t.Fatalf("from %d: tick %d, hash %s, not %s", from, r.Tick(), r.Hash().Short(), w.hash[1205].Short())
		}
	}
}

// TestCrashWhileAStateIsWritten: the file before has what came meanwhile, and
// goes on.
func TestCrashWhileAStateIsWritten(t *testing.T) {
	dir := t.TempDir()
	w := busy(t, Config{Dir: dir}, 100)
	// A state that is never whole.
	w.fast = true
	w.store.busy, w.store.next = true, &upcoming{start: &replay.Start{Tick: 100}}
	w.ticks(10)
	half := filepath.Join(dir, "0000000000000064.past.new")
	if err := os.WriteFile(half, []byte(header), 0o600); err != nil {
		t.Fatal(err)
	}
	w.store.part() // as a crash leaves it
	var err error
	if w.store, err = Open(Config{Dir: dir}, 110); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	w.ticks(10)
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].To != 120 || !slices.Equal(list[0].States, []base.Tick{1}) {
		t.Fatal(list, err)
	}
}

// TestFilesThatOverlap: a file has records of ticks after the state that the next
// one begins with, from while that was being written. They do not count again,
// and what the region lost of them and made anew counts as it is in the next one.
func TestFilesThatOverlap(t *testing.T) {
	dir := t.TempDir()
	busy(t, Config{Dir: dir, MaxBytes: 256 << 10}, 600)
	walk := func() (list [][]byte) {
		err := Walk(dir, 1, func(_ base.Tick, b []byte) error {
			list = append(list, b)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	before := walk()
	names, err := files(dir)
	if err != nil || len(names) < 2 || len(before) != 599 {
		t.Fatal(names, len(before), err)
	}
	f, err := os.OpenFile(names[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	other := order.Record{Tick: tickOfName(names[1]) + 1}.AppendTo(nil) // as it was before
	_, err = f.Write(append(appendFrame(nil, kindEntry, other), timeFrame(1000, 0)...))
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if now := walk(); !slices.EqualFunc(now, before, bytes.Equal) {
		t.Fatalf("%d records, not %d", len(now), len(before))
	}
	list, err := List(dir)
	if err != nil || len(list) != 1 || list[0].To != 600 || len(list[0].States) != len(names) {
		t.Fatal(list, err)
	}
	if tick, err := TickAt(dir, time.UnixMilli(0)); !errors.Is(err, ErrNone) {
		t.Fatal(tick, err)
	}
}
