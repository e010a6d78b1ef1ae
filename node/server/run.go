package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
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
		if err := s.tick(); err != nil {
			return err
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

// tick makes one tick from what waits.
func (s *Server) tick() error {
	inbox, asks := s.takeInbox()
	for _, f := range asks {
		f()
	}
	for i := range inbox {
		w := &inbox[i]
		w.entry.Seq = uint64(i + 1)
		var e base.Encoder
		w.entry.AppendTo(&e)
		if err := s.ord.Submit(e.B); err != nil {
			// The bounds of the inbox are below those of a record.
			return fmt.Errorf("server: tick: %w", err)
		}
	}
	s.ord.Cut(s.hash)
	for _, rec := range s.ord.Ready() {
		batch := region.Batch{Tick: rec.Tick}
		for i := range inbox {
			batch.Entries = append(batch.Entries, inbox[i].entry)
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
		s.letOut(&out, rec.Bytes, inbox)
	}
	s.away()
	return nil
}

func (s *Server) takeInbox() ([]waiting, []func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inbox, asks := s.inbox, s.asks
	s.inbox, s.inboxBytes, s.asks = nil, 0, nil
	clear(s.fromBorder)
	for c := range s.clients {
		c.pending = 0
		c.room.wake()
	}
	return inbox, asks
}

// letOut shows the tick, sends what may leave at once and hands the rest to
// the writer.
func (s *Server) letOut(out *region.Output, record []byte, inbox []waiting) {
	s.count(&out.Counts)
	for _, l := range out.Logs {
		s.log.Debug("script", "thing", l.Thing, "fault", l.Fault, "text", l.Text)
	}
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
	j := job{head: s.last, record: record, slots: out.Slots, gone: out.Gone, sync: out.Sync}
	var done []chan<- error
	failed := map[uint64]bool{}
	for _, n := range out.Failed {
		failed[n] = true
	}
	var results []error
	for i := range inbox {
		if inbox[i].done != nil {
			var err error
			if failed[inbox[i].entry.Seq] {
				err = errors.New("the region refused the entry")
			}
			done, results = append(done, inbox[i].done), append(results, err)
		}
	}
	if out.Sync || len(out.Said)+len(done) > 0 {
		o := *out
		j.sync = true
		j.after = func() {
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
			for i, c := range done {
				c <- results[i]
			}
		}
	}
	s.logged += len(record)
	if out.Tick%checkpointTicks == 0 || s.logged >= s.enough || s.soon.Swap(false) {
		j.snapshot = s.sim.Snapshot(nil)
		s.logged, s.enough = 0, max(checkpointBytes, 4*len(j.snapshot))
	}
	s.queue <- j
	s.frame.Store(s.look())
	s.wakeClients(out.Tick)
	for _, m := range out.Want {
		s.load(m)
	}
}

func (s *Server) publish(b []byte) {
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
}

// away logs that a player is gone whose node has no stream here for a while.
func (s *Server) away() {
	if s.last.tick%20 != 0 {
		return
	}
	here := map[base.Key]bool{}
	s.mu.Lock()
	for c := range s.clients {
		here[c.key] = true
	}
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
