package succession

import (
	"fmt"
	"slices"
)

// command is something that only an admin may do.
func (s *State) command(x *Entry) error {
	if !s.May(x.By) {
		return fmt.Errorf("%s: %w", x.By.Short(), ErrRight)
	}
	temporary := !s.IsAdmin(x.By)
	switch x.Kind {
	case Set:
		if err := x.Settings.check(); err != nil {
			return err
		}
		s.settings = x.Settings.clone()
		return nil
	case Members:
		return s.members(x, temporary)
	case Ban:
		return s.ban(x, temporary)
	}
	p := s.player(x.Player)
	if p == nil || p.Retired {
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrPlayer)
	}
	switch x.Kind {
	case Unban:
		if !p.Banned {
			return fmt.Errorf("%s is not banned: %w", x.Player.Short(), ErrPlayer)
		}
		p.Banned = false
	case Appoint:
		switch {
		case p.Banned:
			return fmt.Errorf("%s: %w", x.Player.Short(), ErrBanned)
		case p.Rank != 0:
			return fmt.Errorf("%s: %w", x.Player.Short(), ErrAdmin)
		}
		p.Rank, s.changed = s.index+1, s.index+1
	case Remove:
		if !p.admin() {
			return fmt.Errorf("%s: %w", x.Player.Short(), ErrAdmin)
		}
		if x.Player != x.By && s.rank(x.Player) < s.rank(x.By) {
			return fmt.Errorf("%s: %w", x.Player.Short(), ErrSenior)
		}
		p.Rank, s.changed = 0, s.index+1
	}
	return nil
}

// ban also takes away what the player was appointed to: an unban gives back the
// standing, not the office.
func (s *State) ban(x *Entry, temporary bool) error {
	switch {
	case x.Player.IsZero() || x.Player == x.By:
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrPlayer)
	case temporary && s.settings.TempMayNotBan:
		return fmt.Errorf("%s: %w", x.By.Short(), ErrRight)
	case s.rank(x.Player) < s.rank(x.By):
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrSenior)
	}
	p := s.known(x.Player)
	if p == nil {
		return ErrFull
	}
	if p.Rank != 0 {
		s.changed = s.index + 1
	}
	p.Banned, p.Rank = true, 0
	return nil
}

// members changes the servers. A temporary admin does so once a day: they are
// what decides about him.
func (s *State) members(x *Entry, temporary bool) error {
	if err := checkServers(x.Servers); err != nil {
		return err
	}
	if temporary {
		if s.moved > 0 && s.time-(s.moved-1) < Day {
			return fmt.Errorf("servers: %w", ErrSoon)
		}
		s.moved = s.time + 1
	}
	s.servers = slices.Clone(x.Servers)
	return nil
}
