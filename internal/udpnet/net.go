package udpnet

import (
	"container/heap"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Config says how datagrams travel. The zero value delivers all at once.
type Config struct {
	// Delay is the one-way latency; nil is none. from and to are addresses
	// as seen in the open network, outside of any NAT.
	Delay func(from, to netip.AddrPort) time.Duration
	Loss  float64 // share of datagrams that vanish, 0 to 1
	Seed  uint64  // of the loss
}

// Net is the network. Its methods may be called from any goroutine.
type Net struct {
	cfg Config

	mu     sync.Mutex
	rng    *rand.Rand
	open   map[netip.AddrPort]*Conn // sockets with an address of the open network
	nats   map[netip.Addr]*NAT      // by public address
	queue  packets
	order  uint64
	timer  *time.Timer
	closed bool
	stats  Stats
}

// Stats counts datagrams since New.
type Stats struct {
	Sent, Bytes, Lost, Unroutable, Filtered, Overflow uint64
}

// New makes a network. Close it before the test ends.
func New(cfg Config) *Net {
	n := &Net{
		cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 1)),
		open: map[netip.AddrPort]*Conn{}, nats: map[netip.Addr]*NAT{},
	}
	return n
}

var errInUse = errors.New("udpnet: address in use")

// Listen opens a socket with an address of the open network.
func (n *Net) Listen(at netip.AddrPort) (*Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[at] != nil || n.nats[at.Addr()] != nil {
		return nil, fmt.Errorf("%w: %s", errInUse, at)
	}
	c := newConn(n, nil, at)
	n.open[at] = c
	return c, nil
}

// Stats gives the counters.
func (n *Net) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// Close ends all delivery and closes every socket.
func (n *Net) Close() {
	n.mu.Lock()
	n.closed, n.queue = true, nil
	if n.timer != nil {
		n.timer.Stop()
	}
	var all []*Conn
	for _, c := range n.open { //lint:sorted all are closed
		all = append(all, c)
	}
	for _, t := range n.nats { //lint:sorted all are closed
		for _, c := range t.inside { //lint:sorted all are closed
			all = append(all, c)
		}
	}
	n.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
}

// send puts a datagram on its way. The caller gives the bytes away.
func (n *Net) send(c *Conn, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.stats.Sent++
	n.stats.Bytes += uint64(len(b))
	from := c.at
	if c.nat != nil {
		if in := c.nat.inside[to]; in != nil {
			// Between two hosts of one home network nothing is translated.
			in.deliver(datagram{from: from, b: b})
			return
		}
		from = c.nat.out(c.at, to)
	}
	if n.cfg.Loss > 0 && n.rng.Float64() < n.cfg.Loss {
		n.stats.Lost++
		return
	}
	var d time.Duration
	if n.cfg.Delay != nil {
		d = n.cfg.Delay(from, to)
	}
	n.order++
	p := packet{at: time.Now().Add(d), order: n.order, from: from, to: to, b: b}
	heap.Push(&n.queue, p)
	if n.queue[0].order == p.order {
		n.rearm(d)
	}
}

// rearm sets the timer for the first datagram. n.mu is held.
func (n *Net) rearm(d time.Duration) {
	if n.timer == nil {
		n.timer = time.AfterFunc(d, n.arrive)
		return
	}
	n.timer.Reset(d)
}

// arrive delivers what is due.
func (n *Net) arrive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	for len(n.queue) > 0 && !n.queue[0].at.After(now) {
		p := heap.Pop(&n.queue).(packet)
		to := n.open[p.to]
		if t := n.nats[p.to.Addr()]; t != nil {
			var ok bool
			if to, ok = t.in(p.from, p.to); !ok {
				n.stats.Filtered++
				continue
			}
		}
		if to == nil {
			n.stats.Unroutable++
			continue
		}
		if !to.deliver(datagram{from: p.from, b: p.b}) {
			n.stats.Overflow++
		}
	}
	if len(n.queue) > 0 && !n.closed {
		n.rearm(n.queue[0].at.Sub(now))
	}
}

// forget takes a closed socket out.
func (n *Net) forget(c *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.nat != nil {
		delete(c.nat.inside, c.at)
	} else if n.open[c.at] == c {
		delete(n.open, c.at)
	}
}

type packet struct {
	at       time.Time
	order    uint64
	from, to netip.AddrPort
	b        []byte
}

// packets is a heap by time, then by the order of sending.
type packets []packet

func (p packets) Len() int { return len(p) }
func (p packets) Less(i, j int) bool {
	if !p[i].at.Equal(p[j].at) {
		return p[i].at.Before(p[j].at)
	}
	return p[i].order < p[j].order
}
func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *packets) Push(x any)   { *p = append(*p, x.(packet)) }
func (p *packets) Pop() any {
	last := len(*p) - 1
	x := (*p)[last]
	(*p)[last] = packet{}
	*p = (*p)[:last]
	return x
}

// addrPort reads the address of a datagram's receiver.
func addrPort(a net.Addr) (netip.AddrPort, error) {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("udpnet: %T is not a UDP address", a)
	}
	ap := u.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}
