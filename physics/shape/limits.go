package shape

const (
	// MaxCorners bounds a hull: two of them then meet in some 20 µs, and a
	// corner fits six bits of a feature.
	MaxCorners = 64

	// MaxFaces and MaxEdges are what MaxCorners allow at most (Euler).
	MaxFaces = 2*MaxCorners - 4
	MaxEdges = 3*MaxCorners - 6

	// MaxSides bounds the corners of one face.
	MaxSides = 32

	// MaxInput bounds the points of which NewHull makes a hull; more are a mistake.
	MaxInput = 4096

	// MaxCoord bounds a coordinate of a geometry in metres, as MaxExtent of
	// package physics bounds a box.
	MaxCoord = 512

	// MinInner is how deep the centre of a hull must be inside it at least, m,
	// and thinnest the same as a share of its size: below that its faces cannot
	// be told from rounding.
	MinInner = 0.002
	thinnest = 1e-3

	// MaxSamples bounds a heightfield along x and along z, MinCell its cell in
	// metres.
	MaxSamples = 512
	MinCell    = 0.02

	// MaxMeshCorners and MaxTriangles bound a mesh; its bytes bound it sooner.
	MaxMeshCorners = 1 << 16
	MaxTriangles   = 1 << 17

	// polyFacets bounds the triangles of a surface that are looked at closely for
	// one box or hull, at some 10 µs each; a box on ground of its own scale
	// meets a hundred. Those beyond count by their corners alone, which costs a
	// fiftieth. capsuleFacets is the same for a capsule, at 1 µs each; those
	// beyond are left out.
	polyFacets    = 512
	capsuleFacets = 4096

	// MaxChildren bounds a compound: each counts as a body in the narrow phase.
	MaxChildren = 64

	// MaxGeometryBytes bounds the bytes of one geometry.
	MaxGeometryBytes = 1 << 20
)
