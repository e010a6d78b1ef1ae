package transfer

import (
	"crypto/ed25519"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

const (
	receiptDomain = "metatopia/lump-receipt/1\n"
	receiptLen    = refLen + 8 + 32 + 32 + 8 + 8 + ed25519.SignatureSize
)

// Receipt is a receiver's signed word that it had a content, whole, durable
// and pinned, at a time. Layout: root 36, size u64, sender key 32, receiver key
// 32, sequence u64, time i64 (unix milliseconds, of the receiver's clock),
// signature 64 by the receiver over the domain line and all before it.
type Receipt struct {
	Root             lumps.Ref
	Size             int64 // bytes of the content
	Sender, Receiver base.Key
	Sequence         uint64 // of the offer: an old receipt does not pass for a new one
	Time             int64
	Sig              [ed25519.SignatureSize]byte
}

func (r *Receipt) body() []byte {
	var e base.Encoder
	e.Raw(r.Root.Bytes())
	e.I64(r.Size)
	e.Key(r.Sender)
	e.Key(r.Receiver)
	e.U64(r.Sequence)
	e.I64(r.Time)
	return e.B
}

func (r *Receipt) signed() []byte { return append([]byte(receiptDomain), r.body()...) }

// Sign sets Receiver and Sig.
func (r *Receipt) Sign(priv ed25519.PrivateKey) {
	copy(r.Receiver[:], priv.Public().(ed25519.PublicKey))
	copy(r.Sig[:], ed25519.Sign(priv, r.signed()))
}

// Encode gives the canonical bytes.
func (r *Receipt) Encode() []byte { return append(r.body(), r.Sig[:]...) }

// ParseReceipt checks shape, bounds and signature. What it says is the
// receiver's word: whether it was true, and still is, cannot be seen in it.
// ErrForged when the signature is not that of the receiver named.
func ParseReceipt(b []byte) (*Receipt, error) {
	d := base.NewDecoder(b)
	ref := d.Raw(refLen)
	r := &Receipt{Size: d.I64(), Sender: d.Key(), Receiver: d.Key(), Sequence: d.U64(), Time: d.I64()}
	copy(r.Sig[:], d.Raw(len(r.Sig)))
	err := d.Done()
	if err == nil {
		r.Root, err = lumps.FromBytes(ref)
	}
	switch {
	case err != nil:
	case r.Size < 0 || r.Size > lumps.MaxContent:
		err = fmt.Errorf("%d bytes: %w", r.Size, lumps.ErrTooLarge)
	case !ed25519.Verify(r.Receiver[:], r.signed(), r.Sig[:]):
		err = ErrForged
	}
	if err != nil {
		return nil, fmt.Errorf("lumps/transfer: receipt: %w", err)
	}
	return r, nil
}

// answers tells whether the receipt is for this offer, from sender to receiver.
func (r *Receipt) answers(o *Offer, sender, receiver base.Key) bool {
	return r.Root == o.Root && r.Size == o.Size && r.Sequence == o.Sequence && r.Sender == sender && r.Receiver == receiver
}
