package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// connQueue bounds what waits to be sent to a region.
	connQueue = 128
	// Reconnecting starts soon, because a restart takes a second, and slows.
	redialFirst = 300 * time.Millisecond
	redialMost  = 5 * time.Second
	helloWait   = 5 * time.Second
	// resendAfter is when an unanswered input is sent again.
	resendAfter = 400 * time.Millisecond
	// lookStep is how far the viewer moves before a region is told, in units.
	lookStep = spatial.Unit
	// maxSkew is how far a number that a region has seen of this player may
	// lie ahead of the clock.
	maxSkew = 24 * time.Hour
	// saidKept is how many spoken lines are remembered, to hear each once.
	saidKept = 128
)

var errConnFull = errors.New("region does not read")

// regionConn is the session with one region: links to up to two of its servers,
// of which one is shown and given the inputs. When that one fails, or falls
// behind, the other takes its place. Fields below cancel are guarded by
// player.mu.
type regionConn struct {
	p      *player
	rec    *world.SiteRecord
	id     base.ID
	cancel context.CancelFunc

	links   []*link
	shown   *link     // nil: none is ready
	tick    base.Tick // newest that was shown
	waiting time.Time // since when shown has less than was shown already
	said    []wire.Said
	faults  faults
	notices linkNotices

	ready bool      // shown is not nil
	asked wire.Look // of its physics
	sent  map[uint64]time.Time
	asks  map[uint64]*question
	looks map[uint64]chan *wire.InspectReply
	ref   uint64
}

// question is an input whose sender waits for the word of this region.
type question struct {
	signed []byte
	answer chan wire.Ack
}

// dial starts a session that reconnects until it is cancelled. p.mu is held.
func (p *player) dial(ctx context.Context, rec *world.SiteRecord) *regionConn {
	ctx, cancel := context.WithCancel(ctx)
	c := &regionConn{
		p: p, rec: rec, id: rec.Region(), cancel: cancel,
		sent: map[uint64]time.Time{}, asks: map[uint64]*question{}, looks: map[uint64]chan *wire.InspectReply{},
	}
	for i := range regionLinks {
		c.links = append(c.links, &link{c: c, n: i, out: make(chan wire.Message, connQueue), world: map[base.ID]wire.Entity{}})
	}
	p.w.n.goRun(func(context.Context) { c.run(ctx) })
	return c
}

func (c *regionConn) run(ctx context.Context) {
	defer func() {
		c.p.mu.Lock()
		after := c.p.conns[c.id]
		c.p.mu.Unlock()
		if after == nil || after == c { // else a successor has told all anew
			c.p.view.lost(c.id)
		}
	}()
	var wg sync.WaitGroup
	for i, l := range c.links {
		wg.Go(func() {
			if i > 0 && !pause(ctx, spareAgain/2) { // the first finds its server first
				return
			}
			l.run(ctx)
		})
	}
	wg.Wait()
}

func (c *regionConn) welcomed(l *link, m *wire.Welcome, looked spatial.Pos) {
	p := c.p
	p.mu.Lock()
	// Numbers follow the clock: a far higher one is a lie that would make
	// every other region refuse what comes after it.
	if m.Seq <= uint64(time.Now().Add(maxSkew).UnixMilli()) {
		p.seq = max(p.seq, m.Seq)
	}
	for len(l.out) > 0 { // what an earlier connection did not get to send
		<-l.out
	}
	l.ready, l.looked, l.full, l.tick, l.moved, l.heard = true, looked, false, m.Tick, 0, time.Now()
	clear(l.world)
	if c.shown != nil { // a spare: what the avatar does is known
		p.mu.Unlock()
		return
	}
	c.show(l)
	c.say(c.notices.found(c.rec.Name))
	o := p.conns[p.owner]
	mine := m.Avatar == p.id && (o == nil || o == c || !o.ready)
	// Of several servers one may be a little behind.
	lost := !mine && p.owner == c.id && m.Tick >= c.tick
	if lost {
		// The server took the avatar away while we were gone.
		p.owner = base.ID{}
	}
	p.mu.Unlock()
	if mine {
		p.setOwner(c.id, 0)
	}
	p.view.regionsChanged()
	p.poke()
}

// show makes l the link that is shown and given the inputs. p.mu is held.
func (c *regionConn) show(l *link) {
	c.shown, c.ready, c.asked = l, l != nil, wire.Look{}
	clear(c.sent) // flush sends again what is not answered
	if l == nil {
		return
	}
	for _, q := range c.asks { //lint:sorted a region asks one question at a time
		c.send(&wire.Input{Signed: q.signed})
	}
	for ref, ch := range c.looks { //lint:sorted each on its own
		delete(c.looks, ref)
		close(ch)
	}
	c.waiting = time.Now()
	c.present(time.Now())
}

