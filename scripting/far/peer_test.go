package far

import (
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// couple is two peers whose packets arrive when deliver is called.
type couple struct {
	t    *testing.T
	now  int64
	a, b *Peer
}

func fresh(seed uint64) *Peer {
	return New(Config{Session: 100 + seed, Rand: base.NewRand(seed, 1).Uint64}, 0)
}

func newCouple(t *testing.T) *couple { return coupleOf(t, 1, 2) }

func coupleOf(t *testing.T, a, b uint64) *couple {
	c := &couple{t: t, a: fresh(a), b: fresh(b)}
	c.a.Up(0)
	c.b.Up(0)
	c.deliver()
	return c
}

// deliver carries packets until there are none.
func (c *couple) deliver() {
	for {
		x, y := c.a.Packets(), c.b.Packets()
		if len(x)+len(y) == 0 {
			return
		}
		for _, p := range x {
			c.b.Receive(c.now, p)
		}
		for _, p := range y {
			c.a.Receive(c.now, p)
		}
	}
}

// lend gives b a capability to process 1 of a, and its number.
func (c *couple) lend(r Rights) Number {
	c.t.Helper()
	if _, err := c.b.Spawn(c.now, Spawn{CID: "x"}); err != nil {
		c.t.Fatal(err)
	}
	c.deliver()
	ask, ok := c.a.Events()[0].(Asked)
	if !ok {
		c.t.Fatal("not asked")
	}
	c.a.Answer(c.now, ask.ID, Spawned{Cap: Cap{Own: true, Ref: 1, Rights: r}})
	c.deliver()
	return c.b.Events()[0].(Answered).Spawned.Cap.Number
}

func one[E Event](t *testing.T, p *Peer) E {
	t.Helper()
	ev := p.Events()
	if len(ev) == 1 {
		if e, ok := ev[0].(E); ok {
			return e
		}
	}
	t.Fatalf("events %#v", ev)
	panic("")
}

func TestRightsHoldOnBothSides(t *testing.T) {
	c := newCouple(t)
	n := c.lend(CanSend)
	if err := c.b.Kill(c.now, n); !errors.Is(err, ErrDenied) {
		t.Error(err)
	}
	if err := c.b.Send(c.now, Number{9}, Message{}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	// One that lies to itself about its rights.
	c.b.imports[n].rights = allRights
	if err := c.b.Kill(c.now, n); err != nil {
		t.Fatal(err)
	}
	c.deliver()
	ev := c.a.Events()
	if f, ok := ev[0].(Fault); !ok || f.Why != "a right that it does not have" {
		t.Fatalf("%#v", ev)
	}
	if l, ok := ev[1].(Lost); !ok || !slices.Equal(l.Refs, []Ref{1}) {
		t.Fatalf("%#v", ev)
	}
	c.b.Events()
	// It is left alone for a while, and then met anew.
	c.now += DefaultRest - 1
	c.b.Up(c.now)
	if _, err := c.b.Spawn(c.now, Spawn{CID: "x"}); err != nil {
		t.Fatal(err)
	}
	if c.deliver(); len(c.a.Events()) != 0 {
		t.Error("heard while it rests")
	}
	c.now += 2
	c.a.Up(c.now)
	c.b.Up(c.now)
	c.deliver()
	if _, ok := c.b.Events()[0].(Lost); !ok {
		t.Error("not told that all is gone")
	}
}

// What no correct peer does ends the epoch at once.
func TestLies(t *testing.T) {
	type lie func(c *couple, n Number) op
	for name, do := range map[string]lie{
		"a guessed number": func(*couple, Number) op { return op{kind: opSend, number: number(7)} },
		"another's number": func(*couple, Number) op { return op{kind: opKill, number: number(8)} },
		"a guessed one sent on": func(_ *couple, n Number) op {
			return op{kind: opSend, number: n, message: wireMessage{caps: []wireCap{{number: number(7)}}}}
		},
		"more rights sent on": func(_ *couple, n Number) op {
			return op{kind: opSend, number: n, message: wireMessage{caps: []wireCap{{number: n, rights: allRights}}}}
		},
		"more dropped than had":  func(_ *couple, n Number) op { return op{kind: opDrop, number: n, count: 2} },
		"an answer to nothing":   func(*couple, Number) op { return op{kind: opSpawned, id: 99, spawned: Spawned{Code: Full}} },
		"a link without a right": func(_ *couple, n Number) op { return op{kind: opWatch, number: n, watch: Linked} },
		"an exit without a link": func(_ *couple, n Number) op { return op{kind: opExit, number: n, reason: Reason{End: 3}} },
		"garbage":                func(*couple, Number) op { return op{kind: 77} },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCouple(t)
			n := c.lend(CanSend | CanMonitor)
			o := do(c, n)
			if err := c.b.push(c.now, &o); err != nil {
				t.Fatal(err)
			}
			c.deliver()
			if _, ok := c.a.Events()[0].(Fault); !ok {
				t.Error("no fault")
			}
			if e, _ := c.a.Sizes(); e != 0 {
				t.Error("the epoch goes on")
			}
		})
	}
}

