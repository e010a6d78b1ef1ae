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

// pending is an input that no region has answered yet. Only the first of the
// queue is under way: it is signed then, and sent again, unchanged, to
// whichever region owns the avatar. The sequence number makes it count once;
// and as a region takes numbers in rising order only, nothing with a higher
// one may be sent before it is answered.
type pending struct {
	in     region.Input
	seq    uint64 // 0: not signed yet
	signed []byte
	after  time.Time // not before that
	answer chan wire.Ack
}

// sentMove is a movement on its way. It is sent again when no region had the
// avatar at that moment.
type sentMove struct {
	seq   uint64
	in    region.Input
	at    time.Time // last sent
	until time.Time // sent no more
	taken bool      // answered
}

// moveAgain is how long a movement that nobody answers is sent again: what its
// person wanted then is not what they want now.
const moveAgain = 3 * time.Second

// busyWait is when an input is sent again for which a region had no time.
const busyWait = 100 * time.Millisecond

// checkInput refuses what a server would end the stream for.
func checkInput(in region.Input) error {
	var e base.Encoder
	in.AppendTo(&e)
	d := base.NewDecoder(e.B)
	region.ReadInput(d)
	if err := d.Done(); err != nil {
		return control.Errorf(control.Invalid, "", "%w", err)
	}
	return nil
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
	if err := checkInput(in); err != nil {
		return wire.Ack{}, err
	}
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
	q := &pending{in: in, answer: make(chan wire.Ack, 1)}
	p.queue = append(p.queue, q)
	if len(p.queue) == 1 {
		p.sendHead()
	}
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
		in, out, refused := !p.owner.IsZero(), !p.wanted, p.refused
		p.mu.Unlock()
		if in {
			return nil
		}
		if out && keepsOut(refused) {
			return ackError(refused)
		}
		select {
		case <-ctx.Done():
			if refused != region.OK {
				return control.Errorf(control.Unavailable, "", "%w: the region refused it: %s", errNoAvatar, refused)
			}
			return control.Errorf(control.Unavailable, "no region is reachable; see `metatopia region status` and `metatopia peers`", "%w", errNoAvatar)
		case <-t.C:
		}
	}
}

// steer queues movement; only the newest counts, and it never overtakes an
// input that must count.
func (p *player) steer(ctx context.Context, in region.Input) error {
	if err := checkInput(in); err != nil {
		return err
	}
	if err := p.awaitAvatar(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	p.move = &in
	p.mu.Unlock()
	p.flush()
	return nil
}

// flush sends the newest movement between two inputs that must count, and the
// first of those again while it is not answered.
func (p *player) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[p.owner]
	if c == nil || !c.ready {
		return
	}
	now := time.Now()
	until := now.Add(moveAgain)
	if m := &p.moved; p.move == nil && m.seq != 0 && !m.taken && m.in.Kind != region.InJump && now.Sub(m.at) > resendAfter && now.Before(m.until) {
		until = m.until
		in := m.in // lost with a server: under a new number, for a later one may have been taken
		p.move = &in
	}
	if p.move != nil && (len(p.queue) == 0 || p.queue[0].seq == 0) {
		signed, seq, err := p.sign(*p.move)
		p.moved, p.move = sentMove{seq: seq, in: *p.move, at: now, until: until}, nil
		if err == nil {
			c.send(&wire.Input{Signed: signed})
		}
	}
	if len(p.queue) > 0 && c.resend(p.queue[0].seq, now) && !now.Before(p.queue[0].after) {
		p.sendHead()
	}
}

// sendHead gives the first input of the queue to the owner's connection. p.mu
// must be held.
func (p *player) sendHead() {
	c := p.conns[p.owner]
	if len(p.queue) == 0 || c == nil || !c.ready {
		return
	}
	q := p.queue[0]
	if q.seq == 0 {
		var err error
		if q.signed, q.seq, err = p.sign(q.in); err != nil {
			p.w.n.log.Error("input not signed", "err", err)
			return
		}
	}
	c.sent[q.seq] = time.Now()
	c.send(&wire.Input{Signed: q.signed})
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

// answered takes a region's word on an input that was sent to it.
func (p *player) answered(c *regionConn, ack wire.Ack) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.say(c.notices.answered(c.rec.Name, ack.Code, time.Now()))
	later := ack.Code == region.NotHere || ack.Code == region.Busy
	if ack.Seq == p.moved.seq {
		p.moved.taken = true
	}
	if later && ack.Seq == p.moved.seq && p.move == nil && time.Since(p.moved.at) < ackWait {
		in := p.moved.in
		p.move = &in // on its way over a border: flush sends it again
	}
	if _, ok := c.sent[ack.Seq]; !ok {
		return
	}
	for _, q := range p.queue {
		if q.seq != ack.Seq {
			continue
		}
		switch ack.Code {
		case region.NotHere:
			return // on its way over a border: flush sends it again
		case region.Busy:
			if ack.Tick != 0 {
				// The region took the number and not the input: the same
				// number again would be taken for a copy of what counted.
				q.seq, q.signed, q.after = 0, nil, time.Now().Add(busyWait)
			}
			return
		case region.Replayed:
			// It was taken before, and that answer was lost on the way; or
			// the avatar's life began after it, and nobody knows.
			ack.Code = region.OK
			if q.seq < p.life {
				ack.Code = region.NotHere
			}
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
	case region.NotHere:
		code, hint = control.Unavailable, "the avatar was away; it is not known whether this took effect"
	case region.Full, region.Busy, region.Frozen:
		code = control.Unavailable
	case region.NoSource:
		code, hint = control.Denied, "give the thing its source and a free licence first; `metatopia pkg put` does"
	case region.Muted, region.RoleMayNot, region.Banned, region.Unlisted, region.Barred:
		code, hint = control.Denied, "ask an admin of the region; `metatopia admin status` names them"
	case region.Kicked:
		code, hint = control.Denied, "try again in a moment"
	case region.NeedsPassword:
		code, hint = control.Denied, "show it: `metatopia region password enter`"
	case region.Quota:
		code, hint = control.Conflict, "delete some, or give them away"
	case region.Lent:
		code, hint = control.Conflict, "end the loan first: `metatopia thing return`"
	case region.NotLent, region.Owned:
		code = control.Conflict
	case region.NobodyHere:
		code, hint = control.NotFound, "they must be in this region, and not own it already"
	case region.NoProgram:
		code, hint = control.NotFound, "`metatopia thing show` lists its slots; the program stands in the one with the verb's name"
	case region.Loading:
		code, hint = control.Unavailable, "try again in a moment"
	case region.CannotThrow:
		code, hint = control.Conflict, "stand within 2.5 m of something loose, like a ball"
	}
	return control.Errorf(code, hint, "%w", &refusal{c})
}
