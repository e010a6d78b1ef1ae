package region

// Specs describes every thing that is owned and no avatar, in the order of
// ids, so that the same can be made elsewhere. Motion and what scripts have
// counted are left out.
func (s *Sim) Specs() []ThingSpec {
	var list []ThingSpec
	for _, t := range s.things {
		if t.avatar() {
			continue
		}
		list = append(list, s.specOf(t))
	}
	return list
}

// specOf describes a thing.
func (s *Sim) specOf(t *Thing) ThingSpec {
	b := s.body(t)
	x := ThingSpec{Kind: t.Kind, Name: t.Name, Owner: t.Owner, Shape: t.Shape, Size: t.Size, Color: t.Color,
		Pos: b.Pos, Rot: b.Rot, Fixed: t.Fixed, Hollow: t.Hollow, Slots: t.Slots}
	if !t.Hollow {
		x.Mass, x.Friction, x.Restitution = b.Mass, b.Friction, b.Restitution
	}
	return x
}
