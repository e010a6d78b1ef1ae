// Package physics is the rigid body core: bodies of the shapes of package shape,
// stepped at a fixed rate, the same bits on every CPU.
//
// World.Step is the only way time passes: it applies commands in the given
// order, advances by Config.Dt and appends what happened. The same state and
// the same commands give the same next state and the same events, byte for
// byte; AppendSnapshot, Restore and Hash are over that whole state, so a world
// restored at any step goes on exactly like the one it was taken from.
//
// Between steps a world answers queries (Ray, Cast, Overlap, Nearest): they change
// nothing and their answers follow from the state alone.
//
// What keeps it so: maths from spatial/det only, bodies and contacts always in
// id order, no map is ranged over, and nothing a step leaves behind outside
// the snapshot changes a later step. See docs/protocol/determinism.md.
//
// The solver is TGS-soft: several substeps, each with one warm started pass
// over soft contacts and one relaxing pass (Macklin and others, "Small Steps
// in Physics Simulation", 2019; Catto, "Solver2D", 2024), over contacts sorted
// into colours that may be solved at once: eight at a time where build and CPU
// can, and shared among workers where the driver lends some, with the same bits.
//
// Units are metres, kilograms, seconds and radians. Y points up. Coordinates are
// float32 from an origin the caller chooses near its bodies.
//
// The driver owes: one goroutine at a time per World, commands in an agreed
// order, and the same Config wherever the same history is replayed.
package physics
