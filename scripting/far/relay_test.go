package far

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// rough delivers packets of a couple for a while, or loses what is under way and
// has both sides open new streams.
func (c *couple) rough(rng *base.Rand) {
	if rng.IntN(5) == 0 {
		c.a.Packets()
		c.b.Packets()
		c.a.Up(c.now)
		c.b.Up(c.now)
	}
	for range rng.IntN(3) {
		x, y := c.a.Packets(), c.b.Packets()
		if rng.IntN(6) == 0 {
			x = x[:len(x)/2] // the rest is lost with its stream
			c.a.Up(c.now)
		}
		for _, p := range x {
			c.b.Receive(c.now, p)
		}
		for _, p := range y {
			c.a.Receive(c.now, p)
		}
	}
	c.a.Tick(c.now)
	c.b.Tick(c.now)
}

// Three nodes: a has what b has of c. What a sends arrives at c, in order, over
// two connections that break; the end at c reaches a, and so does that b has lost
// c.
func TestThreeNodesAtRandom(t *testing.T) {
	for seed := range uint64(min(*runs, 1000)) {
		for _, cut := range []bool{false, true} {
			t.Run(fmt.Sprint(seed, cut), func(t *testing.T) { runThree(t, seed, cut) })
		}
	}
}

func runThree(t *testing.T, seed uint64, cut bool) {
	rng := base.NewRand(seed, 3)
	bc := coupleOf(t, 10+4*seed, 11+4*seed) // a of it is c, b is b
	ab := coupleOf(t, 12+4*seed, 13+4*seed) // a of it is b, b is a
	atB := bc.lend(allRights)
	if _, err := ab.b.Spawn(0, Spawn{CID: "x"}); err != nil {
		t.Fatal(err)
	}
	ab.deliver()
	ask := one[Asked](t, ab.a)
	ab.a.Answer(0, ask.ID, Spawned{Cap: Cap{Own: true, Ref: 1, Rights: allRights, Hops: 1}})
	ab.deliver()
	atA := one[Answered](t, ab.b).Spawned.Cap
	if atA.Hops != 1 || atA.Number == atB {
		t.Fatalf("%+v", atA)
	}
	ab.b.Watch(0, atA.Number, Linked)
	sent, arrived := int64(0), int64(0)
	var over *Over
	relay := func() {
		for _, ev := range ab.a.Events() { // b, of what a does
			switch ev := ev.(type) {
			case Arrived:
				if err := bc.b.Send(bc.now, atB, ev.Message); err != nil {
					ab.a.NoRoom(ab.now, ev.Number, ev.Message)
				}
			case Watching:
				bc.b.Watch(bc.now, atB, ev.Watch)
			}
		}
		for _, w := range ab.a.Stashed() {
			for m, ok := ab.a.First(w.Number); ok && bc.b.Send(bc.now, atB, m) == nil; m, ok = ab.a.First(w.Number) {
				ab.a.Taken(ab.now, w.Number)
			}
		}
		for _, ev := range bc.b.Events() { // b, of what c does
			switch ev := ev.(type) {
			case Over:
				ab.a.EndedOwn(ab.now, 1, ev.Reason)
			case Lost:
				ab.a.EndedOwn(ab.now, 1, Reason{End: lastEnd})
			}
		}
		for _, ev := range bc.a.Events() { // c
			if ev, ok := ev.(Arrived); ok {
				if arrived++; ev.Message.Tag != arrived {
					t.Fatalf("%d where %d belongs", ev.Message.Tag, arrived)
				}
			}
		}
		for _, ev := range ab.b.Events() { // a
			if ev, ok := ev.(Over); ok {
				over = &ev
			}
		}
	}
	step := func(d int64, talk bool) {
		ab.now += d
		bc.now = ab.now
		ab.rough(rng)
		if talk {
			bc.rough(rng)
		} else {
			bc.b.Tick(bc.now)
		}
		relay()
	}
	for range 100 {
		for range rng.IntN(30) {
			if ab.b.Send(ab.now, atA.Number, Message{Tag: sent + 1}) == nil {
				sent++
			}
		}
		step(int64(rng.IntN(100))*ms, true)
	}
	for range 300 {
		if step(100*ms, true); arrived == sent {
			break
		}
	}
	if arrived != sent || over != nil {
		t.Fatalf("%d of %d, %+v", arrived, sent, over)
	}
	want := Reason{End: 1, Code: 7}
	if cut {
		want = Reason{End: lastEnd}
	} else {
		bc.a.EndedOwn(bc.now, 1, want)
	}
	for range 200 {
		step(100*ms, !cut)
	}
	if over == nil || over.Reason != want || over.Number != atA.Number {
		t.Errorf("%+v, want %+v", over, want)
	}
}
