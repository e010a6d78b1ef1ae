package physbench

import (
	"context"
	"fmt"
	"runtime"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
	"github.com/metatopia/metatopia/spatial"
)

// warm is after how many steps a pile has met with all that it will: what grows
// with the contacts has grown.
const warm = 240

// allocs counts the allocations of steps of a pile that is warm. The least of
// several counts: what the runtime allocates for itself is not the step's.
func (b *bench) allocs(context.Context) error {
	s := scenes.Pile()
	w, ev, err := settle(s, warm)
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	least := 0.0
	for i := range b.Repeat {
		const steps = 20
		runtime.ReadMemStats(&before)
		for range steps {
			ev, _ = w.Step(nil, ev[:0])
		}
		runtime.ReadMemStats(&after)
		if n := float64(after.Mallocs-before.Mallocs) / steps; i == 0 || n < least {
			least = n
		}
	}
	b.report.Set("allocs_per_step", least)
	return nil
}

// asleep measures what a pile costs that sleeps, beside one body that does not:
// the part of what it costs awake.
func (b *bench) asleep(context.Context) error {
	s := scenes.Pile()
	s.Config.Sleepless = false
	const long = 3600 // a minute
	w, ev, err := settle(s, 1)
	if err != nil {
		return err
	}
	awake := 0.0
	for step := 1; ; step++ {
		if step == long {
			return fmt.Errorf("the pile does not sleep within %d steps", long)
		}
		began := cpuTime()
		ev, _ = w.Step(nil, ev[:0])
		if step > warm && step <= warm+60 {
			awake += (cpuTime() - began).Seconds() / 60
		}
		if step > warm+60 && rests(w) {
			break
		}
	}
	// Somebody walks beside it.
	if _, err := w.Step([]physics.Command{
		{Kind: physics.CmdAdd, Body: walker}, {Kind: physics.CmdDrive, ID: walker.ID, Vec: walker.Vel, F: 1},
	}, nil); err != nil {
		return err
	}
	var all []float64
	for range b.Repeat {
		const steps = 300
		began := cpuTime()
		for range steps {
			ev, _ = w.Step(nil, ev[:0])
		}
		all = append(all, (cpuTime()-began).Seconds()/steps)
	}
	each := median(all)
	b.report.Set("asleep.bodies_steps_per_s", float64(s.Moving())/each)
	b.report.Set("asleep.step_ratio", each/awake)
	return nil
}

// settle makes the first steps of a scene.
func settle(s scenes.Scene, steps int) (*physics.World, []physics.Event, error) {
	w, cmds, err := s.Start()
	if err != nil {
		return nil, nil, err
	}
	ev, err := w.Step(cmds, make([]physics.Event, 0, 1<<14))
	for range steps - 1 {
		ev, _ = w.Step(nil, ev[:0])
	}
	return w, ev, err
}

func rests(w *physics.World) bool {
	all := true
	w.Each(func(body physics.Body) bool {
		all = body.Flags&physics.Static != 0 || w.Resting(body.ID)
		return all
	})
	return all
}

// walker walks slowly, far from any pile.
var walker = physics.Body{
	ID: 1 << 20, Shape: physics.Shape{Kind: physics.Sphere, Half: spatial.Vec{X: 0.4}}, Flags: physics.Upright,
	Pos: spatial.Vec{X: 60, Y: 0.4, Z: 60}, Vel: spatial.Vec{X: 0.1}, Mass: 70, Friction: 0.8,
}
