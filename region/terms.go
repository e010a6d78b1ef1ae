package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
)

// MaxTerms bounds what an owner has signed about the servers, in bytes.
const MaxTerms = 1 << 10

const (
	// maxRoster bounds the servers that are known, those that left included.
	maxRoster = 4 * agree.MaxMembers
	// maxConvictions bounds the convictions that are remembered.
	maxConvictions = 32
	// lingerTicks is for how long what a server has signed still counts after
	// the owner took it out: it may be on its way.
	lingerTicks base.Tick = 600
)

// Terms are what a region's owner has signed about its servers. A later Seq
// takes the place of an earlier one.
type Terms struct {
	Seq     uint64
	Trust   agree.Trust
	Servers []base.Key
}

// Conviction is a server that has signed two things where there can be one.
type Conviction struct {
	Server base.Key
	At     base.Tick // from which it counts nothing
	Kind   agree.ChargeKind
	Tick   base.Tick // that it lied about
}

// roster is who serves the region by its owner's word, as far as it is in the
// log, and who has lied.
type roster struct {
	seq     uint64
	trust   agree.Trust
	since   base.Tick // the tick that trust is in force from
	servers []listed  // sorted by key
	guilty  []Conviction
}

// listed is a server that the owner has named.
type listed struct {
	key    base.Key
	since  base.Tick // what it signed for earlier ticks is not held against it
	until  base.Tick // 0: the owner names it now
	last   uint64    // number of the last entry that it vouched for
	guilty bool
}

// Trust is what the servers are taken for after the last tick, as far as the
// log says it.
func (s *Sim) Trust() agree.Trust { return s.roster.trust }

// TermsSeq is that of the owner's last word in the log, 0 before the first.
func (s *Sim) TermsSeq() uint64 { return s.roster.seq }

// Convictions are the last ones, the oldest first.
func (s *Sim) Convictions() []Conviction { return slices.Clone(s.roster.guilty) }

// Guilty tells whether a server has lied and not been named anew since.
func (s *Sim) Guilty(k base.Key) bool {
	i, ok := s.roster.find(k)
	return ok && s.roster.trust != agree.Crash && s.roster.servers[i].guilty
}

// Barred are the servers that Guilty tells of, sorted.
func (s *Sim) Barred() (list []base.Key) {
	for _, l := range s.roster.servers {
		if s.Guilty(l.key) {
			list = append(list, l.key)
		}
	}
	return list
}

// Accused tells whether a charge, if its signatures hold, convicts a server or has
// convicted it.
func (s *Sim) Accused(c *agree.Charge) bool {
	i, ok := s.roster.find(c.Server())
	return ok && s.roster.trust != agree.Crash && c.Region() == s.cfg.ID && c.Tick() > s.roster.servers[i].since
}

// Vouched is the number of the last entry that a server vouched for.
func (s *Sim) Vouched(k base.Key) uint64 {
	if i, ok := s.roster.find(k); ok {
		return s.roster.servers[i].last
	}
	return 0
}

func (r *roster) find(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(r.servers, k, func(l listed, k base.Key) int { return l.key.Compare(k) })
}

// counts tells whether what a server signs counts.
func (r *roster) counts(k base.Key, now base.Tick) bool {
	i, ok := r.find(k)
	return ok && !r.servers[i].guilty && (r.servers[i].until == 0 || now <= r.servers[i].until)
}

// names tells whether the owner names a server now, and it has not lied.
func (r *roster) names(k base.Key) bool {
	i, ok := r.find(k)
	return ok && r.servers[i].until == 0 && (r.trust == agree.Crash || !r.servers[i].guilty)
}

// next takes a number of a server's if it comes after the last.
func (r *roster) next(k base.Key, number uint64) bool {
	i, ok := r.find(k)
	if !ok || number <= r.servers[i].last {
		return false
	}
	r.servers[i].last = number
	return true
}

// cut tells whether the maker of a batch's record has signed it. One that had not
// come to the tick yet from which that is asked need not have, and a log of one
// server has nobody to show it to.
func (r *roster) cut(b *Batch, verify func(base.Key, []byte, []byte) bool, region base.ID) bool {
	c := b.Cut
	// Who does not sign may say that it lags for ever; nobody does by so much.
	if c == nil || c.At < r.since && b.Tick <= r.since+lingerTicks {
		return true
	}
	x := agree.Cut{Region: region, Epoch: c.Epoch, Term: c.Term, Tick: b.Tick, Body: c.Body}
	return r.counts(c.By, b.Tick) && verify(c.By, x.SigningBytes(), c.Sig[:])
}

