package access

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Role of a key: Admin if it has an admin's powers, or what it was given, or
// the default.
func (s *State) Role(k base.Key, r Rights) Role {
	if r.Admin(k) {
		return Admin
	}
	if m := s.Member(k); m.Role != None {
		return m.Role
	}
	return s.settings.Default
}

// May is what a key may do.
func (s *State) May(k base.Key, r Rights) Cap { return s.settings.Of(s.Role(k, r)) }

// MayEnter says why a key may not come in at a tick; OK when it may.
func (s *State) MayEnter(k base.Key, now base.Tick, r Rights) Code {
	if s.Banned(k, r) {
		return Banned
	}
	if r.Admin(k) {
		return OK
	}
	m := s.Member(k)
	switch {
	case m.Kicked > now:
		return Kicked
	case s.May(k, r)&Enter == 0:
		return Barred
	case m.Listed:
		return OK
	case s.settings.Whitelist:
		return Unlisted
	case len(s.secret.Record) > 0 && !s.isAdmitted(k, now):
		return Password
	}
	return OK
}

// MayStay says why somebody who is inside must go; OK when not. A password that
// was set, and a ticket that has expired, send nobody out.
func (s *State) MayStay(k base.Key, now base.Tick, r Rights) Code {
	c := s.MayEnter(k, now, r)
	if c == Password {
		return OK
	}
	return c
}

// MayDo says why a key may not do something inside; OK when it may.
func (s *State) MayDo(k base.Key, c Cap, now base.Tick, r Rights) Code {
	if c&Speak != 0 && s.Muted(k, now) {
		return Muted
	}
	if s.May(k, r)&c != c {
		return MayNot
	}
	return OK
}

// Muted reports whether nobody is to hear a key at a tick.
func (s *State) Muted(k base.Key, now base.Tick) bool {
	i, ok := s.find(k)
	return ok && s.members[i].Muted > now
}

// Banned reports whether a key may not come in: by its own ban, or with the
// branch of invitations that it is in. A permanent or temporary admin is in
// nobody's branch.
func (s *State) Banned(k base.Key, r Rights) bool {
	if r.Banned(k) {
		return true
	}
	if r.Admin(k) {
		return false
	}
	for range maxDepth {
		i, ok := s.find(k)
		if !ok {
			return false
		}
		if m := &s.members[i]; m.Pruned {
			return true
		} else if k = m.Inviter; k.IsZero() || r.Admin(k) {
			return false
		}
	}
	return false
}

// under reports whether a key was invited by another, or by somebody whom that
// one has invited, and so on.
func (s *State) under(k, root base.Key) bool {
	for range maxDepth {
		if k == root {
			return true
		}
		i, ok := s.find(k)
		if !ok || s.members[i].Inviter.IsZero() {
			return false
		}
		k = s.members[i].Inviter
	}
	return true // deeper than anything may be: treated as a ring
}

func (s *State) depth(k base.Key) int {
	n := 0
	for ; n <= maxDepth; n++ {
		i, ok := s.find(k)
		if !ok || s.members[i].Inviter.IsZero() {
			break
		}
		k = s.members[i].Inviter
	}
	return n
}
