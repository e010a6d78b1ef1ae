package process

import (
	"sync/atomic"
)

// Rights say what a capability permits.
type Rights uint8

const (
	Send Rights = 1 << iota
	Monitor
	Link
	Kill

	All = Send | Monitor | Link | Kill
)

// Cap is a capability: a reference to a process with rights. It cannot be made
// but by who starts a process and from another Cap, never with more rights.
type Cap struct {
	to     *Process
	rights Rights
	leash  *Leash // nil: cannot be taken back
}

// Leash takes capabilities back: those it was made for and all that came from
// them.
type Leash struct {
	from *Leash
	cut  atomic.Bool
}

// Cut takes back, for good.
func (l *Leash) Cut() { l.cut.Store(true) }

func (l *Leash) whole() bool {
	for ; l != nil; l = l.from {
		if l.cut.Load() {
			return false
		}
	}
	return true
}

func (l *Leash) length() (n int) {
	for ; l != nil; l = l.from {
		n++
	}
	return n
}

// Rights of c.
func (c *Cap) Rights() Rights { return c.rights }

// Lent says that c, or what it came from, can be taken back.
func (c *Cap) Lent() bool { return c.leash != nil }

// Kill is Process.Kill by the node, for somebody elsewhere.
func (c *Cap) Kill() error {
	to, err := c.allows(Kill)
	if err == nil {
		to.Finish(Reason{End: Killed})
	}
	return err
}

// Exit is what a link brings when one elsewhere that is linked to c's process
// has ended.
func (c *Cap) Exit(r Reason) error {
	to, err := c.allows(Link)
	if err == nil {
		to.exit(0, r)
	}
	return err
}

// Process that c is for. The node may ask; a guest must not be told.
func (c *Cap) Process() *Process { return c.to }

// Demote gives a capability with those rights of c that are in keep.
func (c *Cap) Demote(keep Rights) *Cap {
	if c.rights&keep == c.rights {
		return c
	}
	return &Cap{to: c.to, rights: c.rights & keep, leash: c.leash}
}

// Lend is Demote for a capability that can be taken back. ErrFull when it has
// been lent on too often.
func (c *Cap) Lend(keep Rights) (*Cap, *Leash, error) {
	if c.leash.length() >= MaxLeash {
		return nil, nil, ErrFull
	}
	l := &Leash{from: c.leash}
	return &Cap{to: c.to, rights: c.rights & keep, leash: l}, l, nil
}

// allows gives the target if c permits all of want.
func (c *Cap) allows(want Rights) (*Process, error) {
	switch {
	case c.rights&want != want:
		return nil, ErrDenied
	case !c.leash.whole():
		return nil, ErrRevoked
	}
	return c.to, nil
}
