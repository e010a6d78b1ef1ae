package e2e

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region/access"
)

// serving is a region with three servers, each a process of its own.
type serving struct {
	link  string
	homes []string
	ups   []*up
	peers []string
	args  [][]string // to start each again
}

// serveThree starts three nodes that serve Hearthside together. prefixes are
// put before their commands, listen are their addresses.
func serveThree(t *testing.T, dir string, prefixes, listen [][]string) *serving {
	t.Helper()
	s := &serving{}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for i, u := range s.ups {
			u.kill()
			b := u.stderr.String()
			t.Logf("server %d:\n%s", i, b[max(0, len(b)-4000):])
		}
	})
	for i := range 3 {
		home := filepath.Join(dir, fmt.Sprint("server", i))
		s.homes = append(s.homes, home)
		s.args = append(s.args, append([]string{"--log-level", "info"}, listen[i]...))
		if i == 0 {
			u, link := worldOf(t, prefixes[0], home, s.args[0]...)
			s.ups, s.link = append(s.ups, u), link
		} else {
			s.ups = append(s.ups, start(t, prefixes[i], home, append(s.args[i], "--join", s.link)...))
		}
		s.peers = append(s.peers, status(t, home).PeerID)
	}
	for i := 1; i < 3; i++ {
		eventually(t, 60*time.Second, "the region is known", func() error {
			if r := cli(t, s.homes[i], "region", "serve", "Hearthside"); r.code != 0 {
				return fmt.Errorf("%s", r.err)
			}
			return nil
		})
		must(t, s.homes[0], "region", "add-server", s.peers[i])
	}
	s.await(t, "three voters", s.homes[0], func(r *control.RegionServers) bool { return votes(r) == 3 && r.Leader != "" })
	return s
}

func votes(r *control.RegionServers) (n int) {
	for _, x := range r.Servers {
		if x.Role == "leader" || x.Role == "voter" {
			n++
		}
	}
	return n
}

// await asks one of the servers until all is as it should be.
func (s *serving) await(t *testing.T, what, home string, ok func(*control.RegionServers) bool) (r control.RegionServers) {
	t.Helper()
	eventually(t, 4*time.Minute, what, func() error {
		x := cli(t, home, "--json", "region", "status", "Hearthside")
		if x.code != 0 {
			return fmt.Errorf("%s", x.err)
		}
		r = control.RegionServers{}
		if err := json.Unmarshal([]byte(x.out), &r); err != nil {
			return err
		}
		if !ok(&r) {
			return fmt.Errorf("%s", x.out)
		}
		return nil
	})
	return r
}

// agree waits until the servers named were seen to have the same state at one
// tick, and never another one. They are asked much more often than they step.
func (s *serving) agree(t *testing.T, which ...int) {
	t.Helper()
	var clients []*control.Client
	for _, i := range which {
		c := control.Dial(s.ups[i].ready.Socket)
		defer c.Close()
		clients = append(clients, c)
	}
	seen := map[uint64]map[int]string{}
	eventually(t, 4*time.Minute, "the same state everywhere", func() error {
		for range 20 {
			for i, c := range clients {
				st, err := c.Status(t.Context())
				if err != nil {
					return err
				}
				if len(st.Serving) != 1 {
					return fmt.Errorf("server %d serves %d regions", which[i], len(st.Serving))
				}
				x := st.Serving[0]
				if seen[x.Tick] == nil {
					seen[x.Tick] = map[int]string{}
				}
				seen[x.Tick][i] = x.Hash
			}
		}
		for tick, by := range seen {
			for i := range by {
				if by[i] != by[0] && by[0] != "" {
					t.Fatalf("tick %d: %v", tick, by)
				}
			}
			if len(by) == len(clients) {
				return nil
			}
		}
		return fmt.Errorf("no tick was seen of all %d", len(clients))
	})
}

// leader finds the server that leads, and one that does not.
func (s *serving) leader(t *testing.T, home string) (leads, other int) {
	t.Helper()
	r := s.await(t, "a leader", home, func(r *control.RegionServers) bool { return r.Leader != "" })
	for i, p := range s.peers {
		if p == r.Leader {
			return i, (i + 1) % len(s.peers)
		}
	}
	t.Fatalf("%s leads, which is none of %v", r.Leader, s.peers)
	return 0, 0
}

