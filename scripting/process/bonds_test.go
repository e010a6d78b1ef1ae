package process

import (
	"errors"
	"testing"
)

// The first tests are the traps that others have fallen into.

func TestMonitorOfTheDeadFiresAtOnce(t *testing.T) {
	tab := table(t, 2)
	p, got := listener(t, tab, false)
	dead, _ := listener(t, tab, false)
	dead.Finish(Reason{End: Killed})
	wait(t, dead)
	ref, err := p.Monitor(dead.Cap())
	if err != nil {
		t.Fatal(err)
	}
	if l := <-got; l.Signal == nil || l.Signal.Kind != Down || l.Signal.Ref != ref || l.Signal.Reason.End != Gone {
		t.Errorf("%+v", l.Signal)
	}
}

func TestLinkToTheDead(t *testing.T) {
	tab := table(t, 2)
	dead, _ := listener(t, tab, false)
	dead.Finish(Reason{End: Killed})
	wait(t, dead)
	trapping, got := listener(t, tab, true)
	if err := trapping.Link(dead.Cap(), 7); err != nil {
		t.Fatal(err)
	}
	if l := <-got; l.Tag != 7 || l.Signal.Kind != Exit || l.Signal.Reason.End != Gone {
		t.Errorf("%+v", l)
	}
	plain, _ := listener(t, tab, false)
	if err := plain.Link(dead.Cap(), 0); err != nil {
		t.Fatal(err)
	}
	if r := wait(t, plain); r.End != Linked {
		t.Error(r)
	}
}

func TestRightsAreNeeded(t *testing.T) {
	tab := table(t, 2)
	p, _ := listener(t, tab, false)
	q, _ := listener(t, tab, false)
	none := q.Cap().Demote(0)
	if err := none.Send(Letter{}); !errors.Is(err, ErrDenied) {
		t.Error("send:", err)
	}
	if err := p.Kill(none); !errors.Is(err, ErrDenied) {
		t.Error("kill:", err)
	}
	if err := p.Link(none, 0); !errors.Is(err, ErrDenied) {
		t.Error("link:", err)
	}
	if _, err := p.Monitor(none); !errors.Is(err, ErrDenied) {
		t.Error("monitor:", err)
	}
	if none.Demote(All).Rights() != 0 {
		t.Error("demoting has given rights back")
	}
}

func TestMonitorTellsOfEveryEnd(t *testing.T) {
	tab := table(t, 2)
	p, got := listener(t, tab, false)
	for _, c := range []struct {
		tag  int64
		kill bool
		want End
	}{{0, false, Normal}, {3, false, Failed}, {0, true, Killed}} {
		q, _ := listener(t, tab, false)
		ref, err := p.Monitor(q.Cap())
		if err != nil {
			t.Fatal(err)
		}
		if c.kill {
			err = p.Kill(q.Cap())
		} else {
			err = q.Cap().Send(Letter{Tag: c.tag, Data: []byte("leave")})
		}
		if err != nil {
			t.Fatal(err)
		}
		l := <-got
		if s := l.Signal; s == nil || s.Ref != ref || s.Reason.End != c.want || int64(s.Reason.Code) != c.tag {
			t.Errorf("%+v, want %v", s, c.want)
		}
	}
}

func TestDownComesAfterTheLastMessage(t *testing.T) {
	tab := table(t, 2)
	for range 200 {
		p, got := listener(t, tab, false)
		q := spawn(t, tab, Spec{Handler: &actor{handle: func(*Process, *Letter) error {
			p.Cap().Send(Letter{Data: []byte("last words")})
			return Exited(1)
		}}})
		if _, err := p.Monitor(q.Cap()); err != nil {
			t.Fatal(err)
		}
		if err := q.Cap().Send(Letter{}); err != nil {
			t.Fatal(err)
		}
		if a, b := <-got, <-got; a.Signal != nil || b.Signal == nil {
			t.Fatal("the end came before what was said before it")
		}
	}
}

func TestDemonitorAndUnlink(t *testing.T) {
	tab := table(t, 2)
	p, got := listener(t, tab, true)
	q, _ := listener(t, tab, false)
	ref, err := p.Monitor(q.Cap())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Link(q.Cap(), 1); err != nil {
		t.Fatal(err)
	}
	p.Demonitor(ref)
	p.Unlink(q.Cap())
	q.Finish(Reason{End: Killed})
	wait(t, q)
	p.Cap().Send(Letter{Tag: 5})
	if l := <-got; l.Signal != nil || l.Tag != 5 {
		t.Errorf("%+v", l)
	}
	if i := p.Info(); i.Links != 0 {
		t.Errorf("%+v", i)
	}
}