func TestAnotherPeersNumberIsNothing(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	d := coupleOf(t, 3, 4) // another pair: a node that heard of the number
	d.lend(allRights)
	d.b.imports[n] = &imported{rights: allRights}
	if err := d.b.Send(0, n, Message{}); err != nil {
		t.Fatal(err)
	}
	d.deliver()
	if _, ok := d.a.Events()[0].(Fault); !ok {
		t.Error("a number of one peer serves another")
	}
}

func TestUnreachableInTime(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	c.b.Watch(c.now, n, Linked)
	c.deliver()
	c.a.Events()
	for c.now < DefaultDead-1 {
		c.now = min(c.b.Next(c.now), DefaultDead-1)
		c.b.Tick(c.now)
		c.b.Packets() // nobody gets them
		if ev := c.b.Events(); len(ev) != 0 {
			t.Fatalf("%#v after %d ms", ev, c.now/1e6)
		}
	}
	c.now++
	c.b.Tick(c.now)
	one[Lost](t, c.b)
	c.a.Tick(c.now)
	if l := one[Lost](t, c.a); !slices.Equal(l.Linked, []Ref{1}) {
		t.Errorf("%+v", l)
	}
	c.b.Tick(2 * c.now)
	if len(c.b.Events()) != 0 {
		t.Error("lost twice")
	}
	if err := c.b.Send(c.now, n, Message{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("sent after the epoch: %v", err)
	}
	c.a.Up(c.now)
	c.b.Up(c.now)
	c.deliver()
	if err := c.b.Send(c.now, n, Message{}); !errors.Is(err, ErrUnknown) {
		t.Errorf("reconnection has resurrected: %v", err)
	}
}

func TestAQuietPairStays(t *testing.T) {
	c := newCouple(t)
	c.lend(allRights)
	packets := 0
	for c.now < 100*DefaultDead {
		c.now = min(c.a.Next(c.now), c.b.Next(c.now))
		c.a.Tick(c.now)
		c.b.Tick(c.now)
		packets += len(c.a.out) + len(c.b.out)
		c.deliver()
	}
	if len(c.a.Events())+len(c.b.Events()) != 0 {
		t.Error("something has happened")
	}
	if most := int(4 * c.now / DefaultBeat); packets > most {
		t.Errorf("%d packets in %d s", packets, c.now/1e9)
	}
}

func TestQueuesAreBounded(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	c.b.Down()
	sent := 0
	for ; c.b.Send(c.now, n, Message{Data: []byte("x")}) == nil; sent++ {
	}
	if sent != maxQueue {
		t.Errorf("%d messages wait", sent)
	}
	// Ends and links find room beyond, up to a bound.
	for i := 0; i < 2*maxControl; i++ {
		c.b.Watch(c.now, n, Watch(i%2))
	}
	one[Lost](t, c.b)
	if len(c.b.queue) != 0 {
		t.Error("the queue stays")
	}
}

func TestFullMailboxesHoldUpNobodyElse(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	for i := range 3 {
		if err := c.b.Send(c.now, n, Message{Tag: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	c.deliver()
	for _, ev := range c.a.Events() {
		arr := ev.(Arrived)
		arr.Message.Held = "kept"
		c.a.NoRoom(c.now, arr.Number, arr.Message)
	}
	c.deliver()
	if err := c.b.Send(c.now, n, Message{}); !errors.Is(err, ErrFull) {
		t.Errorf("not paused: %v", err)
	}
	if _, err := c.b.Spawn(c.now, Spawn{}); err != nil {
		t.Errorf("others are held up: %v", err)
	}
	for i := range 3 {
		if m, ok := c.a.First(n); !ok || m.Tag != int64(i) {
			t.Errorf("%d: %+v", i, m)
		}
		c.a.Taken(c.now, n)
	}
	c.deliver()
	if err := c.b.Send(c.now, n, Message{}); err != nil {
		t.Errorf("after there was room: %v", err)
	}
	// Beyond the bound messages are lost, and their sender hears of it.
	c.deliver()
	c.a.Events()
	for range maxStash + 5 {
		c.a.NoRoom(c.now, n, Message{})
	}
	c.deliver()
	if lost := c.b.Refused(n); lost != 5 {
		t.Errorf("%d lost", lost)
	}
}

func TestHopsAreBounded(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	if err := c.b.Send(c.now, n, Message{Caps: []Cap{{Own: true, Ref: 3, Hops: MaxHops + 1}}}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	if len(c.b.exports) != 0 {
		t.Error("a capability that was not sent counts")
	}
}

func TestByeEndsAtOnce(t *testing.T) {
	c := newCouple(t)
	c.lend(allRights)
	c.a.Bye(c.now)
	c.deliver()
	one[Lost](t, c.b)
}

// FuzzReceive: whatever a peer sends, this side stays within its bounds.
func FuzzReceive(f *testing.F) {
	for _, p := range allPackets() {
		f.Add(p.encode(), p.encode())
	}
	f.Fuzz(func(t *testing.T, x, y []byte) {
		p := fresh(1)
		p.Up(0)
		theirs := Session{5, 5}
		p.Receive(0, (&packet{kind: pktHello, from: theirs}).encode())
		seq := uint64(1)
		for _, b := range [][]byte{x, y} {
			p.Receive(0, b)
			// The same as an operation of this epoch.
			p.Receive(0, (&packet{kind: pktOp, from: theirs, to: p.mine, seq: seq, op: b}).encode())
			seq = p.next
			for _, ev := range p.Events() {
				if a, ok := ev.(Asked); ok {
					p.Answer(0, a.ID, Spawned{Cap: Cap{Own: true, Ref: 1, Rights: allRights}})
				}
			}
			p.Packets()
		}
		if len(p.imports) > MaxExports || len(p.exports) > 2 || len(p.queue) > 8 {
			t.Errorf("%+v", p)
		}
	})
}

// Two sessions of one number cannot both be the later one: the first is believed
// until the other side has taken a higher number.
func TestASessionOfTheSameNumber(t *testing.T) {
	c := newCouple(t)
	c.lend(allRights)
	_, theirs := c.a.Epoch()
	c.now += DefaultBeat
	c.a.Receive(c.now, (&packet{kind: pktHello, from: Session{theirs.Number, theirs.Nonce + 1}}).encode())
	if _, now := c.a.Epoch(); now != theirs || len(c.a.Events()) != 0 {
		t.Error("believed")
	}
	// A node that was restarted within the same millisecond takes a higher one
	// when it hears of the first.
	again := New(Config{Session: theirs.Number, Rand: base.NewRand(9, 9).Uint64}, c.now)
	c.b = again
	c.a.Up(c.now)
	c.b.Up(c.now)
	c.deliver()
	if _, now := c.a.Epoch(); now.Number != theirs.Number+1 {
		t.Errorf("%+v after %+v", now, theirs)
	}
	one[Lost](t, c.a)
}

// On a new stream everything that was not acknowledged goes out at once, and
// without one after a while.
func TestSentAgain(t *testing.T) {
	c := newCouple(t)
	n := c.lend(allRights)
	for i := range 3 {
		if err := c.b.Send(c.now, n, Message{Tag: int64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	lost := len(c.b.Packets())
	c.b.Up(c.now)
	if again := len(c.b.Packets()); again < lost {
		t.Errorf("%d packets of %d on a new stream", again, lost)
	}
	c.now += DefaultBeat
	c.b.Tick(c.now)
	if again := len(c.b.Packets()); again < lost {
		t.Errorf("%d packets of %d after a while", again, lost)
	}
	c.b.Up(c.now)
	c.deliver()
	if ev := c.a.Events(); len(ev) != 3 {
		t.Errorf("%#v", ev)
	}
}

// A capability that is dropped while it comes once more, in a message that waits
// for room, is still there when the message is read; and one whose process has
// ended meanwhile says so then.
func TestDroppedWhileItWaits(t *testing.T) {
	for _, end := range []bool{false, true} {
		c := newCouple(t)
		n := c.lend(allRights) // b has 1 of a
		if err := c.b.Send(c.now, n, Message{Caps: []Cap{{Own: true, Ref: 5, Rights: allRights}}}); err != nil {
			t.Fatal(err)
		}
		c.deliver()
		first := one[Arrived](t, c.a)
		five := first.Message.Caps[0].Number
		first.Message.Held = "by a letter"
		c.a.NoRoom(c.now, n, first.Message)
		// b does not know yet that there is no room, and sends it once more.
		if err := c.b.Send(c.now, n, Message{Caps: []Cap{{Own: true, Ref: 5, Rights: allRights}}}); err != nil {
			t.Fatal(err)
		}
		c.deliver()
		if end {
			c.b.Ended(c.now, five, Reason{End: 1})
			c.deliver()
			one[Over](t, c.a)
		}
		c.a.Drop(c.now, five) // the node lets go of the first
		c.a.Taken(c.now, n)
		c.deliver()
		m, ok := c.a.First(n)
		if !ok || m.Caps[0].Number != five {
			t.Fatalf("%+v", m)
		}
		c.a.Taken(c.now, n)
		if end {
			if over := one[Over](t, c.a); over.Number != five || over.Reason.End != gone {
				t.Errorf("%+v", over)
			}
		} else if err := c.a.Send(c.now, five, Message{}); err != nil {
			t.Errorf("it is not there: %v", err)
		}
		c.a.Drop(c.now, five)
		c.deliver()
		if e, _ := c.b.Sizes(); e != 0 {
			t.Error("not forgotten")
		}
	}
}
