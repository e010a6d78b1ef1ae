package presence

import (
	"cmp"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// walker is an avatar of the test world and its node.
type walker struct {
	key   base.Key
	node  *Node
	pos   [3]float64 // metres
	vel   [3]float64
	aoi   uint16
	turn  int64 // when it next changes its direction
	fixed bool  // stands where it is
	gone  bool
	wake  int64
	old   []fix // where it was, for the oracle's delay
	lies  func(*walker, *Outbox)
}

type fix struct {
	at  int64
	pos spatial.Pos
	vel spatial.Vec
}

func (w *walker) place() spatial.Pos { return spatial.At(w.pos[0], w.pos[1], w.pos[2]) }

// world moves avatars, carries their nodes' messages over a simulated network
// and names to each node, once a second, the 20 that were nearest to it a
// second before, as Raynet does.
type world struct {
	t        testing.TB
	q        *sim.Queue
	net      *sim.Net
	ws       []*walker
	byKey    map[base.Key]int
	min      [3]float64
	max      [3]float64
	speed    float64
	feeds    int  // how many the oracle names; 0 is 20
	restless bool // everybody changes direction all the time
	out      Outbox
	env      Env
	bytes    bool // encode every message
	delay    int64
	events   map[EventKind]int
	// lane carries messages when bytes is false: one bucket for each
	// 10 ms, which is much cheaper than an event for each message.
	lane  [16][]flight
	slot  int
	loss  float64
	known map[[2]int]int64 // pairs inside an area of interest: since when
}

type flight struct {
	from, to int
	msg      wire.Message
}

const step = 10 * millisecond

func key(i int) (k base.Key) {
	binary.BigEndian.PutUint32(k[:], uint32(i)*2654435761+1)
	binary.BigEndian.PutUint32(k[28:], uint32(i))
	return k
}

type setup struct {
	n     int
	seed  uint64
	aoi   uint16
	speed float64
	box   [3]float64
	link  *sim.Link // nil: the quick lane, 30 to 60 ms
	cfg   Config
	place func(i int, r *base.Rand) [3]float64
}

func newWorld(t testing.TB, s setup) *world {
	q := sim.New(s.seed)
	w := &world{t: t, q: q, byKey: map[base.Key]int{}, max: s.box, speed: s.speed, env: Alone(),
		delay: second, events: map[EventKind]int{}, known: map[[2]int]int64{}}
	if s.link != nil {
		w.bytes, w.net = true, sim.NewNet(q, s.n, *s.link)
	}
	cfg, err := s.cfg.Complete()
	if err != nil {
		t.Fatal(err)
	}
	r := q.Rand()
	for i := range s.n {
		a := &walker{key: key(i), aoi: s.aoi}
		for k := range a.pos {
			a.pos[k] = r.Float64() * s.box[k]
		}
		if s.place != nil {
			a.pos = s.place(i, r)
		}
		a.node, err = New(cfg, a.key, Start{Pos: a.place(), AOI: s.aoi, Epoch: 1, Seed: r.Uint64()}, w.env)
		if err != nil {
			t.Fatal(err)
		}
		w.ws = append(w.ws, a)
		w.byKey[a.key] = i
	}
	return w
}

// run advances the world to t.
func (w *world) run(t int64) {
	for w.q.Now() < t {
		now := w.q.Now() + step
		w.q.RunUntil(now)
		w.slot = (w.slot + 1) % len(w.lane)
		for _, f := range w.lane[w.slot] {
			if !w.ws[f.to].gone && !w.ws[f.from].gone {
				w.step(f.to, Message{From: w.ws[f.from].key, Msg: f.msg})
			}
		}
		w.lane[w.slot] = w.lane[w.slot][:0]
		tick := now / step
		for i, a := range w.ws {
			if a.gone {
				continue
			}
			w.move(a, now)
			if (tick+int64(i))%10 == 0 && !a.fixed {
				w.step(i, SetPose{Pos: a.place(), Vel: spatial.Vec{X: float32(a.vel[0]), Y: float32(a.vel[1]), Z: float32(a.vel[2])}, AOI: a.aoi})
			}
			if (tick+int64(i)*7)%100 == 0 {
				w.feed(i, now)
			}
			if a.wake <= now {
				w.step(i, Tick{})
			}
		}
	}
}

func (w *world) move(a *walker, now int64) {
	if w.speed > 0 && !a.fixed {
		if now >= a.turn {
			r := w.q.Rand()
			a.turn = now + 2*second + int64(r.Float64()*float64(6*second))
			if w.restless {
				a.turn = now + 200*millisecond
			}
			target := [3]float64{}
			var d float64
			for k := range target {
				target[k] = w.min[k] + r.Float64()*(w.max[k]-w.min[k]) - a.pos[k]
				d += target[k] * target[k]
			}
			for k := range target {
				a.vel[k] = w.speed * target[k] / max(0.001, sqrt(d))
			}
		}
		for k := range a.pos {
			a.pos[k] += a.vel[k] * float64(step) / float64(second)
			if a.pos[k] < w.min[k] || a.pos[k] > w.max[k] {
				a.pos[k] = min(max(a.pos[k], w.min[k]), w.max[k])
				a.vel[k] = -a.vel[k]
			}
		}
	}
	if now%(100*millisecond) == 0 {
		a.old = append(a.old, fix{now, a.place(), spatial.Vec{X: float32(a.vel[0]), Y: float32(a.vel[1]), Z: float32(a.vel[2])}})
		if len(a.old) > 11 {
			a.old = a.old[1:]
		}
	}
}

func sqrt(v float64) float64 {
	r := v
	for range 60 {
		if r > 0 {
			r = (r + v/r) / 2
		}
	}
	return r
}

// feed names the 20 that were nearest a second ago.
func (w *world) feed(i int, now int64) {
	if len(w.ws[i].old) == 0 {
		return
	}
	at := w.ws[i].old[0].pos
	type near struct {
		d uint64
		i int
	}
	var all []near // the 20 nearest so far, in order
	for j, b := range w.ws {
		if j == i || b.gone || len(b.old) == 0 {
			continue
		}
		c := near{b.old[0].pos.Dist2(at), j}
		if len(all) == 20 {
			if c.d >= all[19].d {
				continue
			}
			all = all[:19]
		}
		k, _ := slices.BinarySearchFunc(all, c, func(a, b near) int { return cmp.Compare(a.d, b.d) })
		all = slices.Insert(all, k, c)
	}
	if w.feeds > 0 {
		all = all[:min(w.feeds, len(all))]
	}
	var list []Neighbour
	for _, c := range all {
		b := w.ws[c.i]
		list = append(list, Neighbour{Key: b.key, Pos: b.old[0].pos, Vel: b.old[0].vel, AOI: b.aoi, AgeNs: now - b.old[0].at})
	}
	w.step(i, Neighbours{list})
}

func (w *world) step(i int, in Input) {
	a := w.ws[i]
	w.out.Reset()
	a.node.Step(w.q.Now(), in, &w.out)
	if a.lies != nil {
		a.lies(a, &w.out)
	}
	if w.out.WakeAt != 0 {
		a.wake = w.out.WakeAt
	}
	for _, e := range w.out.Events {
		w.events[e.Kind]++
	}
	for _, s := range w.out.Sends {
		to := int(binary.BigEndian.Uint32(s.To[28:]))
		if to >= len(w.ws) || w.ws[to].key != s.To {
			continue // an avatar that a liar has made up
		}
		if w.bytes {
			w.net.Send(i, to, wire.Append(nil, s.Msg), func(b []byte) {
				if !w.ws[to].gone {
					w.step(to, Recv{From: a.key, Bytes: b})
				}
			})
			continue
		}
		r := w.q.Rand()
		if w.loss > 0 && r.Float64() < w.loss {
			continue
		}
		late := 3 + r.IntN(4)
		k := (w.slot + late) % len(w.lane)
		w.lane[k] = append(w.lane[k], flight{i, to, s.Msg})
	}
}

// judged is what a run of the world has shown.
type judged struct {
	pairs, known int     // pairs inside an area of interest, sampled, and those known
	late         []int64 // for each pair that came inside: how long until known
	drift        float64 // metres, mean over known pairs
	age          []int64
}

func (j *judged) recall() float64 { return float64(j.known) / float64(max(1, j.pairs)) }

func (j *judged) p95() float64 { return percentile(j.late, 95) }

func percentile(v []int64, p int) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return float64(v[min(len(v)-1, len(v)*p/100)]) / float64(second)
}

