package region

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/succession"
)

// law is who administers the region: region/succession, and what it would cost
// too much to ask it for in every tick.
type law struct {
	state *succession.State // nil in a region without an owner
	bans  int
	bytes []byte // the snapshot, nil when it is out of date
}

// LawDone says what became of an entry of the region's roles.
type LawDone struct {
	Seq   uint64 // Entry.Seq
	Index uint64 // in the log of roles
	Time  int64  // of the region, ms, as it was then
	Wall  int64  // ms since 1970, as the servers last agreed
	Entry []byte
	Why   error // that it had no effect, or nil
	// After is what the servers may sign of the state after it.
	After succession.Certificate
}

// found begins the roles of a new region.
func (s *Sim) found() error {
	g := s.cfg.Law
	switch {
	case s.cfg.Owner.IsZero():
		return nil
	case g == nil:
		g = &succession.Genesis{Region: s.cfg.ID, Epoch: 1, Founder: s.cfg.Owner, Servers: []base.Key{s.cfg.Owner}, Settings: succession.DefaultSettings}
	case g.Region != s.cfg.ID || g.Founder != s.cfg.Owner:
		return fmt.Errorf("%w: the roles are another region's or owner's", errConfig)
	}
	var err error
	s.law.state, err = succession.New(*g, s.cfg.Verify)
	return err
}

func (l *law) banned(k base.Key) bool { return l.bans > 0 && l.state.Banned(k) }

// snapshot is empty in a region without an owner.
func (l *law) snapshot() []byte {
	if l.bytes == nil && l.state != nil {
		l.bytes = l.state.Snapshot(nil)
	}
	return l.bytes
}

func (s *Sim) readLaw(b []byte) (err error) {
	if len(b) == 0 && s.law.state == nil {
		return nil
	}
	st, err := succession.Restore(b, s.cfg.Verify)
	if err != nil {
		return err
	}
	g := st.Genesis()
	if want := s.cfg.Law; want != nil {
		var is, should base.Encoder
		g.AppendTo(&is)
		want.AppendTo(&should)
		if !bytes.Equal(is.B, should.B) {
			return fmt.Errorf("the roles do not begin with the region's charter")
		}
	}
	if g.Region != s.cfg.ID || g.Founder != s.cfg.Owner {
		return fmt.Errorf("roles of region %v, founded by %s", g.Region, g.Founder.Short())
	}
	s.law = law{state: st, bans: st.Bans()}
	return nil
}

// Law is who administers the region, after the last tick; nil when it has no
// owner. It is for reading, between Steps.
func (s *Sim) Law() *succession.State { return s.law.state }

// lawEntry takes the next entry of the region's roles. One that is refused has
// its index nevertheless.
func (s *Sim) lawEntry(b []byte, seq uint64) bool {
	st := s.law.state
	if st == nil {
		return false
	}
	was := st.Servers()
	err := s.lawGuest(b)
	if err == nil {
		err = st.Apply(b)
	} else {
		st.Skip(b)
	}
	s.law.bytes = nil
	s.keysLeave(was)
	if err == nil {
		err = s.lawDoes(b)
	}
	s.out.Law = append(s.out.Law, LawDone{Seq: seq, Index: st.Head().Index, Time: st.Time(), Wall: st.Wall(), Entry: b, Why: err, After: st.Certificate()})
	return err == nil
}

// lawGuest refuses a login that would make a player older whose role is that of a
// guest: guests do not age, and their logins say that they are guests'.
func (s *Sim) lawGuest(b []byte) error {
	x, err := succession.Parse(b)
	if err != nil || x.Kind != succession.Login || x.Guest || s.gate.state.Role(x.By, s.rights()) != access.Guest {
		return nil
	}
	return fmt.Errorf("%s: %w", x.By.Short(), succession.ErrGuest)
}

// lawDoes is what an entry that counts means outside of the roles.
func (s *Sim) lawDoes(b []byte) error {
	x, err := succession.Parse(b)
	if err != nil {
		return err
	}
	switch x.Kind {
	case succession.Ban, succession.Unban:
		s.law.bans = s.law.state.Bans()
	case succession.Act:
		return s.lawAct(&x)
	}
	return nil
}

// lawStamp rises with every entry: without one the roles stay as they are.
func (s *Sim) lawStamp() uint64 {
	if s.law.state == nil {
		return 0
	}
	return s.law.state.Head().Index
}
