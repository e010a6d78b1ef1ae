package agree

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestAKilledServerSignsTheSame: what a server has signed is not on its disk, and it
// may sign for the same ticks again after kill -9, from wherever in its log it
// begins. As the log is the same and the state follows from it, so is what it signs,
// to the byte: nobody can make a proof of it, who has heard all its lives.
func TestAKilledServerSignsTheSame(t *testing.T) {
	sum := func(kind byte, tick base.Tick) [32]byte {
		return sha256.Sum256(binary.LittleEndian.AppendUint64([]byte{kind}, uint64(tick)))
	}
	twice := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		cfg := config(1)
		cfg.Accountable = true
		judge := make1(t, cfg, voters(3))
		signed := map[base.Tick]SignedVote{}
		end := base.Tick(0) // of the log
		for range 2 + r.IntN(6) {
			// It is killed and begins with what its disk has: up to some tick before
			// the last that it had applied.
			at := end - min(end, base.Tick(r.IntN(40)))
			me := config(0)
			me.Accountable, me.From = true, at
			c, err := New(me, at, voters(3))
			if err != nil {
				t.Fatal(err)
			}
			for last := max(at+base.Tick(r.IntN(48)), end); c.Tick() < last; {
				tick := c.Tick() + 1
				v, err := c.Applied(tick, sum('s', tick), sum('r', tick))
				if err != nil {
					t.Fatal(err)
				}
				if tick > judge.Tick() {
					if _, err := judge.Applied(tick, sum('s', tick), sum('r', tick)); err != nil {
						t.Fatal(err)
					}
				}
				if v == nil {
					continue
				}
				if have, ok := signed[tick]; ok {
					if twice++; have != *v {
						t.Fatalf("seed %d: two votes for tick %d", seed, tick)
					}
				}
				signed[tick] = *v
				_ = judge.Vote(*v) // one that is too old is refused
			}
			end = max(end, c.Tick())
		}
		if len(judge.Proofs()) != 0 {
			t.Fatalf("seed %d: convicted", seed)
		}
	}
	if twice < 100 {
		t.Fatalf("%d ticks were signed for twice", twice)
	}
}
