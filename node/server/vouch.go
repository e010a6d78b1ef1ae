package server

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// signer is a Replica that signs the records which this server makes.
type signer interface{ Signing(on bool) }

// accountable tells whether servers have to sign what they bring into the log.
func (s *Server) accountable() bool { return s.sim.Trust() != agree.Crash }

// SetTerms says what the region's owner has signed about its servers last. Whoever
// leads brings it into the log. It does not wait.
func (s *Server) SetTerms(seq uint64, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq > s.group.termSeq {
		s.group.terms, s.group.termSeq = b, seq
	}
}

// Charge brings a proof into the log that a server has lied. It does not wait: the
// state says whether it came to count. It is for whoever is told of a tick
// (Config.Applied), on its goroutine.
func (s *Server) Charge(c agree.Charge) {
	var e base.Encoder
	c.AppendTo(&e)
	k := c.Server()
	s.say1("charge "+k.String(), region.ControlEntry{Kind: region.ControlCharge, Charge: e.B})
}

// vouch signs an entry where servers are accountable, and a word about a module
// everywhere. What was submitted before
// they were and is agreed on after is refused: whoever wants it asks again.
func (s *Server) vouch(x region.Entry) region.Entry {
	if s.cfg.Sign == nil || !s.accountable() && !region.Tells(&x) {
		return x
	}
	s.vouched = max(s.vouched, s.sim.Vouched(s.cfg.Self)) + 1
	return region.Vouch(s.cfg.Region.ID, s.cfg.Self, s.vouched, x, s.cfg.Sign)
}

// sign has this server sign the records it makes from now on, or not: whoever has
// come to a tick that asks for it does.
func (s *Server) sign() {
	on := s.accountable()
	if r, ok := s.agreed.(signer); ok && on != s.signs {
		r.Signing(on)
		s.signs = on
	}
}
