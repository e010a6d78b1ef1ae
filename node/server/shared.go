package server

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/wire"
)

// group is what a server keeps because others serve its region too. Fields
// without a word belong to the goroutine of Run.
type group struct {
	self base.ID
	next uint64 // number of the next control entry
	held []held
	// pushed is when something was last put into the log, tried when a module that
	// is not here was found missing.
	pushed, tried map[string]base.Tick
	// kept are the ticks of the last checkpoints: what others may still have to
	// read of the log begins at the oldest.
	kept []base.Tick
	// mark: the log says that all make a checkpoint now.
	mark bool
	// word ended the log; nil: it goes on.
	word []byte
	// durable is the last tick whose record is on enough disks.
	durable base.Tick

	saved   atomic.Uint64 // tick of the newest checkpoint on disk
	applied atomic.Int64  // when the last tick was made, unix nanoseconds

	// Under Server.mu.
	results map[string]string     // modules tried here: "" or why not
	present map[base.Key]presence // players with a stream to another server
	near    []region.Neighbour    // what SetNeighbours said last
	terms   []byte                // what SetTerms said last
	termSeq uint64
}

type presence struct {
	at      time.Time
	players []base.Key
}

// held is what leaves when a tick is durable.
type held struct {
	tick base.Tick
	do   func()
}

// Errors of Run on one of several servers. Whoever runs it takes a newer state
// from the others and opens it again.
var (
	// ErrBehind: the records that come next are gone everywhere.
	ErrBehind = errors.New("this server is too far behind the others")
	// ErrLacking: a module that most servers have cannot be had here.
	ErrLacking = errors.New("a module that the region runs cannot be had")
	// ErrFrozen: too few of the region's servers can be reached.
	ErrFrozen = errors.New("too few servers of the region can be reached; it stands still")
)

// checkpointMark stands in the log for "after this tick all servers make a
// checkpoint": whoever joins needs one that most of them tell alike. It is no
// entry of the sim.
var checkpointMark = []byte("checkpoint")

// join puts the shared log in the place of one's own.
func (s *Server) join() error {
	if s.cfg.Replica == nil {
		return nil
	}
	r, err := s.cfg.Replica(s.last.tick, s.last.sum)
	if err != nil {
		return err
	}
	s.agreed = r
	s.group.self = ServerID(s.cfg.Self)
	// Numbers must not be those of an earlier life.
	s.group.next = uint64(s.cfg.Clock.Now().UnixNano())
	s.vouched = s.group.next
	s.group.pushed, s.group.tried = map[string]base.Tick{}, map[string]base.Tick{}
	s.group.results = map[string]string{}
	s.group.present = map[base.Key]presence{}
	s.group.durable = s.last.tick
	s.group.applied.Store(s.cfg.Clock.Now().UnixNano())
	return nil
}

// beatShared is a tick's length on one of several servers.
func (s *Server) beatShared() error {
	s.mu.Lock()
	s.makeRoom()
	s.mu.Unlock()
	s.forward()
	if s.soon.Swap(false) {
		_ = s.agreed.Submit(checkpointMark, false)
	}
	s.tellModules()
	if s.agreed.Leading() {
		s.lead()
		if len(s.group.held) > 0 {
			_ = s.agreed.Submit(nil, true) // nothing, but what waits is on the disks with it
		}
		s.agreed.Cut(s.last.tick, s.hash)
	}
	return s.between()
}

// between applies what was agreed on and lets go what is durable.
func (s *Server) between() error {
	if err := s.agreed.Err(); err != nil {
		return fmt.Errorf("server: region %q: %w", s.cfg.Region.Name, err)
	}
	s.runAsks()
	if s.agreed.Behind() {
		return fmt.Errorf("server: region %q: %w", s.cfg.Region.Name, ErrBehind)
	}
	turned := s.apply()
	if turned != nil && !errors.Is(turned, ErrTurned) {
		return turned
	}
	s.durable.Store(uint64(s.group.durable))
	n := 0
	for n < len(s.group.held) && s.group.held[n].tick <= s.group.durable {
		s.group.held[n].do()
		n++
	}
	s.group.held = slices.Delete(s.group.held, 0, n)
	if t := base.Tick(s.group.saved.Swap(0)); t > 0 {
		if s.group.kept = append(s.group.kept, t); len(s.group.kept) > keepPoints {
			s.group.kept = s.group.kept[1:]
		}
		if err := s.agreed.Compact(s.group.kept[0]); err != nil {
			return fmt.Errorf("server: region %q: %w", s.cfg.Region.Name, err)
		}
	}
	return turned
}

// forward sends the leader what waits. What is lost on the way its sender
// sends again: clients their inputs, the region's own wishes come back with
// the state that lacks them.
func (s *Server) forward() {
	s.mu.Lock()
	inbox := s.inbox
	s.inbox, s.inboxBytes = nil, 0
	s.mu.Unlock()
	for i := range inbox {
		s.send1(&inbox[i])
	}
}

func (s *Server) send1(w *waiting) {
	if w.entry.Kind != region.EntryBorder {
		w.entry.Seq = s.group.next
		s.group.next++
	}
	if w.entry.Kind == region.EntryControl {
		w.entry.From = s.group.self
	}
	if w.done != nil {
		s.waits[entryID{w.entry.From, w.entry.Seq}] = w.done
	}
	var e base.Encoder
	x := s.vouch(w.entry)
	x.AppendTo(&e)
	if err := s.agreed.Submit(e.B, weighty(&w.entry)); err != nil {
		if w.client != nil {
			s.send(w.client, wire.Append(nil, &wire.Ack{Seq: w.seq, Code: region.Busy}))
		}
		if w.done != nil {
			delete(s.waits, entryID{w.entry.From, w.entry.Seq})
			w.done <- err
		}
	}
}

// inboxFull holds a token when something waits to be sent to the leader; nil
// when it would wait for the tick anyway.
func (s *Server) inboxFull() <-chan struct{} {
	if !s.shared() || s.agreed.Leading() {
		return nil
	}
	return s.arrived
}

// takeShared makes an agreed tick, or skips one that the state already has.
func (s *Server) takeShared(rec *order.Encoded) (batch region.Batch, ids []entryID, skip bool, err error) {
	if rec.Tick <= s.last.tick {
		return batch, nil, true, nil
	}
	if rec.Tick != s.last.tick+1 {
		return batch, nil, false, fmt.Errorf("server: tick %d after tick %d: %w", rec.Tick, s.last.tick, ErrBehind)
	}
	batch = region.Batch{Tick: rec.Tick, Cut: region.CutOf(&rec.Record, rec.Bytes)}
	size := 0
	for _, raw := range rec.Entries {
		if bytes.Equal(raw, checkpointMark) {
			s.group.mark = true
			continue
		}
		if bytes.HasPrefix(raw, turnMark) {
			continue
		}
		e, err := region.ParseEntry(raw)
		if size += len(e.Body); err != nil || size > region.MaxBatchBytes || len(batch.Entries) == region.MaxBatch {
			continue // the same everywhere: a leader cannot stop the others with it
		}
		ids = append(ids, entryID{e.From, e.Seq})
		e.Seq = uint64(len(batch.Entries) + 1)
		batch.Entries = append(batch.Entries, e)
	}
	for _, m := range s.sim.Loads(&batch) {
		if err := s.fetch(m); err != nil {
			return batch, nil, false, fmt.Errorf("server: tick %d: %w", rec.Tick, err)
		}
	}
	return batch, ids, false, nil
}

// holdShared keeps what rests on a tick until it is durable. The log is the
// replica's; here is only what a restart begins with.
func (s *Server) holdShared(j *job, sync bool) (write bool) {
	s.group.applied.Store(s.cfg.Clock.Now().UnixNano())
	if sync {
		s.group.durable = j.head.tick
	}
	if j.still != nil {
		var err error
		if j.base, err = s.agreed.Base(j.head.tick); err != nil {
			s.log.Warn("checkpoint that nobody can begin from", "tick", uint64(j.head.tick), "err", err)
		}
	}
	if j.after != nil {
		s.group.held = append(s.group.held, held{j.head.tick, j.after})
	}
	j.after, j.record, j.sync = nil, nil, len(j.law)+len(j.access)+len(j.expelled) > 0 // somebody waits for its outcome
	return j.sync || j.still != nil || len(j.slots)+len(j.gone) > 0
}

// lead puts into the log what the leader has to say: only that which the state
// does not have yet, so that nothing is lost when leaders change.
func (s *Server) lead() {
	if s.last.tick%10 != 0 {
		return
	}
	s.mu.Lock()
	near, terms, termSeq := s.group.near, s.group.terms, s.group.termSeq
	s.mu.Unlock()
	if near != nil && !slices.Equal(near, s.sim.Neighbours()) {
		s.say1("", region.ControlEntry{Kind: region.ControlNeighbours, Neighbours: near})
	}
	if termSeq > s.sim.TermsSeq() {
		s.say1("terms", region.ControlEntry{Kind: region.ControlTerms, Terms: terms})
	}
}

// say1 submits one of this server's own entries, not more often than twice a
// second.
func (s *Server) say1(what string, c region.ControlEntry) {
	if at, ok := s.group.pushed[what]; ok && s.last.tick < at+againTicks {
		return
	}
	if len(s.group.pushed) > 2*region.MaxModules {
		clear(s.group.pushed)
	}
	s.group.pushed[what] = s.last.tick
	s.send1(&waiting{entry: controlEntry(c)})
}

// frozen says that no tick was agreed on for a while: too few servers.
func (s *Server) frozen() bool {
	return s.cfg.Replica != nil && s.cfg.Clock.Now().UnixNano()-s.group.applied.Load() > int64(freezeAfter)
}

// SetPresent notes who has a stream to another server of the region. It holds
// for presentFor; an avatar whose player has none anywhere is taken away.
func (s *Server) SetPresent(server base.Key, players []base.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.group.present == nil {
		return
	}
	if _, known := s.group.present[server]; known || len(s.group.present) < maxServers {
		s.group.present[server] = presence{s.cfg.Clock.Now(), slices.Clone(players[:min(len(players), maxClients)])}
	}
}

// elsewhere adds the players who have a stream to another server. mu is held.
func (s *Server) elsewhere(here map[base.Key]bool) {
	now := s.cfg.Clock.Now()
	for k, p := range s.group.present { //lint:sorted each on its own
		if now.Sub(p.at) > presentFor {
			delete(s.group.present, k)
			continue
		}
		for _, x := range p.players {
			here[x] = true
		}
	}
}
