package tree

const (
	// MaxLeaves bounds a tree: four times what a world of physics may hold.
	MaxLeaves = 1 << 16

	// MaxDepth bounds how deep a leaf lies. A tree that grows deeper is built
	// anew: past balanceDepth the building only halves, and 2^16 leaves are
	// halved 16 times.
	MaxDepth     = 64
	balanceDepth = 40

	// MaxCoord bounds coordinates in metres: the area of the largest box is
	// still a float32.
	MaxCoord = 1 << 20
)
