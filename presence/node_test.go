package presence

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// desk is one node with peers played by the test.
type desk struct {
	t   *testing.T
	n   *Node
	out Outbox
	now int64
}

func newDesk(t *testing.T, cfg Config) *desk {
	c, err := cfg.Complete()
	if err != nil {
		t.Fatal(err)
	}
	n, err := New(c, key(0), Start{Pos: spatial.At(0, 0, 0), AOI: 50, Epoch: 7, Seed: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, n: n}
	d.pass(second)
	return d
}

// pass lets time go by in steps of 50 ms; effects pile up.
func (d *desk) pass(dt int64) {
	for end := d.now + dt; d.now < end; {
		d.now += 50 * millisecond
		d.step(Tick{})
	}
}

func (d *desk) step(in Input) {
	d.t.Helper()
	d.n.Step(d.now, in, &d.out)
	if b := broken(d.n); b != "" {
		d.t.Fatalf("after %T: %s", in, b)
	}
}

func (d *desk) say(from int, m wire.Message) { d.step(Message{From: key(from), Msg: m}) }

// took removes and returns the messages to one peer, and forgets the others.
func (d *desk) took(to int) (ms []wire.Message) {
	for _, s := range d.out.Sends {
		if s.To == key(to) {
			ms = append(ms, s.Msg)
		}
	}
	d.out.Reset()
	return ms
}

func count(ms []wire.Message, t wire.Type) (k int) {
	for _, m := range ms {
		if m.Type() == t {
			k++
		}
	}
	return k
}

// at is a body x metres to the east.
func at(x float64, seq uint32) wire.Body {
	return wire.Body{Stamp: wire.Stamp{Epoch: 1, Seq: seq}, Pos: wire.PointOf(spatial.At(x, 0, 0)), AOI: 50}
}

// meet makes peer i a publisher and a full subscriber at x metres.
func (d *desk) meet(i int, x float64) {
	d.say(i, &wire.Sub{Class: wire.Full, Body: at(x, 1), Reach: noReach})
	d.say(i, &wire.Pose{Body: at(x, 2)})
}

// Rules 2.2 and 2.3: the newest pose counts, whatever the order of arrival,
// and a new epoch counts from anew.
func TestLatestWins(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 10)
	d.say(1, &wire.Pose{Body: at(12, 9)})
	d.say(1, &wire.Pose{Body: at(11, 8)})
	d.say(1, &wire.Pose{Body: at(13, 9)})
	if av, ok := d.n.Lookup(key(1)); !ok || av.Pos != spatial.At(12, 0, 0) || !av.FirstHand || !av.Inside {
		t.Errorf("it is seen as %+v", av)
	}
	b := at(5, 1)
	b.Stamp.Epoch = 2
	d.say(1, &wire.Pose{Body: b})
	d.say(1, &wire.Pose{Body: at(12, 99)})
	if av, _ := d.n.Lookup(key(1)); av.Pos != spatial.At(5, 0, 0) {
		t.Errorf("after a new start it is at %v", av.Pos)
	}
	if d.n.Counters().Stale != 3 {
		t.Errorf("%d stale poses", d.n.Counters().Stale)
	}
}

// Rule 5.2: on a straight line only beats are sent; a turn is told at once.
func TestDeadReckoningSavesPoses(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 10)
	x := 0.0
	walk := func(vx float64, dt int64) (poses int) {
		d.out.Reset()
		for end := d.now + dt; d.now < end; d.now += 50 * millisecond {
			if d.now%(100*millisecond) == 0 {
				d.step(SetPose{Pos: spatial.At(x, 0, 0), Vel: spatial.Vec{X: float32(vx)}, AOI: 50})
			}
			d.step(Tick{})
			x += vx / 20
		}
		return count(d.took(1), wire.TypePose)
	}
	walk(1.4, second)
	d.meet(1, 10)
	if n := walk(1.4, 10*second); n < 9 || n > 12 {
		t.Errorf("%d poses in 10 s of walking on", n)
	}
	d.meet(1, 10)
	if n := walk(-1.4, 200*millisecond); n != 1 {
		t.Errorf("%d poses told of the turn", n)
	}
	n := 0
	for range 20 {
		n += walk(2, 100*millisecond) + walk(-2, 100*millisecond)
	}
	if n < 36 || n > 41 {
		t.Errorf("%d poses in 4 s of running to and fro, at most 10 a second", n)
	}
}

