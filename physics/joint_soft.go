package physics

import "github.com/metatopia/metatopia/spatial/det"

const (
	// jointHertz and jointDamping are how the locked directions of a joint are
	// held together: as stiff as four substeps bear at a mass ratio of 100.
	// At twice the stiffness a loaded chain explodes; with less damping it
	// swings for seconds.
	jointHertz   = 60
	jointDamping = 5

	// maxPull is the fastest that a gap of a joint is closed, m/s: bodies that
	// were joined far apart come, and do not shoot.
	maxPull = 10
)

// softness is a spring and damper of a joint for one substep (Catto, "Soft
// Constraints", 2011). Its zero value is not usable; see rigid.
type softness struct{ rate, mass, impulse float32 }

// rigid holds without pushing errors back.
var rigid = softness{mass: 1}

// reach is the gap that is closed at maxPull.
func (s softness) reach() float32 { return maxPull / s.rate }

// newSoftness is for a substep of h seconds; hertz 0 is rigid.
func newSoftness(hertz, ratio, h float32) softness {
	if hertz == 0 {
		return rigid
	}
	omega := float32((2 * det.Pi) * hertz)
	a := float32(2*ratio) + float32(h*omega)
	b := float32(float32(h*omega) * a)
	c := 1 / (1 + b)
	return softness{omega / a, float32(b * c), c}
}
