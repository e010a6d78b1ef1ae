package handoff

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func rid(n byte) base.ID { return base.ID{15: n} }
func oid(n byte) base.ID { return base.ID{0: 0xaa, 15: n} }

var quick = Times{Offer: 4, Prepared: 6, Retry: 1, RetryMax: 4, Cool: 1, CoolMax: 4}

// node is one region: a core, its log, and what the log rests on. Messages
// leave only when the inputs that made them are durable.
type node struct {
	id      base.ID
	cfg     Config
	core    *Core
	now     base.Tick
	log     []input // since the start
	durable int     // inputs on disk
	held    []mail  // messages waiting for the disk
	objects map[base.ID]string
	saved   saved // the state that is durable
}

// saved is what a crash at this moment would leave.
type saved struct {
	core    []byte
	objects map[base.ID]string
}

func (x *node) save() { x.saved = saved{x.core.Snapshot(nil), maps.Clone(x.objects)} }

type mail struct {
	from, to base.ID
	msg      Msg
	rests    int // on this many inputs of the log
}

// input is one logged input.
type input struct {
	tick  bool
	own   base.ID
	begin []base.ID
	to    base.ID
	from  base.ID
	msg   Msg
}

func newNode(t testing.TB, n byte, capacity int) *node {
	x := &node{id: rid(n), cfg: Config{Self: rid(n), Capacity: capacity, Times: quick}}
	x.reset(t)
	x.save()
	return x
}

func (x *node) reset(t testing.TB) {
	c, err := New(x.cfg)
	if err != nil {
		t.Fatal(err)
	}
	x.core, x.now, x.objects = c, 0, map[base.ID]string{}
}

// feed logs an input and runs it.
func (x *node) feed(t testing.TB, in input) {
	x.log = append(x.log, in)
	x.run(t, in, true)
}

func (x *node) run(t testing.TB, in input, sends bool) {
	switch {
	case in.tick:
		x.now++
		x.core.Tick(x.now)
	case !in.own.IsZero():
		if x.core.Own(in.own, 1) == nil {
			x.objects[in.own] = "born"
		}
	case in.begin != nil:
		_ = x.core.Begin(x.now, in.to, 0, in.begin...)
	default:
		if err := x.core.Handle(x.now, in.from, in.msg); err != nil {
			t.Fatalf("handle %+v: %v", in.msg, err)
		}
	}
	for {
		effects := x.core.Effects()
		if len(effects) == 0 {
			break
		}
		for _, e := range effects {
			switch e.Kind {
			case DoSend:
				if sends {
					x.held = append(x.held, mail{from: x.id, to: e.Peer, msg: e.Msg, rests: len(x.log)})
				}
			case DoRelease:
				if x.core.Release(x.now, e.Items[0].ID, x.pack(t, e.Items)) == nil {
					for _, r := range e.Items {
						delete(x.objects, r.ID)
					}
				}
			case DoAccept:
				x.unpack(t, &e)
			case DoStale:
				for _, r := range e.Items {
					delete(x.objects, r.ID)
				}
			}
		}
	}
	// A snapshot restores to the same bytes.
	snap := x.core.Snapshot(nil)
	c, err := Restore(x.cfg, snap)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(snap, c.Snapshot(nil)) {
		t.Fatal("snapshot differs after restore")
	}
	x.core = c
}

// pack writes the histories of a group, each with this region's mark.
func (x *node) pack(t testing.TB, items []Ref) []byte {
	var e base.Encoder
	for _, r := range items {
		state, ok := x.objects[r.ID]
		if !ok {
			t.Fatalf("asked to release %v, which is not here", r.ID)
		}
		e.ID(r.ID)
		e.Str(state + fmt.Sprintf(">%d", x.id[15]))
	}
	return e.B
}

// unpack takes what the core accepted out of the state of a group.
func (x *node) unpack(t testing.TB, e *Effect) {
	d := base.NewDecoder(e.State)
	for d.Len() > 0 {
		id, state := d.ID(), d.Str(1<<20)
		if !slices.ContainsFunc(e.Items, func(r Ref) bool { return r.ID == id }) {
			continue // moved on since
		}
		if _, ok := x.objects[id]; ok && !slices.Contains(e.Replaced, id) {
			t.Fatalf("accepted %v, which is here already", id)
		}
		x.objects[id] = state
	}
	if d.Err() != nil {
		t.Fatal(d.Err())
	}
}

// some picks one or more of the objects here.
func (x *node) some(r *base.Rand) []base.ID {
	all := slices.SortedFunc(maps.Keys(x.objects), base.ID.Compare)
	i := r.IntN(len(all))
	return all[i : i+1+r.IntN(len(all)-i)]
}

// sync writes the log and gives the messages that may leave.
func (x *node) sync() (out []mail) {
	x.durable = len(x.log)
	x.save()
	out, x.held = x.held, nil
	return out
}

// crash loses what was not durable and starts again from the log.
func (x *node) crash(t testing.TB) {
	x.log = x.log[:x.durable]
	x.held = nil
	x.reset(t)
	for _, in := range x.log {
		x.run(t, in, false)
	}
	if !bytes.Equal(x.core.Snapshot(nil), x.saved.core) || !maps.Equal(x.objects, x.saved.objects) {
		t.Fatal("replay of the log gives another state")
	}
}

// world is a set of regions and the messages between them.
type world struct {
	t     testing.TB
	nodes []*node
	net   []mail
	objs  []base.ID
}

func (w *world) node(id base.ID) *node { return w.nodes[id[15]-1] }

