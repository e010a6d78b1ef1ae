package region

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// RecordCut is who made the record of a batch; zero where nobody has signed it.
type RecordCut struct {
	Epoch uint64
	Term  uint64    // in which By led
	At    base.Tick // the last that By had applied
	By    base.Key
	Body  [32]byte // SHA-256 of the record without the signature
	Sig   [64]byte
}

// CutOf is who made a record of a log that several servers share, with its bytes;
// nil for a log of one.
func CutOf(r *order.Record, encoded []byte) *RecordCut {
	if r.Epoch == 0 {
		return nil
	}
	c := &RecordCut{Epoch: r.Epoch, At: r.At}
	if x := r.Claim; x != nil {
		c.Term, c.By, c.Sig, c.Body = x.Term, x.Server, x.Sig, order.Body(encoded)
	}
	return c
}
