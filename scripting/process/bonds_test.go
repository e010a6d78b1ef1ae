package process

import (
	"errors"
	"sync/atomic"
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

// Whoever asks for signals without taking them is refused at last: a mailbox is
// bounded in these too.
func TestSignalsAreBounded(t *testing.T) {
	tab := table(t, 2)
	dead, _ := listener(t, tab, false)
	dead.Finish(Reason{End: Killed})
	wait(t, dead) // first: p keeps a worker that counts as about to be free
	block := make(chan struct{})
	p := spawn(t, tab, Spec{TrapExits: true, Handler: &actor{start: func(*Process) error { <-block; return nil }}})
	n := 0
	for ; n < 2*MaxSignals; n++ {
		if _, err := p.Monitor(dead.Cap()); err != nil {
			if !errors.Is(err, ErrFull) {
				t.Error(err)
			}
			break
		}
	}
	if n != MaxSignals || p.Info().Waiting != n {
		t.Errorf("%d signals wait after %d", p.Info().Waiting, n)
	}
	live, _ := listener(t, tab, false)
	if err := p.Link(dead.Cap(), 0); !errors.Is(err, ErrFull) {
		t.Errorf("a link to the dead: %v", err)
	}
	if err := live.Link(p.Cap(), 0); !errors.Is(err, ErrFull) {
		t.Errorf("a link by another: %v", err)
	}
	if _, err := p.SetTimer(1); !errors.Is(err, ErrFull) {
		t.Errorf("a timer: %v", err)
	}
	close(block)
}

// What waits for processes that share a budget is bounded together.
func TestABudgetOfMessages(t *testing.T) {
	tab := table(t, 1)
	room := NewBudget(10 * letterCost)
	block := make(chan struct{})
	var ps []*Process
	for range 2 {
		ps = append(ps, spawn(t, tab, Spec{Room: room, Blocking: runner(func(p *Process) error {
			p.Outside(func() { <-block })
			var l Letter
			_, err := p.Receive(Pick{}, 0, &l)
			return err
		})}))
	}
	n := 0
	for ps[n%2].Cap().Send(Letter{}) == nil {
		n++
	}
	if n != 10 || room.Used() != room.Most() {
		t.Errorf("%d messages, %d bytes", n, room.Used())
	}
	if ps[0].Reserve(1) {
		t.Error("room was kept where there is none")
	}
	close(block)
	for _, p := range ps {
		wait(t, p)
	}
	if room.Used() != 0 {
		t.Errorf("%d bytes are still used", room.Used())
	}
}

// Room that is kept stays, however full the mailbox is.
func TestAMailboxKeepsRoom(t *testing.T) {
	tab := table(t, 1)
	block := make(chan struct{})
	p := spawn(t, tab, Spec{Handler: &actor{start: func(*Process) error { <-block; return nil }}})
	if !p.Reserve(1000) {
		t.Fatal("no room")
	}
	n := 0
	for p.Cap().Send(Letter{}) == nil {
		n++
	}
	if n != MaxLetters-1 || p.Reserve(1) {
		t.Errorf("%d messages beside the one expected", n)
	}
	p.Deliver(Letter{Data: []byte("answer"), Node: true}, 1000)
	if i := p.Info(); i.Waiting != MaxLetters || p.box.bytes != MaxLetters*letterCost+6 {
		t.Errorf("%+v, %d bytes", i, p.box.bytes)
	}
	close(block)
}

func TestLentHandles(t *testing.T) {
	tab := table(t, 1)
	p, _ := listener(t, tab, false)
	var mine, others Handles
	k, _ := mine.Add(p.Cap())
	lent, err := mine.Lend(k, Send)
	if err != nil || lent == k {
		t.Fatal(lent, err)
	}
	c, _ := mine.Get(lent)
	theirs, _ := others.Add(c)
	if err := others.Revoke(theirs); !errors.Is(err, ErrDenied) {
		t.Errorf("the borrower took it back: %v", err)
	}
	if err := mine.Revoke(k); !errors.Is(err, ErrDenied) {
		t.Errorf("took back what was not lent: %v", err)
	}
	if err := mine.Revoke(lent); err != nil {
		t.Fatal(err)
	}
	c, _ = others.Get(theirs)
	if err := c.Send(Letter{}); !errors.Is(err, ErrRevoked) {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	tab := table(t, 2)
	names, other := tab.NewNames(2), tab.NewNames(2)
	p, _ := listener(t, tab, false)
	q, _ := listener(t, tab, false)
	if err := names.Register("chat", p.Cap().Demote(Send), nil); err != nil {
		t.Fatal(err)
	}
	if err := names.Register("chat", q.Cap(), nil); !errors.Is(err, ErrTaken) {
		t.Error(err)
	}
	if c, err := names.Whereis("chat"); err != nil || c.Process() != p || c.Rights() != Send {
		t.Error(c, err)
	}
	if _, err := other.Whereis("chat"); !errors.Is(err, ErrNoProcess) {
		t.Errorf("found from another space: %v", err)
	}
	p.Finish(Reason{End: Killed})
	wait(t, p)
	if _, err := names.Whereis("chat"); !errors.Is(err, ErrNoProcess) {
		t.Error(err)
	}
	if err := names.Register("chat", p.Cap(), nil); !errors.Is(err, ErrNoProcess) {
		t.Error(err)
	}
	var made atomic.Int32
	starts := make(chan *Process, 100)
	for range 20 {
		go func() {
			c, p, err := names.GetOrSpawn("one", Send|Monitor, nil, func() (Spec, error) { return Spec{Handler: &actor{}}, nil }, nil)
			switch {
			case err != nil:
				t.Error(err)
			case p != nil:
				made.Add(1)
			case c.Rights() != Send|Monitor:
				t.Errorf("found with the rights %b", c.Rights())
			}
			starts <- c.Process()
		}()
	}
	first := <-starts
	for range 19 {
		if p := <-starts; p != first {
			t.Error("two of one name")
		}
	}
	if made.Load() != 1 {
		t.Errorf("%d were told that they started it", made.Load())
	}
	if err := names.Unregister("one", q); !errors.Is(err, ErrDenied) {
		t.Errorf("somebody else took the name off: %v", err)
	}
	if err := names.Unregister("one", first); err != nil {
		t.Error(err)
	}
	if _, err := names.Whereis("one"); err == nil {
		t.Error("the name is still there")
	}
	for _, name := range []string{"a", "b"} {
		if err := names.Register(name, q.Cap(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := names.Register("c", q.Cap(), nil); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}
