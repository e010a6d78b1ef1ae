package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// actor is a handler made of functions.
type actor struct {
	start   func(p *Process) error
	handle  func(p *Process, l *Letter) error
	stopped atomic.Int32
	spent   bool
}

func (a *actor) Start(p *Process) error {
	if a.start == nil {
		return nil
	}
	return a.start(p)
}

func (a *actor) Handle(p *Process, l *Letter) error {
	if a.handle == nil {
		return nil
	}
	return a.handle(p, l)
}
func (a *actor) Spent() bool   { return a.spent }
func (a *actor) Stop(*Process) { a.stopped.Add(1) }

// runner is a blocking body made of a function.
type runner func(p *Process) error

func (r runner) Run(p *Process) error { return r(p) }
func (runner) Stop(*Process)          {}

func table(t *testing.T, slots int) *Table {
	t.Helper()
	tab := NewTable(Config{Slots: slots})
	t.Cleanup(func() {
		if err := tab.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return tab
}

func spawn(t *testing.T, tab *Table, s Spec) *Process {
	t.Helper()
	p, err := tab.Spawn(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wait(t *testing.T, p *Process) Reason {
	t.Helper()
	r, err := p.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// listener is a process whose letters come out of a channel.
func listener(t *testing.T, tab *Table, trap bool) (*Process, chan Letter) {
	t.Helper()
	got := make(chan Letter, 100)
	return spawn(t, tab, Spec{TrapExits: trap, Handler: &actor{handle: func(_ *Process, l *Letter) error {
		got <- *l
		if l.Signal == nil && string(l.Data) == "leave" {
			return Exited(l.Tag)
		}
		return nil
	}}}), got
}

func TestMessagesComeInOrder(t *testing.T) {
	for _, kind := range []string{"handler", "blocking"} {
		t.Run(kind, func(t *testing.T) {
			tab := table(t, 2)
			var got []int64
			spec := Spec{Handler: &actor{handle: func(_ *Process, l *Letter) error {
				if got = append(got, l.Tag); len(got) == 500 {
					return Leave
				}
				return nil
			}}}
			if kind == "blocking" {
				spec = Spec{Blocking: runner(func(p *Process) error {
					for len(got) < 500 {
						var l Letter
						if _, err := p.Receive(Pick{}, -1, &l); err != nil {
							return err
						}
						got = append(got, l.Tag)
					}
					return nil
				})}
			}
			p := spawn(t, tab, spec)
			for i := range int64(500) {
				if err := p.Cap().Send(Letter{Tag: i}); err != nil {
					t.Fatal(err)
				}
			}
			if r := wait(t, p); r.End != Normal {
				t.Fatal(r)
			}
			for i := range got {
				if got[i] != int64(i) {
					t.Fatalf("letter %d is %d", i, got[i])
				}
			}
			if err := p.Cap().Send(Letter{}); !errors.Is(err, ErrNoProcess) {
				t.Errorf("send to one that has ended: %v", err)
			}
		})
	}
}

func TestReceivePicks(t *testing.T) {
	tab := table(t, 1)
	var got []int64
	p := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error {
		for _, pick := range []Pick{{Tags: []int64{3}}, {Tags: []int64{9, 2}}, {}} {
			var l Letter
			ok, err := p.Receive(pick, -1, &l)
			if !ok || err != nil {
				return fmt.Errorf("%v %v", ok, err)
			}
			got = append(got, l.Tag)
		}
		if ok, err := p.Receive(Pick{Tags: []int64{7}}, 0, new(Letter)); ok || err != nil {
			return fmt.Errorf("nothing has tag 7: %v %v", ok, err)
		}
		return nil
	})})
	for _, tag := range []int64{1, 2, 3, 4} {
		if err := p.Cap().Send(Letter{Tag: tag}); err != nil {
			t.Fatal(err)
		}
	}
	if r := wait(t, p); r.End != Normal || !slices.Equal(got, []int64{3, 2, 1}) {
		t.Errorf("%v %v", r, got)
	}
}

func TestReceiveTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab := table(t, 1)
		begin := time.Now()
		p := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error {
			if ok, err := p.Receive(Pick{}, time.Hour, new(Letter)); ok || err != nil {
				return fmt.Errorf("%v %v", ok, err)
			}
			return nil
		})})
		if r := wait(t, p); r.End != Normal || time.Since(begin) != time.Hour {
			t.Error(r, time.Since(begin))
		}
	})
}

func TestMailboxIsBoundedAndSaysSo(t *testing.T) {
	tab := table(t, 1)
	release := make(chan struct{})
	p := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error {
		p.Outside(func() { <-release })
		return nil
	})})
	n := 0
	for ; n < 2*MaxLetters; n++ {
		if err := p.Cap().Send(Letter{}); err != nil {
			if !errors.Is(err, ErrFull) {
				t.Fatal(err)
			}
			break
		}
	}
	if n != MaxLetters {
		t.Errorf("%d messages fit", n)
	}
	if i := p.Info(); i.Refused != 1 || i.Waiting != MaxLetters {
		t.Errorf("%+v", i)
	}
	// A signal comes all the same.
	q, _ := listener(t, tab, false)
	if _, err := p.Monitor(q.Cap()); err != nil {
		t.Fatal(err)
	}
	q.Finish(Reason{End: Killed})
	wait(t, q)
	if i := p.Info(); i.Waiting != MaxLetters+1 {
		t.Errorf("%+v", i)
	}
	if err := p.Cap().Send(Letter{Data: make([]byte, MaxMessage+1)}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	close(release)
	wait(t, p)
}

