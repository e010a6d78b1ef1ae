package transfer

import (
	"errors"
	"fmt"
)

var (
	// ErrProtocol: the other side sent what no correct one sends.
	ErrProtocol = errors.New("not what the protocol allows")
	// ErrForged: a receipt that its receiver did not sign, or signed for
	// something else.
	ErrForged = errors.New("forged receipt")
	// ErrInterrupted: the stream ended before its end. What has arrived is not
	// sent again.
	ErrInterrupted = errors.New("interrupted")
	// ErrStall: the other side was silent for too long.
	ErrStall = errors.New("the other node was silent for too long")
	// ErrDamaged: bytes of the ledger that it did not write.
	ErrDamaged = errors.New("damaged")
	// ErrTooMany: a bound on how many is reached.
	ErrTooMany = errors.New("too many")

	errNote = errors.New("a note is text of at most 200 bytes without control characters")
)

// Code says why a receiver refuses. Numbers are part of the protocol: only
// ever extended at the end.
type Code uint8

const (
	NotAgreed Code = 1 // its owner did not agree to take anything from the sender
	OverQuota Code = 2 // Used and Quota say how much is left
	TooLarge  Code = 3 // more than Quota, even if nothing were there
	Busy      Code = 4 // too much is coming already; later perhaps
	Bad       Code = 5 // the offer or the bytes are not what they should be
	NoRoom    Code = 6 // its store is full of what must stay
	Again     Code = 7 // what it thought to have was damaged: offer it again
	Failed    Code = 8 // for a reason of its own
	TooMany   Code = 9 // too many contents of the sender are there
)

var codeWords = [...]string{
	NotAgreed: "it has not agreed to take lumps from this node",
	OverQuota: "over quota",
	TooLarge:  "larger than the quota",
	Busy:      "it is busy",
	Bad:       "it says that the offer or the bytes were bad",
	NoRoom:    "its store is full",
	Again:     "what it had of the content was damaged",
	Failed:    "it failed",
	TooMany:   "too many contents of this node are there",
}

// Refusal is a receiver's no. It is an error at both sides.
type Refusal struct {
	Code        Code
	Used, Quota int64 // bytes; with OverQuota and TooLarge, else 0
}

func (r *Refusal) Error() string {
	words := "for an unknown reason"
	if int(r.Code) < len(codeWords) && r.Code > 0 {
		words = codeWords[r.Code]
	}
	switch r.Code {
	case OverQuota:
		return fmt.Sprintf("refused: %s: %d of %d bytes are in use", words, r.Used, r.Quota)
	case TooLarge:
		return fmt.Sprintf("refused: %s of %d bytes", words, r.Quota)
	}
	return "refused: " + words
}

// refuse makes a Refusal without numbers.
func refuse(c Code) *Refusal { return &Refusal{Code: c} }
