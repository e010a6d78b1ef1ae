package node

import (
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// Two owners of regions find each other by position, with names, and one who
// leaves is noticed.
func TestOwnersBecomeNeighbours(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	b, err := Start(t.Context(), Config{Name: "Bob", Home: t.TempDir(), Listen: loopback, Join: w.Link})
	if err != nil {
		t.Fatal(err)
	}
	closed := false
	defer func() {
		if !closed {
			stopNode(t, b)
		}
	}()
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	must(b.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Two", At: control.Point{X: 64}}))(t)
	neighbour := func(n *Node) control.Neighbour {
		r := must(n.Backend().Neighbours(t.Context()))(t)
		if len(r.Neighbours) != 1 {
			return control.Neighbour{}
		}
		return r.Neighbours[0]
	}
	waitFor(t, "each to be the other's neighbour", func() bool {
		x, y := neighbour(a), neighbour(b)
		return x.Key == b.key.String() && x.Name == "Two" && x.Kind == "site" && x.Distance == 64 &&
			y.Key == a.key.String() && y.Name == "One"
	})
	closed = true
	stopNode(t, b)
	waitFor(t, "the one who left to be forgotten", func() bool { return neighbour(a).Key == "" })
}
