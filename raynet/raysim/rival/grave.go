package rival

import "github.com/metatopia/metatopia/raynet/raysim"

// graveTime is how long a node that could not be reached is refused, and
// maxGraves how many of them are remembered: the oldest goes first.
const (
	graveTime = 30 * raysim.Second
	maxGraves = 64
)

type grave struct {
	node  int32
	until int64
}

// graves is a short memory of nodes that could not be reached.
type graves []grave

func (g *graves) bury(now int64, node int32) {
	g.raise(node)
	if len(*g) == maxGraves {
		*g = append((*g)[:0], (*g)[1:]...)
	}
	*g = append(*g, grave{node, now + graveTime})
}

// raise forgets a node: it has been heard of.
func (g *graves) raise(node int32) {
	for i, x := range *g {
		if x.node == node {
			*g = append((*g)[:i], (*g)[i+1:]...)
			return
		}
	}
}

func (g *graves) holds(now int64, node int32) bool {
	for _, x := range *g {
		if x.node == node {
			return now < x.until
		}
	}
	return false
}
