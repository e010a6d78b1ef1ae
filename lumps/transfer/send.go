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

// Send offers a content that is whole here, as st says, to the peer at the
// other end of a stream, sends what it lacks, and gives its receipt, checked.
// tell is called with the bytes of the content that are there, now and then,
// from this goroutine; nil for never. Send closes the stream.
//
// Errors: a *Refusal of the peer; ErrInterrupted; ErrProtocol and ErrForged
// when it does what no correct peer does; those of the store and of ctx.
func (t *Transfers) Send(ctx context.Context, to base.Key, s Stream, st lumps.Stat, note string, tell func(done int64)) (*Receipt, error) {
	r, err := t.send(ctx, to, s, st, note, tell)
	if err != nil {
		s.Reset()
		t.stat[statBroken].Add(1)
		t.fault(to, err)
		return nil, fmt.Errorf("lumps/transfer: send %s to %s: %w", st.Ref, to.Short(), err)
	}
	t.stat[statSent].Add(1)
	return r, nil
}

func (t *Transfers) send(ctx context.Context, to base.Key, s Stream, st lumps.Stat, note string, tell func(done int64)) (*Receipt, error) {
	seq, err := newSequence()
	if err != nil {
		return nil, err
	}
	o := &Offer{Root: st.Ref, Size: st.Size, Blocks: st.Blocks, Sequence: seq, Note: note}
	if err := o.check(); err != nil {
		return nil, err
	}
	if t.going.Add(1) > maxOutgoing {
		t.going.Add(-1)
		return nil, fmt.Errorf("%w: contents on their way", ErrTooMany)
	}
	defer t.going.Add(-1)
	defer t.hold()()
	ctx, cancel := context.WithTimeoutCause(ctx, wholeWait(st.Size), ErrStall)
	defer cancel()
	defer guard(ctx, s)()
	out := newOutlet(ctx, t, s, tell)
	defer out.close()
	r, err := out.run(o, to)
	var no *Refusal
	if cause := context.Cause(ctx); cause != nil && err != nil && !isFault(err) && !errors.As(err, &no) {
		err = fmt.Errorf("%w: %w", ErrInterrupted, cause)
	}
	return r, err
}

// outlet is one content on its way out. It belongs to one goroutine, beside one
// that reads what the receiver says.
type outlet struct {
	t    *Transfers
	ctx  context.Context
	s    Stream
	tell func(done int64)
	done int64

	said chan said // what the receiver says; closed after an error
	end  chan struct{}
}

type said struct {
	kind uint8
	b    []byte
	err  error
}

func newOutlet(ctx context.Context, t *Transfers, s Stream, tell func(done int64)) *outlet {
	if tell == nil {
		tell = func(int64) {}
	}
	out := &outlet{t: t, ctx: ctx, s: s, tell: tell, said: make(chan said, 1), end: make(chan struct{})}
	go out.listen()
	return out
}

// close ends listen, which reads until the stream ends.
func (out *outlet) close() {
	close(out.end)
	_ = out.s.Close()
}

// listen reads beside the writer: a receiver that has had enough says so while
// lumps are still going out.
func (out *outlet) listen() {
	for {
		kind, b, err := readFrame(out.s)
		select {
		case out.said <- said{kind, b, err}:
		case <-out.end:
			return
		}
		if err != nil {
			return
		}
	}
}

// expect waits for a message of one kind.
func (out *outlet) expect(kind uint8) ([]byte, error) {
	late := time.NewTimer(answerWait)
	defer late.Stop()
	select {
	case m := <-out.said:
		return m.as(kind)
	case <-late.C:
		return nil, fmt.Errorf("%w: %w", ErrInterrupted, ErrStall)
	case <-out.ctx.Done():
		return nil, context.Cause(out.ctx)
	}
}

func (m said) as(kind uint8) ([]byte, error) {
	switch {
	case m.err != nil:
		return nil, m.err
	case m.kind == kind:
		return m.b, nil
	case m.kind == kindStop:
		no, err := decodeStop(m.b)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
		}
		return nil, no
	}
	return nil, fmt.Errorf("message of kind %d, not %d: %w", m.kind, kind, ErrProtocol)
}

func (out *outlet) run(o *Offer, to base.Key) (*Receipt, error) {
	if err := writeFrame(out.s, kindOffer, o.encode(), offerWait); err != nil {
		return nil, out.why(err)
	}
	b, err := out.expect(kindAnswer)
	if err != nil {
		return nil, err
	}
	if len(b) != 1 || b[0] > 1 {
		return nil, fmt.Errorf("answer %x: %w", b, ErrProtocol)
	}
	if err := out.walk(o.Root, b[0] == 1); err != nil {
		return nil, err
	}
	out.tell(o.Size)
	if b, err = out.expect(kindReceipt); err != nil {
		return nil, err
	}
	r, err := ParseReceipt(b)
	if err != nil {
		return nil, err
	}
	if !r.answers(o, out.t.self, to) {
		return nil, fmt.Errorf("it is for another content, node or offer: %w", ErrForged)
	}
	return r, nil
}

// walk sends a lump, unless the receiver has it, and what is below it.
func (out *outlet) walk(ref lumps.Ref, there bool) error {
	if there && !ref.IsNode() {
		return nil
	}
	b, err := out.t.cfg.Store.Get(out.ctx, ref)
	if err != nil {
		return err
	}
	if !there {
		if err := out.lump(b); err != nil {
			return err
		}
	}
	if !ref.IsNode() {
		return nil
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return err
	}
	out.count(int64(len(n.Inline)))
	if len(n.Links) == 0 {
		return nil
	}
	bits, err := out.expect(kindHave)
	if err == nil {
		err = checkHave(bits, len(n.Links))
	}
	if err != nil {
		return err
	}
	for i, l := range n.Links {
		if err := out.walk(l.Ref, bit(bits, i)); err != nil {
			return err
		}
		if !l.Ref.IsNode() {
			out.count(l.Size)
		}
	}
	return nil
}

func (out *outlet) count(n int64) {
	out.done += n
	out.tell(out.done)
}

func (out *outlet) lump(b []byte) error {
	select {
	case m := <-out.said:
		_, err := m.as(0) // nothing but a stop may come here
		return err
	default:
	}
	out.t.stat[statBytesOut].Add(uint64(len(b)))
	return out.why(writeFrame(out.s, kindLump, b, stall))
}

// lastWord is how long a receiver whose stream broke has to say why.
const lastWord = time.Second

// why prefers what the receiver said to the error of a write that it cut off.
func (out *outlet) why(err error) error {
	if err == nil {
		return nil
	}
	late := time.NewTimer(lastWord)
	defer late.Stop()
	select {
	case m := <-out.said:
		var no *Refusal
		if _, said := m.as(kindLump); errors.As(said, &no) {
			return no
		}
	case <-late.C:
	case <-out.ctx.Done():
	}
	return err
}
