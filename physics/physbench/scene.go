package physbench

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
)

func (b *bench) pile(ctx context.Context) error    { return b.scene(ctx, scenes.Pile()) }
func (b *bench) pyramid(ctx context.Context) error { return b.scene(ctx, scenes.Pyramid()) }
func (b *bench) rain(ctx context.Context) error    { return b.scene(ctx, scenes.Rain()) }

// scene lets ours and theirs have it in turns, the other way round every other
// time, so that what else the machine does falls on all of them.
func (b *bench) scene(ctx context.Context, s scenes.Scene) error {
	ways, err := b.ways(s)
	if err != nil {
		return err
	}
	took := make([][]float64, len(ways))
	for i := range b.Repeat {
		for k := range ways {
			if i%2 == 1 {
				k = len(ways) - 1 - k
			}
			w := ways[k]
			b.Tell(fmt.Sprintf("%s: %s, %d of %d", s.Name, w.name, i+1, b.Repeat))
			r, err := w.run(ctx)
			if err == nil {
				err = r.check(s.Name, b.Steps)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			took[k] = append(took[k], r.cpu.Seconds())
		}
	}
	b.file(s, ways, took)
	return nil
}

// file puts the figures of a scene into the report.
func (b *bench) file(s scenes.Scene, ways []way, took [][]float64) {
	speed := make([]float64, len(ways))
	work := float64(s.Moving() * b.Steps)
	for k, w := range ways {
		speed[k] = work / median(took[k])
		if w.ours {
			b.report.Set(w.prefix+s.Name+".bodies_steps_per_s", speed[k])
		} else {
			b.report.Refer(w.name+"_"+s.Name+".bodies_steps_per_s", speed[k])
		}
	}
	for k, w := range ways {
		if !w.ours {
			continue
		}
		for x, other := range ways {
			if !other.ours {
				b.report.Set(w.prefix+s.Name+".over_"+other.name, speed[k]/speed[x])
			}
		}
	}
}

// way is one of those who take turns.
type way struct {
	name   string
	ours   bool
	prefix string // of the figures of ours
	run    func(context.Context) (result, error)
}

func (b *bench) ways(s scenes.Scene) ([]way, error) {
	ways := []way{{name: "scalar", ours: true, run: func(context.Context) (result, error) { return b.ours(s, false) }}}
	if physics.HasLanes() {
		ways = append(ways, way{name: "lanes", ours: true, prefix: "simd.", run: func(context.Context) (result, error) { return b.ours(s, true) }})
	}
	if len(b.rivals) == 0 {
		return ways, nil
	}
	file, err := b.write(s)
	if err != nil {
		return nil, err
	}
	for _, r := range b.rivals {
		ways = append(ways, way{name: r.name, run: func(ctx context.Context) (result, error) { return r.run(ctx, file, b.Steps) }})
	}
	return ways, nil
}

// result is how a scene ended, and the processor time of all its steps but
// those that bring the bodies. Heights are of the centres of those that move, in
// metres.
type result struct {
	cpu            time.Duration
	mean, top, low float64
}

// check refuses a scene that did not end as it must: a pyramid that has fallen
// is quick, but not what was asked for. How far a pile spreads and how close a
// rain packs differs from engine to engine.
func (r result) check(scene string, steps int) error {
	if steps < 600 && scene != "pyramid" { // which stands from the start
		return nil
	}
	var mean, top [2]float64
	switch scene {
	case "pile":
		mean, top = [2]float64{3.5, 4.75}, [2]float64{7, 10}
	case "pyramid":
		mean, top = [2]float64{6.75, 6.9}, [2]float64{19.3, 19.6}
	case "rain":
		mean, top = [2]float64{3.2, 4.8}, [2]float64{6.5, 11}
	}
	in := func(v float64, of [2]float64) bool { return v >= of[0] && v <= of[1] }
	if !in(r.mean, mean) || !in(r.top, top) || !(r.low > 0.3) {
		return fmt.Errorf("ended at a mean height of %.2f m, the lowest at %.2f and the highest at %.2f: not what the scene is", r.mean, r.low, r.top)
	}
	return nil
}

// ours steps a scene by physics.
func (b *bench) ours(s scenes.Scene, lanes bool) (result, error) {
	w, cmds, err := s.Start()
	if err != nil {
		return result{}, err
	}
	w.SetLanes(lanes)
	var ev []physics.Event
	if ev, err = w.Step(cmds, ev); err != nil {
		return result{}, err
	}
	began := cpuTime()
	for range b.Steps - 1 {
		ev, _ = w.Step(nil, ev[:0])
	}
	r := result{cpu: cpuTime() - began, top: math.Inf(-1), low: math.Inf(1)}
	r.cpu += r.cpu / time.Duration(b.Steps-1) // for the first
	w.Each(func(body physics.Body) bool {
		if body.Flags&physics.Static == 0 {
			y := float64(body.Pos.Y)
			r.mean += y
			r.top, r.low = max(r.top, y), min(r.low, y)
		}
		return true
	})
	r.mean /= float64(s.Moving())
	return r, nil
}