// Rule 3.3: two who are about as far off do not change places all the time.
func TestRanksDoNotFlap(t *testing.T) {
	d := newDesk(t, Config{Full: 1, Subs: 2})
	d.meet(1, 10)
	d.meet(2, 10.5)
	d.pass(2 * second)
	d.out.Reset()
	seq := uint32(10)
	for i := range 40 {
		x := 10 + 0.8*float64(i%2)
		d.say(1, &wire.Pose{Body: at(x, seq)})
		d.say(2, &wire.Pose{Body: at(10.8-0.8*float64(i%2), seq)})
		seq++
		d.pass(500 * millisecond)
	}
	// A lease is renewed every 10/3 s: six times for each.
	if n := count(d.took(1), wire.TypeSub); n > 7 {
		t.Errorf("%d subscriptions in 20 s", n)
	}
	// A third who is clearly nearer does take a place.
	d.meet(3, 4)
	d.pass(2 * second)
	if a, _ := d.n.Lookup(key(3)); a.Rate != wire.Full {
		t.Errorf("the nearest is at %v", a.Rate)
	}
}

// Rule 3.5: one who has left the area of interest is let go after the linger,
// with an event when it is well outside.
func TestEnteringAndLeaving(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 49)
	events := func() (in, out int) {
		for _, e := range d.out.Events {
			switch e.Kind {
			case Entered:
				in++
			case Left:
				out++
			}
		}
		d.out.Reset()
		return in, out
	}
	if in, out := events(); in != 1 || out != 0 {
		t.Errorf("%d entered, %d left", in, out)
	}
	for i := range uint32(10) {
		d.say(1, &wire.Pose{Body: at(49+2*float64(i%2), 10+i)})
		d.pass(300 * millisecond)
	}
	if in, out := events(); in+out != 0 {
		t.Errorf("at the edge %d entered, %d left", in, out)
	}
	d.say(1, &wire.Sub{Class: wire.None, Body: at(60, 40)})
	d.say(1, &wire.Pose{Body: at(60, 50)})
	d.pass(second)
	if in, out := events(); in != 0 || out != 1 {
		t.Errorf("outside %d entered, %d left", in, out)
	}
	d.pass(3 * second)
	if _, ok := d.n.Lookup(key(1)); ok {
		t.Error("it is still known")
	}
}

// Rule 4.4: a hint is followed by a question, three times at most, and nothing
// is believed before the answer.
func TestHintsAreQuestions(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 10)
	d.took(2)
	d.say(1, &wire.Notice{Entries: []wire.Entry{{Key: key(2), Body: at(20, 5)}}})
	if ms := d.took(2); count(ms, wire.TypeSub) != 1 {
		t.Fatalf("a hint led to %v", ms)
	}
	if _, ok := d.n.Lookup(key(2)); ok || len(d.n.Seen(nil)) != 1 {
		t.Error("a hint was believed")
	}
	for range 30 {
		d.say(1, &wire.Notice{Entries: []wire.Entry{{Key: key(2), Body: at(20, 5)}}})
		d.pass(250 * millisecond)
		d.say(1, &wire.Pose{Body: at(10, uint32(d.now/millisecond))})
	}
	if n := count(d.took(2), wire.TypeSub); n > 3 {
		t.Errorf("%d questions in 7.5 s because of one hint", n)
	}
	// Strangers and those who have not said where they are name nobody.
	d.say(3, &wire.Notice{Entries: []wire.Entry{{Key: key(4), Body: at(20, 5)}}})
	if ms := d.took(4); len(ms) != 0 {
		t.Errorf("a stranger's hint led to %v", ms)
	}
}

// Rule 6.5: what digests say is replaced by the avatar's own word, and cannot
// replace it.
func TestDigestsAreHearsay(t *testing.T) {
	d := newDesk(t, Config{Full: 1, Subs: 2, MaxPeers: 4})
	d.meet(1, 10)
	d.meet(2, -10)
	d.pass(2 * second)
	sensor := 0
	for _, i := range []int{1, 2} {
		for _, m := range d.took(i) {
			if s, ok := m.(*wire.Sub); ok && s.Sectors != 0 {
				sensor = i
			}
		}
		for range 3 {
			d.pass(second)
			d.say(1, &wire.Pose{Body: at(10, uint32(d.now/millisecond))})
			d.say(2, &wire.Pose{Body: at(-10, uint32(d.now/millisecond))})
		}
	}
	if sensor == 0 {
		t.Fatal("in a crowd nobody was asked to be a sensor")
	}
	mark := func(i int, seq uint16, x int16) wire.Mark {
		return wire.Mark{ID: wire.ShortOf(key(i)), Seq: seq, Rel: [3]int16{x * 32, 0, 0}}
	}
	d.say(sensor, &wire.Digest{Marks: []wire.Mark{mark(9, 5, 30), mark(1, 500, 33), mark(0, 1, 1)}})
	d.say(sensor, &wire.Digest{Marks: []wire.Mark{mark(9, 4, 31)}})
	d.say(sensor, &wire.Digest{Marks: []wire.Mark{mark(8, 4, 51)}})
	if av, ok := d.n.Lookup(key(9)); !ok || av.FirstHand || av.Pos != spatial.At(30, 0, 0) || !av.Inside {
		t.Errorf("hearsay %+v", av)
	}
	if av, _ := d.n.Lookup(key(1)); av.Pos.X > spatial.At(12, 0, 0).X {
		t.Errorf("a digest has moved a peer to %v", av.Pos)
	}
	if n := len(d.n.Seen(nil)); n != 3 {
		t.Errorf("%d are seen", n)
	}
	d.out.Reset()
	d.pass(14 * second)
	if _, ok := d.n.Lookup(key(9)); ok {
		t.Error("hearsay is believed for ever")
	}
}

