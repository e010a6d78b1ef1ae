package raynet

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// watcher is a node in the middle of a world with members given by hand.
type watcher struct {
	*Node
	t       *testing.T
	at      int64
	members []base.Key
	seq     []uint32
	poses   []wire.Move
}

// newWatcher has members at places, all heard a moment ago.
func newWatcher(t *testing.T, places ...spatial.Pos) *watcher {
	t.Helper()
	n, err := New(complete(t, Config{Min: testBox.Min, Max: testBox.Max}), testKey(0),
		Start{Pos: spatial.At(50, 50, 50), Epoch: 1, Seed: 1}, &fakeEnv{})
	if err != nil {
		t.Fatal(err)
	}
	w := &watcher{Node: n, t: t, at: second}
	for i, p := range places {
		k := testKey(i + 1)
		w.members, w.seq = append(w.members, k), append(w.seq, 0)
		w.poses = append(w.poses, wire.Move{Pos: p})
		w.give(i, &wire.NearOffer{Reply: true, Self: wire.Entry{Record: w.record(i, 1, p)}})
	}
	w.pass(2 * second)
	for _, k := range w.members {
		if p := n.table.byKey(k); p == nil || !p.inNear {
			t.Fatal("a member is not in the near view: the test tests nothing")
		}
	}
	return w
}

func (w *watcher) record(i int, seq uint32, p spatial.Pos) *wire.Record {
	r := &wire.Record{Kind: wire.Avatar, Key: w.members[i], Stamp: wire.Stamp{Epoch: 1, Seq: seq}, Pos: p}
	r.Sig = (&fakeEnv{}).Sign(r.Key, r.SigningBytes(w.cfg.World))
	return r
}

// give steps the node with a message of a member and lists what it sends.
func (w *watcher) give(i int, m wire.Message) []Send {
	w.t.Helper()
	return w.do(Message{w.members[i], m})
}

func (w *watcher) do(in Input) (sends []Send) {
	var out Outbox
	w.Step(w.at, in, &out)
	for _, e := range out.Effects {
		if s, ok := e.(*Send); ok {
			sends = append(sends, *s)
		}
	}
	return sends
}

// move tells of a member's pose.
func (w *watcher) move(i int, p spatial.Pos, v wire.Velocity) []Send {
	w.seq[i]++
	w.poses[i] = wire.Move{Stamp: wire.Stamp{Epoch: 1, Seq: w.seq[i]}, Pos: p, Vel: v}
	m := w.poses[i]
	return w.give(i, &m)
}

// pass lets time go by while all members beat.
func (w *watcher) pass(d int64) (sends []Send) {
	for end := w.at + d; w.at < end; {
		w.at += 100 * millisecond
		for i := range w.members {
			sends = append(sends, w.move(i, w.poses[i].Pos, w.poses[i].Vel)...)
		}
	}
	return sends
}

// told lists whom a member was told of by notices.
func (w *watcher) told(sends []Send, to int) (ids []wire.ShortID) {
	for _, s := range sends {
		if m, ok := s.Msg.(*wire.Notice); ok && s.To == w.members[to] {
			for _, h := range m.Hints {
				ids = append(ids, h.ID)
			}
		}
	}
	return ids
}

// Rule 5.5: who comes next to a neighbour is told to it, and the other way
// round, once, before the two are adjacent, and not while somebody is between.
func TestANoticeTellsOfACrosser(t *testing.T) {
	// Member 0 stands east of the node; 1 comes from behind it in the west.
	w := newWatcher(t, spatial.At(60, 50, 50), spatial.At(40, 50, 50))
	if s := w.pass(2 * second); len(w.told(s, 0)) > 0 {
		t.Fatal("a notice in a world that stands still")
	}
	if s := w.move(1, spatial.At(41, 50, 50), wire.Velocity{}); len(w.told(s, 0)) > 0 {
		t.Fatal("told of one behind the node itself")
	}
	var sends []Send
	w.poses[0].Vel = wire.Velocity{Y: 1} // what is told of one that stands is told once
	w.poses[1] = wire.Move{Pos: spatial.At(50, 60, 50), Vel: wire.Velocity{X: 500}}
	sends = w.pass(400 * millisecond)
	id := func(i int) wire.ShortID { return wire.ShortOf(w.members[i]) }
	if got := w.told(sends, 0); !slices.Equal(got, []wire.ShortID{id(1)}) {
		t.Errorf("member 0 was told of %v, want %v once", got, id(1))
	}
	if got := w.told(sends, 1); !slices.Equal(got, []wire.ShortID{id(0)}) {
		t.Errorf("member 1 was told of %v, want %v once", got, id(0))
	}
	for _, s := range sends {
		if m, ok := s.Msg.(*wire.Notice); ok && s.To == w.members[0] && m.Hints[0].Pos.X <= spatial.At(50, 0, 0).X-1 {
			t.Errorf("the notice says that the mover is at %v, where its record was", m.Hints[0].Pos)
		}
	}
	if again := w.pass(500 * millisecond); len(w.told(again, 0)) > 0 {
		t.Error("told again of a pair that has met")
	}
}

