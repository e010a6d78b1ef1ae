package campaign

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/handoff"
)

// body is the part of an object that must arrive: how often it moved, and with
// whom it goes together.
type body struct{ Hops, Island uint64 }

type entryKind uint8

const (
	logMsg    entryKind = iota + 1 // From, Msg
	logTick                        // nothing
	logBegin                       // ID's island is to go to From
	logCancel                      // ID came back
	logMerge                       // the islands of ID and Other become one
	logSplit                       // ID leaves its island for one of its own, Island
	logGo                          // ID's group, which is ready, crosses now
	logGet                         // Island names what arrives of what objects need
)

// entry is one input in a region's log.
type entry struct {
	kind   entryKind
	now    base.Tick
	from   base.ID
	msg    handoff.Msg
	id     base.ID
	other  base.ID
	island uint64
}

type letter struct {
	from, to int
	at       base.Tick
	bytes    []byte
}

// server is a region: a core, the objects it holds, a log, and what the log
// rests on.
type server struct {
	w       *world
	n       int
	id      base.ID
	cfg     handoff.Config
	core    *handoff.Core
	bodies  map[base.ID]body
	shapes  map[uint64]bool // what objects need and is here
	inbox   []letter
	base    []byte // checkpoint, on disk
	log     []entry
	durable int // entries on disk
	held    []letter
	away    base.Tick // it is down until then
}

func (s *server) snapshot() []byte {
	var e base.Encoder
	e.Bytes(s.core.Snapshot(nil))
	for _, id := range slices.SortedFunc(maps.Keys(s.bodies), base.ID.Compare) {
		b := s.bodies[id]
		e.ID(id)
		e.U64(b.Hops)
		e.U64(b.Island)
	}
	for _, n := range slices.Sorted(maps.Keys(s.shapes)) {
		e.U64(n)
	}
	return e.B
}

func (s *server) restore(b []byte) error {
	d := base.NewDecoder(b)
	core, err := handoff.Restore(s.cfg, d.Bytes(1<<30))
	if err != nil {
		return err
	}
	s.core, s.bodies, s.shapes = core, map[base.ID]body{}, map[uint64]bool{}
	for range s.core.Len() {
		id := d.ID()
		s.bodies[id] = body{d.U64(), d.U64()}
	}
	for d.Len() > 0 {
		s.shapes[d.U64()] = true
	}
	return d.Done()
}

// feed logs an input and runs it.
func (s *server) feed(e entry) {
	e.now = s.w.now
	s.log = append(s.log, e)
	s.run(&e, true)
}

// sync writes the log, after which the messages that rest on it may leave.
func (s *server) sync() {
	s.durable = len(s.log)
	for _, l := range s.held {
		s.w.post(l)
	}
	s.held = s.held[:0]
	if s.durable > 400 {
		s.base, s.log, s.durable = s.snapshot(), s.log[:0], 0
	}
}

// crash loses what is not on disk and all messages that have not left.
func (s *server) crash() error {
	whole := s.durable == len(s.log)
	var before []byte
	if whole {
		before = s.snapshot()
	}
	s.log, s.held, s.inbox = s.log[:s.durable], s.held[:0], s.inbox[:0]
	if err := s.restore(s.base); err != nil {
		return err
	}
	for i := range s.log {
		s.run(&s.log[i], false)
	}
	if whole && !bytes.Equal(before, s.snapshot()) {
		return fmt.Errorf("campaign: region %d: the log replays to another state", s.n)
	}
	return nil
}

