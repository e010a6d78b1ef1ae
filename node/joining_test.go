package node

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// counted counts what a node reads from its connections, and ends them all when
// that is more than a bound.
type counted struct {
	got  atomic.Int64
	most int64
}

type countedConn struct {
	net.Conn
	c *counted
}

var errCut = errors.New("the link is cut")

func (c *countedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if got := c.c.got.Add(int64(n)); c.c.most > 0 && got > c.c.most {
		return 0, errCut
	}
	return n, err
}

func (c *counted) wrap(n net.Conn) net.Conn { return &countedConn{n, c} }

// TestAJoinIsTakenUpAgain: a node that joins a region of several MB loses its link
// half way and is stopped. Started again it fetches what it has not got, though one
// of the two servers that have the state has damaged pieces.
func TestAJoinIsTakenUpAgain(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("half a minute with real nodes: METATOPIA_SOAK=1 go test ./node -run TestAJoinIsTakenUpAgain")
	}
	a := startNode(t, Config{Name: "Ada", Absent: true})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	b := startNode(t, Config{Name: "Bob", Join: link, Absent: true})
	peer := func(n *Node) string { return must(n.Backend().Status(t.Context()))(t).PeerID }
	serve := func(n *Node) {
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
	}
	add := func(n *Node) {
		must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: peer(n)}))(t)
	}
	serve(b)
	add(b)
	const things, size = 150, 24 << 10
	id := a.current().servedList()[0].id
	r := base.NewRand(3, 3)
	for i := range things {
		x := region.ThingSpec{Kind: "shelf", Name: fmt.Sprint("shelf ", i), Shape: region.Box, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}, Fixed: true, Hollow: true, Pos: spatial.Vec{X: float32(i % 12), Y: 1, Z: float32(i / 12)}}
		for k := range size / region.MaxSlotValue {
			v := make([]byte, region.MaxSlotValue)
			for i := range v {
				v[i] = byte(r.Uint64())
			}
			x.Slots = append(x.Slots, region.SlotWrite{Name: fmt.Sprintf("s%d", k), Value: region.BytesSlot(v)})
		}
		eventually(t, "a thing", func() error {
			return a.Control(t.Context(), id, region.ControlEntry{Kind: region.ControlCreate, Thing: x})
		})
	}
	point := func(n *Node) (p lumps.Ref, whole int64) {
		w := n.current()
		w.mu.Lock()
		s := w.served[id]
		w.mu.Unlock()
		if s == nil || s.group == nil {
			return p, 0
		}
		for _, x := range s.group.status(s).Points {
			if x.Size > things*size && len(x.Cert) > 0 && x.Size > whole {
				p, whole = x.Ref, x.Size
			}
		}
		return p, whole
	}
	eventually(t, "both to have the state", func() error {
		for _, n := range []*Node{a, b} {
			if _, whole := point(n); whole == 0 {
				if s := n.current().localServer(id); s != nil {
					s.CheckpointSoon()
				}
				return errors.New("no checkpoint with a certificate")
			}
		}
		return nil
	})
	// Of every other piece Bob has other bytes.
	ref, whole := point(b)
	links := must(b.lumps.Parts(t.Context(), ref))(t)
	for i := 0; i < len(links); i += 2 {
		list := must(filepath.Glob(filepath.Join(b.cfg.Home, "lumps", "lumps", "*", links[i].Ref.String())))(t)
		for _, f := range list {
			if err := os.WriteFile(f, make([]byte, links[i].Size), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if len(list) != 1 {
			t.Fatalf("%d files of piece %d", len(list), i)
		}
	}
	home := t.TempDir()
	first := &counted{most: whole / 2}
	c := startNode(t, Config{Name: "Cem", Home: home, Join: link, Absent: true, Dialed: first.wrap, Listen: []string{}})
	serve(c)
	add(c)
	eventually(t, "the link to be cut", func() error {
		if first.got.Load() <= first.most {
			return errors.New("not yet")
		}
		return nil
	})
	stopNode(t, c)
	second := &counted{}
	c = startNode(t, Config{Name: "Cem", Home: home, Absent: true, Dialed: second.wrap, Listen: []string{}})
	eventually(t, "the state", func() error {
		s := c.current().localServer(id)
		if s == nil {
			return errors.New("not served")
		}
		if x := s.Status(); x.Things < things {
			return fmt.Errorf("%d things", x.Things)
		}
		return nil
	})
	// Half of it is here, some of that on the way when the link was cut; the pieces
	// that Bob has damaged, half of the rest, may come twice.
	came, most := second.got.Load(), whole*9/10
	t.Logf("%d bytes came in the second life, of a state of %d", came, whole)
	if came > most {
		t.Errorf("%d bytes came in the second life, more than %d", came, most)
	}
	eventually(t, "nothing to be held any more", func() error {
		c.current().joins.mu.Lock()
		defer c.current().joins.mu.Unlock()
		if n := len(c.current().joins.held); n > 0 {
			return fmt.Errorf("states of %d regions are held", n)
		}
		return nil
	})
}
