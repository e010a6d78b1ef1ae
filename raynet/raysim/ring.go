package raysim

import (
	"slices"

	"github.com/metatopia/metatopia/spatial"
)

// Harm is what a corrupted node does.
type Harm uint8

const (
	// Collude: take every route over and drop it; answer every question with
	// members of the ring only. Positions are true.
	Collude Harm = iota
	// Lie: behave, but tell each other node another position.
	Lie
)

// Ring is corrupted nodes that work together.
type Ring struct {
	Harm    Harm
	Hosts   int     // groups of addresses they come from; 0 is one each
	Members []int32 // sorted
	Pos     []spatial.Pos
	// State is what the protocol shares among the members: written by
	// Gather only.
	State any
}

// Corruptible is a Protocol whose nodes can be turned.
type Corruptible interface {
	// Corrupt gives a machine that misuses m, Redeem gives m back.
	Corrupt(m Machine, node int32, r *Ring) Machine
	Redeem(m Machine) Machine
	// Gather brings the ring's shared knowledge up to date; it is called
	// once a cycle, between runs.
	Gather(r *Ring, machine func(i int32) Machine)
	// Alarmed is how many of some nodes have ever raised an alarm.
	Alarmed(nodes []int32, machine func(i int32) Machine) int
}

// Closest gives the up to n members closest to p, by index into Members.
func (r *Ring) Closest(p spatial.Pos, n int) []int {
	n = min(n, len(r.Pos))
	type row struct {
		d2 uint64
		k  int
	}
	best := make([]row, 0, n+1)
	for k, q := range r.Pos {
		d := p.Dist2(q)
		if len(best) == n && d >= best[n-1].d2 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, d, func(a row, d uint64) int {
			if a.d2 < d {
				return -1
			}
			return 1
		})
		if best = slices.Insert(best, at, row{d, k}); len(best) > n {
			best = best[:n]
		}
	}
	out := make([]int, len(best))
	for i, b := range best {
		out[i] = b.k
	}
	return out
}

// corrupt turns nodes into a ring; nil when the protocol has no such thing.
func (w *World) corrupt(members []int32, harm Harm) *Ring {
	c, ok := w.cfg.Protocol.(Corruptible)
	if !ok {
		return nil
	}
	slices.Sort(members)
	r := &Ring{Harm: harm, Members: members}
	for _, i := range members {
		r.Pos = append(r.Pos, w.pos[i])
	}
	for _, i := range members {
		w.evil[i] = true
		w.Replace(i, c.Corrupt(w.Machine(i), i, r))
	}
	w.lying, w.grid = harm == Lie, nil
	c.Gather(r, w.Machine)
	return r
}

// redeem gives the members their own will back.
func (w *World) redeem(r *Ring) {
	c := w.cfg.Protocol.(Corruptible)
	for _, i := range r.Members {
		if w.evil[i] && w.Alive(i) {
			w.Replace(i, c.Redeem(w.Machine(i)))
		}
		w.evil[i] = false
	}
	w.lying, w.grid = false, nil
}

// conspire is cycles with a ring at work.
func (r *Run) conspire(ring *Ring, n int, each func(c int)) {
	c := r.W.cfg.Protocol.(Corruptible)
	for k := range n {
		if r.halt() {
			return
		}
		c.Gather(ring, r.W.Machine)
		if each != nil {
			each(k)
		}
		r.cycles(1)
	}
}
