package node

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/access"
)

// tcp makes all streams those of TCP: one that the reader has closed takes
// what is written to it.
var tcp = loopback[1:]

// change asks a node to change who serves the region.
func change(t *testing.T, n *Node, do string, of *Node) {
	t.Helper()
	req := &control.RegionServersRequest{Do: do, Region: "Plaza"}
	if of != nil {
		req.Peer = must(of.Backend().Status(t.Context()))(t).PeerID
	}
	must(n.Backend().RegionServers(t.Context(), req))(t)
}

// serving is the region that a node serves; nil for none.
func serving(n *Node) *servedRegion {
	if w := n.current(); w != nil {
		if list := w.servedList(); len(list) == 1 {
			return list[0]
		}
	}
	return nil
}

// sameState waits until the nodes were seen to have the same state at one tick.
func sameState(t *testing.T, nodes ...*Node) {
	t.Helper()
	seen := map[base.Tick]map[int]region.Hash{}
	eventually(t, "the same state everywhere", func() error {
		for i, n := range nodes {
			s := serving(n)
			if s == nil {
				return fmt.Errorf("%d serves nothing", i)
			}
			st := s.srv.Status()
			if seen[st.Tick] == nil {
				seen[st.Tick] = map[int]region.Hash{}
			}
			seen[st.Tick][i] = st.Hash
			for j, h := range seen[st.Tick] {
				if h != st.Hash {
					t.Fatalf("tick %d: %s at %d, %s at %d", st.Tick, h, j, st.Hash, i)
				}
			}
			if len(seen[st.Tick]) == len(nodes) {
				return nil
			}
		}
		return fmt.Errorf("no tick was seen of all")
	})
}

// allVote waits until so many servers of the nodes' region have a vote; learners
// get one without the time that a leader watches them.
func allVote(t *testing.T, want int, nodes ...*Node) {
	t.Helper()
	eventually(t, fmt.Sprint(want, " votes"), func() error {
		for _, n := range nodes {
			s := serving(n)
			if s == nil || !s.group.log.Leading() {
				continue
			}
			list := s.group.log.Members()
			for _, m := range list {
				if m.Learner {
					return errors.Join(fmt.Errorf("%d has none", m.ID), s.group.log.Promote(t.Context(), m.ID))
				}
			}
			if len(list) != want {
				return fmt.Errorf("%d servers", len(list))
			}
			return nil
		}
		return errors.New("nobody leads")
	})
}

// toLead has one of the servers lead.
func toLead(t *testing.T, n *Node, others ...*Node) {
	t.Helper()
	eventually(t, "a server to lead", func() error {
		for _, o := range others {
			if s := serving(o); s != nil && s.group.log.Leading() {
				if err := s.group.log.TransferLeader(t.Context(), serving(n).group.log.Self()); err != nil {
					return err
				}
			}
		}
		if !serving(n).group.log.Leading() {
			return errors.New("it does not")
		}
		return nil
	})
}

// left waits until a node serves nothing.
func left(t *testing.T, n *Node) {
	t.Helper()
	eventually(t, "a server to stop", func() error {
		if s := serving(n); s != nil {
			return fmt.Errorf("epoch %d is served", s.group.epoch)
		}
		return nil
	})
}

// passwordOf sets the region's password and waits until all of the nodes have its
// keys; it gives them.
func passwordOf(t *testing.T, owner *Node, nodes ...*Node) (file []byte) {
	t.Helper()
	must(owner.Backend().RegionPassword(t.Context(), &control.RegionPasswordRequest{Region: "Plaza", Do: "set", Password: []byte("open sesame")}))(t)
	eventually(t, "the keys of the password at all servers", func() error {
		for i, n := range nodes {
			s := serving(n)
			b, err := os.ReadFile(n.home.path("regions", s.id.String(), keysFile))
			if err != nil {
				return err
			}
			if secret := secretOf(t, s); s.door.keys.Fit(secret) == nil || len(secret.Record) == 0 {
				return fmt.Errorf("%d has none", i)
			}
			if i > 0 && !bytes.Equal(b, file) {
				return fmt.Errorf("%d has others as well", i)
			}
			file = b
		}
		return nil
	})
	return file
}

