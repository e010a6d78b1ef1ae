package region

import "slices"

// Lumps are the names of all contents that the state refers to, sorted and
// each once, as their texts stand in the slots: those of the things that are
// here or on their way out, and the modules that a replay needs. They come
// from players and may be no names at all.
func (s *Sim) Lumps() []string {
	names := s.Loaded()
	add := func(t *Thing) {
		for _, w := range t.Slots {
			if w.Value.Type == SlotLump {
				names = append(names, w.Value.Lump)
			}
		}
	}
	for _, t := range s.things {
		add(t)
	}
	for _, l := range s.leaving {
		add(l.Thing)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Specs describes every thing that is owned and no avatar, in the order of
// ids, so that the same can be made elsewhere. Motion and what scripts have
// counted are left out.
func (s *Sim) Specs() []ThingSpec {
	var list []ThingSpec
	for _, t := range s.things {
		if t.avatar() {
			continue
		}
		b := s.body(t)
		x := ThingSpec{Kind: t.Kind, Name: t.Name, Owner: t.Owner, Shape: t.Shape, Size: t.Size, Color: t.Color,
			Pos: b.Pos, Rot: b.Rot, Fixed: t.Fixed, Hollow: t.Hollow, Slots: t.Slots}
		if !t.Hollow {
			x.Mass, x.Friction, x.Restitution = b.Mass, b.Friction, b.Restitution
		}
		list = append(list, x)
	}
	return list
}
