// Package lumpstest is the suite every lumps.Store passes.
package lumpstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Harness opens stores of one kind for Run. Each subtest opens its own.
type Harness struct {
	// Open gives an empty store bounded to maxBytes (0: no bound) that the
	// suite closes.
	Open func(t *testing.T, maxBytes int64) lumps.Store
	// Damage changes one byte that the store keeps for r, behind its back.
	Damage func(t *testing.T, s lumps.Store, r lumps.Ref)
	// Reopen closes s and opens what it kept; nil when the kind keeps nothing.
	Reopen func(t *testing.T, s lumps.Store) lumps.Store
}

// Bytes makes n bytes that differ by seed.
func Bytes(seed uint64, n int) []byte {
	b := make([]byte, n)
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 32)
	}
	return b
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Harness)
	}{
		{"PutGet", putGet},
		{"PutRefusesWrongBytes", putWrong},
		{"PutRefusesTooLarge", putLarge},
		{"PutIsIdempotent", putAgain},
		{"AbsentIsNotFound", absent},
		{"CallerOwnsBytes", owns},
		{"CorruptIsSetAside", corrupt},
		{"PutRepairsCorrupt", repair},
		{"Lend", lend},
		{"PutCached", cached},
		{"Flush", flush},
		{"Delete", remove},
		{"DeleteIdle", idle},
		{"Bytes", sum},
		{"List", list},
		{"ListStopsEarly", listStop},
		{"Pins", pins},
		{"Full", full},
		{"Concurrent", concurrent},
		{"CancelledContext", cancelled},
		{"Closed", closed},
		{"Reopen", reopen},
	} {
		if c.name == "Reopen" && h.Reopen == nil {
			continue // this kind keeps nothing
		}
		t.Run(c.name, func(t *testing.T) { c.test(t, h) })
	}
}

func open(t *testing.T, h Harness, max int64) lumps.Store {
	t.Helper()
	s := h.Open(t, max)
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s lumps.Store, b []byte) lumps.Ref {
	t.Helper()
	r := lumps.Of(b)
	if err := s.Put(t.Context(), r, b); err != nil {
		t.Fatalf("Put of %d bytes: %v", len(b), err)
	}
	return r
}

func wantGet(t *testing.T, s lumps.Store, r lumps.Ref, want []byte) {
	t.Helper()
	b, err := s.Get(t.Context(), r)
	if err != nil || !bytes.Equal(b, want) {
		t.Fatalf("Get %s = %d bytes, %v; want %d bytes", r.Short(), len(b), err, len(want))
	}
	n, err := s.Size(t.Context(), r)
	if err != nil || n != int64(len(want)) {
		t.Fatalf("Size %s = %d, %v; want %d", r.Short(), n, err, len(want))
	}
	wantHas(t, s, r, true)
}

func wantHas(t *testing.T, s lumps.Store, r lumps.Ref, want bool) {
	t.Helper()
	if ok, err := s.Has(t.Context(), r); ok != want || err != nil {
		t.Fatalf("Has %s = %v, %v; want %v", r.Short(), ok, err, want)
	}
}

func wantErr(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", what, err, want)
	}
}

func putGet(t *testing.T, h Harness) {
	s := open(t, h, 0)
	for i, n := range []int{0, 1, 100, 4096, lumps.ChunkSize, lumps.MaxLump} {
		b := Bytes(uint64(i), n)
		wantGet(t, s, put(t, s, b), b)
	}
	node := Bytes(99, 50)
	if err := s.Put(t.Context(), lumps.OfNode(node), node); err != nil {
		t.Fatal(err)
	}
	wantGet(t, s, lumps.OfNode(node), node)
	wantHas(t, s, lumps.Of(node), false) // the codec is part of the name
}

func putWrong(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(1, 100)
	r := lumps.Of(b)
	b[40] ^= 0x10
	wantErr(t, "Put of changed bytes", s.Put(t.Context(), r, b), lumps.ErrMismatch)
	wantErr(t, "Put of no bytes", s.Put(t.Context(), r, nil), lumps.ErrMismatch)
	wantErr(t, "Put of the zero Ref", s.Put(t.Context(), lumps.Ref{}, nil), lumps.ErrBadRef)
	wantHas(t, s, r, false)
}

func putLarge(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := make([]byte, lumps.MaxLump+1)
	wantErr(t, "Put of MaxLump+1", s.Put(t.Context(), lumps.Of(b), b), lumps.ErrTooLarge)
	wantHas(t, s, lumps.Of(b), false)
}

func putAgain(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(2, 5000)
	r := put(t, s, b)
	put(t, s, b)
	wantGet(t, s, r, b)
	if got := entries(t, s); len(got) != 1 {
		t.Fatalf("two equal puts left %d lumps", len(got))
	}
}