// present puts all that the shown link has told in the place of what was shown
// before, once it is not older. p.mu is held.
func (c *regionConn) present(now time.Time) {
	l := c.shown
	if l == nil || c.waiting.IsZero() || !l.full || l.tick < c.tick && now.Sub(c.waiting) < catchUpWait {
		return
	}
	c.waiting, c.tick = time.Time{}, l.tick
	c.p.view.apply(c.id, c.rec.Site, l.whole(), now)
}

// balance shows the other link when the one that is shown has fallen behind.
// p.mu is held.
func (c *regionConn) balance(now time.Time) {
	l := c.shown
	if l == nil || now.Sub(l.heard) < silentLink {
		return
	}
	for _, o := range c.links {
		if o != l && o.ready && o.full && (o.moved > l.tick+behindTicks || o.tick > l.tick+idleTicks) {
			c.p.w.n.log.Info("region shown from another server", "region", c.rec.Name, "server", o.server.Short())
			c.show(o)
			c.say(c.notices.otherServer(c.rec.Name, now))
			return
		}
	}
}

// ended forgets what belonged to a link; the other one takes over. It tells
// whether there had been a session.
func (c *regionConn) ended(l *link) (was bool) {
	p := c.p
	p.mu.Lock()
	was = l.ready
	l.ready, l.full, l.server = false, false, base.Key{}
	if c.shown != l {
		p.mu.Unlock()
		return was
	}
	var next *link
	for _, o := range c.links {
		if o.ready {
			next = o
		}
	}
	c.show(next)
	if next != nil {
		c.say(c.notices.otherServer(c.rec.Name, time.Now()))
	} else if p.owner == c.id && p.conns[c.id] == c {
		c.say(c.notices.lost(c.rec.Name))
	}
	if next == nil {
		for _, q := range c.asks { //lint:sorted each on its own
			close(q.answer)
		}
		for _, ch := range c.looks { //lint:sorted each on its own
			close(ch)
		}
		clear(c.asks)
		clear(c.looks)
	}
	p.mu.Unlock()
	if next != nil {
		p.poke() // flush: the inputs that nobody has answered
		return was
	}
	p.view.regionsChanged()
	return was
}

// changed takes a delta: what the shown link tells is seen.
func (c *regionConn) changed(l *link, d *wire.Delta) {
	c.ownLife(d)
	now := time.Now()
	c.p.mu.Lock()
	l.note(d, now)
	shown := c.shown == l
	switch {
	case !shown:
	case !c.waiting.IsZero():
		c.present(now)
	default:
		c.tick = max(c.tick, d.Tick)
		c.p.view.apply(c.id, c.rec.Site, d, now)
	}
	c.p.mu.Unlock()
	if shown {
		c.follow(d)
	}
}

// fresh tells whether a line is told for the first time: every server tells it.
// p.mu is held.
func (c *regionConn) fresh(m *wire.Said) bool {
	for i := range c.said {
		o := &c.said[i]
		if o.Tick == m.Tick && o.From == m.From && o.Text == m.Text && o.Region == m.Region {
			return false
		}
	}
	if c.said = append(c.said, *m); len(c.said) > saidKept {
		c.said = c.said[1:]
	}
	return true
}

func (c *regionConn) take(l *link, m wire.Message) error {
	p := c.p
	switch m := m.(type) {
	case *wire.Delta:
		c.changed(l, m)
	case *wire.Ack:
		p.mu.Lock()
		q := c.asks[m.Seq]
		delete(c.asks, m.Seq)
		p.mu.Unlock()
		if q != nil {
			q.answer <- *m
			return nil
		}
		p.answered(c, *m)
	case *wire.Said:
		// From the avatar's region only: any other could put words into
		// anybody's mouth. What a border crossing delays is lost.
		p.mu.Lock()
		ok := p.owner == c.id && c.fresh(m)
		p.mu.Unlock()
		if ok {
			p.heard(m)
		}
	case *wire.Moved:
		p.mu.Lock()
		ok := m.Thing == p.id && (p.owner == c.id || p.owner.IsZero()) && m.Epoch>>16 <= p.seq
		p.mu.Unlock()
		if ok {
			p.setOwner(m.To, m.Epoch)
		}
	case *wire.InspectReply:
		p.mu.Lock()
		ch := c.looks[m.Ref]
		delete(c.looks, m.Ref)
		p.mu.Unlock()
		if ch != nil {
			ch <- m
		}
	case *wire.Expelled:
		p.expelled(c, m.Code)
	case *wire.Failed:
		c.failed(m, time.Now())
	case *wire.Shard:
		p.sawShard(c, m)
	case *wire.Refused:
		return fmt.Errorf("node: refused: %s: %s", m.Code, m.Text)
	default:
		return fmt.Errorf("node: a server sent a frame of kind %d", m.Kind())
	}
	return nil
}

