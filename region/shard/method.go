package shard

// Method says how ghosts follow their owners and what closes the momentum of
// a contact across a border. All but DefaultMethod exist so that they can be
// measured against each other: docs/decisions/0028.
type Method uint8

const (
	// Overwrite gives a ghost its owner's state moved on ballistically.
	Overwrite Method = 1 << iota
	// Hold is Overwrite, but after a touch with an owned body no state counts
	// that is older than the touch.
	Hold
	// Compare changes a ghost by the difference between what its owner says
	// it was at a tick and what it was here at that tick.
	Compare
	// Arbiter lets the owner of the lower id decide the impulse of a contact:
	// the other side applies the difference to its own.
	Arbiter
	// TakeOver gives a contact island of two owners to one of them.
	TakeOver

	allMethods = Overwrite | Hold | Compare | Arbiter | TakeOver
)

// DefaultMethod is what was picked.
const DefaultMethod = Compare | TakeOver

var methodNames = [...]string{"overwrite", "hold", "compare", "arbiter", "take-over"}

func (m Method) String() string {
	s := ""
	for i, name := range methodNames {
		if m&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += "+"
		}
		s += name
	}
	return s
}
