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

// Serve answers one stream that a peer opened: it takes the content offered, or
// says why not. It returns when the stream is done with, which it closes.
func (t *Transfers) Serve(ctx context.Context, from base.Key, s Stream) {
	defer guard(ctx, s)()
	if !t.cfg.Ledger.knows(from) {
		// Without a look at the offer: strangers must not hold up others.
		t.stat[statRefused].Add(1)
		t.refuse(s, from, refuse(NotAgreed))
		_ = s.Close()
		return
	}
	if t.asking.Add(1) > maxAsking {
		t.asking.Add(-1)
		t.refuse(s, from, refuse(Busy))
		_ = s.Close()
		return
	}
	o, err := readOffer(s)
	t.asking.Add(-1)
	if err != nil {
		t.fault(from, err)
		if errors.Is(err, ErrProtocol) {
			t.refuse(s, from, refuse(Bad))
		}
		_ = s.Close()
		return
	}
	t.stat[statOffered].Add(1)
	if no := t.cfg.Ledger.admit(ctx, from, o); no != nil {
		t.stat[statRefused].Add(1)
		t.refuse(s, from, no)
		_ = s.Close()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, wholeWait(o.Size))
	defer cancel()
	defer guard(ctx, s)()
	if err := t.take(ctx, from, o, s); err != nil {
		t.stat[statBroken].Add(1)
		t.fault(from, err)
		t.cfg.Log.Info("lump not taken", "cid", o.Root, "from", from.Short(), "err", err)
		if !errors.Is(err, ErrInterrupted) {
			t.refuse(s, from, refusalOf(err))
		}
	}
	_ = s.Close()
}

func readOffer(s Stream) (*Offer, error) {
	if err := s.SetReadDeadline(time.Now().Add(offerWait)); err != nil {
		return nil, broken(err)
	}
	kind, b, err := readFrame(s)
	if err != nil {
		return nil, err
	}
	if kind != kindOffer {
		return nil, fmt.Errorf("message of kind %d for an offer: %w", kind, ErrProtocol)
	}
	o, err := decodeOffer(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return o, nil
}

// refuse writes a no; whether it arrives is the other side's loss.
func (t *Transfers) refuse(s Stream, from base.Key, no *Refusal) {
	t.cfg.Log.Debug("lump refused", "from", from.Short(), "why", no)
	_ = writeFrame(s, kindStop, no.encode(), offerWait)
}

// refusalOf is what a sender is told about an error here.
func refusalOf(err error) *Refusal {
	var no *Refusal
	switch {
	case errors.As(err, &no):
		return no
	case errors.Is(err, ErrProtocol):
		return refuse(Bad)
	case errors.Is(err, lumps.ErrFull):
		return refuse(NoRoom)
	case errors.Is(err, lumps.ErrNotFound), errors.Is(err, lumps.ErrCorrupt):
		return refuse(Again)
	}
	return refuse(Failed)
}

// take receives a content that was admitted and gives the receipt.
func (t *Transfers) take(ctx context.Context, from base.Key, o *Offer, s Stream) error {
	defer t.hold()()
	in := &intake{t: t, ctx: ctx, from: from, o: o, s: s, walk: unixfs.NewReader(o.Root)}
	err := in.run()
	if err == nil {
		err = in.flush()
	}
	if err == nil {
		if no := t.cfg.Ledger.still(from); no != nil {
			err = no
		}
	}
	if err != nil {
		t.cfg.Ledger.interrupt(from, o)
		return err
	}
	if err := t.cfg.Ledger.keep(ctx, from, o); err != nil {
		return err
	}
	r := &Receipt{Root: o.Root, Size: o.Size, Sender: from, Sequence: o.Sequence, Time: t.cfg.Now().UnixMilli()}
	r.Sign(t.cfg.Key)
	t.stat[statReceived].Add(1)
	t.cfg.Received(from, Content{Root: o.Root, Size: o.Size, Time: time.UnixMilli(r.Time), Note: o.Note})
	return writeFrame(s, kindReceipt, r.Encode(), stall)
}