// TestLeaderKilled: of three servers the one that leads is killed with kill -9
// while somebody walks. They are seen all the time and get where they wanted;
// the server comes back and has the same state as the others.
func TestLeaderKilled(t *testing.T) {
	dir := t.TempDir()
	var listen [][]string
	for range 3 {
		listen = append(listen, []string{"--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))})
	}
	s := serveThree(t, dir, make([][]string, 3), listen)
	d := filepath.Join(dir, "walker")
	u := start(t, nil, d, append(loopback, "--join", s.link)...)
	eventually(t, 60*time.Second, "the walker stands in the region", func() error {
		if st := status(t, d); st.Avatar == nil || st.InRegion == "" {
			return fmt.Errorf("avatar %v in %q", st.Avatar, st.InRegion)
		}
		return nil
	})
	client := control.Dial(u.ready.Socket)
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	gone := make(chan string, 1)
	watched := make(chan struct{})
	me := status(t, d).Avatar.ID
	go func() { // every change of the walker's own view
		defer close(watched)
		_ = client.Watch(ctx, &control.WatchRequest{}, func(f *control.Frame) error {
			for _, id := range f.Gone {
				if id == me {
					select {
					case gone <- "the walker vanished from its own view":
					default:
					}
				}
			}
			return nil
		})
	}()
	must(t, d, "walk", "--to", "-20,0,20")
	leads, other := s.leader(t, s.homes[1])
	s.ups[leads].kill()
	must(t, d, "say", "still here")
	must(t, d, "walk", "--to", "-24,0,-4")
	eventually(t, 90*time.Second, "the walker arrives", func() error {
		p := status(t, d).Avatar
		if p == nil {
			return fmt.Errorf("no avatar")
		}
		if x, z := p.Pos.X+24, p.Pos.Z+4; x*x+z*z > 4 {
			return fmt.Errorf("at %+v", p.Pos)
		}
		return nil
	})
	select {
	case what := <-gone:
		t.Error(what)
	default:
	}
	cancel()
	<-watched
	s.ups[leads] = start(t, nil, s.homes[leads], s.args[leads]...)
	s.await(t, "the killed server votes again", s.homes[other], func(r *control.RegionServers) bool { return votes(r) == 3 && r.Leader != "" })
	s.agree(t, 0, 1, 2)
	s.recover(t, d)
}

// recover loses two of three servers for good. The region stands still and says
// so, until its owner begins a new epoch; those of the old one stop when they
// come back, and follow when they are added again.
func (s *serving) recover(t *testing.T, client string) {
	t.Helper()
	// A command that the owner has signed and nobody has handed in.
	o, r := newOutsider(t), regionOf(t, s.homes[0], s.link)
	was := o.ask(r)
	old := access.Entry{Kind: access.List, Player: o.key(), On: true, Region: r.id, Epoch: was.Epoch, By: r.server, Until: was.Tick + access.Hour/2, Counter: 1 << 60}
	copy(old.Sig[:], ed25519.Sign(r.owner, old.SigningBytes()))
	s.ups[1].kill()
	s.ups[2].kill()
	eventually(t, 90*time.Second, "the region stands still", func() error {
		if r := cli(t, client, "say", "anybody?"); r.code == 0 || !strings.Contains(r.err, "stands still") {
			return fmt.Errorf("%d: %s", r.code, r.err)
		}
		return nil
	})
	if r := cli(t, client, "region", "recover", "Hearthside"); r.code == 0 || !strings.Contains(r.err, "only its owner") {
		t.Fatalf("somebody else recovers the region: %d, %s", r.code, r.err)
	}
	must(t, s.homes[0], "region", "recover", "Hearthside")
	eventually(t, 90*time.Second, "the region goes on", func() error {
		if r := cli(t, client, "say", "after"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
	err := o.hand(r, old.Bytes())
	t.Logf("a command of the epoch before: %v", err)
	if now := o.ask(r); now.Epoch <= was.Epoch || !errors.Is(err, access.Epoch) {
		t.Errorf("epoch %d after %d; a command of that one: %v", now.Epoch, was.Epoch, err)
	}
	s.ups[1] = start(t, nil, s.homes[1], s.args[1]...)
	eventually(t, 90*time.Second, "the server of the old epoch stops", func() error {
		if n := len(status(t, s.homes[1]).Serving); n > 0 {
			return fmt.Errorf("it serves %d regions", n)
		}
		return nil
	})
	must(t, s.homes[0], "region", "add-server", s.peers[1])
	again := s.await(t, "it follows again", s.homes[0], func(r *control.RegionServers) bool {
		return len(r.Servers) == 2 && r.Servers[1].Role == "learner" && r.Servers[1].Tick > 0 && r.Servers[1].Lag < 40
	})
	if again.Epoch != 1 {
		t.Errorf("epoch %d after one recovery", again.Epoch)
	}
	s.agree(t, 0, 1)
}

// timeout bounds one call of the local API.
func timeout() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), callWait)
}
