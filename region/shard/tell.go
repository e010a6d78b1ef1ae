package shard

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func vec(v det.Vec) spatial.Vec { return spatial.Vec(v) }

// tell makes the words for the neighbours.
func (s *Shard) tell() {
	for _, l := range s.links {
		s.reach(l)
		w := s.word(l)
		s.out.Counts.Told += w.awake
		quiet := len(w.Gone)+len(w.Wants)+len(w.Intros)+len(w.Moves)+len(w.Meets)+len(w.Ties)+len(w.Loose) == 0
		if quiet && s.tick%heartbeat != 0 {
			continue
		}
		p := post{To: l.ID, Kind: kindWord, Word: w}
		data := p.encode()
		s.out.Border = append(s.out.Border, Message{To: l.ID, Data: data})
		if !quiet {
			s.out.Counts.BodyBytes += len(data)
		}
	}
}

// horizon is how many seconds ahead a body is announced: what the neighbour's
// word took to get here, and as much again and a little for what it does with
// ours.
func (s *Shard) horizon(l *link) float32 {
	at, _ := l.clock.here(l.clock.Heard)
	lag := s.tick - min(s.tick, at)
	return s.seconds(2*min(lag, maxLag) + 4)
}

// stretch is how far over the border a body may reach within the horizon, m.
func (s *Shard) stretch(l *link, p *physics.Body, t float32) float32 {
	toward := max(l.normal.Dot(det.Vec(p.Vel)), 0)
	return l.beyond(p.Pos) + s.radius(p) + float32(t*toward)
}

// reach decides which bodies the neighbour is told of: those that may meet one
// of its bodies before a word about them would get there, and what they touch.
// So the band is as wide as both sides' bodies are large, fast and late.
func (s *Shard) reach(l *link) {
	t := s.horizon(l)
	band := min(float32(float32(l.Reach)/4)+bandMargin, maxBand)
	most := float32(0)
	var near []*body
	s.walk++
	for _, b := range s.bodies {
		if b.ghost != nil {
			continue
		}
		p := s.state(b)
		if p.Flags&physics.Out != 0 {
			continue
		}
		ahead := t
		if p.Shape.Kind.Composed() {
			ahead = float32(t * shapeAhead) // its geometry goes first
		}
		far := s.stretch(l, &p, ahead)
		if !immovable(&p) {
			most = max(most, far)
		}
		keep := float32(0)
		if _, ok := l.tellsAt(b.ID); ok {
			keep = bandKeep
		}
		if far > -band-keep {
			b.mark = s.walk
			near = append(near, b)
		}
	}
	l.own = uint8(min(max(float32(most*4)+1, 0), maxReach*4))
	for i := 0; i < len(near) && len(near) < MaxGhosts; i++ {
		s.touching(near[i], func(o *body) {
			if o.ghost != nil || o.mark == s.walk {
				return
			}
			if p := s.state(o); l.beyond(p.Pos) > -maxBand {
				o.mark = s.walk
				near = append(near, o)
			}
		})
	}
	for _, b := range near {
		i, ok := l.tellsAt(b.ID)
		if ok {
			l.told[i].Since = s.tick
			continue
		}
		if len(l.told) < MaxGhosts {
			l.told = slices.Insert(l.told, i, told{ID: b.ID, Handle: l.Next, Intros: introTimes, Since: s.tick})
			l.Next++
		}
	}
	l.told = slices.DeleteFunc(l.told, func(t told) bool {
		b := s.find(t.ID)
		switch {
		case b != nil && b.ghost != nil && b.ghost.From == l.ID:
			// It was released to this neighbour, whose ghost of it is what it
			// goes on from when the release gets there: that waits for the
			// disk, and this word does not.
			return true
		case b != nil && s.tick <= t.Since+bandTicks:
			// One that was released to a third region stays known until that
			// has made it known.
			return false
		}
		l.part(t.Handle)
		return true
	})
}

// part tells the neighbour to forget a body.
func (l *link) part(handle uint64) {
	if len(l.gone) < MaxGhosts {
		l.gone = append(l.gone, parting{handle, introTimes})
	}
}

