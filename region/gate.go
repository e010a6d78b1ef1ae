package region

import (
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
)

// gate is who may do what here below the admins: region/access, judged with
// what region/succession says of admins, bans and servers.
type gate struct {
	state *access.State
	by    rights
}

// rights are what the log of roles comes to, kept until its next entry: asking
// for the temporary admin looks at all players.
type rights struct {
	law    *law
	roster *roster
	index  uint64
	known  bool
	admins []base.Key
	temp   base.Key
}

// AccessDone says what became of an access entry.
type AccessDone struct {
	Seq   uint64 // Entry.Seq
	Entry []byte
	Why   error // that it had no effect, wraps an access.Code; or nil
}

// Expelled is a player who was sent out in this tick.
type Expelled struct {
	Player base.Key
	Code   Code
}

func (r *rights) Epoch() uint64 {
	if r.law.state == nil {
		return 1
	}
	return r.law.state.Epoch()
}

func (r *rights) Admin(k base.Key) bool {
	return !k.IsZero() && (k == r.temp || slices.Contains(r.admins, k))
}

func (r *rights) Senior(a, than base.Key) bool {
	i, j := slices.Index(r.admins, a), slices.Index(r.admins, than)
	return i >= 0 && (j < 0 || i < j)
}

func (r *rights) MayBan(k base.Key) bool { return r.law.state != nil && r.law.state.MayBan(k) }

func (r *rights) Banned(k base.Key) bool { return r.law.banned(k) }

// Server reports whether an admin has signed that a key serves the region, and the
// owner's record in the log, if there is one, still names it. The owner takes a server
// out at once; an admin's node signs the new list when it comes to it.
func (r *rights) Server(k base.Key) bool {
	return r.signed(k) && (r.roster.seq == 0 || r.roster.names(k))
}

func (r *rights) signed(k base.Key) bool {
	return r.law.state != nil && slices.Contains(r.law.state.Servers(), k)
}

// rights are those of now.
func (s *Sim) rights() access.Rights {
	r := &s.gate.by
	r.law, r.roster = &s.law, &s.roster
	if st := s.law.state; st != nil && (!r.known || r.index != st.Head().Index) {
		r.index, r.known = st.Head().Index, true
		r.admins, r.temp = st.Admins(), st.Temp()
	}
	return r
}

// Access is who may do what below the admins, and Rights what it rests on. Both
// are for reading, between Steps.
func (s *Sim) Access() *access.State { return s.gate.state }

// Rights is what region/access asks about admins, bans and servers.
func (s *Sim) Rights() access.Rights { return s.rights() }

// keysLeave counts who is no server any more, of those there were: they have the
// keys of the region's password. The owner's own node may keep them.
func (s *Sim) keysLeave(was []base.Key) {
	s.rights()
	for _, k := range was {
		if k != s.cfg.Owner && !s.gate.by.signed(k) {
			s.gate.state.ServerLeft()
		}
	}
}

func (s *Sim) accessEntry(b []byte, seq uint64) bool {
	err := s.gate.state.Apply(b, s.tick, s.rights())
	s.out.Access = append(s.out.Access, AccessDone{Seq: seq, Entry: b, Why: err})
	return err == nil
}

func (s *Sim) readAccess(d *base.Decoder) {
	b := base.NewDecoder(d.Bytes(maxAccess))
	st := access.Read(b, access.Verify(s.cfg.Verify))
	if err := b.Done(); err != nil {
		d.Fail(err)
		return
	}
	if st.Region() != s.cfg.ID {
		d.Fail(errors.New("access of another region"))
	}
	s.gate.state = st
}

// gateCodes are what players hear of it.
var gateCodes = map[access.Code]Code{access.OK: OK, access.Banned: Banned, access.Kicked: Kicked, access.Unlisted: Unlisted,
	access.Password: NeedsPassword, access.Barred: Barred, access.Muted: Muted, access.MayNot: RoleMayNot}

// mayEnter says why a player may not come in.
func (s *Sim) mayEnter(k base.Key) Code {
	return gateCodes[s.gate.state.MayEnter(k, s.tick, s.rights())]
}

// mayDo says why a player who is here may not do what an input asks for.
func (s *Sim) mayDo(k base.Key, in *Input) Code {
	var c access.Cap
	switch in.Kind {
	case InSay:
		c = access.Speak
	case InTouch:
		c = access.Touch
	case InThrow:
		c = access.Throw
	case InSet:
		c = access.Create
		if in.Slot.code() {
			c = access.Script
		}
	case InScript:
		c = access.Script
	case InTell:
		c = access.Touch
	case InCreate, InMove, InGive, InTake, InLend, InReturn, InDelete, InUndelete:
		c = access.Create
		if in.Kind == InCreate {
			for _, w := range in.Spec.Slots { // no way round the capability below
				if w.code() {
					c |= access.Script
				}
			}
		}
	case InTie, InUntie:
		c = access.Tie
	default:
		return OK
	}
	return gateCodes[s.gate.state.MayDo(k, c, s.tick, s.rights())]
}

// unheard reports whether nobody here is to hear a player, wherever it speaks.
func (s *Sim) unheard(k base.Key) bool {
	return !k.IsZero() && (s.gate.state.Muted(k, s.tick) || s.gate.state.Banned(k, s.rights()))
}

// expel takes the avatars out of the world of those who may not be here: after a
// ban, a kick or a change of the settings, and when a neighbour has just handed
// over somebody who could not have joined.
func (s *Sim) expel() {
	var out []Expelled
	for i := range s.sessions {
		me := &s.sessions[i]
		k, judge := me.Player, s.gate.state.MayStay
		if me.Came {
			judge, me.Came = s.gate.state.MayEnter, false
		}
		if why := judge(k, s.tick, s.rights()); why != access.OK {
			out = append(out, Expelled{k, gateCodes[why]})
		}
	}
	for _, x := range out {
		s.away(x.Player)
	}
	s.out.Expelled = append(s.out.Expelled, out...)
	s.out.Sync = s.out.Sync || len(out) > 0
}
