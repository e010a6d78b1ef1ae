package agree

import (
	"bytes"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// rig runs replicas whose votes are delayed, lost and doubled. What a replica
// comes to is the true state of the tick unless one of its bits is flipped.
type rig struct {
	t     *testing.T
	rnd   *base.Rand
	n     int
	cores []*Core
	wrong []int // 0, or a flip that stays
	mail  []letter
	certs map[base.Tick]Content
	flips int
	found int
}

type letter struct {
	to int
	v  SignedVote
}

func truth(tick base.Tick) (state, sum [32]byte) {
	state[0], state[1] = byte(tick), byte(tick>>8)
	sum[0], sum[2] = byte(tick), byte(tick>>8)
	return state, sum
}

func (r *rig) step(i int) {
	c := r.cores[i]
	state, sum := truth(c.Tick() + 1)
	state[9] = byte(r.wrong[i])
	v, err := c.Applied(c.Tick()+1, state, sum)
	if err != nil {
		r.t.Fatal(err)
	}
	if v != nil {
		for to := range r.n {
			if to != i && r.rnd.IntN(10) > 0 {
				r.mail = append(r.mail, letter{to, *v})
			}
			if r.rnd.IntN(8) == 0 {
				r.mail = append(r.mail, letter{to, *v})
			}
		}
	}
	r.events(i)
}

func (r *rig) events(i int) {
	c := r.cores[i]
	for _, e := range c.Events() {
		switch e.Kind {
		case Certified:
			if err := e.Certificate.Check(voters(r.n).Voters, toyVerify); err != nil {
				r.t.Fatal(err)
			}
			if old, ok := r.certs[e.Tick]; ok && old != e.Certificate.Content {
				r.t.Fatalf("tick %d is certified twice", e.Tick)
			}
			r.certs[e.Tick] = e.Certificate.Content
			state, _ := truth(e.Tick)
			if e.Certificate.State != state {
				r.t.Fatalf("tick %d: a wrong state is certified", e.Tick)
			}
		case Diverged:
			if e.Vote.State == e.Certificate.State || e.Vote.Server != e.Server {
				r.t.Fatal("a server is blamed that is right")
			}
		case Minority:
			if r.wrong[i] == 0 {
				r.t.Fatalf("replica %d is right and halts", i)
			}
			r.found++
			r.wrong[i] = 0
			c.Resume(e.Tick - Every)
		case Split:
			for k := range r.n {
				r.wrong[k] = 0
			}
			r.found++
			for k := range r.n {
				r.cores[k].Resume(min(r.cores[k].Tick(), e.Back))
				r.cores[k].Events()
			}
			return
		case Equivocated:
			r.t.Fatalf("an honest server is convicted: %v", e.Server.Short())
		}
	}
}

// TestRandomRuns: whatever is lost, doubled and late, no tick has two
// certificates, no certificate is wrong while fewer than half are, no replica
// that is right halts, and none is convicted.
func TestRandomRuns(t *testing.T) {
	found := 0
	seeds := uint64(200)
	if testing.Short() {
		seeds = 25 // once more under the race detector, and on arm64
	}
	for seed := range seeds {
		rnd := base.NewRand(seed, 1)
		n := 3 + rnd.IntN(5)
		r := &rig{t: t, rnd: rnd, n: n, wrong: make([]int, n), certs: map[base.Tick]Content{}}
		for i := range n {
			r.cores = append(r.cores, make1(t, config(i), voters(n)))
		}
		for range 1500 {
			i := rnd.IntN(n)
			if r.cores[i].Tick() < r.low()+40 && !r.cores[i].Halted() {
				r.step(i)
			}
			for range rnd.IntN(3) {
				if len(r.mail) == 0 {
					break
				}
				k := rnd.IntN(len(r.mail))
				m := r.mail[k]
				r.mail = slices.Delete(r.mail, k, k+1)
				_ = r.cores[m.to].Vote(m.v) // one that is too old is refused
				r.events(m.to)
			}
			bad := 0
			for _, w := range r.wrong {
				if w != 0 {
					bad++
				}
			}
			if rnd.IntN(300) == 0 && 2*(bad+1) < n {
				r.wrong[rnd.IntN(n)] = 1 + rnd.IntN(200)
				r.flips++
			}
			if rnd.IntN(40) == 0 {
				r.reopen(rnd.IntN(n))
			}
		}
		found += r.found
	}
	if found < 100 {
		t.Fatalf("%d divergences were noticed", found)
	}
}

func (r *rig) low() base.Tick {
	low := r.cores[0].Tick()
	for _, c := range r.cores {
		low = min(low, c.Tick())
	}
	return low
}

// reopen puts a snapshot in the place of a core.
func (r *rig) reopen(i int) {
	b := r.cores[i].Snapshot(nil)
	c, err := Restore(config(i), b)
	if err != nil {
		r.t.Fatal(err)
	}
	if !bytes.Equal(c.Snapshot(nil), b) {
		r.t.Fatal("a snapshot of a restored core differs")
	}
	r.cores[i] = c
}
