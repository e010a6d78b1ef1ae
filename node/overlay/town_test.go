package overlay

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"math"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/udpnet"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// The tests' world: a cube of 100 m.
var (
	testWorld = base.DeriveID("world", []byte("test"))
	testBox   = spatial.Box{Min: spatial.At(0, 0, 0), Max: spatial.At(100, 100, 100)}
)

func testKey(i int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "node %d", i))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicKey(k ed25519.PrivateKey) (out base.Key) {
	copy(out[:], k.Public().(ed25519.PublicKey))
	return out
}

// placeOf is the position of node i, uniform in the box.
func placeOf(i int) spatial.Pos {
	rng := base.NewRand(uint64(i), 77)
	at := func(lo, hi int64) int64 { return lo + int64(rng.Float64()*float64(hi-lo)) }
	return spatial.Pos{
		X: at(testBox.Min.X, testBox.Max.X), Y: at(testBox.Min.Y, testBox.Max.Y), Z: at(testBox.Min.Z, testBox.Max.Z),
	}
}

// doors are the nodes that node i of n is told of: two or three, never itself.
func doors(i, n int) (out []int) {
	rng := base.NewRand(uint64(i), 78)
	for range 3 {
		if j := rng.IntN(n); j != i {
			out = append(out, j)
		}
	}
	return out
}

// town is a simulated UDP network with real nodes: QUIC, TLS, Ed25519.
type town struct {
	t    *testing.T
	udp  *udpnet.Net
	all  map[base.Key]*resident
	list []*resident
}

// resident is one node.
type resident struct {
	t    *town
	i    int
	ip   string
	port int
	priv ed25519.PrivateKey
	key  base.Key
	pos  spatial.Pos
	net  *p2p.Net
	o    *Overlay

	socket *udpnet.Conn
	end    context.CancelFunc
	done   chan struct{}

	home  *udpnet.NAT // nil in the open network
	kept  *memory
	epoch uint32
	mu    sync.Mutex
	got   []string // payloads routed here
}

// memory is a Store of one node.
type memory struct {
	mu sync.Mutex
	b  []byte
}

func (m *memory) Load() ([]byte, error) { m.mu.Lock(); defer m.mu.Unlock(); return m.b, nil }
func (m *memory) Save(b []byte) error   { m.mu.Lock(); defer m.mu.Unlock(); m.b = b; return nil }

func newTown(t *testing.T) *town { return newLossyTown(t, 0) }

func newLossyTown(t *testing.T, loss float64) *town {
	return &town{t: t, all: map[base.Key]*resident{}, udp: udpnet.New(udpnet.Config{
		Loss: loss, Seed: 1,
		// 20 to 50 ms one way, the same for a pair at all times.
		Delay: func(from, to netip.AddrPort) time.Duration {
			h := sha256.Sum256(fmt.Append(nil, from, to))
			return 20*time.Millisecond + time.Duration(h[0])*30*time.Millisecond/256
		},
	})}
}

// add makes node i, which does nothing yet.
func (t *town) add(i int) *resident {
	r := &resident{t: t, i: i, port: 4001, priv: testKey(i), pos: placeOf(i), kept: &memory{}, epoch: 1}
	r.key = publicKey(r.priv)
	r.ip = fmt.Sprintf("1.%d.%d.%d", i>>14&127, i>>7&127, i&127+1)
	t.list = append(t.list, r)
	t.all[r.key] = r
	return r
}

func (r *resident) addr() string {
	return fmt.Sprintf("/ip4/%s/udp/%d/quic-v1/p2p/%s", r.ip, r.port, p2p.PeerID(r.key))
}

