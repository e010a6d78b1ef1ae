package process

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// world is what should be: who lives, who is tied to whom, and which signals
// each has been told of.
type world struct {
	tab   *Table
	procs map[int]*subject
	last  int
}

type subject struct {
	p     *Process
	trap  bool
	links map[int]bool
	hears map[int][]uint64 // of whom: its monitors
	want  []string         // signals
	got   []string
}

func (w *world) spawn(trap bool) *subject {
	w.last++
	s := &subject{trap: trap, links: map[int]bool{}, hears: map[int][]uint64{}}
	body := &actor{handle: func(_ *Process, l *Letter) error {
		switch {
		case l.Signal != nil:
			s.got = append(s.got, fmt.Sprint(l.Signal.Kind, " ", l.Signal.Reason.End))
		case l.Tag >= 0:
			return Exited(l.Tag)
		}
		return nil
	}}
	p, err := w.tab.Spawn(Spec{Handler: body, TrapExits: trap}, nil)
	if err != nil {
		panic(err)
	}
	s.p = p
	w.procs[w.last] = s
	return s
}

// end is what should happen when one ends: to it, and to all it is tied to.
func (w *world) end(n int, end End) {
	s := w.procs[n]
	delete(w.procs, n)
	for _, k := range slices.Sorted(maps.Keys(w.procs)) {
		o := w.procs[k]
		for range o.hears[n] {
			o.want = append(o.want, fmt.Sprint(Down, " ", end))
		}
		delete(o.hears, n)
		delete(o.links, n)
	}
	for _, k := range slices.Sorted(maps.Keys(s.links)) {
		o := w.procs[k]
		switch {
		case o == nil:
		case o.trap:
			o.want = append(o.want, fmt.Sprint(Exit, " ", end))
		case end != Normal:
			w.end(k, Linked)
		}
	}
}

func (w *world) some(r *rand.Rand) (int, *subject) {
	keys := slices.Sorted(maps.Keys(w.procs))
	n := keys[r.IntN(len(keys))]
	return n, w.procs[n]
}

// step does something at random, here and there.
func (w *world) step(r *rand.Rand) string {
	if len(w.procs) < 3 {
		w.spawn(r.IntN(3) == 0)
		return "spawn"
	}
	n, s := w.some(r)
	k, o := w.some(r)
	switch op := r.IntN(20); {
	case op < 5:
		w.spawn(r.IntN(3) == 0)
		return "spawn"
	case op < 9 && n != k:
		if err := s.p.Link(o.p.Cap(), 0); err != nil {
			panic(err)
		}
		s.links[k], o.links[n] = true, true
		return fmt.Sprint("link ", n, k)
	case op < 10:
		s.p.Unlink(o.p.Cap())
		delete(s.links, k)
		delete(o.links, n)
		return fmt.Sprint("unlink ", n, k)
	case op < 14 && n != k:
		ref, err := s.p.Monitor(o.p.Cap())
		if err != nil {
			panic(err)
		}
		s.hears[k] = append(s.hears[k], ref)
		return fmt.Sprint("monitor ", n, k)
	case op < 15 && len(s.hears[k]) > 0:
		s.p.Demonitor(s.hears[k][0])
		s.hears[k] = s.hears[k][1:]
		return fmt.Sprint("demonitor ", n, k)
	case op < 16:
		s.trap = !s.trap
		s.p.TrapExits(s.trap)
		return fmt.Sprint("trap ", n, s.trap)
	case op < 17:
		if err := o.p.Kill(s.p.Cap()); err != nil {
			panic(err)
		}
		w.end(n, Killed)
		return fmt.Sprint("kill ", n)
	default:
		code := r.IntN(2)
		if err := s.p.Cap().Send(Letter{Tag: int64(code)}); err != nil {
			panic(err)
		}
		w.end(n, End(code)) // Normal or Failed
		return fmt.Sprint("exit ", n, code)
	}
}

// check compares.
func (w *world) check(t *testing.T, did []string) {
	t.Helper()
	fail := func(format string, a ...any) {
		t.Fatalf("%s, after ... %s", fmt.Sprintf(format, a...), strings.Join(did[max(0, len(did)-12):], "; "))
	}
	if n := w.tab.Len(); n != len(w.procs) {
		fail("%d live, not %d", n, len(w.procs))
	}
	for n, s := range w.procs {
		i := s.p.Info()
		slices.Sort(s.want) // the order among those that end together is not promised
		slices.Sort(s.got)
		watched := 0
		for _, o := range w.procs {
			watched += len(o.hears[n])
		}
		if i.State != Waiting || i.Links != len(s.links) || i.Monitors != watched || !slices.Equal(s.got, s.want) {
			fail("%d: %+v with signals %v; want %d links, %d monitors and %v", n, i, s.got, len(s.links), watched, s.want)
		}
		s.got, s.want = nil, nil
	}
}

// TestAgainstAModel does at random what processes can do to each other.
// METATOPIA_SOAK=1h does so for an hour.
func TestAgainstAModel(t *testing.T) {
	until := time.Now()
	if s := os.Getenv("METATOPIA_SOAK"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		until = until.Add(d)
	}
	rounds := 0
	for seed := uint64(1); seed <= 20 || time.Now().Before(until); seed++ {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			w := &world{tab: NewTable(Config{Slots: 1 + r.IntN(4)}), procs: map[int]*subject{}}
			var did []string
			for range 200 {
				did = append(did, fmt.Sprint("seed ", seed, ": ", w.step(r)))
				synctest.Wait()
				w.check(t, did)
			}
			if err := w.tab.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, p := range w.tab.ended {
				if len(p.peers)+len(p.heard)+len(p.hears) > 0 || p.handles.Len() > 0 || p.box.queue.n > 0 {
					t.Fatalf("seed %d: one that has ended holds %+v", seed, p.Info())
				}
			}
			synctest.Wait()
			if w.tab.workers.alive != 0 || w.tab.slots.free != w.tab.cfg.Slots {
				t.Fatalf("seed %d: %d workers, %d of %d slots are free", seed, w.tab.workers.alive, w.tab.slots.free, w.tab.cfg.Slots)
			}
		})
		if t.Failed() {
			return
		}
		rounds++
	}
	t.Logf("%d rounds of 200 steps", rounds)
}
