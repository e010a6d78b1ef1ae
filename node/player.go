package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// maxRegionConns bounds the regions that a player watches at once: the
	// cells of a Voronoi diagram that meet near one point.
	maxRegionConns = 6
	// viewRadius is how far a player sees, in metres.
	viewRadius = 96
	// playerBeat is how often the session looks after its connections.
	playerBeat = 200 * time.Millisecond
	// ackWait bounds an answer to an input, from here to the region's disk.
	ackWait = 10 * time.Second
	// avatarGrace is how long a region may not show an avatar that it has: a
	// hand-off is under way, or its first delta.
	avatarGrace = 5 * time.Second
	// maxPending bounds unanswered inputs.
	maxPending = 64
)

var (
	errNoAvatar = errors.New("my avatar is not in the world")
	errNoAnswer = errors.New("the region did not answer in time")
	errTooMany  = errors.New("too many inputs are unanswered")
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

// player is this node's person in the world: one avatar, and a connection to
// each region near it.
type player struct {
	w    *worldState
	id   base.ID
	view *view
	wake chan struct{}

	mu      sync.Mutex
	conns   map[base.ID]*regionConn
	owner   base.ID // region that owns the avatar, zero: none
	epoch   uint64
	wanted  bool
	joining bool
	pos     spatial.Pos
	vel     spatial.Vec
	placed  bool // pos means something
	seq     uint64
	queue   []*pending
	move    *region.Input // newest movement not sent yet
	missing time.Time     // since when the owner does not show the avatar
}

func newPlayer(w *worldState) *player {
	p := &player{
		w: w, id: base.AvatarID(w.n.key), view: newView(), wake: make(chan struct{}, 1),
		conns: map[base.ID]*regionConn{},
		// Sequence numbers must rise over restarts too.
		seq: uint64(time.Now().UnixMilli()),
	}
	var saved savedPlace
	if found, err := w.n.home.loadJSON("place.json", &saved); err == nil && found && w.charter.Box.Contains(saved.Pos) {
		p.pos, p.placed = saved.Pos, true
	}
	return p
}

// savedPlace is place.json: where the avatar stood when the node last stopped.
type savedPlace struct {
	Pos spatial.Pos `json:"pos"`
}

// enter asks for the avatar to be in the world from now on.
func (p *player) enter() {
	p.mu.Lock()
	p.wanted = true
	p.mu.Unlock()
	p.poke()
}

func (p *player) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *player) sitesChanged() {
	p.view.regionsChanged()
	p.poke()
}

// run looks after the connections until ctx ends.
func (p *player) run(ctx context.Context) {
	t := time.NewTicker(playerBeat)
	defer t.Stop()
	for {
		p.reconcile(ctx)
		p.join(ctx)
		p.flush()
		p.checkLost(time.Now())
		p.view.sweep(time.Now())
		p.w.overlay.poseChanged()
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-t.C:
		}
	}
}

// checkLost notices that the region which should have the avatar does not
// show it: it took it away in our absence. Then the avatar joins again.
func (p *player) checkLost(now time.Time) {
	s, ok := p.view.get(p.id)
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[p.owner]
	switch {
	case p.owner.IsZero() || c == nil || !c.ready || (ok && s.region == p.owner):
		p.missing = time.Time{}
	case p.missing.IsZero():
		p.missing = now
	case now.Sub(p.missing) > avatarGrace:
		p.owner, p.missing = base.ID{}, time.Time{}
		p.w.n.log.Warn("avatar is gone; joining again", "region", c.rec.Name)
	}
}

