package far

import (
	"errors"
	"slices"
)

// Config of a Peer.
type Config struct {
	// Session is the number of the first session. It must be higher than those
	// of earlier runs of this node, or a peer that still knows one says so: the
	// time at the start, in milliseconds, will do.
	Session uint64
	// Rand gives numbers that nobody can guess.
	Rand func() uint64
	// Beat, Dead and Rest, in nanoseconds; 0 takes the defaults. A peer that has
	// broken the rules is not spoken to for Rest.
	Beat, Dead, Rest int64
}

// Errors of what is asked of a Peer.
var (
	ErrFull     = errors.New("far: full")
	ErrTooLarge = errors.New("far: too large")
	ErrUnknown  = errors.New("far: no such capability in this epoch, or its process has ended")
	ErrRevoked  = errors.New("far: the capability was taken back")
	ErrDenied   = errors.New("far: not permitted by the capability")
	ErrResting  = errors.New("far: the peer broke the rules and is left alone for a while")
)

// exported is a capability to one of ours that the peer holds.
type exported struct {
	number Number
	ref    Ref
	rights Rights
	hops   uint8
	given  uint32 // how often it was sent and not dropped
	watch  Watch
	told   bool // the peer knows of the end
	paused bool // the peer was asked to send no more for now
	stash  []Message
}

// imported is a capability to one of the peer's that this node holds.
type imported struct {
	rights  Rights
	hops    uint8
	got     uint32 // how often it came
	raw     int32  // how often it is in messages that the node has not seen
	handed  bool   // the node has seen it
	watch   Watch  // as the peer was told
	paused  bool
	revoked bool
	ended   bool
	lost    uint64
}

// queued is an operation that was not acknowledged.
type queued struct {
	seq     uint64
	op      []byte
	message bool
}

// Peer is one node's side of a pair. It is not safe for concurrent use.
type Peer struct {
	cfg    Config
	mine   Session
	theirs Session // zero while it is not known

	exports map[Number]*exported
	byRef   map[Ref]Number
	imports map[Number]*imported

	queue      []queued // acknowledged ones are gone from the front
	queueBytes int
	messages   int
	sent       int // how many of queue went out over the stream there is
	sentBytes  int
	lastSeq    uint64
	next       uint64 // seq that is taken next
	unsaid     int    // taken and not acknowledged

	spawnID uint64
	asked   map[uint64]Watch // spawns of ours that were not answered
	toDo    map[uint64]Watch // spawns of the peer's

	stashed, stashBytes int

	up       bool  // there is a stream
	hello    bool  // a hello is to go out
	answer   bool  // an acknowledgement is to go out now
	ask      bool  // and asks for one
	heard    int64 // the last sign of life
	progress int64 // the last acknowledgement of something new, or the last sending of everything
	asking   int64 // when a sign of life was last asked for
	ackAt    int64 // when what is unsaid is to be said
	greeted  int64 // when a stranger was last told of this session
	rest     int64 // until then nothing is said and nothing heard

	out    [][]byte
	events []Event
}

// New makes the side of a node that knows nothing of the other yet.
func New(cfg Config, now int64) *Peer {
	for v, d := range map[*int64]int64{&cfg.Beat: DefaultBeat, &cfg.Dead: DefaultDead, &cfg.Rest: DefaultRest} { //lint:sorted each on its own
		if *v == 0 {
			*v = d
		}
	}
	p := &Peer{cfg: cfg, heard: now}
	p.mine = Session{max(cfg.Session, 1), cfg.Rand()}
	p.clear()
	return p
}

// clear forgets the epoch.
func (p *Peer) clear() {
	p.exports, p.byRef, p.imports = map[Number]*exported{}, map[Ref]Number{}, map[Number]*imported{}
	p.asked, p.toDo = map[uint64]Watch{}, map[uint64]Watch{}
	p.queue, p.queueBytes, p.messages, p.sent, p.sentBytes, p.lastSeq = nil, 0, 0, 0, 0, 0
	p.next, p.unsaid, p.stashed, p.stashBytes = 1, 0, 0, 0
	p.answer, p.ask, p.out = false, false, nil
}

// Idle says that nothing is open between the two: the Peer may be forgotten.
func (p *Peer) Idle(now int64) bool {
	return now >= p.rest && !p.open()
}

func (p *Peer) open() bool {
	return len(p.exports)+len(p.imports)+len(p.queue)+len(p.asked)+len(p.toDo) > 0
}

// Known says that the other side has been met in this session.
func (p *Peer) Known() bool { return p.theirs != Session{} }

// Epoch is what both sides call this epoch by: their sessions.
func (p *Peer) Epoch() (mine, theirs Session) { return p.mine, p.theirs }