// check counts the owners of every object, by what the logs say: a release
// that no other log has accepted keeps the object for its receiver.
func (w *world) check() {
	w.t.Helper()
	for _, id := range w.objs {
		owners, high := 0, uint64(0)
		epochs := map[uint64]int{}
		for _, x := range w.nodes {
			if e, ok := x.core.Owns(id); ok {
				owners++
				epochs[e]++
				high = max(high, e)
				if _, here := x.objects[id]; !here {
					w.t.Fatalf("object %v is owned by %d but not there", id, x.id[15])
				}
			} else if _, here := x.objects[id]; here {
				w.t.Fatalf("object %v is at %d but not owned", id, x.id[15])
			}
		}
		limbo := 0
		for _, x := range w.nodes {
			for to, l := range x.core.links {
				for _, tr := range l.Out {
					for _, r := range tr.Items {
						if r.ID == id && tr.Phase == released && w.node(to).core.Known(id) < r.Epoch+1 {
							limbo++
						}
					}
				}
			}
		}
		for e, n := range epochs {
			if n > 1 {
				w.t.Fatalf("object %v has %d owners at epoch %d", id, n, e)
			}
		}
		if owners+limbo != 1 {
			w.t.Fatalf("object %v: %d owners and %d on the way", id, owners, limbo)
		}
	}
}

// settle delivers everything until nothing moves, and checks that every object
// is in exactly one place with the history its moves gave it.
func (w *world) settle() {
	w.t.Helper()
	for round := 0; ; round++ {
		for _, x := range w.nodes {
			w.net = append(w.net, x.sync()...)
		}
		for len(w.net) > 0 {
			m := w.net[0]
			w.net = w.net[1:]
			x := w.node(m.to)
			x.feed(w.t, input{from: m.from, msg: m.msg})
			w.net = append(w.net, x.sync()...)
		}
		busy := false
		for _, x := range w.nodes {
			x.feed(w.t, input{tick: true})
			if _, ok := x.core.Next(); ok {
				busy = true
			}
		}
		if !busy {
			break
		}
		if round > 200 {
			w.t.Fatal("does not settle")
		}
	}
	w.check()
	for _, id := range w.objs {
		n := 0
		for _, x := range w.nodes {
			if _, ok := x.core.Owns(id); ok {
				n++
			}
		}
		if n != 1 {
			w.t.Fatalf("object %v has %d owners after everything settled", id, n)
		}
		for _, x := range w.nodes {
			if s, ok := x.objects[id]; ok && uint64(1+bytes.Count([]byte(s), []byte(">"))) != mustOwn(w.t, x, id) {
				w.t.Fatalf("object %v at epoch %d has history %q", id, mustOwn(w.t, x, id), s)
			}
		}
	}
}

func mustOwn(t testing.TB, x *node, id base.ID) uint64 {
	e, ok := x.core.Owns(id)
	if !ok {
		t.Fatalf("%v is not owned", id)
	}
	return e
}

// TestRandomFaults runs three regions with three objects that wander, over a
// network that loses, doubles and reorders, with regions that crash back to
// what was durable, and checks the owners after every step.
func TestRandomFaults(t *testing.T) {
	seeds, steps := 300, 260
	if testing.Short() {
		seeds = 40
	}
	moved := 0
	for seed := range seeds {
		r := base.NewRand(uint64(seed), 3)
		w := &world{t: t, nodes: []*node{newNode(t, 1, 3), newNode(t, 2, 2), newNode(t, 3, 3)}}
		for i := byte(1); i <= 3; i++ {
			w.objs = append(w.objs, oid(i))
			x := w.nodes[r.IntN(3)]
			x.feed(t, input{own: oid(i)})
			x.sync()
		}
		func() {
			defer func() {
				if t.Failed() {
					t.Logf("seed %d", seed)
				}
			}()
			for range steps {
				x := w.nodes[r.IntN(3)]
				switch k := r.IntN(20); {
				case k < 5:
					x.feed(t, input{tick: true})
				case k < 8 && len(x.objects) > 0:
					x.feed(t, input{begin: x.some(r), to: w.nodes[(int(x.id[15])+r.IntN(2))%3].id})
				case k < 11:
					w.net = append(w.net, x.sync()...)
				case k < 12:
					x.crash(t)
				case len(w.net) == 0:
				default:
					i := r.IntN(len(w.net)) // any order
					m := w.net[i]
					fate := r.IntN(10)
					if fate < 7 {
						w.net = append(w.net[:i], w.net[i+1:]...) // else it stays: doubled
					}
					if fate >= 2 { // else lost
						w.node(m.to).feed(t, input{from: m.from, msg: m.msg})
					}
					if len(w.net) > 40 {
						w.net = w.net[20:]
					}
				}
				// Whatever is not durable may vanish, so the count holds for
				// the durable state: crash copies show it.
				w.checkDurable()
			}
			w.settle()
		}()
		for _, x := range w.nodes {
			for id := range x.objects {
				moved += int(mustOwn(t, x, id)) - 1
			}
		}
	}
	if moved < seeds {
		t.Fatalf("only %d hand-offs in %d runs: the test does not test", moved, seeds)
	}
}

// checkDurable counts owners as if every region crashed now.
func (w *world) checkDurable() {
	v := &world{t: w.t, objs: w.objs}
	for _, x := range w.nodes {
		if x.durable == len(x.log) {
			v.nodes = append(v.nodes, x)
			continue
		}
		c, err := Restore(x.cfg, x.saved.core)
		if err != nil {
			w.t.Fatal(err)
		}
		y := &node{id: x.id, cfg: x.cfg, core: c, objects: x.saved.objects}
		v.nodes = append(v.nodes, y)
	}
	v.check()
}