func (s *server) run(e *entry, live bool) {
	switch e.kind {
	case logMsg:
		// An error is a message that does nothing; correct regions send
		// none that is worth more than that.
		if err := s.core.Handle(e.now, e.from, e.msg); err != nil && live {
			s.w.bad++
		}
	case logTick:
		s.core.Tick(e.now)
	case logBegin:
		if b, ok := s.bodies[e.id]; ok {
			s.begin(e.now, e.from, b.Island, live)
		}
	case logCancel:
		s.core.Cancel(e.now, e.id)
	case logMerge:
		a, ok := s.bodies[e.id]
		b, ok2 := s.bodies[e.other]
		if ok && ok2 && len(s.island(a.Island))+len(s.island(b.Island)) <= maxIsland {
			s.rename(b.Island, a.Island)
		}
	case logSplit:
		if b, ok := s.bodies[e.id]; ok {
			s.bodies[e.id] = body{b.Hops, e.island}
		}
	case logGo:
		if to, ok := s.core.Offered(e.id); ok {
			s.release(e.now, to, s.core.Group(e.id), live)
		}
	case logGet:
		s.shapes[e.island] = true
		if live {
			s.w.res.Fetched++
		}
	}
	s.perform(e.now, live)
}

// island lists the objects that go together, sorted.
func (s *server) island(n uint64) []base.ID {
	var ids []base.ID
	for id, b := range s.bodies {
		if b.Island == n {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, base.ID.Compare)
	return ids
}

func (s *server) rename(from, to uint64) {
	for _, id := range s.island(from) {
		s.bodies[id] = body{s.bodies[id].Hops, to}
	}
}

func (s *server) begin(now base.Tick, to base.ID, island uint64, live bool) {
	ids := s.island(island)
	if len(ids) == 0 {
		return
	}
	_, open := s.core.Offered(ids[0])
	if err := s.core.Begin(now, to, 0, ids...); err == nil && open && live {
		s.w.res.Queued++
	}
}

// perform does what the core wants, as a region does: it releases a group that
// is still the island it was, and offers the island anew when it is not.
func (s *server) perform(now base.Tick, live bool) {
	for {
		list := s.core.Effects()
		if len(list) == 0 {
			return
		}
		for i := range list {
			switch e := &list[i]; e.Kind {
			case handoff.DoSend:
				if live {
					s.held = append(s.held, s.w.envelope(s, e))
				}
			case handoff.DoRelease:
				if s.w.early(e.Items) {
					if live {
						s.w.res.Held++
					}
					continue
				}
				s.release(now, e.Peer, e.Items, live)
			case handoff.DoAccept:
				s.take(e, live)
			case handoff.DoGiveUp:
				if live {
					s.w.res.Lapsed++
				}
			}
		}
	}
}

func (s *server) release(now base.Tick, peer base.ID, items []handoff.Ref, live bool) {
	first := items[0].ID
	if to, ok := s.core.Offered(first); !ok || to != peer {
		return // withdrawn by an effect before this one
	}
	ids := s.island(s.bodies[first].Island)
	if !slices.EqualFunc(ids, items, func(id base.ID, r handoff.Ref) bool { return id == r.ID }) {
		s.core.Cancel(now, first)
		_ = s.core.Begin(now, peer, 0, ids...) // the next wander asks again
		if live {
			s.w.res.Regrouped++
		}
		return
	}
	var state base.Encoder
	for _, id := range ids {
		b := s.bodies[id]
		state.ID(id)
		state.U64(b.Hops + 1)
		state.U64(b.Island)
	}
	if s.core.Release(now, first, state.B) != nil {
		return
	}
	for _, id := range ids {
		delete(s.bodies, id)
	}
	if live {
		s.w.released(peer, items)
	}
}

func (s *server) take(e *handoff.Effect, live bool) {
	d := base.NewDecoder(e.State)
	for d.Len() > 0 {
		id, b := d.ID(), body{d.U64(), d.U64()}
		if d.Err() == nil && slices.ContainsFunc(e.Items, func(r handoff.Ref) bool { return r.ID == id }) {
			s.bodies[id] = b
		}
	}
	if live {
		s.w.arrived(s, e)
	}
}

// has reports whether all of what a group needs is here.
func (s *server) has(needs []uint64) bool {
	return !slices.ContainsFunc(needs, func(n uint64) bool { return !s.shapes[n] })
}
