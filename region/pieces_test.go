package region

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// laden makes a thing with n bytes of noise in its slots.
func laden(name string, n int, r *base.Rand) ControlEntry {
	c := ballSpec(name, float32(r.IntN(180))-90, float32(r.IntN(180))-90)
	c.Thing.Fixed, c.Thing.Mass = true, 0
	for i := 0; n > 0; i++ {
		b := make([]byte, min(n, MaxSlotValue))
		for k := range b {
			b[k] = byte(r.Uint64())
		}
		c.Thing.Slots = append(c.Thing.Slots, SlotWrite{Name: fmt.Sprintf("s%d", i), Value: BytesSlot(b)})
		n -= len(b)
	}
	return c
}

func ladenSim(t testing.TB, things, size int) *Sim {
	s := mustNew(t, testConfig("hearth", 0))
	r := base.NewRand(5, 5)
	for i := 0; i < things; {
		var list []Entry
		for range min(100, things-i) {
			list = append(list, control(laden(fmt.Sprint("thing ", i), size, r)))
			i++
		}
		step(t, s, list...)
	}
	if got := len(s.things); got != things {
		t.Fatalf("%d things of %d", got, things)
	}
	return s
}

func gathered(pieces []Piece) (b []byte) {
	for i := range pieces {
		b = pieces[i].AppendTo(b)
	}
	return b
}

// TestPiecesAreTheSnapshot: a still keeps what it is while the sim goes on, its
// pieces are the snapshot, and where they are cut does not depend on what was
// cut before.
func TestPiecesAreTheSnapshot(t *testing.T) {
	s := ladenSim(t, 40, 12<<10)
	var c Cutter
	type kept struct {
		still *Still
		want  []byte
		names []string
	}
	var last kept
	for i, b := range crowd(60) {
		b.Tick = s.tick + 1
		if _, err := s.Step(b); err != nil {
			t.Fatal(err)
		}
		if i%6 != 0 {
			continue
		}
		if last.still != nil {
			pieces := c.Cut(last.still)
			var runs []byte
			_ = last.still.EachRun(func(b []byte) error { runs = append(runs, b...); return nil })
			if !bytes.Equal(gathered(pieces), last.want) || !bytes.Equal(last.still.Snapshot(nil), last.want) || !bytes.Equal(runs, last.want) {
				t.Fatalf("the still of tick %d has changed", last.still.Tick())
			}
			var anew Cutter
			other := anew.Cut(last.still)
			if len(other) != len(pieces) {
				t.Fatalf("%d pieces, cut for the first time %d", len(pieces), len(other))
			}
			for k := range pieces {
				p := &pieces[k]
				b := p.AppendTo(nil)
				if p.Sum != other[k].Sum || p.Sum != sha256.Sum256(b) || p.Size != len(b) || p.Size > MaxPiece || p.Size == 0 {
					t.Fatalf("piece %d of %d: %d bytes", k, len(pieces), p.Size)
				}
			}
			if !slices.IsSorted(last.still.Lumps()) || !slices.Equal(last.still.Lumps(), last.names) {
				t.Fatal("other names")
			}
		}
		last.still, last.want = s.Still(), s.Snapshot(nil)
		r, err := Restore(s.cfg, last.want)
		if err != nil {
			t.Fatal(err)
		}
		last.names = r.Still().Lumps()
	}
}

// TestAChangeChangesOnePiece: what is not changed is not stored again.
func TestAChangeChangesOnePiece(t *testing.T) {
	s := ladenSim(t, 120, 20<<10)
	var c Cutter
	count := func() map[[32]byte]int {
		m := map[[32]byte]int{}
		for _, p := range c.Cut(s.Still()) {
			if p.things != nil {
				m[p.Sum] = p.Size
			}
		}
		return m
	}
	before := count()
	if len(before) < 16 {
		t.Fatalf("%d pieces", len(before))
	}
	owner := newPerson("hearth owner")
	step(t, s, owner.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: "o", Pos: spatial.At(0, 0, 0)}))
	count()
	id := s.things[77].ID
	if s.things[77].avatar() {
		id = s.things[78].ID
	}
	before = count()
	step(t, s, owner.entry(Input{Kind: InSet, Thing: id, Slot: SlotWrite{Name: "s0", Value: TextSlot("new")}}))
	fresh := 0
	for sum := range count() {
		if before[sum] == 0 {
			fresh++
		}
	}
	if fresh != 1 {
		t.Fatalf("%d pieces of things are new after one write", fresh)
	}
}

// TestPartsAreThoseOfTheState: what is kept of the last call changes nothing.
func TestPartsAreThoseOfTheState(t *testing.T) {
	s := mustNew(t, testConfig("hearth", 0))
	for _, b := range crowd(40) {
		if _, err := s.Step(b); err != nil {
			t.Fatal(err)
		}
		var want []Part
		s.EachPart(func(name string, b []byte) { want = append(want, Part{name, sha256.Sum256(b)}) })
		if !slices.Equal(s.Parts(), want) {
			t.Fatalf("tick %d: other parts", s.tick)
		}
	}
}

// BenchmarkStill is what a checkpoint costs the sim's goroutine.
func BenchmarkStill(b *testing.B) {
	for _, n := range []int{1000, MaxThings} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := ladenSim(b, n, 4<<10)
			b.ResetTimer()
			for b.Loop() {
				s.Still()
			}
		})
	}
}

// BenchmarkCut is what it costs elsewhere: first, and when little has changed.
func BenchmarkCut(b *testing.B) {
	s := ladenSim(b, 2000, 20<<10)
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			var c Cutter
			c.Cut(s.Still())
		}
	})
	b.Run("none", func(b *testing.B) {
		var c Cutter
		for b.Loop() {
			c.Cut(s.Still())
		}
	})
}
