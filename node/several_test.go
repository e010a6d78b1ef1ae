package node

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
)

// serversOf asks a node who serves the region.
func serversOf(t *testing.T, n *Node) *control.RegionServers {
	t.Helper()
	return must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersStatus, Region: "Plaza"}))(t)
}

// inStep says that so many servers have a vote, one leads, and none lags.
func inStep(r *control.RegionServers, voters int) bool {
	n, leaders := 0, 0
	for _, s := range r.Servers {
		switch s.Role {
		case "leader":
			leaders++
			n++
		case "voter":
			n++
		}
		if s.Lag > 40 {
			return false
		}
	}
	return leaders == 1 && n == voters && r.Tick > 0
}

// TestRegionOfThreeServers: the owner adds two nodes that agreed; they fetch
// the state, follow, and get a vote. Then the owner's node stops, and the region
// goes on without it, for a player who sees no gap.
func TestRegionOfThreeServers(t *testing.T) {
	t.Parallel() // it waits more than it works
	quick := member.Times{Near: 2 * time.Second, Dead: member.Usual.Dead}
	a := startNode(t, Config{Name: "Ada", Servers: quick})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	b := startNode(t, Config{Name: "Bob", Join: link})
	c := startNode(t, Config{Name: "Cem", Join: link})
	d := startNode(t, Config{Name: "Dan", Join: link})
	peer := func(n *Node) string { return must(n.Backend().Status(t.Context()))(t).PeerID }
	add := func(n *Node) error {
		_, err := a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: peer(n)})
		return err
	}
	if err := add(b); err == nil {
		t.Fatal("a node that did not agree was added")
	}
	if got := serversOf(t, a); len(got.Servers) != 1 || got.Servers[0].Role != "alone" {
		t.Fatalf("after a refusal: %+v", got)
	}
	if _, err := b.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Region: "Plaza", Peer: peer(c)}); control.CodeOf(err) != control.Denied {
		t.Fatalf("somebody else adds a server: %v", err)
	}
	for _, n := range []*Node{b, c} {
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
		if err := add(n); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "three voters", func() error {
		if r := serversOf(t, a); !inStep(r, 3) {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	// The founder's node signs by itself that the three count for the roles.
	proven := func(n *Node, servers int) error {
		s, err := n.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Plaza"})
		if err == nil && (len(s.Servers) != servers || s.Warning != "" || s.Certificate == nil || len(s.Certificate.Servers) != servers) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	}
	eventually(t, "three servers for the roles", func() error { return errors.Join(proven(b, 3), proven(d, 3)) })
	before := must(d.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Plaza"}))(t)
	stopNode(t, a)
	eventually(t, "a new leader", func() error {
		if r := serversOf(t, b); r.Leader == "" {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	// A slow machine may take longer than a region is waited for.
	eventually(t, "Dan to be heard", func() error {
		_, err := d.Backend().Say(t.Context(), &control.SayRequest{Text: "still here"})
		return err
	})
	// What Dan signs now the two others log and certify.
	eventually(t, "an entry without the founder's node", func() error {
		_, err := d.Backend().AdminAct(t.Context(), &control.AdminActRequest{Region: "Plaza", Do: "out"})
		return err
	})
	eventually(t, "a certificate without the founder's node", func() error {
		s, err := d.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Plaza"})
		if err == nil && (s.Index <= before.Index || proven(d, 3) != nil) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	})
}

// eventually polls with a generous deadline: joining waits for checkpoints and
// for the learner to keep up.
func eventually(t *testing.T, what string, f func() error) {
	t.Helper()
	begin := time.Now()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil {
			t.Logf("%s: after %.1f s", what, time.Since(begin).Seconds())
			return
		}
		select {
		case <-deadline:
			t.Fatalf("%s: %v", what, err)
		case <-tick.C:
		}
	}
}
