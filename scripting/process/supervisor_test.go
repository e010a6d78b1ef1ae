package process

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// family is a supervisor whose children say that they were started.
type family struct {
	t       *testing.T
	tab     *Table
	p       *Process
	names   *Names
	started []string
	now     map[string]*Process
}

func newFamily(t *testing.T, s Supervision, names ...string) *family {
	f := &family{t: t, tab: table(t, 2), now: map[string]*Process{}}
	s.Names, s.Rights = f.tab.NewNames(100), All
	f.names = s.Names
	for _, name := range names {
		how := Permanent
		switch name[0] {
		case 't':
			how = Transient
		case 'x':
			how = Temporary
		}
		s.Children = append(s.Children, Child{Name: name, Restart: how, Spec: func() (Spec, error) {
			return Spec{Name: name, Handler: &actor{start: func(p *Process) error {
				f.tab.mu.Lock()
				f.started = append(f.started, name)
				f.now[name] = p
				f.tab.mu.Unlock()
				return nil
			}, handle: func(_ *Process, l *Letter) error { return Exited(l.Tag) }}}, nil
		}})
	}
	f.p = spawn(t, f.tab, Spec{TrapExits: true, Handler: NewSupervisor(s)})
	synctest.Wait()
	return f
}

// fall ends a child and gives who was started because of it.
func (f *family) fall(name string, code int64) []string {
	f.t.Helper()
	before := len(f.started)
	if err := f.now[name].Cap().Send(Letter{Tag: code}); err != nil {
		f.t.Fatal(err)
	}
	synctest.Wait()
	slices.Sort(f.started[before:])
	return f.started[before:]
}

func TestSupervisors(t *testing.T) {
	for name, c := range map[string]struct {
		strategy Strategy
		fall     string
		code     int64
		want     []string
	}{
		"one for one":                    {OneForOne, "b", 1, []string{"b"}},
		"one for all":                    {OneForAll, "b", 1, []string{"a", "b", "c", "t", "x"}},
		"rest for one":                   {RestForOne, "b", 1, []string{"b", "c", "t", "x"}},
		"permanent after a normal end":   {OneForOne, "b", 0, []string{"b"}},
		"transient after a fault":        {OneForOne, "t", 1, []string{"t"}},
		"transient after a normal end":   {OneForAll, "t", 0, nil},
		"temporary draws no others with": {OneForAll, "x", 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFamily(t, Supervision{Strategy: c.strategy}, "a", "b", "c", "t", "x")
				if got := f.fall(c.fall, c.code); !slices.Equal(got, c.want) {
					t.Errorf("started %v, want %v", got, c.want)
				}
				for name, p := range f.now {
					gone := name == c.fall && c.want == nil
					if q, err := f.names.Whereis(name); (err != nil) != gone || (!gone && q.Process() != p) {
						t.Errorf("%s: %v %v", name, q, err)
					}
				}
			})
		})
	}
}

func TestASupervisorGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t, Supervision{Restarts: 2, Within: time.Minute}, "a", "b")
		f.fall("a", 1)
		time.Sleep(2 * time.Minute)
		f.fall("a", 1)
		f.fall("a", 1)
		if f.p.Stopping() {
			t.Fatal("two ends within a minute are not too many")
		}
		f.fall("a", 1)
		if r := wait(t, f.p); !errors.Is(r.Err, ErrRestarts) {
			t.Error(r)
		}
		if r := wait(t, f.now["b"]); r.End != Killed && r.End != Linked {
			t.Error(r)
		}
		if n := f.tab.Len(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestAKilledSupervisorLeavesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFamily(t, Supervision{}, "a", "b", "c")
		f.now["b"].TrapExits(true)
		f.p.Finish(Reason{End: Killed})
		synctest.Wait()
		if n := f.tab.Len(); n != 0 {
			t.Errorf("%d are left", n)
		}
	})
}

func TestAChildThatCannotStart(t *testing.T) {
	tab := table(t, 1)
	no := Child{Spec: func() (Spec, error) {
		return Spec{Handler: &actor{start: func(*Process) error { return errors.New("no such module") }}}, nil
	}}
	p := spawn(t, tab, Spec{TrapExits: true, Handler: NewSupervisor(Supervision{Children: []Child{no}})})
	if r := wait(t, p); !errors.Is(r.Err, ErrRestarts) {
		t.Error(r)
	}
}

func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tab := table(t, 1)
		p, got := listener(t, tab, false)
		a, err := p.SetTimer(time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := p.SetTimer(time.Minute)
		c, _ := p.SetTimer(time.Second)
		if !p.StopTimer(c) || p.StopTimer(c) {
			t.Error("a timer is stopped once")
		}
		begin := time.Now()
		for _, want := range []uint64{b, a} {
			if l := <-got; l.Signal == nil || l.Signal.Kind != Timer || l.Signal.Ref != want {
				t.Errorf("%+v", l)
			}
		}
		if time.Since(begin) != time.Hour {
			t.Error(time.Since(begin))
		}
		if _, err := p.SetTimer(time.Hour); err != nil {
			t.Fatal(err)
		}
		p.Finish(Reason{End: Killed}) // and its timer with it
	})
}
