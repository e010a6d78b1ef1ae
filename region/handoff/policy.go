package handoff

import "github.com/metatopia/metatopia/internal/base"

// Policy says when an object, or the centre of mass of a group, has crossed.
// Distance keeps one that stands on the border from going to and fro, Dwell
// bounds how often anything changes hands. What is Far beyond does not dwell:
// it did not come to and fro but passes through, as a body does that crosses
// two regions in a step.
type Policy struct {
	Distance float64   // metres beyond the border
	Far      float64   // metres beyond which Dwell does not count; 0: it always counts
	Dwell    base.Tick // ticks since the object came
}

// Due reports whether an object that came at tick since and is now beyond
// metres past the border should be handed over.
func (p Policy) Due(beyond float64, since, now base.Tick) bool {
	return beyond >= p.Distance && (now >= since+p.Dwell || (p.Far > 0 && beyond >= p.Far))
}

// Back reports whether an object on offer has come so far back that the offer
// is to be withdrawn.
func (p Policy) Back(beyond float64) bool { return beyond < -p.Distance/2 }
