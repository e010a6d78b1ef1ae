package raysim

import (
	"math"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Gait says how people move.
type Gait struct {
	Speed float64 // m/s
	// Reach is the mean distance of the next place to go to, metres; one leg
	// in five goes five times as far.
	Reach float64
	Pause float64 // mean time at each place, seconds
	Every int64   // between two poses while moving, ns
	Flat  bool    // all legs stay at the height where they begin
}

// Walk, run as fast as a car, and stroll like the people of a virtual world,
// who mostly stand.
var (
	Walking = Gait{Speed: 1.4, Reach: 20, Pause: 2, Every: 200 * Millisecond}
	Fast    = Gait{Speed: 14, Reach: 200, Pause: 2, Every: 100 * Millisecond}
	Strolls = Gait{Speed: 3.2, Reach: 15, Pause: 20, Every: 200 * Millisecond}
)

// leg is one straight walk and the pause after it.
type leg struct {
	from, to      spatial.Pos
	t0, t1, until int64
}

func (l *leg) at(t int64) spatial.Pos {
	switch {
	case t >= l.t1:
		return l.to
	case t <= l.t0:
		return l.from
	}
	f := float64(t-l.t0) / float64(l.t1-l.t0)
	on := func(a, b int64) int64 { return a + int64(f*float64(b-a)) }
	return spatial.Pos{X: on(l.from.X, l.to.X), Y: on(l.from.Y, l.to.Y), Z: on(l.from.Z, l.to.Z)}
}

// walkers is a Mover of waypoints. It keeps the leg before the present one, so
// that the oracle can look a second back.
type walkers struct {
	seed  uint64
	box   spatial.Box
	gait  Gait
	speed float64
	now   []leg
	last  []leg
	turns []uint32
}

// StartWalking has everybody walk from now on.
func (w *World) StartWalking(g Gait) {
	m := &walkers{seed: w.rng.Uint64(), box: w.Box, gait: g, speed: g.Speed,
		now: make([]leg, w.Nodes()), last: make([]leg, w.Nodes()), turns: make([]uint32, w.Nodes())}
	for i := range m.now {
		m.now[i] = leg{from: w.pos[i], to: w.pos[i]}
		m.last[i] = m.now[i]
	}
	w.walk = m
	w.Move(m, func(i int32) int64 {
		if !w.Alive(i) {
			return 0
		}
		return w.Now() + 1 + int64(w.rng.Float64()*float64(Second))
	})
}

// StopWalking has everybody stand where they are.
func (w *World) StopWalking() {
	w.Move(nil, nil)
	for i := range w.pos {
		w.pos[i] = w.walk.at(int32(i), w.Now())
	}
	w.walk, w.grid = nil, nil
	for i := range int32(w.Nodes()) {
		if w.Alive(i) {
			w.SetPose(i, w.Now(), Pose{Pos: w.pos[i]})
		}
	}
}

func (m *walkers) at(i int32, t int64) spatial.Pos {
	if t < m.now[i].t0 {
		return m.last[i].at(t)
	}
	return m.now[i].at(t)
}

// Pose implements Mover.
func (m *walkers) Pose(i int32, now int64) (Pose, int64) {
	l := &m.now[i]
	if now >= l.until {
		m.last[i] = *l
		*l = m.next(i, now)
	}
	p := Pose{Pos: l.at(now)}
	if now >= l.t1 {
		return p, l.until
	}
	s := float64(Second) / float64(l.t1-l.t0) / spatial.Unit
	p.Vel = spatial.Vec{X: float32(float64(l.to.X-l.from.X) * s), Y: float32(float64(l.to.Y-l.from.Y) * s),
		Z: float32(float64(l.to.Z-l.from.Z) * s)}
	return p, min(now+m.gait.Every, l.t1)
}

func (m *walkers) next(i int32, now int64) leg {
	m.turns[i]++
	rng := base.NewRand(hash(m.seed, uint64(i), uint64(m.turns[i])), 2)
	reach := m.gait.Reach
	if rng.IntN(5) == 0 {
		reach *= 5
	}
	from := m.now[i].to
	// Outside the world is drawn again: people clamped to its walls would pile
	// up in the corners.
	to := inBall(from, reach*4/3, rng) // the mean in a ball is 3/4 of its radius
	for try := 0; !m.box.Contains(to); try++ {
		if to = inBall(from, reach*4/3, rng); try >= 16 {
			to = uniformIn(m.box, rng)
		}
	}
	if m.gait.Flat {
		to.Y = from.Y
	}
	far := math.Sqrt(float64(from.Dist2(to))) / spatial.Unit
	t1 := now + max(int64(far/m.gait.Speed*float64(Second)), Millisecond)
	pause := -math.Log(1-rng.Float64()) * m.gait.Pause
	return leg{from, to, now, t1, t1 + int64(pause*float64(Second)) + 1}
}
