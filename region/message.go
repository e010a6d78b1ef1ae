package region

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Names of the script events that things cause.
const (
	EventMessage  = "message"  // another thing's script sent it: Tag, Text
	EventTimer    = "timer"    // a timer of its own is due: Tag
	EventLost     = "lost"     // a proposal came to nothing: From is the thing, Text the slot, Tag the operator
	EventConflict = "conflict" // a transaction came to nothing: Tag is its own; it may try again
)

// Send is a message for another thing, which sees it in the next tick at the
// earliest. One to a thing of a neighbour goes there (relay.go) if this region knows
// who has it; else it is lost.
type Send struct {
	To   base.ID
	Tag  int64
	Text string // at most MaxText bytes
}

// SetTimer asks for one "timer" event.
type SetTimer struct {
	After uint32 // ticks, 1 to MaxTimer
	Tag   int64
}

// Timer is one that runs. A thing's are sorted by the tick they are due at,
// those of one tick in the order they were set.
type Timer struct {
	At  base.Tick
	Tag int64
}

func (r *ScriptResult) checkSends() error {
	switch {
	case len(r.Send) > MaxScriptSends:
		return fmt.Errorf("%d messages, at most %d", len(r.Send), MaxScriptSends)
	case len(r.Timers) > MaxTimers:
		return fmt.Errorf("%d timers, at most %d", len(r.Timers), MaxTimers)
	}
	for _, m := range r.Send {
		if len(m.Text) > MaxText {
			return fmt.Errorf("a message of %d bytes, at most %d", len(m.Text), MaxText)
		}
	}
	for _, t := range r.Timers {
		if t.After == 0 || t.After > MaxTimer {
			return fmt.Errorf("a timer of %d ticks, want 1-%d", t.After, MaxTimer)
		}
	}
	return nil
}

// withTimers is list with what a script has set; the error is that there are
// too many.
func withTimers(list []Timer, now base.Tick, set []SetTimer) ([]Timer, error) {
	if len(set) == 0 {
		return list, nil
	}
	if len(list)+len(set) > MaxTimers {
		return nil, fmt.Errorf("a thing has at most %d timers", MaxTimers)
	}
	list = slices.Clone(list)
	for _, t := range set {
		at := now + base.Tick(t.After)
		i := len(list)
		for i > 0 && list[i-1].At > at {
			i--
		}
		list = slices.Insert(list, i, Timer{at, t.Tag})
	}
	return list, nil
}

// ring gives the timers that are due as events and takes them from the things.
func (s *Sim) ring() {
	for i, t := range s.things {
		if len(t.Timers) == 0 || t.Timers[0].At > s.tick {
			continue
		}
		n := *t
		for len(n.Timers) > 0 && n.Timers[0].At <= s.tick {
			s.now(event{To: t.ID, From: t.ID, Kind: evScript, Name: EventTimer, Tag: n.Timers[0].Tag})
			n.Timers = n.Timers[1:]
		}
		s.things[i] = &n
	}
}

// now queues a script event for this tick, later one for the next. What one
// source queues first comes first at each receiver.
func (s *Sim) now(e event) {
	s.sent++
	e.Seq = s.sent
	s.todo = append(s.todo, e)
}

func (s *Sim) later(e event) {
	s.sent++
	e.Seq = s.sent
	s.pending = append(s.pending, e)
}

// bound drops what is too much to wait for the next tick: whose rank in this
// tick's order is highest.
func (s *Sim) bound() {
	n := len(s.pending) - maxPending
	if n <= 0 {
		return
	}
	for i := range s.pending {
		e := &s.pending[i]
		if e.rank = rank(s.r, e.To, e.From); e.kept() {
			e.rank = 0
		}
	}
	slices.SortFunc(s.pending, func(a, b event) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.Seq, b.Seq)) })
	s.out.Counts.EventsDropped += uint64(n)
	clear(s.pending[maxPending:])
	s.pending = s.pending[:maxPending]
	slices.SortFunc(s.pending, func(a, b event) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1 // numbers are unique
	})
}

// deliver queues an actor's messages.
func (s *Sim) deliver(from *Thing, list []Send) {
	for _, m := range list {
		s.pass(letter{To: m.To, From: from.ID, Name: from.Name, Tag: m.Tag, Text: m.Text})
	}
}

func appendTimers(e *base.Encoder, list []Timer, since base.Tick) {
	e.U8(uint8(len(list)))
	for _, t := range list {
		e.U64(uint64(t.At - min(t.At, since)))
		e.I64(t.Tag)
	}
}

func readTimers(d *base.Decoder, since base.Tick) (list []Timer) {
	n := d.U8()
	if n > MaxTimers {
		d.Fail(fmt.Errorf("%d timers", n))
		return nil
	}
	for range n {
		t := Timer{At: base.Tick(d.U64()), Tag: d.I64()}
		if d.Err() != nil {
			return nil
		}
		if t.At > 1<<62 || len(list) > 0 && list[len(list)-1].At > t.At+since {
			d.Fail(fmt.Errorf("timers are not in order"))
			return nil
		}
		t.At += since
		list = append(list, t)
	}
	return list
}