// watch runs until t and compares, ten times a second, what nodes know with
// what is.
func (w *world) watch(t int64) *judged {
	j := &judged{}
	type entry struct {
		since int64
		known bool
	}
	inside := map[[2]int]*entry{}
	begin := w.q.Now()
	for w.q.Now() < t {
		w.run(w.q.Now() + 100*millisecond)
		now := w.q.Now()
		for i, a := range w.ws {
			if a.gone {
				continue
			}
			at := a.place()
			r := uint64(a.aoi) * spatial.Unit
			for k, b := range w.ws {
				pair := [2]int{i, k}
				if k == i || b.gone {
					continue
				}
				if at.Dist2(b.place()) > r*r {
					if e := inside[pair]; e != nil {
						if !e.known {
							j.late = append(j.late, now-e.since)
						}
						delete(inside, pair)
					}
					continue
				}
				e := inside[pair]
				if e == nil {
					e = &entry{since: now}
					inside[pair] = e
					// Who was inside from the start came not in.
					e.known = now == begin+100*millisecond
				}
				j.pairs++
				av, ok := a.node.Lookup(b.key)
				if !ok {
					continue
				}
				j.known++
				d := av.Pos.Sub(b.place())
				j.drift += sqrt(float64(d.Dot(d)))
				j.age = append(j.age, av.AgeNs)
				if !e.known {
					e.known = true
					j.late = append(j.late, now-e.since)
				}
			}
		}
	}
	for _, e := range inside {
		if !e.known {
			j.late = append(j.late, w.q.Now()-e.since)
		}
	}
	j.drift /= float64(max(1, j.known))
	return j
}

// bytesOut gives the mean and the largest upload since the counts taken by
// mark, in bytes a second.
func (w *world) bytesOut(mark []uint64, seconds float64) (mean, most float64) {
	live := 0
	for i, a := range w.ws {
		if a.gone {
			continue
		}
		b := float64(a.node.Counters().BytesOut-mark[i]) / seconds
		mean += b
		most = max(most, b)
		live++
	}
	return mean / float64(live), most
}

func (w *world) mark() []uint64 {
	m := make([]uint64, len(w.ws))
	for i, a := range w.ws {
		m[i] = a.node.Counters().BytesOut
	}
	return m
}

func (w *world) total() (c Counters) {
	for _, a := range w.ws {
		n := a.node.Counters()
		c.MsgsIn += n.MsgsIn
		c.MsgsOut += n.MsgsOut
		c.Stale += n.Stale
		c.Unasked += n.Unasked
		c.OverRate += n.OverRate
		c.TooMany += n.TooMany
		c.Skipped += n.Skipped
		c.Held += n.Held
		c.Cut += n.Cut
		c.HintsGood += n.HintsGood
		c.HintsBad += n.HintsBad
		c.Distrusted += n.Distrusted
		c.Malformed += n.Malformed
		for i := range n.Sent {
			c.Sent[i] += n.Sent[i]
		}
	}
	return c
}