func absent(t *testing.T, h Harness) {
	s := open(t, h, 0)
	r := lumps.Of([]byte("nobody put this"))
	_, err := s.Get(t.Context(), r)
	wantErr(t, "Get", err, lumps.ErrNotFound)
	_, err = s.Size(t.Context(), r)
	wantErr(t, "Size", err, lumps.ErrNotFound)
	_, err = s.Get(t.Context(), lumps.Ref{})
	wantErr(t, "Get of the zero Ref", err, lumps.ErrNotFound)
	wantHas(t, s, r, false)
	wantHas(t, s, lumps.Ref{}, false)
}

func owns(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(3, 1000)
	want := slices.Clone(b)
	r := put(t, s, b)
	b[0] ^= 0xff
	got, err := s.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	got[1] ^= 0xff
	wantGet(t, s, r, want)
}

func corrupt(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(4, 3000)
	r, other := put(t, s, b), put(t, s, Bytes(5, 3000))
	h.Damage(t, s, r)
	got, err := s.Get(t.Context(), r)
	wantErr(t, "Get of a damaged lump", err, lumps.ErrCorrupt)
	if got != nil {
		t.Fatal("Get gave bytes together with ErrCorrupt")
	}
	wantHas(t, s, r, false)
	_, err = s.Get(t.Context(), r)
	wantErr(t, "second Get", err, lumps.ErrNotFound)
	wantGet(t, s, other, Bytes(5, 3000))
	put(t, s, b)
	wantGet(t, s, r, b)
}

func repair(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(6, 3000)
	r := put(t, s, b)
	h.Damage(t, s, r)
	put(t, s, b)
	wantGet(t, s, r, b)
}

func remove(t *testing.T, h Harness) {
	s := open(t, h, 0)
	r := put(t, s, Bytes(7, 10))
	for range 2 {
		if err := s.Delete(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	wantHas(t, s, r, false)
	if err := s.Delete(t.Context(), lumps.Ref{}); err != nil {
		t.Fatal(err)
	}
}

func entries(t *testing.T, s lumps.Store) map[lumps.Ref]int64 {
	t.Helper()
	got := map[lumps.Ref]int64{}
	for e, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := got[e.Ref]; twice {
			t.Fatalf("List gave %s twice", e.Ref)
		}
		got[e.Ref] = e.Size
	}
	return got
}

func list(t *testing.T, h Harness) {
	s := open(t, h, 0)
	if got := entries(t, s); len(got) != 0 {
		t.Fatalf("an empty store lists %d", len(got))
	}
	want := map[lumps.Ref]int64{}
	for i := range 100 {
		want[put(t, s, Bytes(uint64(i), i))] = int64(i)
	}
	got := entries(t, s)
	if len(got) != len(want) {
		t.Fatalf("List gave %d lumps, want %d", len(got), len(want))
	}
	for r, n := range want {
		if got[r] != n {
			t.Fatalf("List says %s has %d bytes, want %d", r.Short(), got[r], n)
		}
	}
}

func listStop(t *testing.T, h Harness) {
	s := open(t, h, 0)
	for i := range 10 {
		put(t, s, Bytes(uint64(i), 10))
	}
	n := 0
	for _, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		// A lister must not hold a lock while it yields.
		put(t, s, Bytes(uint64(100+n), 10))
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Fatalf("yielded %d before the stop", n)
	}
}

