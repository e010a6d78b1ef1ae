package disk

import (
	"errors"
	"flag"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

var cuts = flag.Int("cuts", 1, "how many different scripts TestPowerCutAtEveryFlush runs")

// script does random things to a store, one after the other, and notes what
// was acknowledged.
type script struct {
	t   *testing.T
	s   *Store
	rng *rand.Rand

	put    []lumps.Ref        // whatever was put, flushed or not
	must   map[lumps.Ref]bool // Put or Flush was acknowledged, and nobody deletes it
	pinned map[lumps.Ref]bool // true: must be; false: must not be; absent: either
	acked  int
}

func (x *script) step() error {
	ctx := x.t.Context()
	any := func() lumps.Ref { return x.put[x.rng.IntN(len(x.put))] }
	op := x.rng.IntN(8)
	if len(x.put) < 3 {
		op %= 2
	}
	switch op {
	case 0, 1, 2:
		b := lumpstest.Bytes(x.rng.Uint64()%12, 500)
		r := lumps.Of(b)
		if !slices.Contains(x.put, r) {
			x.put = append(x.put, r)
		}
		if op == 0 {
			return x.s.PutCached(ctx, r, b)
		}
		if err := x.s.Put(ctx, r, b); err != nil {
			return err
		}
		x.must[r] = true
	case 3, 4:
		refs := []lumps.Ref{any(), any(), any()}
		err := x.s.Flush(ctx, refs)
		if errors.Is(err, lumps.ErrNotFound) {
			return nil // one of them was deleted
		}
		if err != nil {
			return err
		}
		for _, r := range refs {
			x.must[r] = true
		}
	case 5:
		r := any()
		delete(x.must, r)
		return x.s.Delete(ctx, r)
	case 6:
		r := any()
		delete(x.pinned, r)
		if err := x.s.Pin(ctx, r); err != nil {
			return err
		}
		x.pinned[r] = true
	case 7:
		r := any()
		delete(x.pinned, r)
		if err := x.s.Unpin(ctx, r); err != nil {
			return err
		}
		x.pinned[r] = false
	}
	x.acked++
	return nil
}

// TestPowerCutAtEveryFlush runs scripts and lets the power fail at each of
// their flushes in turn: nothing of that flush or after it has reached the
// disk for sure, and some of it may have. A flush is what separates an
// acknowledgement from luck, so this goes through all the orders of writing
// that matter; what a real disk makes of a flush it cannot show.
func TestPowerCutAtEveryFlush(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("directories cannot be flushed")
	}
	const steps = 50
	tried, lost := 0, 0
	for seed := range uint64(*cuts) {
		for at := 0; ; at++ {
			dir := filepath.Join(t.TempDir(), "store")
			p := newPower(t)
			s, err := Open(dir, Config{Sync: p.sync})
			if err != nil {
				t.Fatal(err)
			}
			p.rng, p.left = rand.New(rand.NewPCG(seed, uint64(at))), at
			x := &script{t: t, s: s, rng: rand.New(rand.NewPCG(seed, 0)), must: map[lumps.Ref]bool{}, pinned: map[lumps.Ref]bool{}}
			for range steps {
				if err = x.step(); err != nil {
					break
				}
			}
			s.Close()
			if err == nil {
				break // the power has held to the end
			}
			if !errors.Is(err, errPower) {
				t.Fatal(err)
			}
			tried++
			p.cut(t, dir)
			lost += x.check(dir)
			if t.Failed() {
				t.Fatalf("seed %d, power cut at flush %d, after %d acknowledgements", seed, at, x.acked)
			}
		}
	}
	if tried < 20*(*cuts) || lost == 0 {
		t.Errorf("%d cuts, %d unacknowledged lumps lost: too few to show anything", tried, lost)
	}
	t.Logf("%d cuts, %d unacknowledged lumps lost or damaged", tried, lost)
}

// check opens the store again and holds it to what was acknowledged.
func (x *script) check(dir string) (lost int) {
	t := x.t
	t.Helper()
	s, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, r := range x.put {
		b, err := s.Get(t.Context(), r)
		switch {
		case err == nil && !r.Matches(b):
			t.Errorf("%s is torn", r)
		case err != nil && x.must[r]:
			t.Errorf("acknowledged, then: %v", err)
		case err != nil && !errors.Is(err, lumps.ErrNotFound) && !errors.Is(err, lumps.ErrCorrupt):
			t.Errorf("neither there nor absent: %v", err)
		case err != nil:
			lost++
		}
	}
	for r, want := range x.pinned {
		if ok, err := s.Pinned(t.Context(), r); ok != want || err != nil {
			t.Errorf("%s: pinned %v, %v; acknowledged was %v", r, ok, err, want)
		}
	}
	return lost
}
