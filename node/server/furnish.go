package server

import (
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// Furnish gives the founding things of a set by name: "hearth", "commons", or
// none for any other name. Coordinates are metres from the region's site, the
// ground at y = 0. Both sets leave the ground clear within 16 m of z = 0 where
// x is between 13 and 32 ("hearth") and between -32 and -13 ("commons"), so
// that people can walk between two such regions that lie 64 m apart in x; at z
// = 18 to 27 a ball run and a tower stand over that border (furnish_run.go). A
// slot "script" names a guest that ships with the node; whoever founds the
// region puts the module's CID there.
func Furnish(name string) []region.ControlEntry {
	var list []region.ThingSpec
	switch name {
	case "hearth":
		list = hearthSet()
	case "commons":
		list = commonsSet()
	}
	entries := make([]region.ControlEntry, len(list))
	for i := range list {
		entries[i] = region.ControlEntry{Kind: region.ControlCreate, Thing: list[i]}
	}
	return entries
}

const (
	stone  = 0x9a948a
	wood   = 0x9c6b3f
	leaf   = 0x4f8a3c
	gravel = 0xb9ad94
)

// fixed is furniture that stands on the ground; x and z are its middle, turn
// is degrees about the upright axis.
func fixed(kind, name string, color uint32, x, z, w, h, d, turn float32) region.ThingSpec {
	return region.ThingSpec{Kind: kind, Name: name, Shape: region.Box, Size: spatial.Vec{X: w, Y: h, Z: d}, Color: color,
		Pos: spatial.Vec{X: x, Y: h / 2, Z: z}, Rot: turned(turn), Fixed: true, Friction: 0.7}
}

func turned(degrees float32) spatial.Quat {
	return spatial.Yaw(degrees * 0.017453292)
}

// paving is a flat stone to look at; feet pass through it.
func paving(x, z, w, d float32) region.ThingSpec {
	t := fixed("path", "", gravel, x, z, w, 0.02, d, 0)
	t.Hollow = true
	return t
}

func box(name string, color uint32, x, y, z float32) region.ThingSpec {
	return region.ThingSpec{Kind: "box", Name: name, Shape: region.Box, Size: spatial.Vec{X: 0.8, Y: 0.8, Z: 0.8}, Color: color,
		Pos: spatial.Vec{X: x, Y: y + 0.4, Z: z}, Mass: 14, Friction: 0.6, Restitution: 0.05}
}

func ball(name string, color uint32, x, z float32) region.ThingSpec {
	return region.ThingSpec{Kind: "ball", Name: name, Shape: region.Sphere, Size: spatial.Vec{X: 0.6, Y: 0.6, Z: 0.6}, Color: color,
		Pos: spatial.Vec{X: x, Y: 0.3, Z: z}, Mass: 0.7, Friction: 0.5, Restitution: 0.55}
}

func tree(name string, x, z, height float32) region.ThingSpec {
	return fixed("tree", name, leaf, x, z, 0.9, height, 0.9, 0) // as wide as its trunk: crowns are above heads
}

func withScript(t region.ThingSpec, guest string, more ...region.SlotWrite) region.ThingSpec {
	slots := region.Slots{}
	for _, w := range append(more, region.SlotWrite{Name: region.SlotScript, Value: region.LumpSlot(guest)}) {
		next, err := slots.With(w)
		if err != nil {
			panic("server: founding thing " + t.Name + ": " + err.Error())
		}
		slots = next
	}
	t.Slots = slots
	return t
}

func text(name, value string) region.SlotWrite {
	return region.SlotWrite{Name: name, Value: region.TextSlot(value)}
}

// hearthSet is a fireplace with benches round it, under trees.
func hearthSet() []region.ThingSpec {
	sign := fixed("sign", "Hearthside", wood, 11, -3.6, 1.6, 1.8, 0.2, -20)
	sign.Slots = region.Slots{text("text", "Hearthside. Sit down, touch the lamp, take the ball over the border.")}
	list := []region.ThingSpec{
		fixed("hearth", "hearth", stone, 0, -6, 2.2, 1.1, 2.2, 0),
		fixed("bench", "north bench", wood, 0, -10, 2.6, 0.9, 0.7, 0),
		fixed("bench", "west bench", wood, -4, -6, 2.6, 0.9, 0.7, 90),
		fixed("bench", "east bench", wood, 4, -7, 2.6, 0.9, 0.7, -70),
		tree("old oak", -10, -12, 7.5),
		tree("beech", -15, -3, 6.2),
		tree("birch", -12, 9, 5.4),
		tree("lime", 3, -17, 6.6),
		tree("rowan", 9, 18, 4.8),
		tree("elm", 20, -20, 6.9),
		withScript(fixed("lamp", "lamp", 0xffd27a, 5, -2.8, 0.4, 3, 0.4, 0), "lamp",
			region.SlotWrite{Name: region.SlotLit, Value: region.BoolSlot(true)}),
		sign,
		ball("red ball", 0xd8412f, 26.5, 2),
		paving(7, 0, 14, 2.4), paving(23, 0, 18, 2.4), paving(0, -3, 2.4, 4),
	}
	// A small pyramid, to knock over.
	for i, at := range [][2]float32{{-0.9, 0}, {0, 0}, {0.9, 0}, {-0.45, 0.8}, {0.45, 0.8}, {0, 1.6}} {
		colors := [...]uint32{0xc98b4a, 0xb97a3b, 0xd69b5c}
		list = append(list, box("crate", colors[i%len(colors)], -6+at[0], at[1], 6))
	}
	return append(append(list, tracks(0)...), tower()...)
}

// commonsSet is a square with a fountain, a stage and a bell.
func commonsSet() []region.ThingSpec {
	sign := fixed("sign", "The Commons", wood, -11, 3.6, 1.6, 1.8, 0.2, 160)
	sign.Slots = region.Slots{text("text", "The Commons. Ring the bell. What you bring over the border stays yours.")}
	list := []region.ThingSpec{
		fixed("fountain", "fountain", stone, 0, 0, 3.4, 1.4, 3.4, 0),
		fixed("stage", "stage", 0x8a5a34, 6, -14, 8, 0.5, 5, 0),
		fixed("arch", "gate", stone, -12, -19, 3, 3.2, 0.8, 30),
		withScript(fixed("bell", "bell", 0xc9a24a, -5, 8, 1.2, 2.2, 1.2, 0), "bell",
			region.SlotWrite{Name: "rung", Value: region.IntSlot(0)}),
		fixed("lantern", "lantern", 0xffc46b, -4.5, -4.5, 0.4, 2.4, 0.4, 0),
		fixed("lantern", "lantern", 0xffc46b, 4.5, -4.5, 0.4, 2.4, 0.4, 0),
		fixed("lantern", "lantern", 0xffc46b, 4.5, 4.5, 0.4, 2.4, 0.4, 0),
		fixed("lantern", "lantern", 0xffc46b, -4.5, 4.5, 0.4, 2.4, 0.4, 0),
		fixed("bench", "south bench", wood, 0, 6.5, 2.6, 0.9, 0.7, 180),
		fixed("bench", "east bench", wood, 6.5, 0, 2.6, 0.9, 0.7, -90),
		tree("plane tree", 14, 10, 7.2),
		tree("maple", 16, -5, 6.4),
		tree("cherry", 5, 16, 4.9),
		tree("willow", -8, 19, 5.8),
		tree("pine", 18, 20, 7.8),
		sign,
		ball("blue ball", 0x2f6fd8, -25.5, -2),
		paving(-23, 0, 18, 2.4), paving(-8, 0, 12, 2.4), paving(3, -8, 2.4, 8),
	}
	for i, at := range [][2]float32{{-0.45, 0}, {0.45, 0}, {0, 0.8}} {
		colors := [...]uint32{0x6f8fae, 0x5d7c9a, 0x86a3bd}
		list = append(list, box("crate", colors[i%len(colors)], 10+at[0], at[1], 5))
	}
	return append(list, tracks(64)...)
}
