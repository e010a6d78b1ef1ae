package process

import (
	"sync"
	"testing"
)

// far is a Proxy that remembers what it was asked.
type far struct {
	mu   sync.Mutex
	told []string
}

func (f *far) note(s string) { f.mu.Lock(); f.told = append(f.told, s); f.mu.Unlock() }

func (f *far) Forward(_ *Process, l *Letter) error { f.note("send " + string(l.Data)); return nil }
func (f *far) Watched(p *Process) {
	monitored, linked := p.Watched()
	f.note(map[[2]bool]string{{}: "unwatch", {true, false}: "watch", {true, true}: "link", {false, true}: "link"}[[2]bool{monitored, linked}])
}
func (f *far) Exited(_ *Process, r Reason) { f.note("exit " + r.End.String()) }
func (f *far) Kill(*Process)               { f.note("kill") }

func (f *far) take() (s string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.told {
		s += t + "; "
	}
	f.told = nil
	return s
}

func TestAProxyStandsForAnother(t *testing.T) {
	tab := table(t, 1)
	f := &far{}
	q := spawn(t, tab, Spec{Proxy: f})
	p, got := listener(t, tab, true)
	if err := q.Cap().Send(Letter{Data: []byte("hello")}); err != nil {
		t.Fatal(err)
	}
	ref, err := p.Monitor(q.Cap())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Link(q.Cap(), 3); err != nil {
		t.Fatal(err)
	}
	p.Demonitor(ref)
	p.Unlink(q.Cap())
	if err := p.Kill(q.Cap()); err != nil {
		t.Fatal(err)
	}
	if s := f.take(); s != "send hello; watch; link; link; unwatch; kill; " {
		t.Error(s)
	}
	if q.Stopping() {
		t.Error("ended before its node said so")
	}
	if _, err := p.Monitor(q.Cap()); err != nil {
		t.Fatal(err)
	}
	q.Over(Reason{End: Unreachable})
	if l := <-got; l.Signal == nil || l.Signal.Reason.End != Unreachable {
		t.Errorf("%+v", l)
	}
	// It does not come back: who is reached again has another proxy.
	if _, err := p.Monitor(q.Cap()); err != nil {
		t.Fatal(err)
	}
	if l := <-got; l.Signal == nil || l.Signal.Reason.End != Gone {
		t.Errorf("%+v", l)
	}
}

func TestTheEndOfALinkedOneReachesAcross(t *testing.T) {
	tab := table(t, 1)
	f := &far{}
	q := spawn(t, tab, Spec{Proxy: f})
	p, _ := listener(t, tab, false)
	if err := p.Link(q.Cap(), 0); err != nil {
		t.Fatal(err)
	}
	p.Finish(Reason{End: Killed})
	wait(t, p)
	for f.mu.Lock(); len(f.told) < 3; f.mu.Lock() {
		f.mu.Unlock()
	}
	f.mu.Unlock()
	if s := f.take(); s != "link; exit killed; unwatch; " {
		t.Error(s)
	}
	q.Over(Reason{End: Gone})
}
