package raysim

import (
	"cmp"
	"math"
	"slices"
)

// none is a time that never comes.
const none int64 = math.MaxInt64

// state is what the engine keeps of a node, 64 bytes.
type state struct {
	m      Machine
	wakeAt int64 // asked for by the machine
	pendAt int64 // of the wake event in the queue
	bytes  uint64
	trace  uint64
	sent   uint32 // messages, also the sender's counter
	down   down
}

// down says how a node is away.
type down uint8

const (
	up      down = iota
	crashed      // silent: senders learn by waiting
	gone         // its machine is there and refuses
)

// NoteKind says what a Note tells.
type NoteKind uint8

const (
	NoteDelivered NoteKind = iota + 1
	NoteFound
	NoteHop
	NoteLost
	NoteJoined
)

// Note is something that a machine reported.
type Note struct {
	At    int64
	Token uint64
	Node  int32
	Value int32 // NoteFound: the closest node or -1; NoteHop: hops so far
	Kind  NoteKind
	OK    bool // NoteFound: the lookup says that it is complete
}

// shard owns a run of nodes, their queue and one goroutine.
type shard struct {
	e      *Engine
	index  int
	first  int32
	nodes  []state
	queue  wheel
	now    int64
	end    int64 // of the window under way
	due    []event
	order  []rank
	outbox [2][][]event // by parity of the window, then by receiving shard
	notes  []Note
	kinds  [MaxKinds]Traffic
	steps  uint64
	out    Out
	ev     Event
}

// Traffic counts messages of one kind.
type Traffic struct{ Messages, Bytes uint64 }

// rank orders the events of a window: by receiver first, because only the
// order at each node matters and a node's memory is then touched once.
type rank struct {
	key uint64 // receiver's place in the shard, time within the window
	at  int32  // index in due
}

func (s *shard) node(i int32) *state { return &s.nodes[i-s.first] }

// run takes one window.
func (s *shard) run(window int64) {
	for _, t := range s.e.shards {
		for _, e := range t.outbox[(window+1)&1][s.index] {
			s.queue.push(e)
		}
	}
	own := s.outbox[window&1]
	for i := range own {
		clear(own[i])
		own[i] = own[i][:0]
	}
	start := window * s.queue.width
	s.end = start + s.queue.width
	s.due = s.queue.take(s.due[:0])
	s.order = s.order[:0]
	for i := range s.due {
		e := &s.due[i]
		s.order = append(s.order, rank{uint64(e.to-s.first)<<24 | uint64(max(e.at-start, 0)), int32(i)})
	}
	slices.SortFunc(s.order, func(a, b rank) int {
		if a.key != b.key {
			return cmp.Compare(a.key, b.key)
		}
		x, y := &s.due[a.at], &s.due[b.at]
		return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.seq, y.seq), cmp.Compare(x.kind, y.kind))
	})
	for i := 0; i < len(s.order); {
		to := s.due[s.order[i].at].to
		st := s.node(to)
		for ; i < len(s.order); i++ {
			e := &s.due[s.order[i].at]
			if e.to != to {
				break
			}
			s.wakeUntil(to, st, e.at)
			s.now = max(e.at, start)
			s.give(to, st, e)
		}
		s.wakeUntil(to, st, s.end)
		if st.wakeAt != none && st.wakeAt < st.pendAt && st.down != crashed {
			st.pendAt = st.wakeAt
			s.queue.push(event{at: st.wakeAt, to: to, from: -1, kind: EvWake})
		}
	}
	clear(s.due)
}

// wakeUntil runs the wakes that a node wants before t.
func (s *shard) wakeUntil(i int32, st *state, t int64) {
	for st.wakeAt < t && st.m != nil {
		s.now = st.wakeAt
		st.wakeAt = none
		s.ev = Event{Kind: EvWake}
		s.step(i, st)
	}
}

func (s *shard) give(i int32, st *state, e *event) {
	switch e.kind {
	case EvWake:
		// Only brings the node into this window: wakeUntil does the rest.
		if e.at == st.pendAt {
			st.pendAt = none
		}
		if st.wakeAt == e.at && st.m != nil {
			st.wakeAt = none
			s.ev = Event{Kind: EvWake}
			s.step(i, st)
		}
		return
	case EvMessage:
		if st.down != up || s.e.group[e.from] != s.e.group[i] {
			s.failed(e, st.down == gone)
			return
		}
		st.trace = mix64(st.trace ^ hash(uint64(e.at), uint64(uint32(e.from))<<32|uint64(e.seq), uint64(e.kind)))
		s.ev = Event{Kind: EvMessage, From: e.from, Msg: e.msg}
	case EvStart:
		s.ev = Event{Kind: EvStart, Keys: e.msg.(*boot).keys}
	case EvPose:
		if e.msg == nil {
			s.pose(i, st, e)
			return
		}
		p := e.msg.(*ask).pose
		s.ev = Event{Kind: EvPose, Pos: p.Pos, Vel: p.Vel}
	case EvLookup, EvRoute:
		a := e.msg.(*ask)
		s.ev = Event{Kind: e.kind, Token: a.token, Pos: a.pose.Pos}
	case EvSendFailed:
		s.ev = Event{Kind: EvSendFailed, From: e.from}
	default:
		s.ev = Event{Kind: e.kind}
	}
	if st.down == up && st.m != nil {
		s.step(i, st)
		if s.ev.Kind == EvLeave {
			st.down, st.m, st.wakeAt = gone, nil, none
		}
	}
}

// failed tells the sender of a message that could not be delivered.
func (s *shard) failed(e *event, refused bool) {
	l := &s.e.cfg.Link
	if e.cls == Datagram && l.Datagrams {
		return
	}
	at := e.at + l.FailAfter
	if refused {
		at = e.at + l.Base(s.e.cfg.Seed, e.from, e.to)
	}
	s.push(event{at: at, to: e.from, from: e.to, seq: e.seq, kind: EvSendFailed})
}

func (s *shard) pose(i int32, st *state, e *event) {
	m := s.e.mover
	if m == nil || e.seq != s.e.moverGen || st.down != up {
		return
	}
	p, next := m.Pose(i, s.now)
	if next > 0 {
		s.queue.push(event{at: max(next, s.end), to: i, from: -1, seq: e.seq, kind: EvPose})
	}
	s.ev = Event{Kind: EvPose, Pos: p.Pos, Vel: p.Vel}
	s.step(i, st)
}

func (s *shard) step(i int32, st *state) {
	s.steps++
	s.out.node, s.out.st = i, st
	st.m.Step(s.now, &s.ev, &s.out)
	if s.e.tap != nil {
		s.e.tap(i, s.now, &s.ev)
	}
}

// push files an event that is at least one window away, here or with the shard
// that owns its receiver.
func (s *shard) push(e event) {
	if d := s.e.shardOf(e.to); d != s.index {
		out := s.outbox[(s.end/s.queue.width-1)&1]
		out[d] = append(out[d], e)
		return
	}
	s.queue.push(e)
}
