package spatial

const (
	// MaxSites bounds a set of sites. A node knows the sites of its world's
	// charter and what it meets; 4096 sites are 112 KiB on the wire, and Owner
	// looks at each of them.
	MaxSites = 4096

	// MaxNeighbours bounds what Neighbours gives. A Voronoi cell of points in
	// space has about 15.5 neighbours on average; 64 leaves room for uneven
	// worlds and bounds what a region watches.
	MaxNeighbours = 64

	// MaxResults bounds one answer of an Index: more than any screen shows or
	// any tick sends to one viewer.
	MaxResults = 4096
)
