package access

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Forever is the end of a mute without one.
const Forever = ^base.Tick(0)

// Member is what is kept about one key.
type Member struct {
	Key     base.Key
	Role    Role     // None: the default
	Listed  bool     // on the whitelist
	Inviter base.Key // zero: nobody
	Since   base.Tick
	Muted   base.Tick // until then, 0: not
	Kicked  base.Tick // until then
	Pruned  bool      // banned with all whom it has invited

	Counter uint64    // of its last entry
	Last    base.Tick // until which that entry might have been sent again
}

// bare reports whether nothing is lost when the member is forgotten at a tick.
func (m *Member) bare(now base.Tick) bool {
	return m.Role == None && !m.Listed && m.Inviter.IsZero() && m.Muted < now && m.Kicked < now && !m.Pruned && m.Last < now
}

func (s *State) find(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(s.members, k, func(m Member, k base.Key) int { return m.Key.Compare(k) })
}

// Member is what is kept about a key; nothing is the zero Member.
func (s *State) Member(k base.Key) Member {
	if i, ok := s.find(k); ok {
		return s.members[i]
	}
	return Member{Key: k}
}

// Members lists all, by key. The caller must not change them.
func (s *State) Members() []Member { return s.members }

// known gives a member to change, valid until the next call; nil when there is
// no room.
func (s *State) known(k base.Key, now base.Tick) *Member {
	i, ok := s.find(k)
	if !ok {
		if len(s.members) >= MaxMembers {
			s.members = slices.DeleteFunc(s.members, func(m Member) bool { return m.bare(now) })
			if len(s.members) >= MaxMembers {
				return nil
			}
			i, _ = s.find(k)
		}
		s.members = slices.Insert(s.members, i, Member{Key: k})
	}
	return &s.members[i]
}

func (m *Member) appendTo(e *base.Encoder) {
	e.Key(m.Key)
	e.U8(uint8(m.Role))
	e.Bool(m.Listed)
	e.Key(m.Inviter)
	e.U64(uint64(m.Since))
	e.U64(uint64(m.Muted))
	e.U64(uint64(m.Kicked))
	e.Bool(m.Pruned)
	e.U64(m.Counter)
	e.U64(uint64(m.Last))
}

const memberBytes = 32 + 1 + 1 + 32 + 8 + 8 + 8 + 1 + 8 + 8

func readMember(d *base.Decoder) Member {
	return Member{Key: d.Key(), Role: Role(d.U8()), Listed: d.Bool(), Inviter: d.Key(), Since: base.Tick(d.U64()),
		Muted: base.Tick(d.U64()), Kicked: base.Tick(d.U64()), Pruned: d.Bool(), Counter: d.U64(), Last: base.Tick(d.U64())}
}
