package server

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Asked is how what scripts have asked of the region's store stands after a
// tick.
type Asked struct {
	Tick     base.Tick
	Durable  base.Tick // up to which nothing can be taken back
	Store    base.ID   // Sim.Store
	Waiting  []region.Request
	Answered []region.Answered // in this tick
	Leading  bool
	Self     base.ID // whom this server's entries are from; zero: it is the only one
}

// tellAsked tells of the requests that wait, on the sim's goroutine.
func (s *Server) tellAsked(out *region.Output) {
	if s.cfg.Asked == nil {
		return
	}
	x := Asked{Tick: out.Tick, Durable: base.Tick(s.durable.Load()), Store: s.sim.Store(), Waiting: s.sim.Requests(), Answered: out.Answered,
		Leading: s.agreed.Leading(), Self: s.group.self}
	s.cfg.Asked(&x)
}

// Answer puts the answer to a request into the log. It does not wait: whoever
// gives it looks whether the request still waits. The error is ErrBusy or
// ErrClosed.
func (s *Server) Answer(a *region.Answer) error {
	return s.push(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlAnswer, Answer: a})})
}
