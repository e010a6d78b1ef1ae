package node

import (
	"context"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
)

// pending is a signed input that no region has answered yet. It is sent again,
// unchanged and in order, to whichever region owns the avatar: the sequence
// number makes it count once.
type pending struct {
	seq    uint64
	kind   region.InputKind
	signed []byte
	answer chan wire.Ack
}

func (n *Node) sign(b []byte) []byte { return ed25519.Sign(n.priv, b) }

// sign gives the next number to an input. p.mu must be held.
func (p *player) sign(in region.Input) (signed []byte, seq uint64, err error) {
	p.seq++
	s, err := region.SignInput(p.w.id.String(), p.w.n.key, p.seq, in, p.w.n.sign)
	if err != nil {
		return nil, 0, err
	}
	var e base.Encoder
	s.AppendTo(&e)
	return e.B, p.seq, nil
}

// do signs an input that must count, and waits until it is durable.
func (p *player) do(ctx context.Context, in region.Input) (wire.Ack, error) {
	if err := p.awaitAvatar(ctx); err != nil {
		return wire.Ack{}, err
	}
	return p.submit(ctx, in)
}

func (p *player) submit(ctx context.Context, in region.Input) (wire.Ack, error) {
	p.mu.Lock()
	if len(p.queue) >= maxPending {
		p.mu.Unlock()
		return wire.Ack{}, control.Errorf(control.Unavailable, "", "%w", errTooMany)
	}
	signed, seq, err := p.sign(in)
	if err != nil {
		p.mu.Unlock()
		return wire.Ack{}, control.Errorf(control.Invalid, "", "%w", err)
	}
	q := &pending{seq: seq, kind: in.Kind, signed: signed, answer: make(chan wire.Ack, 1)}
	p.queue = append(p.queue, q)
	p.send(q)
	p.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	defer p.forget(q)
	select {
	case ack := <-q.answer:
		return ack, ackError(ack.Code)
	case <-ctx.Done():
		return wire.Ack{}, control.Errorf(control.Unavailable, "the region's server may be away; it is not known whether this took effect", "%w", errNoAnswer)
	}
}

// awaitAvatar brings the avatar into the world when it is not there yet.
func (p *player) awaitAvatar(ctx context.Context) error {
	p.enter()
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		p.mu.Lock()
		in := !p.owner.IsZero()
		p.mu.Unlock()
		if in {
			return nil
		}
		select {
		case <-ctx.Done():
			return control.Errorf(control.Unavailable, "no region is reachable; see `metatopia region status` and `metatopia peers`", "%w", errNoAvatar)
		case <-t.C:
		}
	}
}

// steer queues movement; only the newest counts, and it never overtakes an
// input that must count.
func (p *player) steer(ctx context.Context, in region.Input) error {
	if err := p.awaitAvatar(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	p.move = &in
	p.mu.Unlock()
	p.flush()
	return nil
}

// flush sends again what was not answered, and the newest movement when
// nothing else waits.
func (p *player) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[p.owner]
	if c == nil || !c.ready {
		return
	}
	now := time.Now()
	for _, q := range p.queue {
		if c.resend(q.seq, now) {
			p.send(q)
		}
	}
	if len(p.queue) > 0 || p.move == nil {
		return
	}
	signed, _, err := p.sign(*p.move)
	p.move = nil
	if err == nil {
		c.send(&wire.Input{Signed: signed})
	}
}

// send gives an input to the owner's connection. p.mu must be held.
func (p *player) send(q *pending) {
	if c := p.conns[p.owner]; c != nil && c.ready {
		c.sent[q.seq] = time.Now()
		c.send(&wire.Input{Signed: q.signed})
	}
}

func (p *player) forget(q *pending) {
	p.mu.Lock()
	p.queue = slices.DeleteFunc(p.queue, func(o *pending) bool { return o == q })
	for _, c := range p.conns { //lint:sorted each on its own
		delete(c.sent, q.seq)
	}
	p.mu.Unlock()
	p.flush()
}

// answered takes a region's word on an input.
func (p *player) answered(from base.ID, ack wire.Ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.queue {
		if q.seq != ack.Seq {
			continue
		}
		switch ack.Code {
		case region.NotHere, region.Busy:
			// On its way over a border, or later: flush sends it again.
			return
		case region.Replayed:
			// It was taken before, and that answer was lost on the way.
			ack.Code = region.OK
		}
		select {
		case q.answer <- ack:
		default:
		}
		return
	}
}

// ackError turns a refusal into words.
func ackError(c region.Code) error {
	code, hint := control.Invalid, ""
	switch c {
	case region.OK:
		return nil
	case region.NoThing:
		code = control.NotFound
	case region.NotAllowed, region.BadSignature:
		code = control.Denied
	case region.TooFar:
		code, hint = control.Conflict, "walk nearer"
	case region.Full, region.Busy:
		code = control.Unavailable
	case region.CannotThrow:
		code, hint = control.Conflict, "stand within 2.5 m of something loose, like a ball"
	}
	return control.Errorf(code, hint, "the region refused: %s", c)
}