// setTerms takes the owner's word. Who comes anew begins without guilt, and who is
// named no more is forgotten after a while, at once when it has lied.
func (s *Sim) setTerms(b []byte) bool {
	if s.cfg.Terms == nil {
		return false
	}
	t, err := s.cfg.Terms(b)
	r := &s.roster
	if err != nil || t.Seq <= r.seq || len(t.Servers) == 0 || len(t.Servers) > agree.MaxMembers || !t.Trust.Known() {
		return false
	}
	r.seq = t.Seq
	if t.Trust != r.trust {
		if r.trust == agree.Crash {
			// What they signed while nobody was held to it is not held against them.
			for i := range r.servers {
				r.servers[i].since = s.tick
			}
		}
		r.trust, r.since = t.Trust, s.tick
	}
	var kept []listed
	for _, l := range r.servers {
		named := slices.Contains(t.Servers, l.key)
		switch {
		case named && l.until != 0 && l.guilty:
			continue
		case named:
			l.until = 0
		case l.guilty || l.until != 0 && l.until < s.tick:
			continue
		case l.until == 0:
			l.until = s.tick + lingerTicks
		}
		kept = append(kept, l)
	}
	r.servers = kept
	for _, k := range t.Servers {
		if i, ok := r.find(k); !ok && len(r.servers) < maxRoster {
			r.servers = slices.Insert(r.servers, i, listed{key: k, since: s.tick})
		}
	}
	return true
}

// convict takes a proof that a server has lied. Each server is convicted once;
// what it signed before the owner named it is not held against it.
func (s *Sim) convict(b []byte) bool {
	c, err := agree.ParseCharge(b)
	if err != nil || !s.Accused(&c) {
		return false
	}
	i, _ := s.roster.find(c.Server())
	if s.roster.servers[i].guilty || c.Check(s.cfg.Verify) != nil {
		return false
	}
	s.roster.servers[i].guilty = true
	g := Conviction{Server: c.Server(), At: s.tick, Kind: c.Kind(), Tick: c.Tick()}
	if s.roster.guilty = append(s.roster.guilty, g); len(s.roster.guilty) > maxConvictions {
		s.roster.guilty = slices.Delete(s.roster.guilty, 0, 1)
	}
	return true
}

// appendRoster: seq u64, trust u8, since u64, servers (count u32, each key 32,
// since u64, until u64, last u64, guilty bool), convictions (count u32, each key
// 32, at u64, kind u8, tick u64).
func (s *Sim) appendRoster(e *base.Encoder) {
	r := &s.roster
	e.U64(r.seq)
	e.U8(uint8(r.trust))
	e.U64(uint64(r.since))
	e.U32(uint32(len(r.servers)))
	for _, l := range r.servers {
		e.Key(l.key)
		e.U64(uint64(l.since))
		e.U64(uint64(l.until))
		e.U64(l.last)
		e.Bool(l.guilty)
	}
	e.U32(uint32(len(r.guilty)))
	for _, g := range r.guilty {
		e.Key(g.Server)
		e.U64(uint64(g.At))
		e.U8(uint8(g.Kind))
		e.U64(uint64(g.Tick))
	}
}

func (s *Sim) readRoster(d *base.Decoder) {
	r := roster{seq: d.U64(), trust: agree.Trust(d.U8()), since: base.Tick(d.U64())}
	for range d.Count(maxRoster, 57) {
		l := listed{key: d.Key(), since: base.Tick(d.U64()), until: base.Tick(d.U64()), last: d.U64(), guilty: d.Bool()}
		if n := len(r.servers); d.Err() == nil && n > 0 && r.servers[n-1].key.Compare(l.key) >= 0 {
			d.Fail(agree.ErrForm)
		}
		r.servers = append(r.servers, l)
	}
	for range d.Count(maxConvictions, 49) {
		r.guilty = append(r.guilty, Conviction{d.Key(), base.Tick(d.U64()), agree.ChargeKind(d.U8()), base.Tick(d.U64())})
	}
	if d.Err() == nil && !r.trust.Known() {
		d.Fail(agree.ErrForm)
	}
	s.roster = r
}
