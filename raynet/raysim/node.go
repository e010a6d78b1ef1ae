package raysim

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence"
	pwire "github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Raynet is the overlay of package raynet as a Protocol.
type Raynet struct {
	cfg      raynet.Config
	mu       sync.Mutex
	memories []*wire.Record                 // see memory
	asleep   int                            // nodes that have not yet read theirs
	ready    map[spatial.Box]*raynet.Config // for look-ups only
	sight    *presence.Config
	shards   []*nodeShard

	// Check is the part of messages that are encoded, parsed and encoded
	// again; a difference panics.
	check    float64
	checking atomic.Bool
	checked  atomic.Uint64
}

// nodeShard is what the nodes of one shard share.
type nodeShard struct {
	out        raynet.Outbox
	buf, again []byte
	trust      trust
	turn       uint32
	seen       presence.Outbox
	scratch    presence.Scratch
	feed       []presence.Neighbour
}

// NewRaynet makes the protocol for worlds of so many shards. check is the part
// of messages whose encoding is checked.
func NewRaynet(cfg raynet.Config, shards int, check float64) *Raynet {
	p := &Raynet{cfg: cfg, check: check, ready: map[spatial.Box]*raynet.Config{}}
	p.sight, _ = presence.Config{}.Complete() // the defaults are in bounds
	for range shards {
		p.shards = append(p.shards, &nodeShard{})
	}
	p.checking.Store(true)
	return p
}

func (p *Raynet) Name() string { return "raynet" }

// Kinds are the names of the message types by number.
func (p *Raynet) Kinds() (names []string) {
	names = append(names, "connect")
	for t := wire.Type(1); int(t) < wire.Types; t++ {
		names = append(names, t.String())
	}
	for t := pwire.Type(1); int(t) < pwire.Types; t++ {
		names = append(names, "presence."+t.String())
	}
	return names
}

// Measuring leaves most of the checks out while the cost is measured.
func (p *Raynet) Measuring(on bool) { p.checking.Store(!on) }

// Checked is how many messages were encoded and parsed.
func (p *Raynet) Checked() uint64 { return p.checked.Load() }

// member is one node.
type member struct {
	p      *Raynet
	n      *raynet.Node
	shard  *nodeShard
	self   int32
	wakeAt int64     // of the core
	evil   *turncoat // nil for an honest node
	sight  *sight    // nil without an interest layer

	remembers func(i int32) []Memory // until it has started
}

// New implements Protocol.
func (p *Raynet) New(start Start) Machine {
	kind := wire.Avatar
	if start.Site {
		kind = wire.Site
	}
	s := p.shards[start.Shard]
	n, err := raynet.New(p.config(start.Box), keyOf(start.Node),
		raynet.Start{Kind: kind, Pos: start.Pos, Epoch: start.Epoch, Seed: start.Seed}, &s.trust)
	if err != nil {
		panic("raysim: invariant: the core refuses its configuration: " + err.Error())
	}
	if start.Remembers != nil {
		p.mu.Lock()
		p.asleep++
		p.mu.Unlock()
	}
	return &member{p: p, n: n, shard: s, wakeAt: none, self: start.Node, remembers: start.Remembers}
}

// config is the core's configuration in a box, shared by all nodes there.
func (p *Raynet) config(box spatial.Box) *raynet.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.ready[box]; c != nil {
		return c
	}
	cfg := p.cfg
	cfg.Min, cfg.Max = box.Min, box.Max
	c, err := cfg.Complete()
	if err != nil {
		panic("raysim: invariant: the core refuses its configuration: " + err.Error())
	}
	p.ready[box] = c
	return c
}

// trust is the raynet.Env of a shard: nobody forges here, and a million nodes
// would spend most of a run in signatures.
type trust struct{ scratch raynet.Scratch }

func (*trust) Sign(base.Key, []byte) (sig [64]byte) { return sig }
func (*trust) Verify(base.Key, []byte, []byte) bool { return true }
func (t *trust) Scratch() *raynet.Scratch           { return &t.scratch }

// inspect encodes a sampled message, parses it and encodes it again; the bytes
// and their number must be the same.
func (s *nodeShard) inspect(p *Raynet, msg wire.Message, size int) {
	if p.check == 0 || !p.checking.Load() {
		return
	}
	if s.turn++; p.check < 1 && float64(s.turn%1000) >= p.check*1000 {
		return
	}
	s.buf = wire.Append(s.buf[:0], msg)
	again, err := wire.Parse(s.buf)
	if err != nil {
		panic("raysim: invariant: the core sends what does not parse: " + err.Error())
	}
	s.again = wire.Append(s.again[:0], again)
	if len(s.buf) != size || !bytes.Equal(s.buf, s.again) {
		panic("raysim: invariant: a message encodes to other bytes than it was parsed from")
	}
	p.checked.Add(1)
}

// messageOf is the message that an event brings.
func messageOf(ev *Event) (wire.Message, bool) {
	if ev.Kind != EvMessage {
		return nil, false
	}
	m, ok := ev.Msg.(wire.Message)
	return m, ok
}

// Step implements Machine.
func (m *member) Step(now int64, ev *Event, out *Out) {
	m.stepCore(now, ev, out)
	wake := m.wakeAt
	if m.sight != nil {
		m.look(now, ev, out)
		wake = min(wake, m.sight.wakeAt)
	}
	if wake != none {
		out.WakeAt(wake)
	}
}

