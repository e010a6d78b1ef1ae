package raysim

import (
	"cmp"
	"errors"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/spatial"
)

// EngineConfig is a simulation without its protocol.
type EngineConfig struct {
	Nodes  int // numbers 0..Nodes-1; not all need exist at once
	Seed   uint64
	Shards int
	Link   Link
}

// Pose is a place and a velocity in metres per second.
type Pose struct {
	Pos spatial.Pos
	Vel spatial.Vec
}

// Mover moves nodes. Pose is called by the shard that owns the node and
// touches the state of that node only; next is when to ask again, 0 for never.
type Mover interface {
	Pose(node int32, now int64) (p Pose, next int64)
}

// Engine is the simulated network. All methods are called between runs, by one
// goroutine.
type Engine struct {
	cfg      EngineConfig
	block    int32 // nodes to a shard
	shards   []*shard
	group    []uint8
	window   int64 // next to run
	injected uint32
	mover    Mover
	moverGen uint32
	tap      func(node int32, now int64, ev *Event)
}

// Errors of NewEngine.
var (
	ErrNodes = errors.New("raysim: need at least one node and one shard, and at most 1<<24 nodes")
	ErrLink  = errors.New("raysim: need 1 ms <= Link.Min <= 16 ms and Min <= Max")
)

// NewEngine makes a network of no nodes.
func NewEngine(cfg EngineConfig) (*Engine, error) {
	if cfg.Nodes < 1 || cfg.Nodes > 1<<24 || cfg.Shards < 1 {
		return nil, ErrNodes
	}
	if l := cfg.Link; l.Min < Millisecond || l.Min > 16*Millisecond || l.Max < l.Min || l.FailAfter < l.Min {
		return nil, ErrLink
	}
	cfg.Shards = min(cfg.Shards, cfg.Nodes)
	e := &Engine{cfg: cfg, block: int32((cfg.Nodes + cfg.Shards - 1) / cfg.Shards), group: make([]uint8, cfg.Nodes)}
	for first := int32(0); int(first) < cfg.Nodes; first += e.block {
		s := &shard{e: e, index: len(e.shards), first: first, nodes: make([]state, min(e.block, int32(cfg.Nodes)-first))}
		s.queue.width = cfg.Link.Min
		s.out.s = s
		for i := range s.nodes {
			s.nodes[i] = state{wakeAt: none, pendAt: none, down: gone}
		}
		e.shards = append(e.shards, s)
	}
	for _, s := range e.shards {
		s.outbox = [2][][]event{make([][]event, len(e.shards)), make([][]event, len(e.shards))}
	}
	return e, nil
}

func (e *Engine) shardOf(i int32) int { return int(i / e.block) }

// ShardOf is the shard that owns a node.
func (e *Engine) ShardOf(i int32) int { return e.shardOf(i) }

// Shards is how many shards there are.
func (e *Engine) Shards() int { return len(e.shards) }

// Nodes is how many numbers there are.
func (e *Engine) Nodes() int { return e.cfg.Nodes }

// Now is the simulated time, ns.
func (e *Engine) Now() int64 { return e.window * e.cfg.Link.Min }

func (e *Engine) state(i int32) *state { return e.shards[e.shardOf(i)].node(i) }

// Add gives a number to a machine, which starts at time at.
func (e *Engine) Add(i int32, m Machine, at int64, keys []int32) {
	st := e.state(i)
	st.m, st.down, st.wakeAt, st.pendAt = m, up, none, none
	e.inject(event{at: at, to: i, kind: EvStart, msg: &boot{keys}})
}

// Machine is the machine of a living node, else nil.
func (e *Engine) Machine(i int32) Machine { return e.state(i).m }

// Replace puts another machine in the place of a living one, which usually
// wraps it.
func (e *Engine) Replace(i int32, m Machine) { e.state(i).m = m }

// Alive says whether a node is there.
func (e *Engine) Alive(i int32) bool { return e.state(i).down == up }

// Crash ends a node without a word. Senders wait for it.
func (e *Engine) Crash(i int32) {
	st := e.state(i)
	st.m, st.down, st.wakeAt = nil, crashed, none
}

// Leave asks a node to say farewell at once.
func (e *Engine) Leave(i int32) { e.inject(event{at: e.Now(), to: i, kind: EvLeave}) }

