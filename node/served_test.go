package node

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
)

// TestFurnitureIsTheOwners: nobody takes the houses of a region by coming first.
func TestFurnitureIsTheOwners(t *testing.T) {
	me, made := base.Key{1}, 0
	for _, c := range owned(server.Furnish("commons"), me) {
		if c.Kind == region.ControlCreate {
			made++
			if c.Thing.Owner != me {
				t.Errorf("%s is nobody's", c.Thing.Name)
			}
		}
	}
	if made == 0 {
		t.Fatal("nothing is there")
	}
}
