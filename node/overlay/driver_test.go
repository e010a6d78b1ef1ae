package overlay

import (
	"context"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/udpnet"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

type nearInfo = raynet.NeighbourInfo

func (r *resident) sees(p *resident) bool {
	near, _, _ := r.o.Near()
	return slices.ContainsFunc(near, func(x nearInfo) bool { return x.Key == p.key })
}

// few starts n nodes that all know the first, and waits until they know each
// other.
func few(t *testing.T, n int) *town {
	w := newTown(t)
	for i := range n {
		w.add(i).start()
	}
	for _, r := range w.list[1:] {
		r.knows(w.list[0])
	}
	w.until(30*time.Second, "neighbours", func() bool {
		for _, r := range w.list {
			for _, p := range w.list {
				if r != p && !r.sees(p) {
					return false
				}
			}
		}
		return true
	})
	return w
}

func TestFindAndRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 6)
		defer w.close()
		a, b := w.list[1], w.list[4]
		got, complete, err := a.o.Find(t.Context(), b.pos)
		if err != nil || !complete || got[0].Key != b.key {
			t.Fatal(got, complete, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := a.o.Route(ctx, b.pos, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.got, []string{"hello"}) {
			t.Fatal(b.got)
		}
		if err := a.o.Route(t.Context(), b.pos, make([]byte, wire.MaxPayload+1)); !errors.Is(err, ErrPayload) {
			t.Fatal(err)
		}
	})
}

// One who leaves is forgotten at once; one who crashes, when it was silent.
func TestLeaveAndCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 6)
		defer w.close()
		gone := func(r *resident) func() bool {
			return func() bool {
				return !slices.ContainsFunc(w.list, func(p *resident) bool { return p.o != nil && p.sees(r) })
			}
		}
		w.list[5].leave()
		if took := w.until(5*time.Second, "the leaver forgotten", gone(w.list[5])); took > time.Second {
			t.Errorf("a farewell took %v", took)
		}
		// Its sockets go silent: nobody is told.
		r := w.list[4]
		r.end()
		<-r.done
		o := r.o
		r.o = nil
		w.until(15*time.Second, "the silent one forgotten", gone(r))
		r.o = o
	})
}

// A node that moves is where it says, for its neighbours.
func TestMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 4)
		defer w.close()
		r := w.list[2]
		at := r.pos
		for range 50 {
			at.X += spatial.Unit / 5
			if err := r.o.Place(wire.Avatar, raynet.SetPose{Pos: at, Vel: spatial.Vec{X: 2}, AOI: 30}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err := r.o.Place(wire.Avatar, raynet.SetPose{Pos: at, AOI: 30}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for _, p := range w.list {
			if p == r {
				continue
			}
			near, _, _ := p.o.Near()
			i := slices.IndexFunc(near, func(x nearInfo) bool { return x.Key == r.key })
			if i < 0 || near[i].Pos.Dist2(at) > uint64(spatial.Unit*spatial.Unit/4) {
				t.Fatalf("node %d does not see it where it is", p.i)
			}
		}
	})
}

// Serving a region makes another point of the same node: a new epoch, which
// takes the old one's place for everybody.
func TestKindChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 4)
		defer w.close()
		r := w.list[2]
		r.epoch++
		if !r.net.Protected(w.list[0].key) {
			t.Fatal("a neighbour's connection is not protected")
		}
		if err := r.o.Place(wire.Site, raynet.SetPose{Pos: r.pos}); err != nil {
			t.Fatal(err)
		}
		if r.net.Protected(w.list[0].key) {
			t.Fatal("protected for a core that is gone")
		}
		w.until(30*time.Second, "a site for all", func() bool {
			for _, p := range w.list {
				if p == r {
					continue
				}
				near, _, _ := p.o.Near()
				if !slices.ContainsFunc(near, func(x nearInfo) bool { return x.Key == r.key && x.Kind == wire.Site }) {
					return false
				}
			}
			return true
		})
	})
}