// start brings a node up; it knows nobody but what it remembers.
func (r *resident) start() {
	t := r.t.t
	r.epoch++
	// The network may tell of a peer before there is an overlay to hear it.
	ready := make(chan struct{})
	reach := p2p.ReachPublic
	if r.home != nil {
		reach = p2p.ReachPrivate
	}
	var o *Overlay
	var err error
	r.net, err = p2p.New(p2p.Config{
		Key: r.priv, Listen: []string{fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", r.ip, r.port)}, Lean: true,
		Protocols: Protocols(), Reach: reach,
		UDP: func(a *net.UDPAddr) (net.PacketConn, error) {
			ap := netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
			open := r.t.udp.Listen
			if r.home != nil {
				open = r.home.Listen
			}
			var err error
			r.socket, err = open(ap)
			return r.socket, err
		},
		PeerUp:   func(k base.Key) { <-ready; o.PeerUp(k) },
		PeerDown: func(k base.Key) { <-ready; o.PeerDown(k) },

		AddrsChanged: func() { <-ready; o.AddrsChanged() },
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err = New(Config{
		Net: r.net, Key: r.priv, Store: r.kept, Seed: uint64(r.i)<<32 | uint64(r.epoch),
		Core:  raynet.Config{World: testWorld, Min: testBox.Min, Max: testBox.Max},
		Epoch: func() (uint32, error) { return r.epoch, nil },
		Deliver: func(d raynet.Deliver) {
			r.mu.Lock()
			r.got = append(r.got, string(d.Payload))
			r.mu.Unlock()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.o = o
	close(ready)
	ctx, cancel := context.WithCancel(context.Background())
	r.end, r.done = cancel, make(chan struct{})
	go func() {
		defer close(r.done)
		o.Run(ctx)
	}()
	if err := o.Place(wire.Avatar, raynet.SetPose{Pos: r.pos, AOI: 30}); err != nil {
		t.Fatal(err)
	}
}

// knows dials another node, as a link would.
func (r *resident) knows(others ...*resident) {
	for _, p := range others {
		go func() { _, _ = r.net.Dial(context.Background(), p.addr()) }()
	}
}

// vanish ends a node as a power cut does: not even its connections say so.
func (r *resident) vanish() {
	r.socket.Close()
	r.crash()
}

// crash ends a node without a farewell, but its connections are closed.
func (r *resident) crash() {
	r.end()
	<-r.done
	r.net.Close()
	r.net, r.o = nil, nil
}

// leave ends a node with a farewell.
func (r *resident) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.o.Leave(ctx)
	r.crash()
}

func (t *town) close() {
	for _, r := range t.list {
		if r.net != nil {
			r.crash()
		}
	}
	t.udp.Close()
}

// coverage measures, for a sample of living nodes, what part of the solid
// angle of the faces of their exact cells belongs to members of the near view.
func (t *town) coverage(sample int) float64 {
	var at []spatial.Pos
	var near []map[base.Key]bool
	var keys []base.Key
	for _, r := range t.list {
		if r.o == nil {
			continue
		}
		list, _, _ := r.o.Near()
		m := map[base.Key]bool{}
		for _, n := range list {
			m[n.Key] = true
		}
		at, near, keys = append(at, r.pos), append(near, m), append(keys, r.key)
	}
	return coverage(at, keys, near, sample)
}

// coverage compares near views with the oracle.
func coverage(at []spatial.Pos, keys []base.Key, near []map[base.Key]bool, sample int) float64 {
	sum, count := 0.0, 0
	for i := 0; i < len(at); i += max(len(at)/sample, 1) {
		others := append(append([]spatial.Pos(nil), at[:i]...), at[i+1:]...)
		seen, all := 0.0, 0.0
		for _, f := range raynet.NewCell(at[i], testBox, others, -1).Faces {
			if f.Candidate < 0 {
				continue
			}
			j := f.Candidate
			if j >= i {
				j++
			}
			a := solidAngle(f)
			all += a
			if near[i][keys[j]] {
				seen += a
			}
		}
		if all > 0 {
			sum += seen / all
			count++
		}
	}
	return sum / float64(count)
}

// solidAngle of a face seen from the node, by the triangles it is made of (Van
// Oosterom and Strackee 1983).
func solidAngle(f raynet.Face) float64 {
	dot := func(a, b raynet.Point) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
	cross := func(a, b raynet.Point) raynet.Point {
		return raynet.Point{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
	}
	sum := 0.0
	for i := 1; i+1 < len(f.Corners); i++ {
		a, b, c := f.Corners[0], f.Corners[i], f.Corners[i+1]
		la, lb, lc := math.Sqrt(dot(a, a)), math.Sqrt(dot(b, b)), math.Sqrt(dot(c, c))
		sum += 2 * math.Abs(math.Atan2(dot(a, cross(b, c)), la*lb*lc+dot(a, b)*lc+dot(a, c)*lb+dot(b, c)*la))
	}
	return sum
}

// until waits, in simulated time, for something to become true. It runs inside
// a bubble only.
func (t *town) until(limit time.Duration, what string, ok func() bool) time.Duration {
	t.t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > limit {
			t.t.Fatalf("after %v still not: %s", limit, what)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
	}
	return time.Since(began)
}
