package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// intake is one content on its way here. It belongs to one goroutine.
type intake struct {
	t    *Transfers
	ctx  context.Context
	from base.Key
	o    *Offer
	s    Stream

	walk  *unixfs.Reader
	marks marks
	taken int64       // bytes of lumps that came
	fresh []lumps.Ref // stored or read, not flushed yet
}

// run takes every lump in the order of the content. Each is checked against its
// name and against the tree before it is stored; what is here already is read,
// because a receipt is for bytes that are there.
func (in *intake) run() error {
	here, err := in.t.cfg.Store.Has(in.ctx, in.o.Root)
	if err != nil {
		return err
	}
	answer := []byte{0}
	if here {
		answer[0] = 1
	}
	if err := writeFrame(in.s, kindAnswer, answer, stall); err != nil {
		return err
	}
	for first := true; ; first = false {
		ref, ok := in.walk.Next()
		if !ok {
			break
		}
		if !first {
			here = in.marks.next()
		}
		if err := in.one(ref, here); err != nil {
			return err
		}
	}
	if n := in.walk.Count(); n != in.o.Blocks {
		return fmt.Errorf("%d lumps, %d were offered: %w", n, in.o.Blocks, ErrProtocol)
	}
	return nil
}

func (in *intake) one(ref lumps.Ref, here bool) error {
	b, err := in.lump(ref, here)
	if err != nil {
		return err
	}
	if _, err := in.walk.Give(b); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if size, _ := in.walk.Size(); size != in.o.Size {
		return fmt.Errorf("%s has %d bytes, %d were offered: %w", in.o.Root, size, in.o.Size, ErrProtocol)
	}
	if err := in.keep(ref, b, here); err != nil {
		return err
	}
	if !ref.IsNode() {
		return nil
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return in.have(n.Links)
}

// lump gives the bytes of a lump, checked.
func (in *intake) lump(ref lumps.Ref, here bool) ([]byte, error) {
	if here {
		return in.t.cfg.Store.Get(in.ctx, ref)
	}
	if no := in.t.cfg.Ledger.still(in.from); no != nil {
		return nil, no
	}
	if err := in.s.SetReadDeadline(time.Now().Add(stall)); err != nil {
		return nil, broken(err)
	}
	kind, b, err := readFrame(in.s)
	switch {
	case err != nil:
		return nil, err
	case kind != kindLump:
		return nil, fmt.Errorf("message of kind %d for a lump: %w", kind, ErrProtocol)
	}
	if err := lumps.Check(ref, b); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	in.taken += int64(len(b))
	in.t.stat[statBytesIn].Add(uint64(len(b)))
	if most := in.o.Size + nodeRoom(in.o.Size); in.taken > most {
		return nil, fmt.Errorf("more than %d bytes for %d: %w", most, in.o.Size, ErrProtocol)
	}
	return b, nil
}

// keep stores what came. What was here is flushed like it: it may have been
// stored without a promise.
func (in *intake) keep(ref lumps.Ref, b []byte, here bool) error {
	if !here {
		if err := in.t.cfg.Store.PutCached(in.ctx, ref, b); err != nil {
			return err
		}
	}
	if in.fresh = append(in.fresh, ref); len(in.fresh) < flushEvery {
		return nil
	}
	return in.flush()
}

// flush makes durable what was not yet.
func (in *intake) flush() error {
	err := in.t.cfg.Store.Flush(in.ctx, in.fresh)
	in.fresh = in.fresh[:0]
	return err
}

// have tells the sender which children of a node need not be sent: those that
// are here, and those that will be, because they come twice.
func (in *intake) have(links []unixfs.Link) error {
	if len(links) == 0 {
		return nil
	}
	bits := bitsFor(len(links))
	coming := make(map[lumps.Ref]bool, len(links))
	for i, l := range links {
		here := coming[l.Ref]
		if !here {
			var err error
			if here, err = in.t.cfg.Store.Has(in.ctx, l.Ref); err != nil && !errors.Is(err, lumps.ErrCorrupt) {
				return err
			}
		}
		if here {
			bits[i/8] |= 1 << (i % 8)
		}
		coming[l.Ref] = true
	}
	in.marks.push(bits, len(links))
	return writeFrame(in.s, kindHave, bits, stall)
}
