package handoff

import "errors"

var (
	// ErrUnknown: an object is not owned here, or not in the phase needed.
	ErrUnknown = errors.New("object is not owned here")
	// ErrStale: a higher epoch of the object is known, or a later life of
	// the region.
	ErrStale = errors.New("not above the highest known")
	// ErrOwned: the object is owned here already.
	ErrOwned = errors.New("object is owned here already")
	// ErrBusy: the link has too many open transfers, or an object rests
	// after a refusal. Try at a later tick.
	ErrBusy = errors.New("not now")
	// ErrGroup: no objects, too many, or too large a state.
	ErrGroup = errors.New("not a group that can be handed over")
	// ErrPeer: a message that no correct region sends.
	ErrPeer = errors.New("bad hand-off message")
	// ErrSnapshot: not a snapshot of this version.
	ErrSnapshot = errors.New("bad hand-off snapshot")
)
