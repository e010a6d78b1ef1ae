package raysim

import (
	"math"
	"slices"
	"sort"

	"github.com/metatopia/metatopia/spatial"
)

// Batch is questions put to random nodes, and what became of them.
type Batch struct {
	first uint64
	asks  []asked
}

type asked struct {
	target spatial.Pos
	from   int32
	at     int64
	doneAt int64
	end    int32 // who delivered or was found; -1 nobody yet
	want   int32 // the closest node then
	hops   int32
	stray  float64 // distance of end over that of want, minus one
	double bool
}

// Target draws the place of a question.
type Target func(w *World) spatial.Pos

// Anywhere is uniform in the world.
func Anywhere(w *World) spatial.Pos { return uniformIn(w.Box, w.rng) }

// WherePeopleAre is within two metres of a random node.
func WherePeopleAre(w *World) spatial.Pos {
	return w.Box.Clamp(inBall(w.At(w.Sample1(), w.Now()), 2, w.rng))
}

// NearGround is within the layer of a Slab that its nodes are in.
func NearGround(w *World) spatial.Pos {
	p := uniformIn(w.Box, w.rng)
	p.Y = int64((2*w.rng.Float64() - 1) * ground * spatial.Unit)
	return p
}

// Sample1 draws one honest living node.
func (w *World) Sample1() int32 { return w.Strangers(1)[0] }

// AskRoutes has n routes start from random nodes over the time spread.
func (w *World) AskRoutes(n int, spread int64, target Target) *Batch {
	return w.ask(n, spread, target, w.Route)
}

// AskLookups is the same with lookups.
func (w *World) AskLookups(n int, spread int64, target Target) *Batch {
	return w.ask(n, spread, target, w.Lookup)
}

func (w *World) ask(n int, spread int64, target Target, put func(i int32, at int64, token uint64, to spatial.Pos)) *Batch {
	b := &Batch{first: w.token + 1, asks: make([]asked, n)}
	w.token += uint64(n)
	for k := range b.asks {
		a := &b.asks[k]
		*a = asked{target: target(w), from: w.Sample1(), end: -1, want: -1, hops: -1,
			at: w.Now() + int64(k)*spread/int64(n)}
		put(a.from, a.at, b.first+uint64(k), a.target)
	}
	w.asks = append(w.asks, b)
	return b
}

// collect files what the machines reported.
func (w *World) collect() {
	for _, n := range w.Notes() {
		if n.Kind == NoteJoined {
			w.joined++
			continue
		}
		k := sort.Search(len(w.asks), func(k int) bool { return w.asks[k].first > n.Token }) - 1
		if k < 0 || n.Token-w.asks[k].first >= uint64(len(w.asks[k].asks)) {
			continue
		}
		a := &w.asks[k].asks[n.Token-w.asks[k].first]
		switch n.Kind {
		case NoteHop:
			if a.end < 0 {
				a.hops = n.Value
			}
		case NoteDelivered, NoteFound:
			end := n.Node
			if n.Kind == NoteFound {
				end = n.Value
			}
			if a.end >= 0 {
				a.double = true
				continue
			}
			if end < 0 {
				continue
			}
			a.end, a.doneAt = end, n.At
			w.judge(a)
		}
	}
}

// judge finds who was closest when the answer came.
func (w *World) judge(a *asked) {
	var at func(i int32) spatial.Pos
	slack := int64(0)
	if w.walk != nil {
		slack = int64(w.walk.speed*spatial.Unit) * 2
		at = func(i int32) spatial.Pos { return w.At(i, a.doneAt) }
	}
	a.want = w.Grid().nearest(a.target, slack, at)
	if a.want == a.end || a.want < 0 {
		return
	}
	best, got := a.target.Dist2(w.At(a.want, a.doneAt)), a.target.Dist2(w.At(a.end, a.doneAt))
	if got <= best && w.Alive(a.end) {
		a.want = a.end // a tie
		return
	}
	a.stray = math.Sqrt(float64(got)/float64(max(best, 1))) - 1
}

// forget drops the batches, whose answers count no more.
func (w *World) forget() { w.asks = w.asks[:0] }

// drop forgets one batch.
func (w *World) drop(b *Batch) {
	w.asks = slices.DeleteFunc(w.asks, func(o *Batch) bool { return o == b })
}

// Answers is what a batch came to.
type Answers struct {
	Success            float64 // part that reached exactly the closest node
	Close              float64 // part that reached one at most a tenth farther
	Answered           float64
	Doubled            float64
	Hops, Hops95       float64 // of the successful
	Delay50, Delay95   float64 // seconds, of the answered
	AllHops            []int32 // of the successful
	Stretch, Stretch95 float64 // distance of who answered over the least, minus one
}

// Answers sums a batch up; call it when time enough has passed.
func (b *Batch) Answers() Answers {
	var r Answers
	var hops, delay, stretch []float64
	for i := range b.asks {
		a := &b.asks[i]
		if a.end < 0 {
			continue
		}
		r.Answered++
		if a.double {
			r.Doubled++
		}
		delay = append(delay, float64(a.doneAt-a.at)/float64(Second))
		stretch = append(stretch, a.stray)
		if a.stray <= 0.1 {
			r.Close++
		}
		if a.end == a.want {
			r.Success++
			hops = append(hops, float64(max(a.hops, 0)))
			r.AllHops = append(r.AllHops, max(a.hops, 0))
		}
	}
	n := float64(max(len(b.asks), 1))
	r.Success, r.Close, r.Answered, r.Doubled = r.Success/n, r.Close/n, r.Answered/n, r.Doubled/n
	r.Hops, r.Hops95 = meanOf(hops), quantileOf(hops, 0.95)
	r.Delay50, r.Delay95 = quantileOf(delay, 0.5), quantileOf(delay, 0.95)
	r.Stretch, r.Stretch95 = meanOf(stretch), quantileOf(stretch, 0.95)
	slices.Sort(r.AllHops)
	return r
}
