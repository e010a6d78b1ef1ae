package agree

import "github.com/metatopia/metatopia/internal/base"

// EventKind says what a core has found out.
type EventKind uint8

const (
	// Certified: more than half have come to the same. Certificate.
	Certified EventKind = iota + 1
	// Minority: this replica has come to something else than Certificate. It has
	// to halt and to begin again from a state that is certified.
	Minority
	// Diverged: Server's Vote differs from Certificate.
	Diverged
	// Split: no answer for Tick can get more than half, or the votes differ and
	// the missing ones do not come. All have to halt and to go back to tick Back.
	Split
	// Equivocated: Server has signed two votes for Tick. Proof.
	Equivocated
	// Dissent: Server, a witness, differs from Certificate.
	Dissent
)

func (k EventKind) String() string {
	names := [...]string{"", "certified", "minority", "diverged", "split", "equivocated", "dissent"}
	if int(k) < len(names) {
		return names[k]
	}
	return ""
}

// Event is what a core has found out; only the fields named at Kind count.
type Event struct {
	Kind        EventKind
	Tick        base.Tick
	Server      base.Key
	Vote        SignedVote
	Certificate *Certificate
	Proof       *Proof
	Back        base.Tick // the last tick with a certificate; 0: the founding
}
