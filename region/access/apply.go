package access

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Apply takes the next entry of the log, at a tick. The error wraps a Code that
// says why it counts nothing.
func (s *State) Apply(entry []byte, now base.Tick, r Rights) error {
	x, err := Parse(entry)
	if err == nil {
		s.bytes = nil
		err = s.apply(&x, now, r)
	}
	if err != nil {
		return fmt.Errorf("access: %s: %w", x.Kind, err)
	}
	return nil
}

// Judge says whether an entry would count at a tick, and changes nothing. A
// server asks before it writes what others send into the log.
func (s *State) Judge(entry []byte, now base.Tick, r Rights) error {
	x, err := Parse(entry)
	if err == nil {
		err = s.judged(&x, now, r)
	}
	if err != nil {
		return fmt.Errorf("access: %s: %w", x.Kind, err)
	}
	return nil
}

func (s *State) judged(x *Entry, now base.Tick, r Rights) error {
	if x.Kind == Admit {
		return s.admissible(&x.Ticket, now, r)
	}
	switch {
	case x.Region != s.region:
		return Region
	case x.Epoch != r.Epoch():
		return past(x.Epoch, r.Epoch())
	case x.Until < now:
		return Expired
	case x.Until > now+MaxAhead:
		return Ahead
	case x.Counter <= s.Member(x.By).Counter:
		return Replayed
	case !s.verify(x.By, x.SigningBytes(), x.Sig[:]):
		return Forged
	}
	if x.Kind == Attempt {
		if !r.Server(x.By) {
			return Server
		}
	} else if s.Banned(x.By, r) {
		return Banned
	}
	return s.allowed(x, now, r)
}

func (s *State) apply(x *Entry, now base.Tick, r Rights) error {
	if err := s.judged(x, now, r); err != nil {
		return err
	}
	if x.Kind == Admit {
		return s.admit(&x.Ticket, now)
	}
	if err := s.carry(x, now); err != nil {
		return err
	}
	// What is refused uses up no counter: it costs room only to who has a
	// right. That it does not come to count later is what Until is for.
	by := s.known(x.By, now)
	by.Counter, by.Last = x.Counter, x.Until
	if x.Kind != Attempt {
		s.note(x, now)
	}
	return nil
}

// room makes sure that so many keys more can be kept, before anything changes.
func (s *State) room(now base.Tick, keys ...base.Key) error {
	for _, k := range keys {
		if s.known(k, now) == nil {
			return Room
		}
	}
	return nil
}