// A notice is worth a question to its bearer, and only for those who are
// near and not known to be there.
func TestANoticeIsOnlyAHint(t *testing.T) {
	w := newWatcher(t, spatial.At(60, 50, 50), spatial.At(40, 50, 50))
	hint := func(i int, p spatial.Pos) wire.Hint {
		return wire.Hint{ID: wire.ShortOf(testKey(i)), Stamp: wire.Stamp{Epoch: 1, Seq: 9}, Pos: p, Kind: wire.Avatar}
	}
	w.at += second
	sends := w.give(0, &wire.Notice{Hints: []wire.Hint{hint(77, spatial.At(55, 50, 50)), hint(2, spatial.At(55, 50, 50))}})
	var asked []wire.ShortID
	for _, s := range sends {
		if m, ok := s.Msg.(*wire.NearWant); ok && s.To == w.members[0] {
			asked = append(asked, m.IDs...)
		}
	}
	if !slices.Equal(asked, []wire.ShortID{wire.ShortOf(testKey(77))}) {
		t.Errorf("asked for %v", asked)
	}
	if p := w.table.byKey(testKey(2)); p.pos() != spatial.At(40, 50, 50) {
		t.Error("a hint moved a member")
	}
	asked = asked[:0]
	for i := range 40 {
		for _, s := range w.give(0, &wire.Notice{Hints: []wire.Hint{hint(1000+4*i, spatial.At(55, 50, 50)), hint(1001+4*i, spatial.At(55, 50, 50)),
			hint(1002+4*i, spatial.At(55, 50, 50)), hint(1003+4*i, spatial.At(55, 50, 50))}}) {
			if m, ok := s.Msg.(*wire.NearWant); ok {
				asked = append(asked, m.IDs...)
			}
		}
	}
	if len(asked) == 0 || len(asked) > maxAsks {
		t.Errorf("160 made-up hints in a moment caused %d questions, want some and at most %d", len(asked), maxAsks)
	}
}

// Rule 1.3: who walks straight on tells its neighbours no more than who stands;
// who turns tells at once.
func TestAStraightWalkIsReckoned(t *testing.T) {
	w := newWatcher(t, spatial.At(60, 50, 50), spatial.At(40, 50, 50))
	w.give(0, &wire.NearSub{})
	moves := func(sends []Send) (k int) {
		for _, s := range sends {
			if _, ok := s.Msg.(*wire.Move); ok && s.To == w.members[0] {
				k++
			}
		}
		return k
	}
	walk := func(steps int, from spatial.Pos, v spatial.Vec) (k int, to spatial.Pos) {
		for range steps {
			k += moves(w.pass(100 * millisecond))
			from = from.Add(v.Scale(0.1))
			k += moves(w.do(SetPose{Pos: from, Vel: v}))
		}
		return k, from
	}
	w.at += second
	start, at := walk(2, w.self.pos, spatial.Vec{X: 1.5})
	straight, at := walk(30, at, spatial.Vec{X: 1.5})
	if start == 0 || straight > 6 {
		t.Errorf("%d moves at the start, %d in 3 s of a straight walk", start, straight)
	}
	turn, _ := walk(2, at, spatial.Vec{Z: 1.5})
	if turn == 0 {
		t.Error("a turn was not told in 0.2 s")
	}
}

