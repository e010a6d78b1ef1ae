package physics

const (
	// MaxBodies is the largest Config.MaxBodies: about a second of work per
	// step on one core, far past any region that keeps its tick.
	MaxBodies = 16384

	// DefaultBodies is what a region's core can step in real time with room
	// to spare.
	DefaultBodies = 4096

	// MaxContacts bounds the contacts of one step (and of a snapshot) per
	// body. Equal spheres in the densest heap have 6 each; the surplus is
	// dropped in (A, B) order, alike everywhere.
	MaxContacts = 16

	// MaxCommands bounds one Step's commands: every body added and driven.
	MaxCommands = 2 * MaxBodies

	// MaxCoord bounds Config.Min and Max in metres: at 4 km a float32 still
	// resolves a quarter of a millimetre.
	MaxCoord = 4096

	// MinExtent and MaxExtent bound a half size or radius in metres.
	// Smaller things need shorter steps; larger ones are ground.
	MinExtent = 0.01
	MaxExtent = 512

	// MinMass and MaxMass bound a moving body in kilograms, so that one
	// impulse cannot make a velocity that overflows.
	MinMass = 0.001
	MaxMass = 1e6

	// MaxSpeed (m/s) and MaxSpin (rad/s) cap every body after every
	// substep. At 100 m/s a body crosses 1.7 m in a default step.
	MaxSpeed = 100
	MaxSpin  = 100

	// MaxImpulse (N·s) bounds commands and what one contact point may pass
	// on in a substep.
	MaxImpulse = 1e7

	// MaxAcceleration bounds CmdDrive, m/s².
	MaxAcceleration = 1000

	// MaxFriction bounds the coefficient of friction: rubber on dry stone is 1.
	MaxFriction = 4

	// MaxGravity bounds Config.Gravity, m/s².
	MaxGravity = 100

	// MinDt and MaxDt bound Config.Dt, s; MaxSubsteps bounds the work of one
	// Step.
	MinDt       = 1.0 / 1000
	MaxDt       = 1.0 / 10
	MaxSubsteps = 32
)
