package succession

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Apply takes the next entry of the log. An error says why it counts nothing; it
// has its index nevertheless.
func (s *State) Apply(entry []byte) error {
	x, err := Parse(entry)
	if err == nil {
		if err = s.apply(&x); err != nil {
			err = fmt.Errorf("succession: entry %d: %w", s.index+1, err)
		} else if x.Kind == Beat {
			s.lastBeat = Sum{}.next(entry)
		}
	}
	s.push(entry)
	if t := s.Temp(); t != s.temp {
		s.temp, s.changed = t, s.index
	}
	return err
}

// Skip takes an entry that counts nothing for a reason of the region's: it has
// its index, and uses up no counter.
func (s *State) Skip(entry []byte) { s.push(entry) }

func (s *State) apply(x *Entry) error {
	if x.Kind == Beat {
		return s.beat(x)
	}
	if err := s.signed(x); err != nil {
		return err
	}
	at, err := s.at(x.Head)
	if err != nil {
		return err
	}
	switch x.Kind {
	case Login:
		return s.login(x, at)
	case Presence:
		return s.presence(x, at)
	case Renew: // not in a log that runs
		return fmt.Errorf("%s: %w", x.By.Short(), ErrRight)
	}
	p := s.player(x.By)
	if p == nil || p.Banned || p.Retired {
		return fmt.Errorf("%s: %w", x.By.Short(), ErrRight)
	}
	// Counted before it is judged: a command that was refused does not come
	// again when its signer has the right.
	p.Counter = x.Counter
	switch x.Kind {
	case Opt:
		p.Out = x.Out
		return nil
	case Resign:
		if !p.admin() {
			return fmt.Errorf("%s: %w", x.By.Short(), ErrAdmin)
		}
		p.Rank, s.changed = 0, s.index+1
		return nil
	case Rotate:
		return s.rotate(x)
	case Act:
		return nil // who may do it is for the region to say, by its roles
	}
	return s.command(x)
}

// signed checks signature and counter of any entry but a beat.
func (s *State) signed(x *Entry) error {
	if x.By.IsZero() || x.Counter == 0 {
		return ErrEntry
	}
	g := s.Signing()
	msg := g.SigningBytes(x)
	if !s.verify(x.By, msg, x.Sig[:]) {
		return fmt.Errorf("%s: %w", x.By.Short(), s.Mismatch(x))
	}
	if p := s.player(x.By); p != nil && x.Counter <= p.Counter {
		return fmt.Errorf("%s: counter %d after %d: %w", x.By.Short(), x.Counter, p.Counter, ErrReplay)
	}
	switch x.Kind {
	case Login:
		if !s.server(x.Server) {
			return fmt.Errorf("%s: %w", x.Server.Short(), ErrServer)
		}
		if !s.verify(x.Server, msg, x.ServerSig[:]) {
			return fmt.Errorf("server %s: %w", x.Server.Short(), ErrSignature)
		}
	case Rotate:
		if !s.verify(x.Player, msg, x.PlayerSig[:]) {
			return fmt.Errorf("%s: %w", x.Player.Short(), ErrSignature)
		}
	}
	return nil
}

func (s *State) server(k base.Key) bool {
	for _, o := range s.servers {
		if o == k {
			return true
		}
	}
	return false
}
