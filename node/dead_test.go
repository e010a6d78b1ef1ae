package node

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/region/order/raft"
)

// TestDeadVoterIsReplaced: of four servers three have a vote. One of them goes
// and stays away: the fourth gets its vote, once, and who comes back after that
// is a learner. Of what is left then nobody is taken out by itself, however long
// they are away: a region without most of its voters stands still.
func TestDeadVoterIsReplaced(t *testing.T) {
	t.Parallel() // it waits more than it works
	quick := member.Times{Near: time.Second, Dead: 2 * time.Second}
	a := startNode(t, Config{Name: "Ada", Listen: tcp, Servers: quick})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	home := t.TempDir()
	b := startNode(t, Config{Name: "Bob", Listen: tcp, Join: link, Home: home, Servers: quick})
	c := startNode(t, Config{Name: "Cem", Listen: tcp, Join: link, Servers: quick})
	d := startNode(t, Config{Name: "Dan", Listen: tcp, Join: link, Servers: quick})
	roles := func(n *Node, want map[*Node][]string) error {
		r, err := n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersStatus, Region: "Plaza"})
		if err != nil {
			return err
		}
		for _, s := range r.Servers {
			for x, is := range want {
				if s.PeerID == must(x.Backend().Status(t.Context()))(t).PeerID && !slices.Contains(is, s.Role) {
					return fmt.Errorf("%+v", r)
				}
			}
		}
		if len(r.Servers) != 4 {
			return fmt.Errorf("%+v", r)
		}
		return nil
	}
	for _, n := range []*Node{b, c, d} {
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		change(t, n, control.ServersServe, nil)
		change(t, a, control.ServersAdd, n)
		if n == c {
			sameState(t, a, b, c)
			allVote(t, 3, a, b, c)
		}
	}
	sameState(t, a, b, c, d)
	votes := []string{"leader", "voter"}
	before := map[*Node][]string{a: votes, b: votes, c: votes, d: {"learner"}}
	eventually(t, "three votes and a learner", func() error { return roles(a, before) })

	stopNode(t, b)
	eventually(t, "the learner to have the vote of who is away", func() error {
		for _, n := range []*Node{a, c, d} {
			list := serving(n).group.log.Members()
			if len(list) != 3 || slices.ContainsFunc(list, func(m raft.Member) bool { return m.Learner || m.Key == b.key }) {
				return fmt.Errorf("%+v", list)
			}
		}
		return nil
	})
	sameState(t, a, c, d)
	b = startNode(t, Config{Name: "Bob", Listen: tcp, Join: link, Home: home, Servers: quick})
	sameState(t, a, b, c, d)
	eventually(t, "who was replaced to be a learner", func() error {
		return roles(a, map[*Node][]string{a: votes, b: {"learner"}, c: votes, d: votes})
	})

	// Two of three voters go: nobody can decide any more, and nobody is
	// replaced by the learner that is left.
	stopNode(t, c)
	stopNode(t, d)
	eventually(t, "the region to stand still", func() error {
		if r := serversOf(t, a); !r.Frozen {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	for _, n := range []*Node{a, b} {
		voters := 0
		for _, m := range serving(n).group.log.Members() {
			if !m.Learner {
				voters++
			}
		}
		if voters != 3 {
			t.Fatalf("%d voters of a region that stands still", voters)
		}
	}
}
