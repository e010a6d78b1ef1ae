package region

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Origin is a state of another region that a region has begun with.
type Origin struct {
	CID    string  // of the checkpoint
	Region base.ID // that it was of
	Name   string
	Owner  base.Key // of that region
	Tick   base.Tick
}

// MaxOrigins bounds how many regions back a region says where it comes from: the
// first one, and the last ones.
const MaxOrigins = 16

// Origins is where the region comes from, the oldest first; empty when it was
// founded without another's state.
func (s *Sim) Origins() []Origin { return slices.Clone(s.origins) }

// From is where a region comes from that begins with a state of this one.
func (s *Sim) From(o Origin) []Origin {
	list := append(s.Origins(), o)
	if len(list) > MaxOrigins {
		list = slices.Delete(list, 1, 1+len(list)-MaxOrigins)
	}
	return list
}

// begin notes where the region comes from: in its first tick, once.
func (s *Sim) begin(list []Origin) bool {
	if s.tick != 1 || len(s.origins) > 0 || len(list) == 0 {
		return false
	}
	s.origins = list
	return true
}

func appendOrigins(e *base.Encoder, list []Origin) {
	e.U32(uint32(len(list)))
	for i := range list {
		o := &list[i]
		e.Str(o.CID)
		e.ID(o.Region)
		e.Str(o.Name)
		e.Key(o.Owner)
		e.U64(uint64(o.Tick))
	}
}

func readOrigins(d *base.Decoder) (list []Origin) {
	for range d.Count(MaxOrigins, 4+16+4+32+8) {
		o := Origin{CID: d.Str(MaxLumpName), Region: d.ID(), Name: d.Str(MaxName), Owner: d.Key(), Tick: base.Tick(d.U64())}
		if d.Err() == nil && (o.CID == "" || !printable(o.CID) || o.Name != "" && !printable(o.Name)) {
			d.Fail(fmt.Errorf("an origin without a name"))
		}
		list = append(list, o)
	}
	return list
}

func (s *Sim) appendOrigin(e *base.Encoder) { appendOrigins(e, s.origins) }
