package region

import (
	"bytes"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
)

// Where several servers keep the log no single one decides that a module runs: a
// server could name one that nobody else can get, and all others would stand
// still. Each says for itself, signed, whether it has the module (ControlHave), and
// when most of them have it, it is ready from the next tick on. That tick depends
// on the log alone, so all servers, and every replay, have the module in the same
// one.

// said is what a server has said of a module.
type said struct {
	server base.Key
	why    string // it has not got it; "": it has
}

// Word is what a server may say of a module that is not ready.
type Word struct {
	Module string
	Since  base.Tick // goes into what it says
	Broken bool      // the region has given it up, until most say that they have it
	Said   bool      // this server has spoken already
	Why    string    // what it said: "" that it has it
	Had    bool      // another one whose word counts says that it has it
}

// several tells whether a batch is of a log that several servers keep, and so no
// server speaks for all. A region without an owner has no list of servers.
func (s *Sim) several(b *Batch) bool { return b.Cut != nil && s.law.state != nil }

// voices are the servers whose word about modules counts, sorted: the voters, as
// an admin has signed it last, of those whom the owner's record names. When it
// does not name most of them any more, the admin's list is out of date, and all whom
// it names count: what is left of an old list could be one server. One that has lied
// does not count.
func (s *Sim) voices() (list []base.Key) {
	if s.law.state == nil {
		return nil
	}
	var named, both []base.Key
	for _, l := range s.roster.servers {
		if l.until != 0 {
			continue
		}
		named = append(named, l.key)
		if slices.Contains(s.law.state.Servers(), l.key) {
			both = append(both, l.key)
		}
	}
	switch {
	case 2*len(both) > len(s.law.state.Servers()):
		list = both
	case len(named) > 0:
		list = named
	default:
		list = slices.Clone(s.law.state.Servers())
	}
	slices.SortFunc(list, base.Key.Compare)
	if s.roster.trust == agree.Crash {
		return list
	}
	return slices.DeleteFunc(list, s.Guilty)
}

// Words are the modules of which a server may say whether it has them; nil when
// its word does not count.
func (s *Sim) Words(server base.Key) (list []Word) {
	voices := s.voices()
	if !slices.Contains(voices, server) {
		return nil
	}
	for i := range s.modules {
		m := &s.modules[i]
		if m.Ready {
			continue
		}
		w := Word{Module: m.Name, Since: m.wanted, Broken: m.Err != ""}
		if at, ok := m.by(server); ok {
			w.Said, w.Why = true, m.said[at].why
		}
		w.Had = slices.ContainsFunc(m.said, func(x said) bool {
			return x.why == "" && x.server != server && slices.Contains(voices, x.server)
		})
		list = append(list, w)
	}
	return list
}

func (m *module) by(server base.Key) (int, bool) {
	return slices.BinarySearchFunc(m.said, server, func(x said, k base.Key) int { return x.server.Compare(k) })
}

// have takes a server's word about a module; heed has checked whose it is. It counts
// for the want that it names: what a server had once it may have lost.
func (s *Sim) have(c *ControlEntry, from base.ID) bool {
	i, ok := s.moduleIndex(c.Module)
	if !s.joint || !ok || s.modules[i].Ready || s.modules[i].wanted != c.Since {
		return false
	}
	m := &s.modules[i]
	voices := s.voices()
	for _, k := range voices {
		if ServerID(k) != from {
			continue
		}
		at, ok := m.by(k)
		switch {
		case ok:
			m.said[at].why = c.Text
		default:
			m.said = slices.Insert(m.said, at, said{k, c.Text})
			m.said = slices.DeleteFunc(m.said, func(x said) bool { return !slices.Contains(voices, x.server) })
		}
		return true
	}
	return false
}

// verdict is what the servers have come to about a module.
type verdict struct {
	i   int    // of the module
	why string // it is given up; "": it is ready
}

// verdicts are those that take effect with the next tick.
func (s *Sim) verdicts() (list []verdict) {
	var voices []base.Key
	for i := range s.modules {
		m := &s.modules[i]
		if m.Ready || len(m.said) == 0 {
			continue
		}
		if voices == nil {
			voices = s.voices()
		}
		if why, ok := m.judge(voices, s.tick); ok {
			list = append(list, verdict{i, why})
		}
	}
	return list
}

// judge tells what most of some servers say, if they do. A module that so many lack
// that the others are no majority is given up, and so is one about which the
// servers have disagreed for long: the table of modules has an end.
func (m *module) judge(voices []base.Key, now base.Tick) (why string, ok bool) {
	yes, no := 0, 0
	for _, k := range voices {
		at, ok := m.by(k)
		switch {
		case !ok:
		case m.said[at].why == "":
			yes++
		default:
			if no++; why == "" {
				why = m.said[at].why
			}
		}
	}
	most := len(voices)/2 + 1
	switch {
	case len(voices) == 0:
		return "", false // all have lied
	case yes >= most:
		return "", true
	case m.Err != "":
		return "", false
	case no > len(voices)-most:
		return why, true
	case now >= m.wanted+settleTicks:
		return "most servers of the region have not got it", true
	}
	return "", false
}

// decide puts them into effect.
func (s *Sim) decide() {
	for _, v := range s.verdicts() {
		m := &s.modules[v.i]
		if m.Err = v.why; v.why == "" {
			m.Ready, m.said = true, nil
		}
	}
}

// appendSaid: count u32, each server 32, why str; sorted by server.
func appendSaid(e *base.Encoder, list []said) {
	e.U32(uint32(len(list)))
	for _, x := range list {
		e.Key(x.server)
		e.Str(x.why)
	}
}

func readSaid(d *base.Decoder) (list []said) {
	for range d.Count(maxSaid, 36) {
		x := said{d.Key(), d.Str(MaxText)}
		if n := len(list); d.Err() == nil && n > 0 && bytes.Compare(list[n-1].server[:], x.server[:]) >= 0 {
			d.Fail(agree.ErrForm)
		}
		list = append(list, x)
	}
	return list
}
