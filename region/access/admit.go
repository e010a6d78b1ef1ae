package access

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// admission is a ticket that counts.
type admission struct {
	Player base.Key
	Nonce  [16]byte
	Until  base.Tick
}

func (s *State) findAdmission(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(s.admitted, k, func(a admission, k base.Key) int { return a.Player.Compare(k) })
}

func (s *State) isAdmitted(k base.Key, now base.Tick) bool {
	i, ok := s.findAdmission(k)
	return ok && s.admitted[i].Until >= now
}

// admissible says why a ticket does not count.
func (s *State) admissible(t *Ticket, now base.Tick, r Rights) error {
	if err := s.Check(t, now, r); err != nil {
		return err
	}
	if s.Banned(t.Player, r) {
		return Banned
	}
	if i, ok := s.findAdmission(t.Player); ok && (s.admitted[i].Nonce == t.Nonce || s.admitted[i].Until > t.Until) {
		return Replayed
	}
	return nil
}

// admit lets a ticket's player in.
func (s *State) admit(t *Ticket, now base.Tick) error {
	i, ok := s.findAdmission(t.Player)
	if !ok {
		if len(s.admitted) >= MaxAdmitted {
			s.admitted = slices.DeleteFunc(s.admitted, func(a admission) bool { return a.Until < now })
			if len(s.admitted) >= MaxAdmitted {
				return Room
			}
			i, _ = s.findAdmission(t.Player)
		}
		s.admitted = slices.Insert(s.admitted, i, admission{})
	}
	s.admitted[i] = admission{t.Player, t.Nonce, t.Until}
	s.right(t.Player)
	s.came++
	return nil
}
