package raft

import (
	"errors"
	"fmt"

	lib "go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

var (
	// ErrHalted: the core found what must not be and does nothing any more.
	ErrHalted = errors.New("replicated log has halted")
	// ErrForged: a message that does not come from whom it names.
	ErrForged = errors.New("message of another server")
	// ErrStranger: a message of a server that is no member as far as known.
	ErrStranger = errors.New("message of a stranger")
	// ErrNotLeader: only the leader changes servers.
	ErrNotLeader = errors.New("this server does not lead")
	// ErrBusy: another change of the servers is under way.
	ErrBusy = errors.New("another change of the servers is under way")
	// ErrChange: a change of the servers that is not allowed.
	ErrChange = errors.New("change of servers refused")
)

// Config of a core. What a server has on its disk is given back in State.
type Config struct {
	Self  uint64 // raft id
	State State
	// Opened says how often this server was opened under its raft id, this
	// time included: it numbers the entries. It must not repeat.
	Opened uint32
	// Election and Heartbeat are in ticks; 0 = 10 and 1.
	Election, Heartbeat int
	// Sign claims a record that this server makes, while Signing says so. nil:
	// nothing is signed.
	Sign *order.Signer
	// Keep is how many entries Compact leaves at least; 0 = 256.
	Keep int
}

// State is what a log on disk holds.
type State struct {
	Base    Base
	Hard    Hard
	Entries []*pb.Entry // from Base.Index+1 on
}

// Core is one server's part in a replicated log: a pure state machine. After
// each call the driver takes Output and sees to it. Random election timeouts
// come from crypto/rand, inside the library.
type Core struct {
	self     uint64
	opened   uint32
	election int
	beat     int
	keep     int
	sign     *order.Signer
	signing  bool
	servers  *order.Servers // of applied; nil: out of date
	shunned  []base.Key

	rn      *lib.RawNode
	store   *store
	applied Base // after the last committed entry handed on
	err     error

	out     Output
	writes  map[uint64][]*pb.Message // responses of writes under way
	written uint64                   // number of the last write
	held    []*pb.Message            // responses of entries that nobody took yet
	untaken int                      // bytes of records handed out, not yet taken

	mine    mine
	pool    pool
	lead    lead
	urgent  urgent
	vouched []Member // of servers that joined later than we know
	need    *Base
	changes []pending
	newer   uint64          // an epoch after ours that a member spoke of
	gone    map[uint64]bool // members that said that this server is none
	ticks   uint64
}

// Output is what the driver is to do after a call.
type Output struct {
	Messages []Outgoing
	Writes   []Write
	Records  []order.Encoded // committed, in order
	Results  []Result
	Pongs    []Pong
}

// Outgoing is a message for one server.
type Outgoing struct {
	To    uint64
	Key   base.Key
	Bytes []byte
}

// Write is to go to the disk in the order of numbers; Written is told. What
// kill -9 leaves behind suffices, unless Sync: then it must be on the disk
// proper before Written, and with it all before.
type Write struct {
	Number  uint64
	Sync    bool
	Base    *Base // not nil: drops all before; the log then starts with it
	Hard    *Hard
	Entries []*pb.Entry
}

// Result tells how a change of the servers went.
type Result struct {
	Token uint64
	ID    uint64 // of a server that was added
	Err   error
}

// New goes on from what was on disk. A server that begins gives the Base alone.
func New(cfg Config) (c *Core, err error) {
	if cfg.Election == 0 {
		cfg.Election = 10
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = 1
	}
	if cfg.Keep == 0 {
		cfg.Keep = keepEntries
	}
	if cfg.Self == 0 || cfg.Self > maxID || cfg.Opened == 0 {
		return nil, fmt.Errorf("raft: server %d, opened %d times", cfg.Self, cfg.Opened)
	}
	c = &Core{self: cfg.Self, opened: cfg.Opened, election: cfg.Election, beat: cfg.Heartbeat, keep: cfg.Keep, sign: cfg.Sign, mine: mine{next: uint64(cfg.Opened)<<32 | 1}}
	if err := c.start(cfg.State); err != nil {
		return nil, err
	}
	return c, c.err
}

// start makes the library's node anew.
func (c *Core) start(s State) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("raft: start: %v", r)
		}
	}()
	st := &store{base: s.Base, hard: s.Hard}
	if st.hard.Commit < s.Base.Index {
		st.hard.Commit = s.Base.Index
	}
	st.hard.Term = max(st.hard.Term, s.Base.Term)
	if err := st.append(s.Entries); err != nil {
		return fmt.Errorf("raft: start: %w", err)
	}
	if st.hard.Commit > st.lastIndex() {
		return fmt.Errorf("raft: start: entry %d was agreed on, but the log ends at %d", st.hard.Commit, st.lastIndex())
	}
	rn, err := lib.NewRawNode(&lib.Config{
		ID: c.self, ElectionTick: c.election, HeartbeatTick: c.beat,
		Storage: st, Applied: s.Base.Index, AsyncStorageWrites: true,
		MaxSizePerMsg: batchBytes, MaxCommittedSizePerReady: applyBytes,
		MaxUncommittedEntriesSize: uncommittedBytes, MaxInflightMsgs: inflight, MaxInflightBytes: inflightBytes,
		CheckQuorum: true, PreVote: true, DisableProposalForwarding: true, StepDownOnRemoval: true,
		Logger: quiet{},
	})
	if err != nil {
		return fmt.Errorf("raft: start: %w", err)
	}
	c.rn, c.store, c.applied = rn, st, s.Base.clone()
	c.writes, c.held, c.untaken = map[uint64][]*pb.Message{}, nil, 0
	c.need, c.lead, c.pool, c.servers = nil, lead{}, pool{}, nil
	c.drain()
	return c.err
}

