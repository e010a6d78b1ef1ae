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

	// MaxGeometries and MaxGeometryBytes bound what a world keeps of
	// geometries, and what Restore reads.
	MaxGeometries    = 4096
	MaxGeometryBytes = 64 << 20

	// MaxFields bounds the fields of a world: each mover asks all of them.
	MaxFields = 256

	// MaxDrag bounds the drag of a field, 1/s; MaxDensity that of water, kg/m³:
	// mercury is 13,600.
	MaxDrag    = 100
	MaxDensity = 20000

	// MaxJoints bounds the joints of a world per body of Config.MaxBodies: a
	// bridge has two to a plank.
	MaxJoints = 4

	// MaxReach bounds the limits and the spring of a slider or a rope, m.
	MaxReach = 2 * MaxCoord

	// MaxTurn bounds the limits of a hinge, a twist and a cone, rad: at half
	// a turn an angle jumps from one end of its range to the other.
	MaxTurn = 3.1

	// MaxHertz and MaxDamping bound a spring. Stiffer than a quarter of the
	// substep rate is not resolved.
	MaxHertz   = 1000
	MaxDamping = 100

	// MaxForce (N, N·m) bounds motors and what breaks a joint: a hundred
	// times the weight of MaxMass.
	MaxForce = 1e9

	// MaxHits bounds what one query finds. Of rays and casts the nearest are
	// kept, of overlaps those of the lowest ids.
	MaxHits = 1024

	// MaxWheels bounds the wheels of a vehicle: a lorry with a trailer axle.
	MaxWheels = 8
)
