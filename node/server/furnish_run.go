package server

import (
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// The ball run of the two sets: two tracks over the border, the first down
// towards the commons, the second beside it down towards the hearth. A ball
// that comes to rest at the end of one leaps to the start of the other (guest
// runner). Each region has the half of both that lies on its side, so that a
// ball rolls from one owner's track onto the other's.
//
// Measures are metres in the world of the demo, with the border at x = 32.
const (
	runFrom, runTo    = 24, 40
	runHigh, runLow   = 3.4, 0.6 // of the surface, at the start and at the end
	runBorder         = 32
	runThere, runBack = 19, 22.5 // z of the middle of the two
	runWide           = 1.4
	towerZ            = 26.5
)

// tracks gives the half of both tracks that belongs to the region with its
// site at x = site (0 or 64), and the balls that start on it.
func tracks(site float32) (list []region.ThingSpec) {
	west := site == 0
	low, high := float32(runFrom), float32(runBorder)
	if !west {
		low, high = runBorder, runTo
	}
	for _, lane := range []struct {
		z    float32
		down float32 // 1: towards the commons
	}{{runThere, 1}, {runBack, -1}} {
		surface := func(x float32) float32 {
			done := (x - runFrom) / (runTo - runFrom)
			if lane.down < 0 {
				done = 1 - done
			}
			return runHigh - float32(done*(runHigh-runLow))
		}
		angle := -lane.down * det.Atan2(runHigh-runLow, runTo-runFrom)
		turn := spatial.Quat{Z: det.Sin(angle / 2), W: det.Cos(angle / 2)}
		middle := spatial.Vec{X: (low+high)/2 - site, Y: surface((low + high) / 2), Z: lane.z}
		long := (high - low) / det.Cos(angle)
		// plank is a part of the track: so far above its surface, and aside.
		plank := func(name string, color uint32, up, aside, thick, wide float32) {
			list = append(list, region.ThingSpec{Kind: "track", Name: name, Shape: region.Box, Size: spatial.Vec{X: long, Y: thick, Z: wide}, Color: color,
				Pos: middle.Add(turn.Rotate(spatial.Vec{Y: up, Z: aside})), Rot: turn, Fixed: true, Friction: 0.7})
		}
		plank("", wood, -0.1, 0, 0.2, runWide)
		plank("", stone, 0.15, runWide/2, 0.5, 0.1)
		plank("", stone, 0.15, -runWide/2, 0.5, 0.1)
		for x := low + 1; x < high; x += 3 {
			h := surface(x) - 0.3
			post := fixed("post", "", stone, x-site, lane.z, 0.25, h, 0.25, 0)
			list = append(list, post)
		}
		// The ends: a board behind the start, and one that stops the balls.
		edge := float32(runFrom - 0.1)
		if !west {
			edge = runTo + 0.1
		}
		board := fixed("track", "", stone, edge-site, lane.z, 0.2, 1.1, runWide, 0)
		board.Pos.Y = surface(edge) + 0.45
		list = append(list, board)
		if start := lane.down > 0; start == west {
			for i, color := range []uint32{0xe2b33c, 0x7fb069, 0xc06bd0} {
				at := edge + float32(lane.down*float32(1.2+float32(1.1*float32(i))))
				list = append(list, runner(color, spatial.Vec{X: at - site, Y: surface(at) + 0.34, Z: lane.z}))
			}
		}
	}
	return list
}

// runner is a ball of the run. Its slots say where the tracks begin, in
// centimetres of the world.
func runner(color uint32, at spatial.Vec) region.ThingSpec {
	b := ball("runner", color, at.X, at.Z)
	b.Pos, b.Restitution = at, 0.1
	cm := func(name string, metres float32) region.SlotWrite {
		return region.SlotWrite{Name: name, Value: region.IntSlot(int64(float32(metres*100) + 0.5))}
	}
	return withScript(b, "runner", region.SlotWrite{Name: region.SlotEvery, Value: region.IntSlot(20)},
		cm("ax", runFrom+1), cm("ay", runHigh+0.2), cm("az", runThere),
		cm("bx", runTo-1), cm("by", runHigh+0.2), cm("bz", runBack))
}

// tower is ten boxes on each other, astride the border: each lies over it by a
// third.
func tower() (list []region.ThingSpec) {
	for i := range 10 {
		colors := [...]uint32{0xb5543f, 0xd9c9a8}
		list = append(list, box("tower", colors[i%2], runBorder-0.1, float32(0.8*float32(i)), towerZ))
	}
	return list
}
