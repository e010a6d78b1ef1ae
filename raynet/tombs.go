package raynet

import (
	"math"

	"github.com/metatopia/metatopia/raynet/wire"
)

// tombs remembers who is gone, so that gossip does not bring the dead back:
// a record up to the stamp of the tomb is refused until the tomb expires.
type tombs struct {
	byID  map[wire.ShortID]tomb // for look-ups only
	order []wire.ShortID        // oldest first
}

type tomb struct {
	stamp wire.Stamp
	until int64
	final bool // a farewell: no message of the same epoch lifts it
}

func (t *tombs) add(id wire.ShortID, tm tomb) {
	if old, ok := t.byID[id]; ok {
		if old.stamp.Compare(tm.stamp) > 0 {
			tm.stamp = old.stamp
		}
		tm.final = tm.final || old.final
		t.drop(id)
	}
	if len(t.order) >= maxTombs {
		delete(t.byID, t.order[0])
		t.order = append(t.order[:0], t.order[1:]...)
	}
	if t.byID == nil {
		t.byID = map[wire.ShortID]tomb{}
	}
	t.byID[id] = tm
	t.order = append(t.order, id)
}

// lift removes the tomb of a peer that has been heard, but not a farewell.
func (t *tombs) lift(id wire.ShortID) {
	if tm, ok := t.byID[id]; ok && !tm.final {
		t.drop(id)
	}
}

// ended says that the epoch of a record ended with a farewell.
func (t *tombs) ended(id wire.ShortID, s wire.Stamp) bool {
	tm, ok := t.byID[id]
	return ok && tm.final && s.Compare(tm.stamp) <= 0
}

func (t *tombs) drop(id wire.ShortID) {
	delete(t.byID, id)
	for i, o := range t.order {
		if o == id {
			t.order = append(t.order[:i], t.order[i+1:]...)
			return
		}
	}
}

func (t *tombs) covers(id wire.ShortID, s wire.Stamp, now int64) bool {
	tm, ok := t.byID[id]
	return ok && now < tm.until && s.Compare(tm.stamp) <= 0
}

func (t *tombs) expire(now int64) {
	for len(t.order) > 0 {
		id := t.order[0]
		if t.byID[id].until > now {
			return
		}
		t.drop(id)
	}
}

// lastOf is the highest stamp of an epoch.
func lastOf(epoch uint32) wire.Stamp { return wire.Stamp{Epoch: epoch, Seq: math.MaxUint32} }
