package transfer

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// The kinds of messages. Only ever extended at the end.
const (
	kindOffer   = 1 // sender: what it wants to send
	kindAnswer  = 2 // receiver: yes, and whether the root is here
	kindLump    = 3 // sender: the bytes of one lump
	kindHave    = 4 // receiver: which children of a node are here
	kindReceipt = 5 // receiver: it has all, for good
	kindStop    = 6 // receiver: no, or no longer, and why
)

// limitOf is the longest payload of each kind, in bytes; 0 for unknown ones.
func limitOf(kind uint8) int {
	switch kind {
	case kindOffer:
		return refLen + 3*8 + 4 + MaxNote
	case kindAnswer:
		return 1
	case kindLump:
		return lumps.MaxLump
	case kindHave:
		return lumps.MaxLinks / 8
	case kindReceipt:
		return receiptLen
	case kindStop:
		return stopLen
	}
	return 0
}

const (
	refLen  = 36
	stopLen = 1 + 8 + 8
)

// Offer is what a sender wants to send.
type Offer struct {
	Root     lumps.Ref
	Size     int64  // bytes of the content
	Blocks   int64  // lumps of the content, counting repeats
	Sequence uint64 // chosen by the sender; the receipt repeats it
	Note     string // words for the receiver, at most MaxNote bytes
}

func (o *Offer) encode() []byte {
	var e base.Encoder
	e.Raw(o.Root.Bytes())
	e.I64(o.Size)
	e.I64(o.Blocks)
	e.U64(o.Sequence)
	e.Str(o.Note)
	return e.B
}

func decodeOffer(b []byte) (*Offer, error) {
	d := base.NewDecoder(b)
	ref := d.Raw(refLen)
	o := &Offer{Size: d.I64(), Blocks: d.I64(), Sequence: d.U64(), Note: d.Str(MaxNote)}
	err := d.Done()
	if err == nil {
		o.Root, err = lumps.FromBytes(ref)
	}
	if err == nil {
		err = o.check()
	}
	if err != nil {
		return nil, fmt.Errorf("lumps/transfer: offer: %w", err)
	}
	return o, nil
}

func (o *Offer) check() error {
	switch {
	case o.Size < 0 || o.Size > lumps.MaxContent:
		return fmt.Errorf("%d bytes, at most %d: %w", o.Size, int64(lumps.MaxContent), lumps.ErrTooLarge)
	case o.Blocks < 1 || o.Blocks > unixfs.MaxLumps(o.Size):
		return fmt.Errorf("%d lumps for %d bytes: %w", o.Blocks, o.Size, lumps.ErrTooLarge)
	case !CleanNote(o.Note):
		return errNote
	}
	return nil
}

// CleanNote reports whether a text may be a note: at most MaxNote bytes of
// UTF-8 that a terminal shows as they are.
func CleanNote(s string) bool {
	if len(s) > MaxNote || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		// Cf are bidirectional overrides and the like, but for the joiners.
		if !unicode.IsGraphic(r) && r != '\u200c' && r != '\u200d' {
			return false
		}
	}
	return true
}

func (r *Refusal) encode() []byte {
	var e base.Encoder
	e.U8(uint8(r.Code))
	e.I64(r.Used)
	e.I64(r.Quota)
	return e.B
}

func decodeStop(b []byte) (*Refusal, error) {
	d := base.NewDecoder(b)
	r := &Refusal{Code: Code(d.U8()), Used: d.I64(), Quota: d.I64()}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("lumps/transfer: stop: %w", err)
	}
	numbers := r.Code == OverQuota || r.Code == TooLarge && r.Used == 0
	if r.Code == 0 || int(r.Code) >= len(codeWords) || r.Used < 0 || r.Quota < 0 || !numbers && (r.Used|r.Quota) != 0 {
		return nil, fmt.Errorf("lumps/transfer: stop with code %d, %d of %d bytes: %w", r.Code, r.Used, r.Quota, ErrProtocol)
	}
	return r, nil
}
