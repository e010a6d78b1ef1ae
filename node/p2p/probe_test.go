package p2p

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/udpnet"
)

// muted are sockets that can fall silent, as those of a killed process do.
type muted struct {
	l    listener
	dead atomic.Bool
}

type mutedConn struct {
	net.PacketConn
	m *muted
}

func (m *muted) open(a *net.UDPAddr) (net.PacketConn, error) {
	c, err := udpOf(m.l)(a)
	return &mutedConn{c, m}, err
}

func (c *mutedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.m.dead.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

// at is simStart at a port.
func (m *muted) at(t *testing.T, i int, ip string, port int) *Net {
	return simStart(t, m.l, i, ip, func(c *Config) {
		c.Listen, c.UDP = []string{fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", ip, port)}, m.open
	})
}

// talk sends over one stream after the other, each until it fails, as servers
// of a region do.
func talk(ctx context.Context, n *Net, to base.Key) {
	for ctx.Err() == nil {
		s, err := n.Open(ctx, to, testProto.ID)
		if err == nil {
			ended := make(chan struct{})
			go func() {
				_, _ = s.Read(make([]byte, 1))
				close(ended)
			}()
			for open := true; open && ctx.Err() == nil; {
				select {
				case <-ended:
					open = false
				case <-ctx.Done():
				case <-time.After(20 * time.Millisecond):
					_, err := s.Write(make([]byte, 100))
					open = err == nil
				}
			}
			s.Reset()
			<-ended
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// listening tells when the first byte came.
func listening(n *Net) chan time.Time {
	first := make(chan time.Time, 1)
	n.Handle(testProto.ID, func(_ base.Key, s Stream) {
		b := make([]byte, 4096)
		for {
			if _, err := s.Read(b); err != nil {
				return
			}
			select {
			case first <- time.Now():
			default:
			}
		}
	})
	return first
}

// A node that was killed and comes back at another port is spoken to again a
// few seconds after it has dialled, however often that happens.
func TestKilledComesBackElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		a := simStart(t, u, 1, "1.0.0.1", nil)
		defer a.Close()
		m := &muted{l: u}
		b := m.at(t, 2, "1.0.0.2", 4001)
		listening(b)
		if _, err := b.Dial(t.Context(), a.Addrs()[0]); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { talk(ctx, a, b.Key()) })
		defer wg.Wait()
		defer cancel()
		for i := range 3 {
			time.Sleep(10 * time.Second)
			m.dead.Store(true)
			b.Close()
			m = &muted{l: u}
			b = m.at(t, 2, "1.0.0.2", 4002+i)
			first := listening(b)
			began := time.Now()
			if _, err := b.Dial(t.Context(), a.Addrs()[0]); err != nil {
				t.Fatal(err)
			}
			if took := (<-first).Sub(began); took > 4*time.Second {
				t.Errorf("spoken to after %s", took)
			}
		}
		if n := a.DeadClosed(); n != 3 {
			t.Errorf("%d connections closed, not 3", n)
		}
		b.Close()
	})
}

// Connections that live stay, all three, over a network that loses a fifth.
func TestHealthyConnectionsStay(t *testing.T) {
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			u := udpnet.New(udpnet.Config{Delay: ms(100), Loss: 0.2, Seed: seed})
			defer u.Close()
			a, b := simStart(t, u, 1, "1.0.0.1", nil), simStart(t, u, 2, "1.0.0.2", nil)
			defer a.Close()
			defer b.Close()
			for range 3 {
				defer addConn(t, b, a).Close()
			}
			time.Sleep(20 * time.Second)
			if k := connsTo(a, b); k != 3 || a.DeadClosed() != 0 {
				t.Errorf("seed %d: %d connections, %d closed", seed, k, a.DeadClosed())
			}
			if a.prober.rounds.Load() == 0 {
				t.Error("nobody looked")
			}
		})
	}
}

// Two that dial each other at once keep both connections.
func TestBothDialsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		a, b := simStart(t, u, 1, "1.0.0.1", nil), simStart(t, u, 2, "1.0.0.2", nil)
		defer a.Close()
		defer b.Close()
		var wg sync.WaitGroup
		for _, p := range [][2]*Net{{a, b}, {b, a}} {
			wg.Go(func() {
				if _, err := p[0].Dial(t.Context(), p[1].Addrs()[0]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		time.Sleep(20 * time.Second)
		if connsTo(a, b) != 2 || connsTo(b, a) != 2 {
			t.Errorf("%d and %d connections", connsTo(a, b), connsTo(b, a))
		}
	})
}

// While the network is cut nothing answers, and so nothing is closed for it.
func TestCutClosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		a := simStart(t, u, 1, "1.0.0.1", nil)
		defer a.Close()
		m := &muted{l: u}
		b := m.at(t, 2, "1.0.0.2", 4001)
		defer b.Close()
		for range 2 {
			defer addConn(t, b, a).Close()
		}
		time.Sleep(time.Second) // who was dialled knows of it later
		m.dead.Store(true)
		id, _ := idOf(b.Key())
		a.probe(id)
		m.dead.Store(false)
		if connsTo(a, b) != 2 || a.DeadClosed() != 0 {
			t.Errorf("%d connections, %d closed", connsTo(a, b), a.DeadClosed())
		}
		time.Sleep(probePause)
	})
}

// A peer that opens connection after connection, and lets the older ones fall
// silent, is looked at no more often than the bounds say.
func TestManyConnectionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(5)})
		defer u.Close()
		a := simStart(t, u, 1, "1.0.0.1", nil)
		defer a.Close()
		began := time.Now()
		opened := 0
		for i := range 30 {
			m := &muted{l: u}
			b := m.at(t, 2, "1.0.0.2", 4001+i)
			for range 4 {
				if _, err := b.Dial(t.Context(), a.Addrs()[0]); err == nil {
					opened++
				}
				time.Sleep(100 * time.Millisecond)
				id, _ := idOf(a.Key())
				if i%2 == 0 {
					b.host.Network().ClosePeer(id)
				}
			}
			m.dead.Store(true)
			b.Close()
		}
		looks := uint64(time.Since(began)/probePause) + 1
		if n := a.prober.rounds.Load(); n == 0 || n > looks*probeRounds {
			t.Errorf("%d rounds in %s", n, time.Since(began))
		}
		if opened < 60 {
			t.Errorf("%d connections were opened", opened)
		}
		time.Sleep(time.Minute)
		a.prober.mu.Lock()
		defer a.prober.mu.Unlock()
		if len(a.prober.again) != 0 {
			t.Error("a peer that is gone is still looked at")
		}
	})
}

func connsTo(n, to *Net) int {
	id, _ := idOf(to.Key())
	return len(n.host.Network().ConnsToPeer(id))
}

// addConn dials once more, whatever connections there are. Only the dialled
// node knows of it as a host does.
func addConn(t *testing.T, from, to *Net) interface{ Close() error } {
	t.Helper()
	ai, err := peer.AddrInfoFromString(to.Addrs()[0])
	if err != nil {
		t.Fatal(err)
	}
	c, err := from.host.Network().(*swarm.Swarm).TransportForDialing(ai.Addrs[0]).Dial(t.Context(), ai.Addrs[0], ai.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
