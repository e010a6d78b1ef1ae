package physics

// Filter says which bodies meet. Two bodies meet when each is of a category
// that the other meets, or as their common group says. A query is filtered like
// a body. The ground, walls and ceiling meet everybody.
type Filter struct {
	Category uint32 // bits; 0 = 1
	Mask     uint32 // categories it meets; 0 = all
	Group    int32  // those of one group above 0 always meet, below 0 never; 0 = no group
}

// Meets is the same both ways.
func (a Filter) Meets(b Filter) bool {
	if a.Group == b.Group && a.Group != 0 {
		return a.Group > 0
	}
	return a.category()&b.mask() != 0 && b.category()&a.mask() != 0
}

func (a Filter) category() uint32 {
	if a.Category == 0 {
		return 1
	}
	return a.Category
}

func (a Filter) mask() uint32 {
	if a.Mask == 0 {
		return ^uint32(0)
	}
	return a.Mask
}

// meets reports whether a pair must be looked at. Two that nothing can push
// never meet, but a sensor at rest notices what moves by its velocity.
func (s *solid) meets(o *solid) bool {
	if s.fixed() && o.fixed() && (s.static() && o.static() || !s.sensor() && !o.sensor()) {
		return false
	}
	return !(s.sensor() && o.sensor()) && s.Filter.Meets(o.Filter)
}