// Sizes are how many capabilities each side holds of the other.
func (p *Peer) Sizes() (exports, imports int) { return len(p.exports), len(p.imports) }

// lose ends the epoch. fresh is false when the peer has begun another session
// and this one goes on with it.
func (p *Peer) lose(now int64, fresh bool) {
	was := p.open()
	ev := Lost{}
	var all []*exported
	for _, e := range p.exports { //lint:sorted below
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *exported) int { return a.number.compare(b.number) })
	for _, e := range all {
		ev.Refs = append(ev.Refs, e.ref)
		if e.watch == Linked && !e.told {
			ev.Linked = append(ev.Linked, e.ref)
		}
	}
	p.clear()
	p.theirs = Session{}
	if fresh {
		p.mine = Session{p.mine.Number + 1, p.cfg.Rand()}
	}
	p.heard, p.progress, p.hello = now, now, false
	if was {
		p.events = append(p.events, ev)
	}
}

// fault ends the epoch because of what no correct peer does.
func (p *Peer) fault(now int64, why string) {
	p.events = append(p.events, Fault{why})
	p.lose(now, true)
	p.rest = now + p.cfg.Rest
}

// Up says that there is a stream to the peer, a new one: what was written to an
// earlier one may not have arrived.
func (p *Peer) Up(now int64) {
	p.up, p.sent, p.sentBytes, p.progress, p.hello = true, 0, 0, now, true
	p.out, p.answer = nil, true
	p.flush(now)
}

// Down says that there is none.
func (p *Peer) Down() { p.up, p.out = false, nil }

// Bye ends this side's session: a node that stops.
func (p *Peer) Bye(now int64) {
	if p.up && p.rest <= now {
		p.out = append(p.out, (&packet{kind: pktBye, from: p.mine, to: p.theirs}).encode())
	}
}

// Packets gives what is to be written, once.
func (p *Peer) Packets() [][]byte {
	out := p.out
	p.out = nil
	return out
}

// Unsaid is how many operations the peer has not taken.
func (p *Peer) Unsaid() int { return len(p.queue) }

// Pending says that Events would give something.
func (p *Peer) Pending() bool { return len(p.events) > 0 }

// Holds says whether the peer has Ref.
func (p *Peer) Holds(r Ref) bool { _, ok := p.byRef[r]; return ok }

// Events gives what has happened, once, in order.
func (p *Peer) Events() []Event {
	ev := p.events
	p.events = nil
	return ev
}

// Wants says that a stream to the peer is wanted.
func (p *Peer) Wants(now int64) bool {
	return now >= p.rest && (p.open() || p.hello || p.answer || p.unsaid > 0)
}

// Tick does what is due. Next says when to call it.
func (p *Peer) Tick(now int64) {
	switch {
	case now < p.rest:
		return
	case !p.open():
		p.heard = now
	case now-p.heard >= p.cfg.Dead:
		p.lose(now, true)
		return
	}
	if p.open() && now-p.heard >= p.cfg.Beat && now-p.asking >= p.cfg.Beat {
		p.asking = now
		if p.Known() {
			p.ask = true
		} else {
			p.hello = true
		}
	}
	if p.sent > 0 && now-p.progress >= p.cfg.Beat {
		p.sent, p.sentBytes, p.progress = 0, 0, now
	}
	if p.unsaid > 0 && now >= p.ackAt {
		p.answer = true
	}
	p.flush(now)
}

// Next is when Tick is wanted at the latest.
func (p *Peer) Next(now int64) int64 {
	next := now + p.cfg.Beat/4
	if p.unsaid > 0 {
		next = min(next, p.ackAt)
	}
	return next
}

// flush makes packets of what may go out.
func (p *Peer) flush(now int64) {
	if !p.up || now < p.rest {
		return
	}
	if p.hello {
		p.hello = false
		p.out = append(p.out, (&packet{kind: pktHello, from: p.mine, to: p.theirs}).encode())
	}
	if !p.Known() {
		return
	}
	for p.sent < len(p.queue) && p.sent < Window && p.sentBytes < WindowBytes {
		q := p.queue[p.sent]
		if p.sent == 0 {
			p.progress = now
		}
		p.out = append(p.out, (&packet{kind: pktOp, from: p.mine, to: p.theirs, seq: q.seq, ack: p.next - 1, op: q.op}).encode())
		p.sent++
		p.sentBytes += len(q.op)
		p.answer, p.unsaid = false, 0
	}
	if p.answer || p.ask {
		p.out = append(p.out, (&packet{kind: pktAck, from: p.mine, to: p.theirs, ack: p.next - 1, ask: p.ask}).encode())
		p.answer, p.ask, p.unsaid = false, false, 0
	}
}