// Rule 7.1 to 7.3: rates, strangers, and places.
func TestBounds(t *testing.T) {
	d := newDesk(t, Config{Full: 2, Subs: 4, MaxPeers: 8})
	for i := range 8 {
		d.meet(1+i, 5+float64(i))
	}
	d.out.Reset()
	d.say(50, &wire.Sub{Class: wire.Full, Body: at(40, 1)})
	if ms := d.took(50); count(ms, wire.TypeBusy) != 1 {
		t.Errorf("one subscriber too many, and farther off, got %v", ms)
	}
	d.say(51, &wire.Sub{Class: wire.Full, Body: at(1, 1)})
	if ms := d.took(51); count(ms, wire.TypePose) != 1 {
		t.Errorf("a nearer one got %v", ms)
	}
	for range maxRate + maxIgnored + 5 {
		d.say(1, &wire.Bye{})
		d.say(1, &wire.Sub{Class: wire.Full, Body: at(5, 1)})
	}
	if c := d.n.Counters(); c.OverRate == 0 {
		t.Error("one may send without end")
	}
	d = newDesk(t, Config{})
	d.meet(1, 5)
	d.out.Reset()
	for range maxRate + maxIgnored + 5 {
		d.say(1, &wire.Who{})
	}
	if len(d.out.Events) != 1 || d.out.Events[0].Kind != Flooding {
		t.Errorf("events %v", d.out.Events)
	}
	for i := range maxStrangers + 50 {
		d.say(100+i, &wire.Pose{Body: at(5, 1)})
	}
	if c := d.n.Counters(); c.OverRate < 50 {
		t.Errorf("%d messages dropped", c.OverRate)
	}
}

func TestGoneAndBye(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 5)
	d.meet(2, 6)
	d.step(PeerGone{Key: key(1)})
	d.say(2, &wire.Bye{})
	if n := len(d.n.Seen(nil)); n != 0 {
		t.Errorf("%d are seen", n)
	}
	d.meet(3, 7)
	d.out.Reset()
	d.step(Leave{})
	if ms := d.took(3); count(ms, wire.TypeBye) != 1 {
		t.Errorf("leaving said %v", ms)
	}
	d.pass(second)
	d.meet(4, 3)
	if len(d.out.Sends) != 0 {
		t.Error("it speaks after it has left")
	}
}

func TestMalformed(t *testing.T) {
	d := newDesk(t, Config{})
	d.step(Recv{From: key(1), Bytes: []byte{1, 99}})
	d.step(Recv{From: key(0), Bytes: wire.Append(nil, &wire.Bye{})})
	if c := d.n.Counters(); c.Malformed != 1 || len(d.out.Sends) != 0 {
		t.Errorf("%+v", c)
	}
}

// A received pose costs no memory.
func TestPosesAreTakenWithoutAllocation(t *testing.T) {
	d := newDesk(t, Config{})
	d.meet(1, 10)
	m := &wire.Pose{Body: at(10, 100)}
	from := key(1)
	if n := testing.AllocsPerRun(1000, func() {
		m.Body.Stamp.Seq++
		d.n.Step(d.now, Message{From: from, Msg: m}, &d.out)
	}); n != 0 {
		t.Errorf("%v allocations for a pose", n)
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{Full: -1}, {Full: 40, Subs: 30}, {MaxPeers: 257}, {FullBeat: 1e6}, {Lookahead: 3 * second},
		{Lease: second}, {Budget: 100}, {Digests: 95}, {MaxHearsay: 1 << 20}, {ReviewEvery: 2 * second}, {AskMin: 5 * second}} {
		if _, err := c.Complete(); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	c, err := Config{}.Complete()
	if err != nil || *c != DefaultConfig() {
		t.Errorf("the default is %+v, %v", c, err)
	}
	if _, err := New(c, base.Key{1}, Start{}, nil); !errors.Is(err, ErrConfig) {
		t.Errorf("epoch 0: %v", err)
	}
}