// Walkers at 0.7 spacings a second keep their cells and their routes. Without
// the notices they keep 0.948 of the cells; with the places of records instead
// of reckoned ones, routes stray or are lost.
func TestFastWalkersKeepTheirCells(t *testing.T) {
	if testing.Short() {
		t.Skip("too many node-seconds for the race detector; smaller worlds run there")
	}
	w := newWorld(t, 16, 150, sim.Link{Latency: 30 * millisecond, Jitter: 30 * millisecond, Ordered: true}, uniform)
	w.coldStart(3)
	w.run(8)
	w.moving = true
	for i := range w.nodes {
		vel := spatial.Vec{X: float32(w.q.Rand().Float64()*2 - 1), Y: float32(w.q.Rand().Float64()*2 - 1), Z: float32(w.q.Rand().Float64()*2 - 1)}
		vel = vel.Scale(13 / vel.Len())
		var walk func()
		walk = func() {
			n := w.nodes[i]
			pos := n.self.posed.Add(vel.Scale(0.1))
			if n.clamp(pos) != pos {
				vel = vel.Scale(-1)
			}
			w.step(i, SetPose{Pos: pos, Vel: vel})
			w.q.After(100*millisecond, walk)
		}
		w.q.After(int64(i)*millisecond, walk)
	}
	w.run(2)
	right, asked := 0, 0
	w.onDeliver = func(i int, e Deliver) {
		mine := math.Sqrt(float64(e.Target.Dist2(w.nodes[i].self.posed)))
		for _, n := range w.nodes {
			if math.Sqrt(float64(e.Target.Dist2(n.self.posed)))*1.1 < mine {
				return
			}
		}
		right++
	}
	sum := 0.0
	for range 3 {
		for range 50 {
			from, target := w.q.Rand().IntN(len(w.nodes)), uniform(0, w.q.Rand())
			asked++
			name := fmt.Sprint("route ", asked)
			w.q.After(int64(w.q.Rand().Float64()*float64(second)), func() { w.step(from, Route{Target: target, Payload: []byte(name)}) })
		}
		w.run(1)
		sum += w.solid(75) / 3
	}
	w.run(2)
	t.Logf("0.7 spacings a second: solid angle %.4f, %d of %d routes to the closest or one a tenth farther off", sum, right, asked)
	if sum < 0.975 || right < asked*97/100 {
		t.Errorf("solid angle %.4f, %d of %d routes", sum, right, asked)
	}
}

// Rule 6.4: a repeated route goes no further, one that has come closer since
// does.
func TestARouteMayComeBackCloser(t *testing.T) {
	var s seen
	k := seenKey{testKey(1), 5}
	if !s.add(k, 100) || s.add(k, 100) || s.add(k, 200) {
		t.Error("a repetition counts as news")
	}
	if !s.add(k, 50) || s.add(k, 50) {
		t.Error("one that came closer counts as a repetition, or twice")
	}
	s.set(&wire.Route{Origin: k.origin, ID: k.id}, ended)
	if s.add(k, 1) {
		t.Error("one that has ended goes on")
	}
}

// Rule 1.3: what others say of a mover counts for as long as it can be reckoned.
func TestOldPosesOfMoversAreVague(t *testing.T) {
	n := &Node{now: 100 * second, spacing: 10}
	near, far := uint64(10*spatial.Unit)*uint64(10*spatial.Unit), uint64(1000*spatial.Unit)*uint64(1000*spatial.Unit)
	for _, c := range []struct {
		name   string
		speed  int16 // cm/s
		age    int64
		d2     uint64
		unrest float64
		kind   wire.Kind
		vague  bool
	}{
		{"fresh", 1400, second / 2, near, 0, wire.Avatar, false},
		{"reckoned", 1400, 4 * second, near, 0, wire.Avatar, false},
		{"old", 1400, 5 * second, near, 0, wire.Avatar, true},
		{"old and slow", 100, 5 * second, near, 0, wire.Avatar, false},
		{"old and far", 1400, 5 * second, far, 0, wire.Avatar, false},
		{"stands", 0, 20 * second, near, 0, wire.Avatar, false},
		{"stood among movers", 0, 20 * second, near, 5, wire.Avatar, true},
		{"a site among movers", 0, 20 * second, near, 5, wire.Site, false},
	} {
		n.unrest = c.unrest
		p := &peer{rec: &wire.Record{Kind: c.kind}, vel: wire.Velocity{X: c.speed}, poseAt: n.now - c.age}
		if n.vague(p, c.d2) != c.vague {
			t.Errorf("%s: vague %v", c.name, !c.vague)
		}
	}
}

// Rule 7.1: the way of a peer's moves is learned from the answers to NearSub.
func TestTheWayOfMovesIsTimed(t *testing.T) {
	w := newWatcher(t, spatial.At(60, 50, 50), spatial.At(40, 50, 50))
	w.do(PeerUp{Key: w.members[0]}) // the first answer would take the dialling, too
	p := w.table.byKey(w.members[0])
	for range 30 {
		// Until a subscription is sent, which is answered 200 ms later.
		w.pass(100 * millisecond)
		asked := false
		for _, s := range w.do(Tick{}) {
			_, sub := s.Msg.(*wire.NearSub)
			asked = asked || (sub && s.To == w.members[0])
		}
		if asked = asked || p.near.mood&timed == 0; asked {
			w.at += 200 * millisecond
			w.move(0, spatial.At(60, 50, 50), wire.Velocity{})
		}
	}
	if ms := int64(p.lag) * lagUnit / millisecond; ms < 60 || ms > 110 {
		t.Errorf("a way of 100 ms is taken for %d ms", ms)
	}
}
