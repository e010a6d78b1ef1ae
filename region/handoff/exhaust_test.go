package handoff

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestEveryInterleaving walks through all states that two regions and one
// object can reach in a bounded number of steps. A step delivers, loses or
// doubles any message on the way, or lets a tick pass in either region. A
// crash needs no step of its own: as messages leave only after their inputs
// are durable, one between the log and the network is a lost message, and
// every step starts from a restored snapshot.
func TestEveryInterleaving(t *testing.T) {
	depth := 9
	if testing.Short() {
		depth = 7
	}
	first := &world{t: t, objs: []base.ID{oid(1)}, nodes: []*node{newNode(t, 1, 1), newNode(t, 2, 1)}}
	first.nodes[0].feed(t, input{own: oid(1)})
	first.nodes[0].feed(t, input{begin: oid(1), to: rid(2)})
	first.net = first.nodes[0].sync()

	seen := map[[32]byte]bool{first.key(): true}
	level := []*world{first}
	accepted := false
	for range depth {
		var next []*world
		for _, w := range level {
			w.eachStep(func(x *world) {
				k := x.key()
				if seen[k] {
					return
				}
				seen[k] = true
				x.checkDurable()
				next = append(next, x)
			})
		}
		level = next
	}
	for i, w := range level {
		if i%29 == 0 {
			w.settle()
			accepted = accepted || mustKnown(w) > 1
		}
	}
	t.Logf("%d states, %d at the end", len(seen), len(level))
	if len(seen) < 1000 || !accepted {
		t.Fatal("the walk did not get anywhere")
	}
}

func mustKnown(w *world) uint64 { return w.nodes[1].core.Known(oid(1)) }

// eachStep gives every world that is one step away.
func (w *world) eachStep(f func(*world)) {
	for i := range w.nodes {
		x := w.copy()
		x.nodes[i].feed(w.t, input{tick: true})
		x.net = append(x.net, x.nodes[i].sync()...)
		f(x)
	}
	for i := range w.net {
		for fate := range 3 { // delivered, doubled, lost
			if fate == 1 && len(w.net) >= 4 {
				continue
			}
			x := w.copy()
			m := x.net[i]
			if fate != 1 {
				x.net = slices.Delete(x.net, i, i+1)
			}
			if fate != 2 {
				n := x.node(m.to)
				n.feed(w.t, input{from: m.from, msg: m.msg})
				x.net = append(x.net, n.sync()...)
			}
			if len(x.net) <= 5 {
				f(x)
			}
		}
	}
}

func (w *world) copy() *world {
	x := &world{t: w.t, objs: w.objs, net: slices.Clone(w.net)}
	for _, n := range w.nodes {
		c, err := Restore(n.cfg, n.saved.core)
		if err != nil {
			w.t.Fatal(err)
		}
		x.nodes = append(x.nodes, &node{id: n.id, cfg: n.cfg, core: c, now: n.now, objects: maps.Clone(n.objects), saved: n.saved})
	}
	return x
}

// key tells worlds apart: states, clocks and the messages on the way, in any
// order.
func (w *world) key() [32]byte {
	h := sha256.New()
	for _, n := range w.nodes {
		h.Write(n.core.Snapshot(nil))
		h.Write([]byte{byte(n.now)})
	}
	var net [][]byte
	for _, m := range w.net {
		e := base.Encoder{B: append([]byte{}, m.to[:]...)}
		m.msg.AppendTo(&e)
		net = append(net, e.B)
	}
	slices.SortFunc(net, bytes.Compare)
	for _, b := range net {
		h.Write(b)
	}
	return [32]byte(h.Sum(nil))
}