func TestLinksPassAnEndAlong(t *testing.T) {
	tab := table(t, 2)
	chain := make([]*Process, 20)
	for i := range chain {
		chain[i], _ = listener(t, tab, false)
		if i > 0 {
			if err := chain[i].Link(chain[i-1].Cap(), 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	end, got := listener(t, tab, true)
	if err := end.Link(chain[19].Cap(), 9); err != nil {
		t.Fatal(err)
	}
	chain[0].Cap().Send(Letter{Tag: 4, Data: []byte("leave")})
	if l := <-got; l.Tag != 9 || l.Signal.Reason.End != Linked {
		t.Errorf("%+v", l.Signal)
	}
	if r := wait(t, chain[10]); r.End != Linked || r.Text != "linked: exit 4" {
		t.Error(r)
	}
}

func TestLinksDoNotPassANormalEnd(t *testing.T) {
	tab := table(t, 2)
	p, gotP := listener(t, tab, false)
	trapping, got := listener(t, tab, true)
	q, _ := listener(t, tab, false)
	for _, x := range []*Process{p, trapping} {
		if err := x.Link(q.Cap(), 2); err != nil {
			t.Fatal(err)
		}
	}
	q.Cap().Send(Letter{Data: []byte("leave")})
	if l := <-got; l.Signal == nil || l.Signal.Reason.End != Normal || l.Tag != 2 {
		t.Errorf("%+v", l)
	}
	p.Cap().Send(Letter{Tag: 1})
	<-gotP
	if p.Stopping() {
		t.Error(p.Info())
	}
}

func TestWhatIsLentCanBeTakenBack(t *testing.T) {
	tab := table(t, 2)
	p, _ := listener(t, tab, false)
	lent, leash, err := p.Cap().Lend(Send | Link)
	if err != nil {
		t.Fatal(err)
	}
	further, inner, err := lent.Demote(Send).Lend(All)
	if err != nil || further.Rights() != Send {
		t.Fatal(err, further.Rights())
	}
	for _, c := range []*Cap{lent, further} {
		if err := c.Send(Letter{}); err != nil {
			t.Fatal(err)
		}
	}
	inner.Cut()
	if err := further.Send(Letter{}); !errors.Is(err, ErrRevoked) {
		t.Error(err)
	}
	if err := lent.Send(Letter{}); err != nil {
		t.Error(err)
	}
	leash.Cut()
	for _, c := range []*Cap{lent, lent.Demote(Send), further} {
		if err := c.Send(Letter{}); !errors.Is(err, ErrRevoked) {
			t.Error(err)
		}
	}
	if err := p.Cap().Send(Letter{}); err != nil {
		t.Error(err)
	}
	c := p.Cap()
	for range MaxLeash {
		if c, _, err = c.Lend(All); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := c.Lend(All); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

func TestHandles(t *testing.T) {
	tab := table(t, 1)
	var h Handles
	p, _ := listener(t, tab, false)
	a, err := h.Add(p.Cap())
	if err != nil || a == 0 {
		t.Fatal(a, err)
	}
	if b, _ := h.Add(p.Cap()); b != a {
		t.Error("equal capabilities have two handles")
	}
	if b, _ := h.Add(p.Cap().Demote(Send)); b == a {
		t.Error("a weaker one has the same handle")
	}
	if err := h.Drop(a); err != nil {
		t.Fatal(err)
	}
	if c, err := h.Get(a); err != nil || c != p.Cap() {
		t.Error("gone after one of two drops")
	}
	if err := h.Drop(a); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Get(a); !errors.Is(err, ErrNoHandle) {
		t.Error("there after both")
	}
	for _, k := range []Handle{0, a, 99, 1 << 31} {
		if err := h.Drop(k); !errors.Is(err, ErrNoHandle) {
			t.Error(k, err)
		}
	}
	for h.Len() < MaxHandles {
		q := &Process{}
		if _, err := h.Add(&Cap{to: q}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Add(&Cap{to: &Process{}}); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if b, err := h.Add(p.Cap().Demote(Send)); err != nil || b != 2 {
		t.Error("what is held is not found among many:", b, err)
	}
}

func TestBoundsOfBonds(t *testing.T) {
	tab := table(t, 1)
	p, _ := listener(t, tab, false)
	q, _ := listener(t, tab, false)
	for range MaxMonitors {
		if _, err := p.Monitor(q.Cap()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Monitor(q.Cap()); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	for range MaxTimers {
		if _, err := p.SetTimer(1 << 40); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.SetTimer(1); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	tab := table(t, 2)
	p, _ := listener(t, tab, false)
	q, _ := listener(t, tab, false)
	if err := tab.Register("chat", p); err != nil {
		t.Fatal(err)
	}
	if err := tab.Register("chat", q); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
	if got, err := tab.Whereis("chat"); got != p || err != nil {
		t.Error(got, err)
	}
	p.Finish(Reason{End: Killed})
	wait(t, p)
	if _, err := tab.Whereis("chat"); !errors.Is(err, ErrNoProcess) {
		t.Error(err)
	}
	if err := tab.Register("chat", p); !errors.Is(err, ErrNoProcess) {
		t.Error(err)
	}
	starts := make(chan *Process, 100)
	for range 20 {
		go func() {
			p, _, err := tab.GetOrSpawn("one", func() Spec { return Spec{Handler: &actor{}} }, nil)
			if err != nil {
				t.Error(err)
			}
			starts <- p
		}()
	}
	first := <-starts
	for range 19 {
		if p := <-starts; p != first {
			t.Error("two of one name")
		}
	}
	tab.Unregister("one", q)
	if _, err := tab.Whereis("one"); err != nil {
		t.Error("somebody else took the name off")
	}
	tab.Unregister("one", first)
	if _, err := tab.Whereis("one"); err == nil {
		t.Error("the name is still there")
	}
}
