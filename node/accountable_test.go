package node

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
)

// TestALyingServerIsTakenOut: the leader of three servers signs a second vote. The
// other two prove it, choose another leader, and take it out by themselves; the owner,
// Ada, sees why, and the region goes on.
func TestALyingServerIsTakenOut(t *testing.T) {
	t.Parallel() // it waits more than it works
	nodes, _ := threeServers(t, new(atomic.Uint64), new(atomic.Bool))
	a, b, c := nodes[0], nodes[1], nodes[2]
	must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersTrust, Trust: control.TrustAccountable}))(t)
	eventually(t, "the servers to go by the owner's word", func() error {
		if r := serversOf(t, a); !inStep(r, 3) || r.InForce != "" || r.Trust != control.TrustAccountable {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	say := func(text string) error {
		_, err := a.Backend().Say(t.Context(), &control.SayRequest{Text: text})
		return err
	}
	eventually(t, "people to be heard", func() error { return say("hello") })
	liar := c.current().servedList()[0]
	eventually(t, "Cem's server to lead", func() error {
		for _, n := range []*Node{a, b} {
			if g := n.current().servedList()[0].group; g.log.Leading() {
				_ = g.log.TransferLeader(t.Context(), liar.group.log.Self())
			}
		}
		if !liar.group.log.Leading() {
			return errors.New("not yet")
		}
		return nil
	})

	// One of the others gets another vote than Cem's server gave.
	lie := func() error {
		x := liar.watching
		watch := x.witness()
		if watch == nil {
			return errors.New("not caught up")
		}
		last, ok := watch.Last()
		if !ok {
			return errors.New("nothing certified")
		}
		v := last.Vote
		v.State[0]++
		s := agree.SignedVote{Vote: v, Signed: succession.Signed{Server: c.key, Sig: succession.Signature(c.sign(v.SigningBytes()))}}
		e := base.Encoder{B: []byte{1}}
		s.AppendTo(&e)
		x.Send(b.key, e.B)
		return nil
	}
	eventually(t, "the lie to be told", lie)
	var r *control.RegionServers
	eventually(t, "the server to be taken out", func() error {
		r = serversOf(t, a)
		if len(r.Convicted) != 1 || len(r.Servers) != 2 || !inStep(r, 2) && !inStep(r, 1) {
			_ = lie()
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	if got := r.Convicted[0]; got.PeerID != must(c.Backend().Status(t.Context()))(t).PeerID || got.Why != agree.TwoVotes.String() {
		t.Fatalf("convicted: %+v", r.Convicted)
	}
	eventually(t, "people to be heard by those who are left", func() error { return say("without him") })
	eventually(t, "Cem's node to serve no more", func() error {
		if n := len(c.current().servedList()); n != 0 {
			return fmt.Errorf("%d regions", n)
		}
		return nil
	})
}
