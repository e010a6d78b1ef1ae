package agree

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// driven is one replica with a driver as node has one: a state that the log
// leads to, the states that are certified, and what it does after a split.
type driven struct {
	self    int
	core    *Core
	state   [32]byte
	past    map[base.Tick][32]byte
	retreat Retreat
	base    base.Tick // newest certified tick that it has a state of
	signed  base.Tick
	still   bool
	split   base.Tick // the last one found
	lives   int
}

// region1 is a log and its replicas.
type region1 struct {
	t     *testing.T
	rnd   *base.Rand
	log   []byte // one entry a tick
	all   []*driven
	mail  []letter
	lossy bool
	// flip changes what a replica comes to in a tick; lives counts how often it
	// began.
	flip func(self, lives int, tick base.Tick) byte
}

func (r *region1) open(d *driven) {
	cfg := config(d.self)
	cfg.From = max(d.signed, d.base)
	c, err := New(cfg, d.base, voters(len(r.all)))
	if err != nil {
		r.t.Fatal(err)
	}
	d.core, d.state = c, d.past[d.base]
	d.lives++
}

// make1 makes the next tick of the log, if there is one.
func (r *region1) make1(d *driven) bool {
	tick := d.core.Tick() + 1
	if d.still || d.core.Halted() || int(tick) > len(r.log) {
		return false
	}
	d.state = sha256.Sum256(append(d.state[:], r.log[tick-1], r.flip(d.self, d.lives, tick)))
	d.past[tick] = d.state
	v, err := d.core.Applied(tick, d.state, sumOf(tick))
	if err != nil {
		r.t.Fatal(err)
	}
	if v != nil {
		d.signed = tick
		for to := range r.all {
			if to != d.self && (!r.lossy || r.rnd.IntN(8) > 0) {
				r.mail = append(r.mail, letter{to, *v})
			}
		}
	}
	r.look(d)
	return true
}

func sumOf(tick base.Tick) (s [32]byte) {
	binary.LittleEndian.PutUint64(s[:], uint64(tick))
	return s
}

func (r *region1) look(d *driven) {
	for _, e := range d.core.Events() {
		switch e.Kind {
		case Certified:
			if d.past[e.Tick] == e.Certificate.State {
				d.base = max(d.base, e.Tick)
			}
		case Equivocated:
			r.t.Fatalf("replica %d is said to have signed twice", e.Server[0]-1)
		case Minority:
			// Another server's state, as a checkpoint: here any that is certified.
			for _, o := range r.all {
				if o.base > d.base {
					d.base, d.past[o.base] = o.base, o.past[o.base]
				}
			}
			r.open(d)
			return
		case Split:
			d.split = e.Tick
			if d.still = !d.retreat.Back(e.Back); !d.still {
				r.open(d)
			}
			return
		}
	}
}

func (r *region1) deliver() {
	i := 0
	if r.lossy {
		i = r.rnd.IntN(len(r.mail))
	}
	m := r.mail[i]
	r.mail = append(r.mail[:i], r.mail[i+1:]...)
	_ = r.all[m.to].core.Vote(m.v)
	r.look(r.all[m.to])
}

// run lets the region go on for so many ticks of the log; nobody cuts one while
// too many stand still for a quorum of the log.
func (r *region1) run(ticks int) {
	for n := 0; n < 40*ticks; n++ {
		high := base.Tick(0)
		still := 0
		for _, d := range r.all {
			if high = max(high, d.core.Tick()); d.still {
				still++
			}
		}
		if int(high) == len(r.log) && len(r.log) < ticks && 2*(len(r.all)-still) > len(r.all) {
			r.log = append(r.log, byte(r.rnd.IntN(256)))
		}
		d := r.all[r.rnd.IntN(len(r.all))]
		if d.still && r.rnd.IntN(50) == 0 { // those who have not noticed are told
			for _, v := range d.core.Votes(d.split) {
				for to := range r.all {
					r.mail = append(r.mail, letter{to, v})
				}
			}
		}
		if d.core.Tick() < high || !r.lossy || r.rnd.IntN(3) == 0 {
			r.make1(d)
		}
		for len(r.mail) > 0 && r.rnd.IntN(3) > 0 {
			r.deliver()
		}
	}
}

