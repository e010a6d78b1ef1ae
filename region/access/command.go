package access

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// needs is what a command takes of its signer.
func (x *Entry) needs() Cap {
	switch x.Kind {
	case Bring:
		return Invite
	case Expel:
		return Kick
	case Silence, Unsilence:
		return Mute
	}
	return Ban // an admin's
}

// allowed judges an entry and changes nothing.
func (s *State) allowed(x *Entry, now base.Tick, r Rights) error {
	if x.Kind == Attempt {
		if x.Player.IsZero() {
			return Player
		}
		if ok, _ := s.MayTry(x.Player, x.Net, now); !ok {
			return Tries
		}
		return nil
	}
	if s.May(x.By, r)&x.needs() == 0 {
		return Right
	}
	switch x.Kind {
	case Configure:
		return x.Settings.check()
	case SetSecret:
		if x.For != s.secret.Number+1 {
			return Stale
		}
		return nil
	}
	if x.Player.IsZero() {
		return Player
	}
	return s.judge(x, now, r)
}

// carry does what was allowed.
func (s *State) carry(x *Entry, now base.Tick) error {
	switch x.Kind {
	case Attempt, Configure, SetSecret:
		if err := s.room(now, x.By); err != nil {
			return err
		}
	}
	switch x.Kind {
	case Attempt:
		s.attempt(x, now)
		return nil
	case Configure:
		s.settings = x.Settings
		return nil
	case SetSecret:
		s.secret = Secret{Number: x.For, Record: slices.Clone(x.Record), Public: x.Public}
		s.admitted = nil
		return nil
	}
	if err := s.room(now, x.By, x.Player); err != nil {
		return err
	}
	p := s.known(x.Player, now)
	switch x.Kind {
	case Assign:
		p.Role = x.Role
		if p.Since == 0 {
			p.Since = now
		}
	case Bring:
		p.Inviter, p.Listed, p.Since = x.By, true, now
		if p.Role == None {
			p.Role = x.Role
		}
	case Expel:
		p.Kicked = now + KickTicks
	case Silence:
		p.Muted = Forever
		if x.For > 0 {
			p.Muted = now + base.Tick(x.For)
		}
	case Unsilence:
		p.Muted = 0
	case Prune:
		p.Pruned = x.On
	case List:
		p.Listed = x.On
	}
	return nil
}

// judge checks a command that is about a player.
func (s *State) judge(x *Entry, now base.Tick, r Rights) error {
	p := s.Member(x.Player)
	mine, theirs := s.Role(x.By, r), s.Role(x.Player, r)
	switch x.Kind {
	case Assign:
		if x.Role > Builder {
			return Value
		}
		return nil
	case List:
		if p.Listed == x.On {
			return Player
		}
		return nil
	case Bring:
		// Who is kept out lets nobody in, least of all a second key of theirs.
		if c := s.MayEnter(x.By, now, r); c != OK {
			return c
		}
		if mine != Admin && len(s.members) >= MaxInvited {
			return Room
		}
		switch {
		case x.Role > Builder || x.Role > mine:
			return Value
		case x.Player == x.By || !p.Inviter.IsZero() || theirs == Admin || s.under(x.By, x.Player) || s.depth(x.By) >= maxDepth-1:
			return Player
		case s.Banned(x.Player, r):
			return Banned
		}
		return nil
	case Silence:
		if x.For > MaxMute {
			return Value
		}
	case Unsilence:
		if p.Muted <= now {
			return Player
		}
		if x.Player == x.By {
			return Senior // nobody gives themselves their voice back
		}
	case Prune:
		if p.Pruned == x.On {
			return Player
		}
		if !x.On {
			return nil
		}
		if !r.MayBan(x.By) {
			return Right
		}
	}
	if x.Player == x.By {
		return Player
	}
	// Admins among each other by seniority, all others by role.
	if r.Senior(x.Player, x.By) || theirs >= mine && theirs != Admin {
		return Senior
	}
	if theirs == Admin && mine != Admin || theirs == Admin && x.Kind == Prune {
		return Senior
	}
	return nil
}
