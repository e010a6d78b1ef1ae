package region

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Right is something that not everybody may do in a region.
type Right uint8

const (
	RightSlots   Right = iota + 1 // write slots of any thing
	RightScripts                  // change the script of any thing
	RightTies                     // tie and untie any thing
	RightThings                   // make and remove things
	RightRules                    // set the region's rules
	RightUndo                     // put back what a player did
)

// May reports whether a key has a right now: in the state after the last entry
// of the roles. Admins, permanent and temporary, have them all.
func (s *Sim) May(k base.Key, r Right) bool {
	return s.law.state != nil && s.law.state.May(k)
}

// rightTo is the right that somebody needs whose own the thing is not.
func rightTo(k InputKind) Right {
	if k == InScript {
		return RightScripts
	}
	return RightSlots
}

// Why an act has no effect; test with errors.Is.
var (
	ErrAct     = errors.New("not something to be asked of a region")
	ErrNoRight = errors.New("has not the right")
	ErrRefused = errors.New("the region cannot do it")
)

// An act is a control entry that somebody signs who has the right to it, in
// place of the region's own server.
func rightOf(k ControlKind) (Right, bool) {
	switch k {
	case ControlCreate, ControlRemove:
		return RightThings, true
	case ControlSet:
		return RightSlots, true
	case ControlRules:
		return RightRules, true
	case ControlTie, ControlUntie:
		return RightTies, true
	case ControlUndo:
		return RightUndo, true
	}
	return 0, false
}

// lawAct does what the signer of an entry asks the region for.
func (s *Sim) lawAct(x *succession.Entry) error {
	c, err := ParseControl(x.Body)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAct, err)
	}
	r, ok := rightOf(c.Kind)
	switch {
	case !ok:
		return ErrAct
	case !s.May(x.By, r):
		return fmt.Errorf("%s: %w", x.By.Short(), ErrNoRight)
	case !s.obey(&c, 0, base.ID{}):
		return ErrRefused
	}
	return nil
}