func pinned(t *testing.T, s lumps.Store) []lumps.Ref {
	t.Helper()
	var got []lumps.Ref
	for r, err := range s.Pins(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	slices.SortFunc(got, lumps.Ref.Compare)
	return got
}

// A lump goes only when it was not used since the time given.
func idle(t *testing.T, h Harness) {
	s := open(t, h, 0)
	before := time.Now().Add(-time.Minute)
	r := put(t, s, Bytes(1, 100))
	if n, err := s.DeleteIdle(t.Context(), r, before); n != 0 || err != nil {
		t.Fatalf("DeleteIdle of a lump just put: %d, %v", n, err)
	}
	wantHas(t, s, r, true)
	for e, err := range s.List(t.Context()) {
		if err != nil || e.Used.Before(before) || e.Used.After(time.Now().Add(time.Minute)) {
			t.Fatalf("listed as used %v, %v", e.Used, err)
		}
	}
	if n, err := s.DeleteIdle(t.Context(), r, time.Now().Add(time.Hour)); n != 100 || err != nil {
		t.Fatalf("DeleteIdle: %d, %v", n, err)
	}
	wantHas(t, s, r, false)
	if n, err := s.DeleteIdle(t.Context(), r, time.Now().Add(time.Hour)); n != 0 || err != nil {
		t.Fatalf("DeleteIdle of what is absent: %d, %v", n, err)
	}
}

func sum(t *testing.T, h Harness) {
	s := open(t, h, 0)
	a := put(t, s, Bytes(1, 100))
	put(t, s, Bytes(2, 30))
	put(t, s, Bytes(2, 30))
	if n := s.Bytes(); n != 130 {
		t.Fatalf("%d bytes", n)
	}
	if err := s.Delete(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if n := s.Bytes(); n != 30 {
		t.Fatalf("%d bytes after Delete", n)
	}
	if h.Reopen != nil {
		if s = h.Reopen(t, s); s.Bytes() != 30 {
			t.Fatalf("%d bytes after Reopen", s.Bytes())
		}
		s.Close()
	}
}

func pins(t *testing.T, h Harness) {
	s := open(t, h, 0)
	a, b := put(t, s, []byte("a")), lumps.Of([]byte("not here, still pinned"))
	for _, r := range []lumps.Ref{a, b, a} {
		if err := s.Pin(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []lumps.Ref{a, b}
	slices.SortFunc(want, lumps.Ref.Compare)
	if got := pinned(t, s); !slices.Equal(got, want) {
		t.Fatalf("Pins = %v, want %v", got, want)
	}
	for range 2 {
		if err := s.Unpin(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if ok, err := s.Pinned(t.Context(), a); ok || err != nil {
		t.Fatalf("Pinned after Unpin = %v, %v", ok, err)
	}
	if ok, err := s.Pinned(t.Context(), b); !ok || err != nil {
		t.Fatalf("Pinned = %v, %v", ok, err)
	}
	wantErr(t, "Pin of the zero Ref", s.Pin(t.Context(), lumps.Ref{}), lumps.ErrBadRef)
	wantHas(t, s, a, true)
}

func full(t *testing.T, h Harness) {
	s := open(t, h, 1000)
	a := put(t, s, Bytes(1, 600))
	b := Bytes(2, 600)
	wantErr(t, "Put past the bound", s.Put(t.Context(), lumps.Of(b), b), lumps.ErrFull)
	wantHas(t, s, lumps.Of(b), false)
	put(t, s, Bytes(1, 600)) // there already: costs nothing
	put(t, s, Bytes(3, 400))
	if err := s.Delete(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	put(t, s, b)
}

// concurrent has readers, writers, deleters and listers on the same few lumps.
func concurrent(t *testing.T, h Harness) {
	s := open(t, h, 0)
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for g := range 8 {
		wg.Go(func() {
			for i := range 30 {
				b := Bytes(uint64(i%5), 2000)
				r := lumps.Of(b)
				if err := s.Put(t.Context(), r, b); err != nil {
					errs <- err
					return
				}
				got, err := s.Get(t.Context(), r)
				if err != nil && !errors.Is(err, lumps.ErrNotFound) || err == nil && !bytes.Equal(got, b) {
					errs <- fmt.Errorf("get: %d bytes, %w", len(got), err)
					return
				}
				if g == 0 {
					err = s.Delete(t.Context(), r)
				}
				if err != nil && !errors.Is(err, lumps.ErrNotFound) {
					errs <- err
					return
				}
				for _, err := range s.List(t.Context()) {
					if err != nil {
						errs <- err
						return
					}
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

func cancelled(t *testing.T, h Harness) {
	s := open(t, h, 0)
	r := put(t, s, []byte("x"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, r)
	wantErr(t, "Get", err, context.Canceled)
	wantErr(t, "Put", s.Put(ctx, r, []byte("x")), context.Canceled)
	for _, err := range s.List(ctx) {
		wantErr(t, "List", err, context.Canceled)
	}
}

func closed(t *testing.T, h Harness) {
	s := open(t, h, 0)
	r := lumps.Of([]byte("x"))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Get(t.Context(), r)
	wantErr(t, "Get", err, lumps.ErrClosed)
	wantErr(t, "Put", s.Put(t.Context(), r, []byte("x")), lumps.ErrClosed)
	wantErr(t, "Delete", s.Delete(t.Context(), r), lumps.ErrClosed)
	wantErr(t, "Pin", s.Pin(t.Context(), r), lumps.ErrClosed)
	seen := false
	for _, err := range s.List(t.Context()) {
		wantErr(t, "List", err, lumps.ErrClosed)
		seen = true
	}
	if !seen {
		t.Fatal("List of a closed store is silent")
	}
}

func reopen(t *testing.T, h Harness) {
	s := open(t, h, 0)
	b := Bytes(8, 10000)
	r := put(t, s, b)
	for _, p := range []lumps.Ref{r, lumps.Of([]byte("gone"))} {
		if err := s.Pin(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Unpin(t.Context(), lumps.Of([]byte("gone"))); err != nil {
		t.Fatal(err)
	}
	s = h.Reopen(t, s)
	defer s.Close()
	wantGet(t, s, r, b)
	if got := pinned(t, s); !slices.Equal(got, []lumps.Ref{r}) {
		t.Fatalf("pins after reopening: %v", got)
	}
}
