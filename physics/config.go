package physics

import (
	"fmt"

	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// Config is fixed for the life of a world and part of its snapshot. Zero
// values mean the defaults.
type Config struct {
	Gravity   float32     // m/s² along Y; 0 = -9.81, Weightless = none
	Dt        float32     // seconds per Step; 0 = 1/60
	Substeps  int         // solver passes per Step; 0 = 4
	Min, Max  spatial.Vec // ground at Min.Y, walls and ceiling at the rest; both zero = ±256 m over ground at 0
	Open      bool        // no ground, walls or ceiling: what leaves the bounds is Out
	MaxBodies int         // 0 = DefaultBodies
	Step      float32     // m, how high a walker steps up; 0 = 0.3, at most 1
	Slope     float32     // rad, the steepest ground to walk and stand on; 0 = 0.9, some 52 degrees
	Sleepless bool        // nothing ever sleeps, for measuring: a step then costs what all its bodies cost
}

// Weightless as Config.Gravity is too small to change any body's velocity.
const Weightless float32 = 1e-30

func (c *Config) validate() error {
	if c.Gravity == 0 {
		c.Gravity = -9.81
	}
	if c.Dt == 0 {
		c.Dt = 1.0 / 60
	}
	if c.Substeps == 0 {
		c.Substeps = 4
	}
	if c.Step == 0 {
		c.Step = 0.3
	}
	if c.Slope == 0 {
		c.Slope = 0.9
	}
	if c.MaxBodies == 0 {
		c.MaxBodies = DefaultBodies
	}
	if c.Min == (spatial.Vec{}) && c.Max == (spatial.Vec{}) {
		c.Min, c.Max = spatial.Vec{X: -256, Z: -256}, spatial.Vec{X: 256, Y: 256, Z: 256}
	}
	span := det.Vec(c.Max.Sub(c.Min))
	switch {
	case !det.Finite(c.Gravity) || det.Abs(c.Gravity) > MaxGravity:
		return fmt.Errorf("physics: config: gravity %g", c.Gravity)
	case !(c.Dt >= MinDt && c.Dt <= MaxDt):
		return fmt.Errorf("physics: config: step of %g s", c.Dt)
	case c.Substeps < 1 || c.Substeps > MaxSubsteps:
		return fmt.Errorf("physics: config: %d substeps", c.Substeps)
	case !(c.Step > 0 && c.Step <= 1):
		return fmt.Errorf("physics: config: steps of %g m", c.Step)
	case !(c.Slope > 0 && c.Slope <= 1.4):
		return fmt.Errorf("physics: config: slopes of %g rad", c.Slope)
	case c.MaxBodies < 1 || c.MaxBodies > MaxBodies:
		return fmt.Errorf("physics: config: %d bodies, at most %d", c.MaxBodies, MaxBodies)
	case !within(det.Vec(c.Min), MaxCoord) || !within(det.Vec(c.Max), MaxCoord):
		return fmt.Errorf("physics: config: bounds beyond %d m", MaxCoord)
	case span.X < 1 || span.Y < 1 || span.Z < 1:
		return fmt.Errorf("physics: config: bounds less than 1 m apart")
	}
	return nil
}

// within is false for a NaN.
func within(v det.Vec, limit float32) bool {
	a := v.Abs()
	return a.X <= limit && a.Y <= limit && a.Z <= limit
}