func (m *member) stepCore(now int64, ev *Event, out *Out) {
	var in raynet.Input
	switch ev.Kind {
	case EvStart:
		boot := raynet.Bootstrap{}
		if m.remembers != nil {
			boot.Entries, m.remembers = m.p.entriesOf(m.remembers(m.self)), nil
		}
		for _, i := range ev.Keys {
			boot.Keys = append(boot.Keys, keyOf(i))
		}
		in = boot
	case EvMessage:
		if h, ok := ev.Msg.(hello); ok {
			if h.knock {
				out.SendRaw(ev.From, Reliable, 0, 0, 0, hello{group: m.group()})
			}
			in = raynet.PeerUp{Key: keyOf(ev.From), Group: h.group}
			break
		}
		msg, ok := ev.Msg.(wire.Message)
		if !ok {
			return // the interest layer's
		}
		if r, ok := msg.(*wire.Route); ok && len(r.Payload) == 8 {
			out.Hop(binary.LittleEndian.Uint64(r.Payload), wire.MaxTTL-int(r.TTL)+1)
		}
		in = raynet.Message{From: keyOf(ev.From), Msg: msg}
	case EvWake:
		if now < m.wakeAt {
			return
		}
		m.wakeAt = none
		in = raynet.Tick{}
	case EvPose:
		in = raynet.SetPose{Pos: ev.Pos, Vel: ev.Vel, AOI: AOI}
	case EvLookup:
		in = raynet.Find{Target: ev.Pos, Token: ev.Token}
	case EvRoute:
		in = raynet.Route{Target: ev.Pos, Token: ev.Token, Payload: binary.LittleEndian.AppendUint64(nil, ev.Token)}
	case EvSendFailed:
		in = raynet.SendFailed{To: keyOf(ev.From)}
	case EvLeave:
		in = raynet.Leave{}
	default:
		return
	}
	o := &m.shard.out
	o.Reset()
	m.n.Step(now, in, o)
	var dialled base.Key
	for _, e := range o.Effects {
		switch e := e.(type) {
		case raynet.Dial:
			if to, ok := numberOf(e.Key); ok {
				out.SendRaw(to, Reliable, 0, 0, 0, hello{knock: true, group: m.group()})
			}
			dialled = e.Key
		case *raynet.Send:
			msg, size := e.Msg, wire.Size(e.Msg)
			m.shard.inspect(m.p, msg, size)
			if m.evil != nil {
				if msg = m.evil.twist(now, e.To, ev, msg); msg == nil {
					continue
				}
				size = wire.Size(msg)
			}
			m.send(out, e.To, e.Class, msg, size, e.To == dialled)
		case raynet.WakeAt:
			m.wakeAt = e.T
		case raynet.Deliver:
			if len(e.Payload) == 8 {
				out.Delivered(binary.LittleEndian.Uint64(e.Payload))
			}
		case raynet.RouteLost:
			out.Lost(e.Token)
		case raynet.Found:
			closest := int32(-1)
			if len(e.Closest) > 0 {
				closest, _ = numberOf(e.Closest[0].Key)
			}
			out.Found(e.Token, closest, e.OK)
		case raynet.Event:
			if e.Kind == raynet.Joined {
				out.Joined()
			}
		}
	}
}

// memoryAge is how long ago remembered nodes were last heard of.
const memoryAge = 20 * wire.AgeUnit * 60

func (p *Raynet) entriesOf(ms []Memory) (es []wire.Entry) {
	for _, m := range ms {
		es = append(es, wire.Entry{Record: p.memory(m), Age: wire.AgeOf(memoryAge)})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asleep--; p.asleep == 0 {
		p.memories = nil
	}
	return es
}

// memory is the record that everybody who remembers a node has of it: one for
// all, because a million nodes remember fifty each.
func (p *Raynet) memory(m Memory) *wire.Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	if k := int(m.Node) + 1 - len(p.memories); k > 0 {
		p.memories = append(p.memories, make([]*wire.Record, k)...)
	}
	r := p.memories[m.Node]
	if r == nil || r.Pos != m.Pos {
		r = &wire.Record{Kind: wire.Avatar, Key: keyOf(m.Node), Stamp: wire.Stamp{Epoch: 1, Seq: 1}, Pos: m.Pos}
		p.memories[m.Node] = r
	}
	return r
}

// hello makes a connection: one round trip, after which both cores have heard
// PeerUp. Its bytes are those of the transport and are not counted.
type hello struct {
	knock bool   // wants an answer
	group uint32 // of the sender's address
}

// group is that of the node's address: everybody has one of its own, but a
// ring of one attacker has few.
func (m *member) group() uint32 {
	if m.evil != nil && m.evil.ring.Hosts > 0 {
		return 1<<31 + uint32(int(m.self)%m.evil.ring.Hosts)
	}
	return uint32(m.self) + 1
}

// send puts a message on its way; one that had to wait for the connection
// leaves a round trip later.
func (m *member) send(out *Out, key base.Key, c raynet.Class, msg wire.Message, size int, dialled bool) {
	to, ok := numberOf(key)
	if !ok {
		return
	}
	class, extra := Reliable, int64(0)
	if c == raynet.LatestWins {
		class = Datagram
	}
	if dialled {
		extra = 2 * out.Latency(to)
	}
	out.SendRaw(to, class, uint8(msg.Type()), size, extra, msg)
}

// Views implements Viewer.
func (m *member) Views(v *Views) {
	into := func(dst *[]int32) func(*base.Key) {
		return func(key *base.Key) {
			if k, ok := numberOf(*key); ok {
				*dst = append(*dst, k)
			}
		}
	}
	m.n.Keys(into(&v.Near), into(&v.Long), into(&v.Random))
}
