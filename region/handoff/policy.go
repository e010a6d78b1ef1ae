package handoff

import "github.com/metatopia/metatopia/internal/base"

// Policy says when an object has crossed. Distance keeps one that stands on
// the border from going to and fro, Dwell bounds how often any object changes
// hands.
type Policy struct {
	Distance float64   // metres beyond the border
	Dwell    base.Tick // ticks since the object came
}

// Due reports whether an object that came at tick since and is now beyond
// metres past the border should be handed over.
func (p Policy) Due(beyond float64, since, now base.Tick) bool {
	return beyond >= p.Distance && now >= since+p.Dwell
}
