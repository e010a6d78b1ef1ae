package node

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
)

// TestServersComeBackAmongLiars: a server that was away when its region went over to
// trust byzantine takes part from a checkpoint, one that is started again from its
// log, and one that was away when the region went back joins it anew.
func TestServersComeBackAmongLiars(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("half a minute and more with four real nodes: METATOPIA_SOAK=1 go test ./node -run TestServersComeBackAmongLiars")
	}
	a := startNode(t, Config{Name: "Ada", Servers: member.Times{Near: time.Second, Dead: member.Usual.Dead}})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	trust := func(name string) error {
		_, err := a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersTrust, Region: "Plaza", Trust: name})
		return err
	}
	nodes := []*Node{a}
	var homes []string
	for _, name := range []string{"Bob", "Cem", "Dan"} {
		homes = append(homes, t.TempDir())
		n := startNode(t, Config{Name: name, Join: link, Home: homes[len(homes)-1]})
		nodes = append(nodes, n)
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
		must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: must(n.Backend().Status(t.Context()))(t).PeerID}))(t)
	}
	serving := func(n *Node, epoch uint64) func() error {
		return func() error {
			list := n.current().servedList()
			if len(list) != 1 || list[0].group == nil || list[0].group.epoch != epoch {
				return fmt.Errorf("not served in epoch %d", epoch)
			}
			_, err := certifiedAfter(n, 0)
			return err
		}
	}
	eventually(t, "four servers", serving(nodes[3], 1))
	// Dan's server stops in the very moment in which its log ends.
	dan := nodes[3].current().servedList()[0]
	if dan.group.log.Leading() {
		_ = dan.group.handOver()
	}
	went := make(chan struct{})
	go func() {
		defer close(went)
		eventually(t, "trust byzantine", func() error { return trust(control.TrustByzantine) })
	}()
	<-dan.done
	stopNode(t, nodes[3])
	<-went
	eventually(t, "the others to go on", serving(a, 2))
	nodes[3] = startNode(t, Config{Name: "Dan", Home: homes[2]})
	eventually(t, "Dan's server to come back", serving(nodes[3], 2))
	stopNode(t, nodes[2])
	nodes[2] = startNode(t, Config{Name: "Cem", Home: homes[1]})
	eventually(t, "Cem's server to come back", serving(nodes[2], 2))
	stopNode(t, nodes[3])
	eventually(t, "trust accountable", func() error { return trust(control.TrustAccountable) })
	nodes[3] = startNode(t, Config{Name: "Dan", Home: homes[2]})
	eventually(t, "Dan's server to join", serving(nodes[3], 3))
	_, err := a.Backend().Say(t.Context(), &control.SayRequest{Text: "all are back"})
	if err != nil {
		t.Fatal(err)
	}
}