func newRegion(t *testing.T, seed uint64, n int, lossy bool, flip func(self, lives int, tick base.Tick) byte) *region1 {
	r := &region1{t: t, rnd: base.NewRand(seed, 3), lossy: lossy, flip: flip}
	for i := range n {
		r.all = append(r.all, &driven{self: i, past: map[base.Tick][32]byte{0: {}}})
	}
	for _, d := range r.all {
		r.open(d)
	}
	return r
}

// truth is the state that the log leads to where nothing is flipped.
func (r *region1) truth(tick base.Tick) (s [32]byte) {
	for i := range tick {
		s = sha256.Sum256(append(s[:], r.log[i], 0))
	}
	return s
}

// TestSplitThatPasses: all replicas come to different states once. Each goes back
// by itself, makes the same ticks again, and all agree on what the whole log leads
// to: nothing of it is left out.
func TestSplitThatPasses(t *testing.T) {
	for seed := range uint64(24) {
		n := 2 + int(seed%4) // 1-1, 1-1-1, 2-2 and 2-2-1
		lossy := seed%2 == 1
		at := base.Tick(20 + seed)
		r := newRegion(t, seed, n, lossy, func(self, lives int, tick base.Tick) byte {
			switch {
			case tick != at || lives > 1:
				return 0
			case n < 4:
				return byte(1 + self)
			}
			return byte(1 + self/2)
		})
		r.run(300)
		for _, d := range r.all {
			if d.still || d.lives < 2 || d.base <= at {
				t.Fatalf("seed %d, %d replicas: replica %d: still %v, %d lives, certified to %d of %d", seed, n, d.self, d.still, d.lives, d.base, len(r.log))
			}
			if d.past[d.base] != r.truth(d.base) {
				t.Fatalf("seed %d: what is certified is not what the log leads to", seed)
			}
			if d.lives > 2+MaxTries {
				t.Fatalf("seed %d: replica %d began %d times", seed, d.self, d.lives)
			}
		}
	}
}

// TestSplitThatStays: a tick that never comes out alike. All go back some times
// and then stand still; no state is agreed on, and nobody goes on for ever.
func TestSplitThatStays(t *testing.T) {
	for seed := range uint64(24) {
		n := 2 + int(seed%4)
		at := base.Tick(20 + seed)
		r := newRegion(t, seed, n, seed%2 == 1, func(self, _ int, tick base.Tick) byte {
			switch {
			case tick != at:
				return 0
			case n < 4:
				return byte(1 + self)
			}
			return byte(1 + self/2)
		})
		r.run(600)
		for _, d := range r.all {
			// Who has not noticed has no log to go on with.
			if d.base >= at || d.lives > 1+MaxTries {
				t.Fatalf("seed %d, %d replicas: replica %d: still %v, %d lives, certified to %d", seed, n, d.self, d.still, d.lives, d.base)
			}
			if d.past[d.base] != r.truth(d.base) {
				t.Fatalf("seed %d: the state kept is not certified", seed)
			}
		}
		if len(r.log) == 600 {
			t.Fatalf("seed %d: the region went on", seed)
		}
		// Another program: it begins where the others stood still, and they agree.
		r.flip = func(int, int, base.Tick) byte { return 0 }
		for _, d := range r.all {
			d.still, d.retreat = false, Retreat{}
			r.open(d)
		}
		r.run(900)
		for _, d := range r.all {
			if d.still || d.base <= at || d.past[d.base] != r.truth(d.base) {
				t.Fatalf("seed %d: replica %d is not back: %d of %d", seed, d.self, d.base, len(r.log))
			}
		}
	}
}

func TestRetreat(t *testing.T) {
	var r Retreat
	for i := range 3 * MaxTries {
		if got := r.Back(16); got != (i < MaxTries) {
			t.Fatalf("try %d: %v", i, got)
		}
	}
	// A life that knew no certificate does not begin to count anew; a newer one does.
	if r.Back(0) || !r.Back(24) || r.From() != 24 || r.Tries() != 1 {
		t.Fatal(r)
	}
}
