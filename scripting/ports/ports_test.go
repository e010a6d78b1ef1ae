package ports

import (
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

func TestSpawnAndSendBothWays(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(false)
	c, p, got := meet(t, a, b, far.SpawnLink, me, func(s *process.Starting) error { return s.Link(me, 7) })
	if c.Rights() != process.All || c.Process() == p {
		t.Errorf("%+v", c)
	}
	hello := next(t, got)
	if hello.Tag != -1 || len(hello.Caps) != 1 || hello.Caps[0].Rights() != process.All&^process.Kill {
		t.Fatalf("%+v", hello)
	}
	back := hello.Caps[0]
	if err := back.Send(process.Letter{Tag: 5, Data: []byte("up"), Caps: []*process.Cap{p.Cap(), back}}); err != nil {
		t.Fatal(err)
	}
	l := next(t, mine)
	if string(l.Data) != "up" || l.Tag != 5 || l.Node || len(l.Caps) != 2 {
		t.Fatalf("%+v", l)
	}
	// Equal capabilities are equal, and one's own comes home as itself.
	if l.Caps[0].Process() != c.Process() || l.Caps[1].Process() != me {
		t.Error("capabilities have changed on the way")
	}
	if r, ok := RemoteOf(c.Process()); !ok || r.Peer != b.key || r.CID != "cid" || NameOf(c.Process()) != "it" {
		t.Errorf("%+v %v", r, ok)
	}
	p.Finish(process.Reason{End: process.Faulted, Text: "trap: x"})
	if r := ended(t, me); r.End != process.Linked || r.Text != "linked: trap: x" {
		t.Errorf("%+v", r)
	}
	if err := c.Send(process.Letter{}); !errors.Is(err, process.ErrNoProcess) {
		t.Error(err)
	}
}

func TestTenThousandInOrder(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	c, _, got := meet(t, a, b, 0, nil, nil)
	const n = 10_000
	go func() {
		for i := range uint64(n) {
			l := process.Letter{Data: binary.LittleEndian.AppendUint64(nil, i)}
			for err := c.Send(l); err != nil; err = c.Send(l) {
				if !errors.Is(err, process.ErrFull) {
					t.Error(err)
					return
				}
				<-time.After(time.Millisecond)
			}
			if i%3000 == 1500 {
				w.sever(a.key, b.key) // and they connect again
			}
		}
	}()
	for i := range uint64(n) {
		if l := next(t, got); binary.LittleEndian.Uint64(l.Data) != i {
			t.Fatalf("% x after %d", l.Data, i)
		}
	}
}

func TestMonitorKillAndRights(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	me, mine := a.proc(true)
	c, p, _ := meet(t, a, b, far.SpawnTrap, nil, nil)
	if err := me.Kill(c.Demote(process.Send)); !errors.Is(err, process.ErrDenied) {
		t.Error(err)
	}
	ref, err := me.Monitor(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := me.Link(c, 3); err != nil {
		t.Fatal(err)
	}
	if err := me.Kill(c); err != nil {
		t.Fatal(err)
	}
	if r := ended(t, p); r.End != process.Killed {
		t.Errorf("%+v", r)
	}
	for range 2 {
		l := next(t, mine)
		if l.Signal == nil || l.Signal.Reason.End != process.Killed || l.Signal.Kind == process.Down && l.Signal.Ref != ref {
			t.Errorf("%+v", l.Signal)
		}
	}
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	if l := next(t, mine); l.Signal.Reason.End != process.Gone {
		t.Errorf("%+v", l.Signal)
	}
}

// The end of one reaches those that are linked to it on the other node: as a
// letter if they trap exits, with its reason.
func TestLinksEndBothWays(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	for _, trap := range []uint8{0, far.SpawnTrap} {
		me, _ := a.proc(false)
		c, p, got := meet(t, a, b, trap, nil, nil)
		if err := me.Link(c, 1); err != nil {
			t.Fatal(err)
		}
		me.Finish(process.Reason{End: process.Failed, Code: 9})
		if trap == 0 {
			if r := ended(t, p); r.End != process.Linked || r.Text != "linked: exit 9" {
				t.Errorf("%+v", r)
			}
			continue
		}
		if l := next(t, got); l.Signal == nil || l.Signal.Kind != process.Exit || l.Signal.Reason.Code != 9 {
			t.Errorf("%+v", l)
		}
	}
}
