package node

import (
	"errors"
	"os"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/region/order"
)

// TestLostLogIsNotFoundedAgain: a node whose join was cut off after it had put
// its old log away does not go on alone with a region that others serve.
func TestLostLogIsNotFoundedAgain(t *testing.T) {
	n := startNode(t, Config{Name: "Ada"})
	found(t, n)
	must(n.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	w := n.current()
	rec := *w.servedList()[0].rec
	rec.Servers = []base.Key{n.key, {7}}
	if err := os.RemoveAll(w.orderDir(rec.Region())); err != nil {
		t.Fatal(err)
	}
	g, err := w.founding(&rec, savedRegion{Shared: true}, 40, order.Sum{1})
	if g != nil {
		_ = g.log.Close()
	}
	if !errors.Is(err, replica.ErrUnsure) {
		t.Fatalf("a second log of the region begins: %v", err)
	}
	rec.Servers = []base.Key{n.key}
	if g, err = w.founding(&rec, savedRegion{Shared: true}, 40, order.Sum{1}); err != nil {
		t.Fatal(err)
	}
	if err := g.log.Close(); err != nil {
		t.Fatal(err)
	}
}
