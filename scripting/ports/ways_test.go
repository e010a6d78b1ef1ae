package ports

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// said: the other node has taken all that this one has said.
func said(a, b *node) bool {
	p := a.ports.port(b.key)
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Unsaid() == 0
}

func TestUnreachableIsNotDead(t *testing.T) {
	const dead = 600 * time.Millisecond
	w := newNetwork(t)
	a, b := w.node('a', dead), w.node('b', dead)
	me, mine := a.proc(true)
	linked, _ := a.proc(false)
	c, p, got := meet(t, a, b, far.SpawnTrap, me, nil)
	back := next(t, got).Caps[0]
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	if err := linked.Link(c, 0); err != nil {
		t.Fatal(err)
	}
	// p and its other end are linked too.
	if err := p.Link(back, 4); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the links to be known", func() bool { return said(a, b) && said(b, a) })
	cutAt := time.Now()
	w.setCut(a.key, b.key, true)
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Fatalf("%+v", l)
	}
	if took := time.Since(cutAt); took < dead/2 {
		t.Errorf("unreachable after %v", took)
	}
	if r := ended(t, linked); r.End != process.Linked || r.Text != "linked: unreachable" {
		t.Errorf("%+v", r)
	}
	// p is told too, of what it has linked itself to, and of who has linked itself
	// to it; and it is alive.
	for range 2 {
		if l := next(t, got); l.Signal == nil || l.Signal.Kind != process.Exit || l.Signal.Reason.End != process.Unreachable {
			t.Fatalf("%+v", l)
		}
	}
	if _, over := p.Ended(); over {
		t.Error("it is dead")
	}
	w.setCut(a.key, b.key, false)
	// What was is gone on both sides; what is met anew is another.
	for _, old := range []*process.Cap{c, back} {
		if err := old.Send(process.Letter{}); !errors.Is(err, process.ErrNoProcess) {
			t.Errorf("reconnection has resurrected: %v", err)
		}
	}
	c2, _, got2 := meet(t, a, b, 0, nil, nil)
	if err := c2.Send(process.Letter{Data: []byte("again")}); err != nil {
		t.Fatal(err)
	}
	if l := next(t, got2); string(l.Data) != "again" {
		t.Errorf("%+v", l)
	}
	if c2.Process() == c.Process() {
		t.Error("the same proxy")
	}
}

// A third node gets a capability: what it sends goes through the one that gave
// it, and that one's end is the end of the way.
func TestThroughAThirdNode(t *testing.T) {
	const dead = time.Second
	w := newNetwork(t)
	a, b, c := w.node('a', dead), w.node('b', dead), w.node('c', dead)
	inner, p, got := meet(t, b, c, 0, nil, nil) // b has p of c
	relay, q, qGot := meet(t, a, b, 0, nil, nil)
	me, mine := a.proc(true)
	// q of b sends what b has of c to me.
	if err := relay.Send(process.Letter{Caps: []*process.Cap{me.Cap()}}); err != nil {
		t.Fatal(err)
	}
	toMe := next(t, qGot).Caps[0]
	lent, leash, err := inner.Lend(process.Send | process.Monitor)
	if err != nil {
		t.Fatal(err)
	}
	if err := toMe.Send(process.Letter{Caps: []*process.Cap{inner, lent}}); err != nil {
		t.Fatal(err)
	}
	caps := next(t, mine).Caps
	if r, _ := RemoteOf(caps[0].Process()); r.Hops != 1 || r.Peer != b.key {
		t.Errorf("%+v", r)
	}
	for i, end := range caps {
		if err := end.Send(process.Letter{Tag: int64(i), Caps: []*process.Cap{me.Cap()}}); err != nil {
			t.Fatal(err)
		}
		l := next(t, got)
		if l.Tag != int64(i) {
			t.Errorf("%+v", l)
		}
		if err := l.Caps[0].Send(process.Letter{Data: []byte("back")}); err != nil {
			t.Fatal(err)
		}
		if l := next(t, mine); string(l.Data) != "back" {
			t.Errorf("%+v", l)
		}
	}
	// b takes back what it lent; a hears of it when it tries.
	leash.Cut()
	waitFor(t, "the revocation", func() bool {
		err := caps[1].Send(process.Letter{Tag: 99})
		return errors.Is(err, process.ErrRevoked)
	})
	if len(got) != 0 {
		t.Errorf("a message through what was taken back: %+v", <-got)
	}
	if _, err := me.Monitor(caps[0]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the monitor to be on its way", func() bool { m, _ := inner.Process().Watched(); return m })
	// The end at c comes through.
	p.Finish(process.Reason{End: process.Failed, Code: 3})
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Failed || l.Signal.Reason.Code != 3 {
		t.Errorf("%+v", l)
	}
	// And that c cannot be reached does.
	inner, _, _ = meet(t, b, c, 0, nil, nil)
	if err := toMe.Send(process.Letter{Caps: []*process.Cap{inner}}); err != nil {
		t.Fatal(err)
	}
	far2 := next(t, mine).Caps[0]
	if _, err := me.Monitor(far2); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the monitor to be on its way", func() bool { m, _ := inner.Process().Watched(); return m })
	w.setCut(b.key, c.key, true)
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", l)
	}
	runtime.KeepAlive(q)
}

