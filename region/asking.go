package region

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// domainAsk begins what a request's id is made of.
const domainAsk = "metatopia/ask/1"

// asking is what the region knows of its store. A script never reads one: what a
// database says is no function of the log. Its requests wait here, a server that
// has the store carries them out, and the answer is an entry of the log.
type asking struct {
	store base.ID   // which store it is; zero: none
	wait  []Request // in the order in which they were made
	stamp uint64    // changes
}

// Answered says that a request has had its answer, and by which server's entry.
type Answered struct {
	ID   RequestID
	From base.ID // Entry.From; zero: there is one server, or nobody answered in time
}

// Store is which store the region has; zero: none.
func (s *Sim) Store() base.ID { return s.asking.store }

// Requests are those that wait for an answer, oldest first. They must not be
// written to.
func (s *Sim) Requests() []Request { return s.asking.wait }

func (r *ScriptResult) checkAsks() error {
	if len(r.Asks) > MaxScriptAsks {
		return fmt.Errorf("%d requests to the store, at most %d", len(r.Asks), MaxScriptAsks)
	}
	for i := range r.Asks {
		if err := r.Asks[i].check(); err != nil {
			return err
		}
	}
	return nil
}

// ask takes what an actor wants of the store in this tick.
func (s *Sim) ask(t *Thing, list []Ask) {
	for n := range list {
		h := sha256.New()
		var e base.Encoder
		e.Str(domainAsk)
		e.ID(s.cfg.ID)
		e.Raw(s.chain[:]) // stands for the region's epoch, tick and all before
		e.ID(t.ID)
		e.U32(uint32(n))
		h.Write(e.B)
		r := Request{Thing: t.ID, Owner: t.Owner, At: s.tick, Ask: list[n]}
		copy(r.ID[:], h.Sum(nil))
		if code := s.askable(t, &r); code != StoreOK {
			s.answerTo(&r, &Answer{ID: r.ID, Code: code})
			continue
		}
		s.asking.wait = append(s.asking.wait, r)
		s.asking.stamp++
		s.out.Asked = append(s.out.Asked, r)
		s.out.Sync = true // it is carried out when nothing can take it back
	}
}

// askable holds a request against what may wait.
func (s *Sim) askable(t *Thing, r *Request) StoreCode {
	mine, owners := 0, 0
	for i := range s.asking.wait {
		if w := &s.asking.wait[i]; w.Owner == r.Owner {
			if owners++; w.Thing == r.Thing {
				mine++
			}
		}
	}
	switch {
	case s.asking.store.IsZero():
		return StoreNone
	case t.speaksFor().IsZero():
		return StoreDenied
	case len(s.asking.wait) >= MaxAsks || owners >= MaxOwnerAsks || mine >= MaxThingAsks:
		return StoreBusy
	}
	return StoreOK
}

// answerTo has a request's thing hear of its end, if it is still here and still runs
// a script.
func (s *Sim) answerTo(r *Request, a *Answer) {
	if t := s.thing(r.Thing); t == nil || t.Script() == "" {
		return
	}
	s.later(event{To: r.Thing, From: r.Thing, Kind: evScript, Name: EventAnswer, Tag: r.Tag, answer: a})
}

// answered takes the answer to a request that waits. A second one, or one that
// comes too late, is refused.
func (s *Sim) answered(a *Answer) bool {
	for i := range s.asking.wait {
		if r := s.asking.wait[i]; r.ID == a.ID {
			s.asking.wait = slices.Delete(slices.Clone(s.asking.wait), i, i+1)
			s.asking.stamp++
			s.answerTo(&r, a)
			return true
		}
	}
	return false
}

// setStore says which store the region has. What waits is not for another one.
func (s *Sim) setStore(id base.ID) {
	if s.asking.store != id {
		s.asking.store = id
		s.asking.stamp++
		s.dropAsks(len(s.asking.wait))
	}
}

// lapse ends what has waited too long.
func (s *Sim) lapse() {
	n := 0
	for n < len(s.asking.wait) && s.asking.wait[n].At+AskTicks <= s.tick {
		n++
	}
	s.dropAsks(n)
}

func (s *Sim) dropAsks(n int) {
	if n == 0 {
		return
	}
	old := s.asking.wait[:n]
	s.asking.wait = slices.Clone(s.asking.wait[n:])
	s.asking.stamp++
	for i := range old {
		s.answerTo(&old[i], &Answer{ID: old[i].ID, Code: StoreTimeout})
		s.out.Answered = append(s.out.Answered, Answered{ID: old[i].ID})
	}
}

func (s *Sim) appendAsks(e *base.Encoder) {
	e.ID(s.asking.store)
	e.U32(uint32(len(s.asking.wait)))
	for i := range s.asking.wait {
		s.asking.wait[i].appendTo(e)
	}
}

func (s *Sim) readAsks(d *base.Decoder) {
	s.asking.store = d.ID()
	for range d.Count(MaxAsks, 16+16+32+8+8+1+6) {
		r := readRequest(d)
		if d.Err() == nil && (r.At > s.tick || len(s.asking.wait) > 0 && s.asking.wait[len(s.asking.wait)-1].At > r.At) {
			d.Fail(fmt.Errorf("requests to the store are not in order"))
		}
		s.asking.wait = append(s.asking.wait, r)
	}
}

// kept says that an event is not dropped, whatever else comes: an answer to a
// request that waited, of which a thing has at most MaxThingAsks.
func (x *event) kept() bool { return x.answer != nil && !x.answer.refused() }
