package process

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Strategy says who is started anew when one child has ended (as in
// Erlang/OTP's supervisor behaviour).
type Strategy uint8

const (
	OneForOne  Strategy = iota // the one alone
	OneForAll                  // all of them
	RestForOne                 // it and those started after it
)

// Restart says after which ends a child is started anew.
type Restart uint8

const (
	Permanent Restart = iota // after any
	Transient                // after any but Normal
	Temporary                // never; and it draws no others with it
)

// Child is what a supervisor keeps alive.
type Child struct {
	Name    string // for people, and registered while it lives if Supervision.Names is given
	Restart Restart
	// Spec is called for each start, under the table's lock.
	Spec func() (Spec, error)
	// Ready is called after Spec, under the lock too, before the child runs;
	// Failed when it was not started after all. Both may be nil.
	Ready  func(p *Process)
	Failed func(err error)
}

// Supervision is how.
type Supervision struct {
	Strategy Strategy
	// More than Restarts within Within end the supervisor, and with it all
	// children: something is wrong that starting again does not mend.
	// Zero is 3 within 5 s.
	Restarts int
	Within   time.Duration
	Names    *Names  // may be nil
	Rights   Rights  // that others find under the names
	Children []Child // started in this order, stopped in the other
}

// ErrRestarts ends a supervisor whose children end too often.
var ErrRestarts = errors.New("children end too often")

// Supervisor is the body of a process that keeps others alive.
type Supervisor struct {
	Supervision
	kids   []kid
	again  int // start children from here when all that must end have; -1
	recent []time.Time
}

type kid struct {
	p     *Process // nil while it is not alive
	turn  int64    // counts its starts: an old end is not taken for a new one
	going bool     // it was told to end
	off   bool     // it has ended for good
}

// NewSupervisor makes the body; Spec.TrapExits must be set for it.
func NewSupervisor(s Supervision) *Supervisor {
	if s.Within <= 0 {
		s.Restarts, s.Within = 3, 5*time.Second
	}
	return &Supervisor{Supervision: s, kids: make([]kid, len(s.Children)), again: -1}
}

// Start implements Handler.
func (s *Supervisor) Start(p *Process) error { return s.startFrom(p, 0) }

// Spent implements Handler.
func (s *Supervisor) Spent() bool { return false }

// Stop implements Handler.
func (s *Supervisor) Stop(*Process) {
	for _, k := range slices.Backward(s.kids) {
		if k.p != nil {
			k.p.Finish(Reason{End: Killed, Text: "its supervisor has ended"})
		}
	}
}

const kidBits = 16 // of a tag: which child; the rest is its turn

func (s *Supervisor) startFrom(p *Process, first int) error {
	for i := first; i < len(s.kids); i++ {
		if k := &s.kids[i]; k.p == nil && !k.off {
			if err := s.startKid(p, i); err != nil {
				return fmt.Errorf("start %s: %w", s.Children[i].Name, err)
			}
		}
	}
	return nil
}

func (s *Supervisor) startKid(p *Process, i int) error {
	c, k := &s.Children[i], &s.kids[i]
	k.turn++
	q, err := p.table.SpawnWith(c.Spec, func(st *Starting) error {
		if c.Name != "" && s.Names != nil {
			if err := st.Name(s.Names, c.Name, s.Rights, p); err != nil {
				return err
			}
		}
		if c.Ready != nil {
			c.Ready(st.Process())
		}
		return st.Link(p, k.turn<<kidBits|int64(i))
	})
	if err != nil {
		if c.Failed != nil {
			c.Failed(err)
		}
		return err
	}
	k.p, k.going = q, false
	return nil
}

// Handle implements Handler: the end of a child, or of one that the supervisor
// was started to watch: then it ends too.
func (s *Supervisor) Handle(p *Process, l *Letter) error {
	switch {
	case l.Signal == nil:
		return nil
	case l.Signal.Kind == Down:
		return Leave
	case l.Signal.Kind != Exit:
		return nil
	}
	i := int(l.Tag & (1<<kidBits - 1))
	if i >= len(s.kids) || s.kids[i].p == nil || s.kids[i].turn != l.Tag>>kidBits {
		// Somebody else linked to the supervisor: it ends with them, as it
		// would if it did not trap.
		if l.Signal.Reason.End == Normal {
			return nil
		}
		return errors.New(l.Signal.Reason.passed().String())
	}
	k := &s.kids[i]
	k.p = nil
	if !k.going {
		if err := s.fell(p, i, l.Signal.Reason); err != nil {
			return err
		}
	}
	return s.raise(p)
}

// fell is the end of a child that was not asked to.
func (s *Supervisor) fell(p *Process, i int, r Reason) error {
	how := s.Children[i].Restart
	if how == Temporary || (how == Transient && r.End == Normal) {
		s.kids[i].off = true
		return nil
	}
	now := time.Now()
	s.recent = append(s.recent, now)
	s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) > s.Within })
	if len(s.recent) > s.Restarts {
		return ErrRestarts
	}
	first, last := i, i+1
	switch s.Strategy {
	case OneForAll:
		first, last = 0, len(s.kids)
	case RestForOne:
		last = len(s.kids)
	}
	for j := last - 1; j >= first; j-- {
		if k := &s.kids[j]; k.p != nil && !k.going {
			k.going = true
			k.p.Finish(Reason{End: Killed, Text: "started anew with others"})
		}
	}
	if s.again < 0 || first < s.again {
		s.again = first
	}
	return nil
}

// raise starts what is to be started once all that must end have.
func (s *Supervisor) raise(p *Process) error {
	if s.again < 0 || slices.ContainsFunc(s.kids, func(k kid) bool { return k.going && k.p != nil }) {
		return nil
	}
	first := s.again
	s.again = -1
	return s.startFrom(p, first)
}