// What nobody has any more is forgotten on both sides.
func TestDroppedIsForgotten(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(false)
	c, p, got := meet(t, a, b, 0, me, nil)
	back := next(t, got).Caps[0]
	var kept []process.Letter
	for range 50 {
		extra, _ := b.proc(false)
		if err := back.Send(process.Letter{Caps: []*process.Cap{extra.Cap()}}); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, next(t, mine))
	}
	if n := b.ports.Peers()[0].Exports; n != 51 {
		t.Errorf("%d", n)
	}
	runtime.KeepAlive(kept)
	kept = nil
	// One that is monitored stays, though nobody has a capability.
	l := process.Letter{}
	extra, _ := b.proc(false)
	if err := back.Send(process.Letter{Caps: []*process.Cap{extra.Cap()}}); err != nil {
		t.Fatal(err)
	}
	l = next(t, mine)
	if _, err := me.Monitor(l.Caps[0]); err != nil {
		t.Fatal(err)
	}
	l = process.Letter{}
	waitFor(t, "them to be forgotten", func() bool {
		runtime.GC()
		return b.ports.Peers()[0].Exports == 2
	})
	extra.Finish(process.Reason{End: process.Failed, Code: 1})
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.Code != 1 {
		t.Errorf("%+v", l)
	}
	runtime.KeepAlive(c)
	runtime.KeepAlive(p)
}

// What was lent goes through who lent it, also to the node where the process
// lives: else it could not be taken back.
func TestLentToItsOwnNode(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	c, p, got := meet(t, a, b, 0, nil, nil)
	q, qGot := b.proc(false)
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) { return q.Cap(), nil }
	toQ, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	lent, leash, err := c.Lend(process.Send)
	if err != nil {
		t.Fatal(err)
	}
	if err := toQ.Send(process.Letter{Caps: []*process.Cap{c, lent}}); err != nil {
		t.Fatal(err)
	}
	caps := next(t, qGot).Caps
	if caps[0].Process() != p || caps[1].Process() == p {
		t.Error("one's own, or what was lent, is not what it should be")
	}
	if err := caps[1].Send(process.Letter{Tag: 1}); err != nil {
		t.Fatal(err)
	}
	if l := next(t, got); l.Tag != 1 {
		t.Errorf("%+v", l)
	}
	leash.Cut()
	waitFor(t, "the revocation", func() bool { return errors.Is(caps[1].Send(process.Letter{Tag: 2}), process.ErrRevoked) })
	if len(got) != 0 {
		t.Errorf("%+v", <-got)
	}
}