// Lookup and Route put a question to a node at time at.
func (e *Engine) Lookup(i int32, at int64, token uint64, target spatial.Pos) {
	e.inject(event{at: at, to: i, kind: EvLookup, msg: &ask{token, Pose{Pos: target}}})
}

// Route asks a node to pass token on to the node closest to target.
func (e *Engine) Route(i int32, at int64, token uint64, target spatial.Pos) {
	e.inject(event{at: at, to: i, kind: EvRoute, msg: &ask{token, Pose{Pos: target}}})
}

// Move sets what moves the nodes from now on; nil stops all movement. Poses of
// the nodes that first gives a time for begin then.
func (e *Engine) Move(m Mover, first func(i int32) int64) {
	e.mover = m
	e.moverGen++
	if m == nil {
		return
	}
	for i := range int32(e.cfg.Nodes) {
		if at := first(i); at > 0 {
			e.MoveFrom(i, at)
		}
	}
}

// MoveFrom begins the poses of one node at time at.
func (e *Engine) MoveFrom(i int32, at int64) {
	s := e.shards[e.shardOf(i)]
	s.queue.push(event{at: max(at, e.Now()), to: i, from: -1, seq: e.moverGen, kind: EvPose})
}

// SetPose tells a node its pose at time at, beside what a Mover says.
func (e *Engine) SetPose(i int32, at int64, p Pose) {
	e.inject(event{at: at, to: i, kind: EvPose, msg: &ask{pose: p}})
}

// Split puts every node into a group; only members of one reach each other.
func (e *Engine) Split(group func(i int32) uint8) {
	for i := range e.group {
		e.group[i] = group(int32(i))
	}
}

// SetLink changes how messages travel from now on. Min stays.
func (e *Engine) SetLink(l Link) {
	l.Min = e.cfg.Link.Min
	e.cfg.Link = l
}

// Tap has f called after each Step, on the shard's goroutine: for tests.
func (e *Engine) Tap(f func(node int32, now int64, ev *Event)) { e.tap = f }

func (e *Engine) inject(ev event) {
	e.injected++
	ev.from, ev.seq, ev.at = -1, e.injected, max(ev.at, e.Now())
	e.shards[e.shardOf(ev.to)].queue.push(ev)
}

// Run lets time pass until t, rounded up to a window.
func (e *Engine) Run(t int64) {
	last := (t + e.cfg.Link.Min - 1) / e.cfg.Link.Min
	if len(e.shards) == 1 {
		for ; e.window < last; e.window++ {
			e.shards[0].run(e.window)
		}
		return
	}
	var done sync.WaitGroup
	start := make([]chan int64, len(e.shards))
	for i, s := range e.shards {
		start[i] = make(chan int64, 1)
		go func() {
			for w := range start[i] {
				s.run(w)
				done.Done()
			}
		}()
	}
	for ; e.window < last; e.window++ {
		done.Add(len(e.shards))
		for _, c := range start {
			c <- e.window
		}
		done.Wait()
	}
	for _, c := range start {
		close(c)
	}
	// What the last window sent to other shards waits in their outboxes and
	// is filed by the next one.
}

// Notes gives what machines reported since the last call, in order of time and
// node.
func (e *Engine) Notes() []Note {
	var all []Note
	for _, s := range e.shards {
		all = append(all, s.notes...)
		s.notes = s.notes[:0]
	}
	slices.SortStableFunc(all, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Node, b.Node))
	})
	return all
}

// Sent is what a node has sent since it was first added.
func (e *Engine) Sent(i int32) (messages uint32, bytes uint64) {
	st := e.state(i)
	return st.sent, st.bytes
}

// Traffic is what all nodes have sent, by kind of message.
func (e *Engine) Traffic() (t [MaxKinds]Traffic) {
	for _, s := range e.shards {
		for k := range t {
			t[k].Messages += s.kinds[k].Messages
			t[k].Bytes += s.kinds[k].Bytes
		}
	}
	return t
}

// Steps is how many events machines have been given.
func (e *Engine) Steps() (n uint64) {
	for _, s := range e.shards {
		n += s.steps
	}
	return n
}

// Trace is a hash of all that every node received, and when.
func (e *Engine) Trace() (h uint64) {
	for _, s := range e.shards {
		for i := range s.nodes {
			h += hash(s.nodes[i].trace, uint64(s.first)+uint64(i), uint64(s.nodes[i].sent))
		}
	}
	return h
}