func secretOf(t *testing.T, s *servedRegion) (x access.Secret) {
	t.Helper()
	if err := s.srv.Look(t.Context(), func(st *access.State, _ access.Rights, _ base.Tick) { x = st.Secret() }); err != nil {
		t.Fatal(err)
	}
	return x
}

// newKeys: after a server was removed the owner is told to set the password again,
// until it is done; the keys that the server had are not those of it.
func newKeys(t *testing.T, stolen []byte, a, b *Node) {
	t.Helper()
	told := func() int {
		return must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersStatus, Region: "Plaza"}))(t).LeftWithKeys
	}
	eventually(t, "the owner to be told", func() error {
		if n := told(); n != 1 || !noticed(a, "set one again") {
			return fmt.Errorf("%d servers, %d in the state", n, secretOf(t, serving(a)).Left)
		}
		return nil
	})
	if s := must(b.Backend().RegionPassword(t.Context(), &control.RegionPasswordRequest{Region: "Plaza"}))(t); s.Left != 0 || !s.Locked {
		t.Fatalf("somebody else is told: %+v", s)
	}
	path := filepath.Join(t.TempDir(), keysFile)
	if err := os.WriteFile(path, stolen, 0o600); err != nil {
		t.Fatal(err)
	}
	thief := must(door.OpenRing(path))(t)
	if thief.Fit(secretOf(t, serving(b))) == nil {
		t.Fatal("the removed server did not have the keys")
	}
	if bytes.Equal(passwordOf(t, a, a, b), stolen) || thief.Fit(secretOf(t, serving(b))) != nil {
		t.Fatal("the keys are the old ones")
	}
	waitFor(t, "the owner to be told no more", func() bool { return told() == 0 })
}

// TestServersLeave: of three servers the owner removes one that follows, the one
// that leads stops by itself and comes back, and the owner removes the one that leads, its
// own, and adds it again after a restart. The others go on each time.
func TestServersLeave(t *testing.T) {
	t.Parallel() // it waits more than it works
	home := t.TempDir()
	a := startNode(t, Config{Name: "Ada", Listen: tcp, Home: home})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	b := startNode(t, Config{Name: "Bob", Listen: tcp, Join: link})
	c := startNode(t, Config{Name: "Cem", Listen: tcp, Join: link})
	for _, n := range []*Node{b, c} {
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		change(t, n, control.ServersServe, nil)
		change(t, a, control.ServersAdd, n)
	}
	sameState(t, a, b, c)
	allVote(t, 3, a, b, c)
	id := serving(a).id
	gone := func(n *Node) {
		t.Helper()
		left(t, n)
		eventually(t, "its files to be deleted", func() error {
			if _, err := os.Stat(n.home.path("regions", id.String())); !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("they are there: %v", err)
			}
			return nil
		})
	}

	stolen := passwordOf(t, a, b, c)
	if r := must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersRemove, Region: "Plaza", Peer: must(c.Backend().Status(t.Context()))(t).PeerID}))(t); r.LeftWithKeys != 1 {
		t.Fatalf("the owner is not told of the password: %+v", r)
	}
	gone(c)
	allVote(t, 2, a, b)
	sameState(t, a, b)
	newKeys(t, stolen, a, b)
	change(t, a, control.ServersAdd, c)
	sameState(t, a, b, c)
	allVote(t, 3, a, b, c)

	toLead(t, b, a, c)
	change(t, b, control.ServersRefuse, nil)
	gone(b)
	sameState(t, a, c)
	change(t, b, control.ServersServe, nil)
	sameState(t, a, b, c)
	allVote(t, 3, a, b, c)

	toLead(t, a, b, c)
	change(t, a, control.ServersRemove, a)
	left(t, a)
	allVote(t, 2, b, c)
	sameState(t, b, c)
	stopNode(t, a)
	a = startNode(t, Config{Name: "Ada", Listen: tcp, Home: home})
	left(t, a)
	change(t, a, control.ServersAdd, a)
	sameState(t, a, b, c)
}