// do runs one step of the library and hands on what comes of it. The library
// panics where a log contradicts itself; that halts this core alone.
func (c *Core) do(f func() error) (err error) {
	if c.err != nil {
		return c.err
	}
	defer func() {
		if r := recover(); r != nil {
			c.halt(fmt.Errorf("%v", r))
			err = c.err
		}
	}()
	err = f()
	c.drain()
	if c.err != nil {
		return c.err
	}
	return err
}

func (c *Core) halt(err error) {
	if c.err == nil {
		c.err = fmt.Errorf("raft: %w: %w", ErrHalted, err)
	}
}

// Err says why the core has halted; nil while it works.
func (c *Core) Err() error { return c.err }

// Output gives what came up since the last call.
func (c *Core) Output() Output {
	if c.err == nil {
		c.flush()
	}
	o := c.out
	c.out = Output{}
	return o
}

// Tick moves raft's clock by one.
func (c *Core) Tick() {
	c.ticks++
	_ = c.do(func() error {
		c.rn.Tick()
		c.tickUrgent()
		c.tickSnapshots()
		c.tickLonely()
		c.mine.tick()
		return nil
	})
}

// Written says that a write of Output has been done.
func (c *Core) Written(number uint64) {
	list, ok := c.writes[number]
	if !ok {
		return // of the time before Install
	}
	delete(c.writes, number)
	_ = c.do(func() error { return c.respond(list) })
}

// respond delivers what the library had made wait for a write.
func (c *Core) respond(list []*pb.Message) error {
	for _, m := range list {
		if m.GetTo() == c.self {
			// A response of an earlier term is refused, and rightly.
			_ = c.rn.Step(m)
		} else {
			c.send(m)
		}
	}
	return nil
}

// Took says that the caller has taken so many bytes of records: until then
// only so many are handed out.
func (c *Core) Took(bytes int) {
	c.untaken -= bytes
	if c.untaken > applyBytes || len(c.held) == 0 {
		return
	}
	list := c.held
	c.held = nil
	_ = c.do(func() error { return c.respond(list) })
}

// Leading tells whether this server cuts the ticks.
func (c *Core) Leading() bool { return c.err == nil && c.lead.on }

// Leader is the raft id of the leader, 0 when none is known.
func (c *Core) Leader() uint64 {
	if c.err != nil {
		return 0
	}
	return c.rn.BasicStatus().Lead
}

// Need is the Base that the leader offered in place of records that are
// dropped, when this server lacks them.
func (c *Core) Need() *Base { return c.need }

// Gone tells whether this server is no member any more: by its own log, or because
// more than half of the other voters in it say so. One alone may lie.
func (c *Core) Gone() bool {
	if _, in := byID(c.applied.Members, c.self); !in && c.self < c.applied.NextID {
		return true
	}
	others := 0
	for _, m := range c.applied.Members {
		if m.Voter() && m.ID != c.self {
			others++
		}
	}
	return 2*c.saidGone() > others
}

// saidGone counts the voters that say this server is no member.
func (c *Core) saidGone() (n int) {
	for _, m := range c.applied.Members {
		if m.Voter() && c.gone[m.ID] {
			n++
		}
	}
	return n
}

// NewerEpoch is an epoch after this log's that a member is in; 0 = none known.
func (c *Core) NewerEpoch() uint64 { return c.newer }

// Applied is where the committed records handed out so far end.
func (c *Core) Applied() *Base { return &c.applied }

// quiet is the library's logger: what matters is in errors and in Status.
type quiet struct{}

func (quiet) Debug(...any)              {}
func (quiet) Debugf(string, ...any)     {}
func (quiet) Error(...any)              {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Info(...any)               {}
func (quiet) Infof(string, ...any)      {}
func (quiet) Warning(...any)            {}
func (quiet) Warningf(string, ...any)   {}
func (quiet) Fatal(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Fatalf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }
func (quiet) Panic(v ...any)            { panic(fmt.Sprint(v...)) }
func (quiet) Panicf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }
