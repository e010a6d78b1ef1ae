package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// Run ticks until ctx ends, Close is called or the disk fails. It may be
// called once. What it has ticked is on its way to the disk when it returns;
// Close waits for it.
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.running || s.closed {
		s.mu.Unlock()
		return fmt.Errorf("server: run region %q: %w", s.cfg.Region.Name, ErrClosed)
	}
	s.running = true
	s.mu.Unlock()
	defer close(s.done)
	defer s.stop() // clients and callers must not wait for ticks any more
	for _, m := range append(s.sim.Wanted(), s.sim.Broken()...) {
		s.load(m)
	}
	clock := s.cfg.Clock
	next := clock.Now()
	for {
		if wait := next.Sub(clock.Now()); wait > 0 {
			select {
			case <-clock.After(wait):
			case <-s.agreed.Wake(): // nil for a log of one's own
				if err := s.between(); err != nil {
					return err
				}
				continue
			case <-s.inboxFull():
				s.forward()
				continue
			case <-ctx.Done():
				return nil
			case <-s.quit:
				return s.why()
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.quit:
			return s.why()
		default:
		}
		if err := s.beat(); err != nil {
			return err
		}
		if s.cfg.Took != nil {
			s.cfg.Took(s.last.tick, clock.Now().Sub(next))
		}
		// A late tick is followed by an early one; a whole tick too late is
		// never made up for: the region's time slips.
		next = next.Add(tickLength)
		if now := clock.Now(); now.Sub(next) > tickLength {
			s.cfg.OnEvent(EventOverload, uint64(now.Sub(next)/tickLength))
			next = now
		}
	}
}

func (s *Server) why() error {
	if err := s.failed.Load(); err != nil {
		return fmt.Errorf("server: region %q: %w", s.cfg.Region.Name, *err)
	}
	return nil
}

// beat is what happens every tick's length: whoever leads cuts a tick from
// what waits.
func (s *Server) beat() error {
	if s.shared() {
		return s.beatShared()
	}
	if err := s.submit(s.takeInbox()); err != nil {
		return err
	}
	s.agreed.Cut(s.last.tick, s.hash)
	return s.apply()
}

// submit gives what waited to the log.
func (s *Server) submit(inbox []waiting) error {
	for i := range inbox {
		w := &inbox[i]
		w.entry.Seq = uint64(i + 1)
		if w.done != nil {
			s.waits[entryID{w.entry.From, w.entry.Seq}] = w.done
		}
		var e base.Encoder
		s.vouch(w.entry).AppendTo(&e)
		if err := s.agreed.Submit(e.B, weighty(&w.entry)); err != nil {
			// The bounds of the inbox are below those of a record.
			return fmt.Errorf("server: tick: %w", err)
		}
	}
	return nil
}

// apply makes the ticks that were agreed on.
func (s *Server) apply() error {
	list := s.agreed.Ready()
	for i := range list {
		// Whoever catches up makes many at a time, and nobody sees those between.
		show := i == len(list)-1 || i%showEvery == showEvery-1
		if err := s.applyOne(&list[i], show); err != nil {
			return err
		}
		if s.group.word != nil {
			return ErrTurned // what follows counts nowhere
		}
	}
	return nil
}

func (s *Server) applyOne(rec *order.Encoded, show bool) error {
	var batch region.Batch
	var ids []entryID
	var err error
	if s.shared() {
		var skip bool
		if batch, ids, skip, err = s.takeShared(rec); skip || err != nil {
			return err
		}
	} else if batch, ids, err = parseBatch(rec); err != nil {
		return fmt.Errorf("server: tick: %w", err)
	}
	out, err := s.sim.Step(batch)
	if err != nil {
		return fmt.Errorf("server: tick: %w", err)
	}
	s.hash = out.Hash
	s.last = head{tick: out.Tick, sum: rec.Sum, hash: out.Hash}
	if s.cfg.Trace != nil {
		s.cfg.Trace(out.Tick, out.Hash)
	}
	if s.cfg.Applied != nil {
		if err := s.cfg.Applied(rec, out.Hash, s.sim); err != nil {
			s.doubted = true
			return fmt.Errorf("server: tick: %w", err)
		}
	}
	s.sign()
	s.turn(rec)
	answers := s.answers(&out, ids)
	s.letOut(&out, rec, answers, show || len(answers) > 0 || s.group.word != nil)
	s.away()
	s.tellAsked(&out)
	return nil
}