func TestBytesOfAMailboxAreBounded(t *testing.T) {
	tab := table(t, 1)
	block := make(chan struct{})
	p := spawn(t, tab, Spec{Handler: &actor{start: func(*Process) error { <-block; return nil }}})
	n := 0
	for p.Cap().Send(Letter{Data: make([]byte, MaxMessage)}) == nil {
		n++
	}
	if n != MaxBytes/(MaxMessage+letterCost) {
		t.Errorf("%d messages of %d bytes fit", n, MaxMessage)
	}
	close(block)
}

func TestKillEndsWhatWaitsAndWhatRuns(t *testing.T) {
	tab := table(t, 2)
	a, _ := listener(t, tab, true)
	b := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error { _, err := p.Receive(Pick{}, -1, new(Letter)); return err })})
	c := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error {
		for {
			if err := p.Yield(); err != nil {
				return err
			}
		}
	})})
	killer, _ := listener(t, tab, false)
	for _, p := range []*Process{a, b, c} {
		if err := killer.Kill(p.Cap().Demote(Send)); !errors.Is(err, ErrDenied) {
			t.Errorf("killed without the right: %v", err)
		}
		if err := killer.Kill(p.Cap()); err != nil {
			t.Fatal(err)
		}
		if r := wait(t, p); r.End != Killed {
			t.Error(r)
		}
		if err := killer.Kill(p.Cap()); err != nil {
			t.Errorf("killing again: %v", err)
		}
	}
}

func TestARunawayDoesNotStopOthers(t *testing.T) {
	tab := table(t, 1)
	hog := spawn(t, tab, Spec{Blocking: runner(func(p *Process) error {
		for {
			if err := p.Yield(); err != nil {
				return err
			}
		}
	})})
	selfish := spawn(t, tab, Spec{Handler: &actor{spent: true, handle: func(p *Process, l *Letter) error {
		return p.Cap().Send(*l)
	}}})
	if err := selfish.Cap().Send(Letter{}); err != nil {
		t.Fatal(err)
	}
	p, got := listener(t, tab, false)
	for range 50 {
		if err := p.Cap().Send(Letter{}); err != nil {
			t.Fatal(err)
		}
		<-got
	}
	for _, q := range []*Process{hog, selfish} {
		if q.Stopping() {
			t.Error(q.Info())
		}
	}
}

// A handler that does not come back from one letter delays others by slices too,
// whether it computes or waits.
func TestALongLetterDoesNotStopOthers(t *testing.T) {
	for name, do := range map[string]func(p *Process, block chan struct{}) error{
		"computes": func(p *Process, _ chan struct{}) error {
			for {
				if err := p.Yield(); err != nil {
					return err
				}
			}
		},
		"waits": func(p *Process, block chan struct{}) error {
			p.Outside(func() { <-block })
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			tab := table(t, 2)
			block := make(chan struct{})
			var long []*Process
			for range 5 {
				p := spawn(t, tab, Spec{Handler: &actor{handle: func(p *Process, _ *Letter) error { return do(p, block) }}})
				if err := p.Cap().Send(Letter{}); err != nil {
					t.Fatal(err)
				}
				long = append(long, p)
			}
			p, got := listener(t, tab, false)
			for range 50 {
				if err := p.Cap().Send(Letter{}); err != nil {
					t.Fatal(err)
				}
				<-got
			}
			close(block)
			for _, p := range long {
				p.Finish(Reason{End: Killed})
				if r := wait(t, p); r.End != Killed {
					t.Error(r)
				}
			}
			// The workers are back.
			if err := p.Cap().Send(Letter{}); err != nil {
				t.Fatal(err)
			}
			<-got
		})
	}
}

func TestStopIsCalledOnce(t *testing.T) {
	tab := table(t, 1)
	for name, a := range map[string]*actor{
		"fails to start": {start: func(*Process) error { return errors.New("no") }},
		"leaves":         {handle: func(*Process, *Letter) error { return Leave }},
		"is killed":      {},
	} {
		p := spawn(t, tab, Spec{Handler: a})
		p.Cap().Send(Letter{})
		if name == "is killed" {
			p.Finish(Reason{End: Killed})
		}
		wait(t, p)
		if n := a.stopped.Load(); n != 1 {
			t.Errorf("%s: stopped %d times", name, n)
		}
	}
}

// The queue of a mailbox against a slice.
func TestLetters(t *testing.T) {
	var q letters
	var want []int64
	rand := uint32(1)
	for i := range int64(20_000) {
		rand = rand*1664525 + 1013904223
		if grow := i%1000 < 500; len(want) == 0 || rand>>16%3 == 0 == !grow {
			q.push(&Letter{Tag: i})
			want = append(want, i)
		} else {
			k := int(rand>>8) % len(want)
			if rand>>20%4 != 0 {
				k = 0
			}
			var l Letter
			q.remove(int32(k), &l)
			if l.Tag != want[k] {
				t.Fatalf("letter %d of %d is %d, not %d", k, len(want), l.Tag, want[k])
			}
			want = slices.Delete(want, k, k+1)
		}
		if int(q.n) != len(want) {
			t.Fatalf("%d letters, not %d", q.n, len(want))
		}
	}
}
