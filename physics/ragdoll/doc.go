// Package ragdoll makes the bodies and joints of a skeleton that nothing holds
// up: a capsule for each bone, held to its parent within what the joint of a
// living thing allows.
//
// It is pure: Build gives commands for a physics.World, the same on every CPU,
// and keeps nothing. Lengths are metres, masses kilograms, angles radians. A
// skeleton stands with its feet at the origin, Y up, and looks along +Z; its
// left is +X.
package ragdoll