// ownLife takes out of a delta what cannot be true of this node's avatar, a
// life that it never began, and ends an earlier life that a region still has.
func (c *regionConn) ownLife(d *wire.Delta) {
	p := c.p
	i := slices.IndexFunc(d.Upserts, func(e wire.Entity) bool { return e.Pose.ID == p.id })
	if i < 0 {
		return
	}
	life := d.Upserts[i].Epoch >> 16
	p.mu.Lock()
	lie, old := life > p.seq, life < p.life && p.owner != c.id
	if old {
		c.endLife()
	}
	p.mu.Unlock()
	if lie || old {
		d.Upserts = slices.Delete(d.Upserts, i, i+1)
	}
}

// endLife takes an avatar of an earlier life out of this region: the player has
// entered the world again elsewhere, and nobody stands in two places. p.mu is
// held.
func (c *regionConn) endLife() {
	signed, seq, err := c.p.sign(region.Input{Kind: region.InLeave})
	if err != nil {
		return
	}
	c.p.w.n.goRun(func(ctx context.Context) {
		if _, err := c.ask(ctx, seq, signed); err != nil {
			c.p.w.n.log.Debug("earlier life not ended", "region", c.rec.Name, "err", err)
		}
	})
}

// follow keeps the session's place at the avatar.
func (c *regionConn) follow(d *wire.Delta) {
	p := c.p
	s, ok := p.view.get(p.id)
	if !ok || s.region != c.id {
		return
	}
	p.mu.Lock()
	p.pos, p.vel = s.pos(), s.e.Pose.Velocity()
	claims := p.wanted && p.owner != c.id && s.e.Epoch >= p.epoch
	p.mu.Unlock()
	if claims {
		p.setOwner(c.id, s.e.Epoch)
	}
}

func (p *player) heard(m *wire.Said) {
	if p.w.n.blocks.mute(m.Player, m.From) {
		return
	}
	if m.Player != p.w.n.key && !m.Player.IsZero() {
		p.w.n.count.add(countMessages, 1)
	}
	name := ""
	if rec := p.record(m.Region); rec != nil {
		name = rec.Name
	}
	l := control.ChatLine{
		From: m.Name, Entity: m.From.String(), Region: name, Text: m.Text,
		Time: time.Now().UTC().Format(time.RFC3339), Tick: uint64(m.Tick),
	}
	if !m.Player.IsZero() {
		l.Key = m.Player.String()
	}
	p.view.said(l)
	if m.Player != p.w.n.key {
		p.w.n.overheard(l)
	}
}

// send queues a message for the server that is shown. One that does not read
// misses it. p.mu is held.
func (c *regionConn) send(m wire.Message) {
	if c.shown != nil {
		c.shown.send(m)
	}
}

func (l *link) send(m wire.Message) {
	select {
	case l.out <- m:
	default:
		l.c.p.w.n.log.Warn("message to region dropped", "region", l.c.rec.Name, "err", errConnFull)
	}
}

// look tells the servers where the viewer is. p.mu is held.
func (c *regionConn) look(pos spatial.Pos) {
	for _, l := range c.links {
		if l.ready && l.looked.Dist2(pos) > lookStep*lookStep {
			l.looked = pos
			l.send(&wire.View{Pos: pos, Radius: viewRadius})
		}
	}
}

// resend reports whether an input should go out again. p.mu is held.
func (c *regionConn) resend(seq uint64, now time.Time) bool {
	at, ok := c.sent[seq]
	return !ok || now.Sub(at) > resendAfter
}

// ask sends an input to this region and waits for its word.
func (c *regionConn) ask(ctx context.Context, seq uint64, signed []byte) (wire.Ack, error) {
	ch := make(chan wire.Ack, 1)
	c.p.mu.Lock()
	if !c.ready {
		c.p.mu.Unlock()
		return wire.Ack{}, errClosedConn
	}
	c.asks[seq] = &question{signed, ch}
	c.send(&wire.Input{Signed: signed})
	c.p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	select {
	case a, ok := <-ch:
		if !ok {
			return a, errClosedConn
		}
		return a, nil
	case <-ctx.Done():
		c.p.mu.Lock()
		delete(c.asks, seq)
		c.p.mu.Unlock()
		return wire.Ack{}, errNoAnswer
	}
}

// inspect asks all about a thing.
func (c *regionConn) inspect(ctx context.Context, id base.ID) (*wire.InspectReply, error) {
	ch := make(chan *wire.InspectReply, 1)
	c.p.mu.Lock()
	if !c.ready {
		c.p.mu.Unlock()
		return nil, errClosedConn
	}
	c.ref++
	ref := c.ref
	c.looks[ref] = ch
	c.send(&wire.Inspect{Ref: ref, Thing: id})
	c.p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, ackWait)
	defer cancel()
	select {
	case r, ok := <-ch:
		if !ok {
			return nil, errClosedConn
		}
		return r, nil
	case <-ctx.Done():
		c.p.mu.Lock()
		delete(c.looks, ref)
		c.p.mu.Unlock()
		return nil, errNoAnswer
	}
}
