package keep_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// world is a store with a clock that the test moves.
type world struct {
	*keep.Store
	t   *testing.T
	now time.Time
}

func newWorld(t *testing.T, max int64) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1_700_000_000, 0)}
	clock := func() time.Time { return w.now }
	var err error
	w.Store, err = keep.New(keep.Config{Under: mem.New(mem.Config{Now: clock}), MaxBytes: max, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func (w *world) put(seed uint64, n int) lumps.Ref {
	w.t.Helper()
	b := lumpstest.Bytes(seed, n)
	r := lumps.Of(b)
	if err := w.Put(w.t.Context(), r, b); err != nil {
		w.t.Fatalf("put %d: %v", seed, err)
	}
	return r
}

// leafLen is the shortest leaf that many contents may have.
const leafLen = 4096

// tree puts a content of several leaves and gives the root and all its lumps.
func (w *world) tree(seed uint64, leaves int) (root lumps.Ref, all []lumps.Ref) {
	w.t.Helper()
	b := unixfs.Builder{Put: func(r lumps.Ref, b []byte) error {
		all = append(all, r)
		return w.Put(w.t.Context(), r, b)
	}}
	for i := range leaves {
		r := w.put(seed<<16+uint64(i), leafLen)
		all = append(all, r)
		if err := b.Leaf(r, leafLen); err != nil {
			w.t.Fatal(err)
		}
	}
	l, err := b.Root()
	if err != nil {
		w.t.Fatal(err)
	}
	return l.Ref, all
}

func (w *world) sweep(target int64) keep.Report {
	w.t.Helper()
	rep, err := w.Sweep(w.t.Context(), target, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return rep
}

func (w *world) here(refs ...lumps.Ref) (n int) {
	w.t.Helper()
	for _, r := range refs {
		if ok, err := w.Has(w.t.Context(), r); err != nil {
			w.t.Fatal(err)
		} else if ok {
			n++
		}
	}
	return n
}

func TestSuite(t *testing.T) {
	lumpstest.Run(t, lumpstest.Harness{
		Open: func(t *testing.T, max int64) lumps.Store {
			s, err := keep.New(keep.Config{Under: mem.New(mem.Config{MaxBytes: max}), MaxBytes: max})
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Damage: func(t *testing.T, s lumps.Store, r lumps.Ref) { s.(*keep.Store).Store.(*mem.Store).Damage(r) },
	})
}

func TestWhatPinsReachStays(t *testing.T) {
	w := newWorld(t, 0)
	root, pinned := w.tree(1, 3)
	_, loose := w.tree(2, 3)
	if err := w.Pin(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	rep := w.sweep(0)
	if w.here(pinned...) != len(pinned) {
		t.Error("something pinned is gone")
	}
	if n := w.here(loose...); n != 0 {
		t.Errorf("%d loose lumps are left", n)
	}
	if rep.Deleted != int64(len(loose)) || rep.Bytes != w.Bytes() || rep.Kept != rep.Bytes || rep.Freed == 0 {
		t.Errorf("report %+v", rep)
	}
	if err := w.Unpin(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour) // marking has read the nodes
	if w.sweep(0); w.here(pinned...) != 0 {
		t.Error("what was unpinned is still here")
	}
}

func TestTheLongestUnusedGoesFirst(t *testing.T) {
	w := newWorld(t, 0)
	var refs []lumps.Ref
	for i := range uint64(10) {
		refs = append(refs, w.put(i, 1000))
		w.now = w.now.Add(time.Hour)
	}
	if _, err := w.Get(t.Context(), refs[0]); err != nil { // used again
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	if rep := w.sweep(6000); rep.Deleted != 4 {
		t.Errorf("%+v", rep)
	}
	if w.here(refs[0]) != 1 || w.here(refs[1:5]...) != 0 || w.here(refs[5:]...) != 5 {
		t.Error("not the longest unused are gone")
	}
}

func TestWhatWasJustUsedStays(t *testing.T) {
	w := newWorld(t, 0)
	r := w.put(1, 10)
	w.now = w.now.Add(10 * time.Minute)
	if rep := w.sweep(0); w.here(r) != 1 || rep.Young != 10 {
		t.Errorf("a lump of ten minutes ago: %+v", rep)
	}
}

// Whoever assembles a content that takes hours holds it.
func TestHeldContentStays(t *testing.T) {
	w := newWorld(t, 0)
	release := w.Hold()
	r := w.put(1, 10)
	w.now = w.now.Add(5 * time.Hour)
	if w.sweep(0); w.here(r) != 1 {
		t.Fatal("the leaf of an unfinished content is gone")
	}
	release()
	if w.sweep(0); w.here(r) != 0 {
		t.Error("nobody holds it, and it stays")
	}
}

// A pin that comes while a sweep has marked already is seen by it.
func TestPinDuringASweep(t *testing.T) {
	w := newWorld(t, 0)
	root, all := w.tree(1, 2500)
	w.now = w.now.Add(time.Hour)
	pinned := false
	rep, err := w.Sweep(t.Context(), 0, func(keep.Progress) {
		if !pinned { // in the first pass: everything is marked that was pinned
			pinned = true
			if err := w.Pin(context.Background(), root); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil || !pinned {
		t.Fatal(err, pinned)
	}
	if n := w.here(all...); n != len(all) {
		t.Errorf("%d of %d lumps are left: %+v", n, len(all), rep)
	}
}

func TestAFullStoreMakesRoom(t *testing.T) {
	w := newWorld(t, 10_000)
	var old []lumps.Ref
	for i := range uint64(10) {
		old = append(old, w.put(i, 1000))
	}
	if err := w.Pin(t.Context(), old[3]); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	r := w.put(100, 1000)
	if w.here(r, old[3]) != 2 || w.Bytes() > 9000 || w.here(old...) < 7 {
		t.Errorf("%d bytes, %d old ones", w.Bytes(), w.here(old...))
	}
	// Everything is young: nothing may go, and the error says so.
	for i := range uint64(20) {
		b := lumpstest.Bytes(200+i, 1000)
		if err := w.Put(t.Context(), lumps.Of(b), b); err != nil {
			if !errors.Is(err, lumps.ErrFull) || !bytes.Contains([]byte(err.Error()), []byte("pinned")) {
				t.Errorf("refused with %v", err)
			}
			return
		}
	}
	t.Error("twenty lumps went into a store of ten")
}

func TestSweepIsInterrupted(t *testing.T) {
	w := newWorld(t, 0)
	_, all := w.tree(1, 3000)
	w.now = w.now.Add(time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := w.Sweep(ctx, 0, func(p keep.Progress) {
		if p.Deleted > 100 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if n := w.here(all...); n == 0 || n == len(all) {
		t.Errorf("%d lumps are left", n)
	}
	if w.sweep(0); w.here(all...) != 0 {
		t.Error("the second sweep did not finish the first")
	}
}

// Concurrent writers, readers and pins while sweeps run: nothing pinned is
// lost.
func TestSweepsBesideWriters(t *testing.T) {
	w := newWorld(t, 0)
	done := make(chan error, 4)
	kept := make(chan []lumps.Ref, 4)
	for g := range 4 {
		go func() {
			var mine []lumps.Ref
			for i := range 60 {
				var all []lumps.Ref
				b := unixfs.Builder{Put: func(r lumps.Ref, b []byte) error {
					all = append(all, r)
					return w.Put(context.Background(), r, b)
				}}
				release := w.Hold()
				for k := range 5 {
					// Leaves are shared among contents.
					leaf := lumpstest.Bytes(uint64((g+i+k)%40), leafLen)
					r := lumps.Of(leaf)
					all = append(all, r)
					if err := errors.Join(w.Put(context.Background(), r, leaf), b.Leaf(r, leafLen)); err != nil {
						done <- err
						return
					}
				}
				l, err := b.Root()
				if err == nil && i%2 == 0 {
					err = w.Pin(context.Background(), l.Ref)
					mine = append(mine, all...)
				}
				release()
				if err != nil {
					done <- err
					return
				}
			}
			kept <- mine
			done <- nil
		}()
	}
	var failed error
	for n := 0; n < 4; {
		select {
		case err := <-done:
			failed = errors.Join(failed, err)
			n++
		default:
			w.sweepNow()
		}
	}
	if failed != nil {
		t.Fatal(failed)
	}
	w.sweepNow()
	for range 4 {
		if mine := <-kept; w.here(mine...) != len(mine) {
			t.Errorf("%d of %d pinned lumps are left", w.here(mine...), len(mine))
		}
	}
}

func (w *world) sweepNow() {
	w.t.Helper()
	if _, err := w.Sweep(context.Background(), 0, nil); err != nil {
		w.t.Fatal(err)
	}
}