// answer is the outcome of a control entry, for whoever waits for it.
type answer struct {
	done chan<- error
	err  error
}

// answers finds who waits for the entries of a tick.
func (s *Server) answers(out *region.Output, ids []entryID) (list []answer) {
	if len(s.waits) == 0 {
		return nil
	}
	for i, id := range ids {
		done := s.waits[id]
		if done == nil {
			continue
		}
		delete(s.waits, id)
		a := answer{done: done}
		if slices.Contains(out.Failed, uint64(i+1)) {
			a.err = errors.New("the region refused the entry")
		}
		list = append(list, a)
	}
	return list
}

// takeInbox takes what waits for the next tick, after it has run what is to
// run between two ticks.
func (s *Server) takeInbox() []waiting {
	s.runAsks()
	s.mu.Lock()
	defer s.mu.Unlock()
	inbox := s.inbox
	s.inbox, s.inboxBytes = nil, 0
	s.makeRoom()
	return inbox
}

// makeRoom lets every client and neighbour send the next tick's inputs. mu is
// held.
func (s *Server) makeRoom() {
	clear(s.fromBorder)
	for c := range s.clients {
		c.pending = 0
		c.room.wake()
	}
}

func (s *Server) runAsks() {
	s.mu.Lock()
	asks := s.asks
	s.asks = nil
	s.mu.Unlock()
	for _, f := range asks {
		f()
	}
}

// letOut sends what may leave at once, sees to it that the rest leaves when the
// tick is durable, and shows the tick if show is set.
func (s *Server) letOut(out *region.Output, rec *order.Encoded, answers []answer, show bool) {
	s.count(&out.Counts)
	if s.cfg.Passed != nil {
		for i := range out.Passed {
			s.cfg.Passed(out.Passed[i])
		}
	}
	for _, l := range out.Logs {
		s.log.Debug("script", "thing", l.Thing, "owner", l.Owner.Short(), "fault", l.Fault, "text", l.Text)
	}
	s.tellFaults(out.Tick, out.Logs)
	for _, b := range out.Border {
		if !b.Durable {
			s.publish(b.Body)
		}
	}
	for _, a := range out.Acks {
		if !a.Durable {
			s.ack(out.Tick, a)
		}
	}
	j := job{head: s.last, record: rec.Bytes, slots: out.Slots, gone: out.Gone, law: out.Law, access: out.Access, expelled: out.Expelled}
	if out.Sync || len(out.Said)+len(answers) > 0 {
		j.sync = true
		j.after = s.held(out, answers)
	}
	s.logged += len(rec.Bytes)
	if s.checkpointDue(out.Tick) {
		j.still = s.sim.Still()
		s.logged, s.enough = 0, max(checkpointBytes, 4*int(s.wrote.Load()))
	}
	if !s.shared() || s.holdShared(&j, rec.Sync) {
		s.queue <- j
	}
	if show {
		s.frame.Store(s.look())
		s.showShards(out.Tick)
		s.wakeClients(out.Tick)
	}
	for _, m := range out.Want {
		s.load(m)
	}
}

// checkpointDue says that a checkpoint is made after this tick: it is time, the
// log has grown, or somebody asked for one. All servers of a region make the same
// ones, at ticks for which they vote.
func (s *Server) checkpointDue(tick base.Tick) bool {
	if !s.shared() {
		return tick%checkpointTicks == 0 || s.logged >= s.enough || s.soon.Swap(false)
	}
	if s.logged >= s.enough && s.agreed.Leading() {
		s.logged = 0
		s.soon.Store(true) // into the log
	}
	if tick%PointTicks != 0 || tick%checkpointTicks != 0 && !s.group.mark {
		return false
	}
	s.group.mark = false
	return true
}

// held is what leaves once the tick is durable.
func (s *Server) held(out *region.Output, answers []answer) func() {
	o := *out
	return func() {
		for _, b := range o.Border {
			if b.Durable {
				s.publish(b.Body)
			}
		}
		for _, a := range o.Acks {
			if a.Durable {
				s.ack(o.Tick, a)
			}
		}
		s.say(o.Said)
		s.moved(o.Tick, o.Moved)
		for _, a := range answers {
			a.done <- a.err
		}
	}
}

// publish tells the neighbours. One server speaks for the region.
func (s *Server) publish(b []byte) {
	if !s.agreed.Leading() {
		return
	}
	if err := s.cfg.Publish(s.cfg.Region.ID, b); err != nil {
		s.cfg.OnEvent(EventPublishFailed, 1)
	}
}

func (s *Server) count(c *region.Counts) {
	add := func(name string, n uint64) {
		if n > 0 {
			s.cfg.OnEvent(name, n)
		}
	}
	add(EventTicks, 1)
	add(EventInputs, c.Inputs)
	add(EventRefused, c.Refused)
	add(EventForged, c.Forged)
	add(EventReplayed, c.Replayed)
	add(EventMessages, c.Messages)
	add(EventScripts, c.ScriptRuns)
	add(EventScriptFaults, c.ScriptFaults)
	add(EventHandoffsOut, c.HandoffsOut)
	add(EventHandoffs, c.HandoffsIn)
	add(EventCrossings, c.Crossings)
	add(EventBorderBad, c.BorderBad)
	add(EventRelaysOut, c.RelaysOut)
	add(EventRelaysIn, c.RelaysIn)
	add(EventRelaysLost, c.RelaysLost)
}

// away logs that a player is gone whose node has no stream here for a while.
func (s *Server) away() {
	if s.last.tick%20 != 0 {
		return
	}
	if !s.agreed.Leading() {
		clear(s.miss) // who leads next begins to count
		return
	}
	here := map[base.Key]bool{}
	s.mu.Lock()
	for c := range s.clients {
		here[c.key] = true
	}
	s.elsewhere(here)
	s.mu.Unlock()
	present := map[base.Key]bool{}
	for _, k := range s.sim.Players() {
		present[k] = true
		if here[k] {
			delete(s.miss, k)
			continue
		}
		since, ok := s.miss[k]
		switch {
		case !ok:
			s.miss[k] = s.last.tick
		case s.last.tick >= since+awayTicks:
			delete(s.miss, k)
			s.push(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlAway, Player: k})})
		}
	}
	for k := range s.miss {
		if !present[k] {
			delete(s.miss, k)
		}
	}
}

// load makes a module ready in the background and logs the outcome.
func (s *Server) load(module string) {
	if s.cfg.Replica != nil {
		s.mu.Lock() // what was found out before is old
		delete(s.group.results, module)
		s.mu.Unlock()
	}
	s.loads.Go(func() {
		text := ""
		pause := loadPause
		for try := 1; s.cfg.Load != nil; try++ {
			err := s.cfg.Load(module)
			if err == nil {
				text = ""
				break
			}
			text = clip(err.Error(), region.MaxText)
			s.log.Warn("script is not loaded", "module", module, "try", try, "err", err)
			if try == loadTries {
				break
			}
			select {
			case <-s.cfg.Clock.After(pause):
			case <-s.quit:
				return
			}
			pause = min(2*pause, time.Minute)
		}
		if s.cfg.Replica != nil {
			s.mu.Lock() // tellModules says it
			s.group.results[module] = text
			s.mu.Unlock()
			return
		}
		w := waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlModule, Module: module, Text: text})}
		for errors.Is(s.push(w), ErrBusy) { // nobody asks for this module again
			select {
			case <-s.cfg.Clock.After(tickLength):
			case <-s.quit:
				return
			}
		}
	})
}

// clip shortens a text to n bytes, at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