// place is where the session looks from: the avatar, or where it would enter.
func (p *player) place() (spatial.Pos, bool) {
	p.mu.Lock()
	if p.placed {
		defer p.mu.Unlock()
		return p.pos, true
	}
	p.mu.Unlock()
	pos, ok := p.w.entrance()
	if !ok {
		return pos, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.placed {
		p.pos, p.placed = pos, true
	}
	return p.pos, true
}

// entrance is where newcomers appear: on a ring around the oldest site, at an
// angle that their key decides, so that they do not stand on each other.
func (w *worldState) entrance() (spatial.Pos, bool) {
	all := w.records()
	if len(all) == 0 {
		return spatial.Pos{}, false
	}
	oldest := slices.MinFunc(all, func(a, b *world.SiteRecord) int {
		switch {
		case a.Founded < b.Founded:
			return -1
		case a.Founded > b.Founded:
			return 1
		}
		return a.Region().Compare(b.Region())
	})
	ring := [...][2]float32{{5, 0}, {4.6, 1.9}, {3.5, 3.5}, {1.9, 4.6}, {0, 5}, {-1.9, 4.6}, {-3.5, 3.5}, {-4.6, 1.9},
		{-5, 0}, {-4.6, -1.9}, {-3.5, -3.5}, {-1.9, -4.6}, {0, -5}, {1.9, -4.6}, {3.5, -3.5}, {4.6, -1.9}}
	o := ring[int(w.n.key[0])%len(ring)]
	pos := oldest.Site.Add(spatial.Vec{X: o[0], Y: 1, Z: o[1]})
	return w.charter.Box.Clamp(pos), true
}

// reconcile opens connections to the regions near, closes others and tells
// all of them where the viewer is.
func (p *player) reconcile(ctx context.Context) {
	pos, ok := p.place()
	if !ok {
		return
	}
	near := p.w.regions(pos)
	near = near[:min(len(near), maxRegionConns)]
	want := map[base.ID]*world.SiteRecord{}
	for _, r := range near {
		want[r.Region()] = r
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, c := range p.conns { //lint:sorted each on its own
		if want[id] == nil && id != p.owner {
			c.cancel()
			delete(p.conns, id)
		}
	}
	for id, r := range want { //lint:sorted each on its own
		if c := p.conns[id]; c == nil {
			p.conns[id] = p.dial(ctx, r)
		} else {
			c.look(pos)
		}
	}
}

// join asks the region that owns the place for the avatar, while no region
// has it.
func (p *player) join(ctx context.Context) {
	p.mu.Lock()
	busy := !p.wanted || p.joining || !p.placed || !p.owner.IsZero()
	pos := p.pos
	p.mu.Unlock()
	if busy {
		return
	}
	p.w.mu.Lock()
	rec := p.w.dir.Owner(pos)
	p.w.mu.Unlock()
	if rec == nil {
		return
	}
	id := rec.Region()
	p.mu.Lock()
	c := p.conns[id]
	if c == nil || !c.ready || p.joining || !p.owner.IsZero() {
		p.mu.Unlock()
		return
	}
	p.joining = true
	in := region.Input{Kind: region.InJoin, Region: id, Name: clipName(p.w.n.cfg.Name), Pos: pos}
	signed, seq, err := p.sign(in)
	p.mu.Unlock()
	done := func() {
		p.mu.Lock()
		p.joining = false
		p.mu.Unlock()
	}
	if err != nil {
		done()
		p.w.n.log.Error("join not signed", "err", err)
		return
	}
	p.w.n.goRun(func(ctx context.Context) {
		defer done()
		ack, err := c.ask(ctx, seq, signed)
		switch {
		case err != nil:
			p.w.n.log.Debug("join not answered", "region", rec.Name, "err", err)
		case ack.Code == region.OK:
			p.setOwner(id, 0)
			p.w.n.log.Info("avatar entered", "region", rec.Name)
		default:
			p.w.n.log.Warn("join refused", "region", rec.Name, "code", ack.Code)
		}
	})
}

// clipName fits a name into the bound of players' names, between runes.
func clipName(s string) string {
	for len(s) > region.MaxPlayerName {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

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

// setOwner notes which region has the avatar. Epochs only rise; 0 means that
// the region itself just said so.
func (p *player) setOwner(id base.ID, epoch uint64) {
	p.mu.Lock()
	if epoch != 0 && epoch < p.epoch {
		p.mu.Unlock()
		return
	}
	p.epoch = max(p.epoch, epoch)
	changed := p.owner != id
	before := p.owner
	p.owner = id
	if changed {
		for _, q := range p.queue {
			p.send(q)
		}
	}
	p.mu.Unlock()
	if !changed {
		return
	}
	p.view.setIn(id)
	if rec := p.record(id); rec != nil {
		switch {
		case before.IsZero():
			p.view.notice("You are in " + rec.Name + ".")
		default:
			p.view.notice("You crossed into " + rec.Name + ".")
		}
	}
	p.poke()
}

func (p *player) record(id base.ID) *world.SiteRecord {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	return p.w.dir.Get(id)
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

// leave takes the avatar out of the world and remembers the place.
func (p *player) leave() {
	p.mu.Lock()
	in, placed, pos := !p.owner.IsZero(), p.placed, p.pos
	p.wanted = false
	p.mu.Unlock()
	if placed {
		if err := p.w.n.home.saveJSON("place.json", savedPlace{Pos: pos}); err != nil {
			p.w.n.log.Warn("place not remembered", "err", err)
		}
	}
	if in {
		ctx, cancel := context.WithTimeout(p.w.n.ctx, 2*time.Second)
		defer cancel()
		if _, err := p.submit(ctx, region.Input{Kind: region.InLeave}); err != nil {
			p.w.n.log.Debug("leave not answered", "err", err)
		}
	}
}

func (n *Node) sign(b []byte) []byte { return ed25519.Sign(n.priv, b) }

var errClosedConn = fmt.Errorf("node: connection to the region ended: %w", context.Canceled)