// An hour in which a hundred visitors come, stay a while and vanish leaves
// nothing behind with one who stays.
func TestVisitorsLeaveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 3)
		defer w.close()
		host := w.list[0]
		seen := 0
		for i := range 100 {
			v := w.add(10 + i)
			v.start()
			v.knows(host)
			w.until(30*time.Second, "a visitor's neighbours", func() bool { return v.sees(host) })
			if host.sees(v) {
				seen++
			}
			if i%2 == 0 {
				v.leave()
			} else {
				v.crash()
			}
			time.Sleep(30 * time.Second)
		}
		time.Sleep(5 * time.Minute)
		m := map[string]uint64{}
		host.o.Stats(m)
		for range 20 { // a dial to somebody who has gone may be under way
			if m["raynet_near_links"] <= 2 && m["raynet_near_members"] == 2 {
				break
			}
			time.Sleep(time.Minute)
			clear(m)
			host.o.Stats(m)
		}
		t.Logf("%d seen; %d goroutines; %v", seen, runtime.NumGoroutine(), m)
		if m["raynet_peers_up"] != 2 || m["raynet_near_links"] > 2 || m["raynet_near_members"] != 2 {
			t.Error("links or members are left over")
		}
		if n := host.o.links.Known(); n > 10 {
			t.Errorf("the rates of %d peers are still remembered", n)
		}
		if n := runtime.NumGoroutine(); n > 400 {
			t.Errorf("%d goroutines for three nodes", n)
		}
	})
}

// A message on another protocol than its own, and one that is none, are
// refused; a peer that sends little else is cut off.
func TestMessagesOnTheWrongProtocol(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := few(t, 2)
		defer w.close()
		a, b := w.list[0], w.list[1]
		s, err := b.net.Open(t.Context(), a.key, protocols[rps].ID)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		bad := [][]byte{wire.Append(nil, &wire.Ping{Nonce: 1}), {1, 200}, {}}
		for i := range 120 {
			if _, err := s.Write(p2p.AppendFrame(nil, bad[i%3])); err != nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(time.Second)
		m := map[string]uint64{}
		a.o.Stats(m)
		if m["raynet_foreign"]+m["raynet_rps_limited"] < 100 || m["raynet_banned"] != 1 || a.net.Connected(b.key) {
			t.Fatal(m, a.net.Connected(b.key))
		}
	})
}

// Two nodes behind NATs become neighbours through a third, and then speak
// directly where their NATs allow it, or through the relay where not.
func TestNeighboursBehindNAT(t *testing.T) {
	for _, c := range []struct {
		name string
		kind udpnet.Mapping
		want string
	}{{"one port a socket", udpnet.PerSocket, "quic-v1"}, {"one port a peer", udpnet.PerPeer, "circuit"}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t)
				defer w.close()
				hub, a, b := w.add(0), w.add(1), w.add(2)
				hub.start()
				for i, r := range []*resident{a, b} {
					r.home = w.udp.NAT(netip.AddrFrom4([4]byte{5, 0, 0, byte(i + 1)}), c.kind)
					r.ip = "10.0.0.2"
					r.start()
					r.knows(hub)
				}
				via := func(r, p *resident) string {
					for _, x := range r.net.Peers() {
						if x.Key == p.key {
							return x.Transport
						}
					}
					return "none"
				}
				took := w.until(3*time.Minute, "neighbours", func() bool {
					return a.sees(b) && b.sees(a) && via(a, b) == c.want && via(b, a) == c.want
				})
				t.Logf("neighbours via %s after %v", c.want, took)
				time.Sleep(time.Minute)
				if !a.sees(b) || !b.sees(a) || via(a, b) != c.want {
					t.Fatalf("a minute later: %v %v %s", a.sees(b), b.sees(a), via(a, b))
				}
			})
		})
	}
}

// Everything that waits is bounded, and what is not a message goes first.
func TestInbox(t *testing.T) {
	b := inbox{wake: make(chan struct{}, 1)}
	for i := range maxMessages + 5 {
		if ok := b.put(raynet.Tick{}, true); ok != (i < maxMessages) {
			t.Fatal(i, ok)
		}
	}
	if !b.put(raynet.Leave{}, false) {
		t.Fatal("no room for control")
	}
	got := b.take(nil)
	if _, first := got[0].(raynet.Leave); !first || len(got) != maxMessages+1 || len(b.take(nil)) != 0 {
		t.Fatal(len(got))
	}
}

// Every message has one protocol, and every protocol carries some.
func TestProtocolsOfMessages(t *testing.T) {
	count := map[int]int{}
	for m := wire.TypeShuffleReq; int(m) < wire.Types; m++ {
		count[protocolOf(m)]++
	}
	if len(count) != len(protocols) {
		t.Fatal(count)
	}
}
