package node

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// TestServersThatDiverge: one of three servers leaves out what the others do. It
// stops, writes down where it differs, takes a state that the others agree on, and
// agrees again; the region goes on meanwhile. Then all three differ.
func TestServersThatDiverge(t *testing.T) {
	t.Parallel() // it waits more than it works
	var at atomic.Uint64
	var always atomic.Bool
	nodes, spoilers := threeServers(t, &at, &always)
	a, b, c := nodes[0], nodes[1], nodes[2]

	// Cem's server leads, and from now on takes no inputs of anybody.
	bad := c.current().servedList()[0]
	eventually(t, "Cem's server to lead", func() error {
		for _, n := range []*Node{a, b} {
			if g := n.current().servedList()[0].group; g.log.Leading() {
				_ = g.log.TransferLeader(t.Context(), bad.group.log.Self())
			}
		}
		if !bad.group.log.Leading() {
			return errors.New("not yet")
		}
		return nil
	})
	var spoilt atomic.Bool
	if err := bad.srv.Between(t.Context(), func(sim *region.Sim) {
		sim.Without(func(base.Key) bool { return true })
		spoilt.Store(true)
	}); err != nil || !spoilt.Load() {
		t.Fatal(err)
	}
	tick := bad.srv.Status().Tick
	eventually(t, "people to be heard", func() error { // it stands still until another leads
		_, err := a.Backend().Say(t.Context(), &control.SayRequest{Text: "hello"})
		if err == nil {
			_, err = a.Backend().Walk(t.Context(), &control.WalkRequest{To: &control.Point{X: 3, Z: 3}})
		}
		return err
	})
	dir := c.home.path("regions", bad.id.String())
	eventually(t, "the report", func() error {
		if list, _ := filepath.Glob(filepath.Join(dir, "divergence-*.json")); len(list) == 0 {
			return errors.New("none")
		}
		return nil
	})
	if list, _ := filepath.Glob(filepath.Join(a.home.path("regions", bad.id.String()), "divergence-*.json")); len(list) != 0 {
		t.Fatal("the others blame themselves")
	}
	eventually(t, "the server to agree again", func() error {
		list := c.current().servedList()
		if len(list) == 1 && list[0] == bad {
			return errors.New("still the old one")
		}
		_, err := certifiedAfter(c, tick)
		return err
	})
	eventually(t, "three voters again", func() error {
		if r := serversOf(t, a); !inStep(r, 3) {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	splits(t, nodes, spoilers, &at, &always)
}
