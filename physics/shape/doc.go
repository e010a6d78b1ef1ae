// Package shape is the geometry of rigid bodies: what shapes there are, how
// large and heavy they are, and where two of them meet. It gives the same bits
// on every CPU.
//
// Collide finds the manifold of a pair: the points that touch, or are less
// than Margin apart, with the features that meet there, which name a point from
// step to step. It keeps nothing: the same two shapes in the same two poses
// give the same manifold whatever came before.
//
// A shape is placed by its centre of mass. Points count from the centres in
// world axes, so that what is far from the origin loses no digits. Units are
// metres and kilograms. Any goroutine may call anything here; a Geometry is
// never changed once it is built.
package shape
