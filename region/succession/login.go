package succession

import (
	"fmt"
)

// login counts that somebody was there when the head that they signed was the
// last one: an entry that was kept back proves no more.
func (s *State) login(x *Entry, at int64) error {
	p := s.player(x.By)
	if p != nil && (p.Banned || p.Retired) {
		p.Counter = x.Counter
		return fmt.Errorf("%s: %w", x.By.Short(), ErrBanned)
	}
	if x.Guest && p == nil {
		return nil // nothing is remembered of a guest
	}
	if p == nil && len(s.players) >= MaxJoined {
		return ErrFull
	}
	if p = s.known(x.By); p == nil {
		return ErrFull
	}
	p.Counter = x.Counter
	if p.Joined == 0 && !x.Guest {
		p.Joined = s.index + 1
	}
	p.see(at)
	return nil
}

// presence is a server's word that a session is open, once a day.
func (s *State) presence(x *Entry, at int64) error {
	if !s.server(x.By) {
		return fmt.Errorf("%s: %w", x.By.Short(), ErrServer)
	}
	p := s.player(x.Player)
	switch {
	case p == nil || p.Joined == 0 && p.Rank == 0:
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrPlayer)
	case p.Banned || p.Retired:
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrBanned)
	case p.Told > 0 && s.time-(p.Told-1) < Day:
		return fmt.Errorf("%s: %w", x.Player.Short(), ErrSoon)
	}
	p.Told = s.time + 1
	p.see(at)
	return nil
}

// rotate gives a player another key, with all that it has.
func (s *State) rotate(x *Entry) error {
	if old := s.player(x.Player); x.Player.IsZero() || old != nil {
		return fmt.Errorf("%s is known: %w", x.Player.Short(), ErrPlayer)
	}
	fresh := s.known(x.Player)
	if fresh == nil {
		return ErrFull
	}
	old := s.player(x.By) // known may have moved it
	key := fresh.Key
	*fresh = *old
	fresh.Key, fresh.Counter = key, 0
	*old = player{Key: x.By, Counter: x.Counter, LastDay: -1, Retired: true}
	if fresh.Rank != 0 {
		s.changed = s.index + 1
	}
	return nil
}
