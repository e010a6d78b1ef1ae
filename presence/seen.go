package presence

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Avatar is one that this node knows of in its area of interest.
type Avatar struct {
	ID  wire.ShortID
	Key base.Key // zero when only digests named it
	Pos spatial.Pos
	Vel spatial.Vec // metres per second
	AOI uint16      // metres; 0 when only digests named it
	// AgeNs is the time since the pose was made, as far as known. Pos is
	// already thought on from then, for at most 2.5 s.
	AgeNs int64
	Rate  wire.Class // None for one known by digests
	// FirstHand: the avatar itself said so, over its authenticated link.
	FirstHand bool
}
