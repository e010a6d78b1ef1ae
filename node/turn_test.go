package node

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/agree"
)

// TestServersThatMayLie: a region of four servers goes over to trust byzantine and
// goes on, people in it too, when one server is gone; and it goes back.
func TestServersThatMayLie(t *testing.T) {
	t.Parallel() // it waits more than it works
	a := startNode(t, Config{Name: "Ada", Servers: member.Times{Near: time.Second, Dead: member.Usual.Dead}})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	trust := func(name string) error {
		_, err := a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersTrust, Region: "Plaza", Trust: name})
		return err
	}
	if err := trust(control.TrustByzantine); control.CodeOf(err) != control.Conflict {
		t.Fatalf("one server, none of which may lie: %v", err)
	}
	nodes := []*Node{a}
	for _, name := range []string{"Bob", "Cem", "Dan"} {
		n := startNode(t, Config{Name: name, Join: link})
		nodes = append(nodes, n)
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
		must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: must(n.Backend().Status(t.Context()))(t).PeerID}))(t)
	}
	eventually(t, "four servers that may lie", func() error { return trust(control.TrustByzantine) })
	stands := func(n *Node, trust string, serving int) error {
		r := serversOf(t, n)
		alive := 0
		for _, s := range r.Servers {
			if s.Role == "leader" || s.Role == "voter" {
				alive++
			}
		}
		if r.Trust != trust || r.InForce != "" || r.Frozen || alive != serving {
			return fmt.Errorf("%+v", r)
		}
		return nil
	}
	speak := func(n *Node, text string) {
		t.Helper()
		eventually(t, text, func() error {
			_, err := n.Backend().Say(t.Context(), &control.SayRequest{Text: text})
			if err == nil {
				_, err = n.Backend().Walk(t.Context(), &control.WalkRequest{To: &control.Point{X: 3, Z: 3}})
			}
			return err
		})
	}
	for _, n := range nodes {
		eventually(t, "four voters", func() error { return stands(n, control.TrustByzantine, 4) })
	}
	speak(a, "all four are there")
	eventually(t, "a certificate", func() error { _, err := certifiedAfter(a, 0); return err })
	if _, err := a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersRemove, Region: "Plaza", Peer: must(nodes[1].Backend().Status(t.Context()))(t).PeerID}); control.CodeOf(err) != control.Conflict || !errors.Is(err, errFixed) {
		t.Fatalf("a server was removed: %v", err)
	}
	// Whoever does not lead goes.
	gone := nodes[3]
	if gone.current().servedList()[0].group.log.Leading() {
		gone = nodes[2]
	}
	stopNode(t, gone)
	speak(a, "one is gone")
	tick := a.current().servedList()[0].srv.Status().Tick
	eventually(t, "a certificate of three", func() error { _, err := certifiedAfter(a, tick); return err })
	if err := trust(control.TrustAccountable); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the region to be as before", func() error { return stands(a, control.TrustAccountable, 3) })
	speak(nodes[1], "as before")
	var stopping sync.WaitGroup // one after the other, each waits for those who are gone
	for _, n := range nodes {
		stopping.Go(func() { stopNode(t, n) })
	}
	stopping.Wait()
}

func FuzzTurn(f *testing.F) {
	f.Add([]byte{})
	rec := &world.SiteRecord{World: lumps.Of([]byte("w")), Founded: 1, Seq: 2, Name: "Plaza", Servers: []base.Key{{1}}, Epoch: 3, Trust: agree.Byzantine}
	if err := rec.Sign(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))); err != nil {
		f.Fatal(err)
	}
	f.Add((&turnWord{rec: rec, site: rec.Encode(), renew: []byte("entry")}).bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := parseTurn(b); err == nil && !bytes.Equal(x.bytes(), b) {
			t.Fatal("another form")
		}
	})
}