// word is what the neighbour is told at the end of this tick.
func (s *Shard) word(l *link) word {
	w := word{Tick: s.tick, Echo: l.clock.Heard, Reach: l.own, Wants: l.miss}
	if w.Echo != 0 {
		w.Age = uint64(s.tick - l.clock.At)
	}
	if l.clock.Known && s.cfg.ID.Compare(l.ID) < 0 {
		w.Ahead, w.Agreed = l.clock.Ahead, true
	}
	l.miss = nil
	slices.SortFunc(l.gone, func(a, b parting) int { return cmp.Compare(a.Handle, b.Handle) })
	for i := range l.gone {
		w.Gone = append(w.Gone, l.gone[i].Handle)
		l.gone[i].Left--
	}
	l.gone = slices.DeleteFunc(l.gone, func(p parting) bool { return p.Left == 0 })
	for i := range l.told {
		t := &l.told[i]
		b := s.find(t.ID)
		if b.ghost != nil {
			continue
		}
		p := s.state(b)
		rest := s.world.Resting(b.num) || p.Flags&physics.Static != 0
		m := motionOf(&p, rest, !rest && s.free(b))
		if !rest {
			w.awake++
		}
		walk := b.driven(&p)
		if walk.Grip > 0 && !rest {
			m.Flags |= isDriven
			m.Drive = walk
		}
		c := s.car(b)
		if mark := c.mark(); c != nil && mark != t.Car && t.Intros == 0 && s.tick%steerEvery == 0 {
			t.Intros = 1 // it is steered another way
		}
		switch {
		case t.Intros > 0 && len(w.Intros) < maxIntros:
			t.Car = c.mark()
			t.Intros--
			t.Rests = restTimes
			w.Intros = append(w.Intros, intro{t.Handle, b.ID, b.Epoch, p, walk, c})
			t.Said, t.SaidAt = motionOf(&p, false, false), s.tick
			if rest && p.Flags&physics.Static == 0 {
				continue
			}
		case t.Intros > 0:
		case !rest:
			t.Rests = restTimes
			if s.foreseen(t, &p, &m) {
				continue
			}
			w.Moves = append(w.Moves, move{t.Handle, m})
			t.Said, t.SaidAt = m, s.tick
		case t.Rests > 0 && p.Flags&physics.Static == 0:
			t.Rests--
			w.Moves = append(w.Moves, move{t.Handle, m})
			t.Said, t.SaidAt = m, s.tick
		}
	}
	slices.SortFunc(w.Moves, func(a, b move) int { return cmp.Compare(a.Handle, b.Handle) })
	w.Meets = s.meetings(l)
	w.Ties, w.Loose = s.ties(l)
	if s.tick%digestEvery == 0 && l.settled() {
		w.Digest, w.Summed = l.digestTold(), true
	}
	return w
}

// driven is how a body walks, for the wire.
func (b *body) driven(p *physics.Body) (v drive) {
	if p.Flags&physics.Upright == 0 || b.grip <= 0 {
		return v
	}
	v.Want = [2]int32{round(b.want.X, speedUnits, maxSpeedU), round(b.want.Z, speedUnits, maxSpeedU)}
	v.Grip = max(round(b.grip, speedUnits, physics.MaxAcceleration*speedUnits), 1)
	return v
}

// foreseen reports whether the neighbour knows where a body is without being
// told: it flew when it was last told of and flies on from there. Even so it is
// told now and then.
func (s *Shard) foreseen(t *told, p *physics.Body, m *motion) bool {
	if m.Flags&inFlight == 0 || t.Said.Flags&inFlight == 0 || s.tick >= t.SaidAt+s.span(flightEvery) {
		return false
	}
	was := t.Said.moment(t.SaidAt)
	was = was.flown(s.physics(), int(s.tick-t.SaidAt)*s.cfg.Steps, true)
	is := momentOf(s.tick, p)
	c := is.minus(&was)
	return c.none()
}

// free reports whether a body touches nothing at all.
func (s *Shard) free(b *body) bool { return !s.held[b.num] }

// wanted sends introductions anew for handles the neighbour does not know.
func (s *Shard) wanted(l *link, handles []uint64) {
	for _, h := range handles {
		if h == 0 {
			for i := range l.tied {
				l.tied[i].Left = 1
			}
		}
		for i := range l.told {
			if t := &l.told[i]; (t.Handle == h || h == 0) && t.Intros == 0 {
				t.Intros = 1
			}
		}
	}
}
