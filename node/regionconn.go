package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
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
)

var errConnFull = errors.New("region does not read")

// regionConn is the session with one region's server. Fields from ready on
// are guarded by player.mu.
type regionConn struct {
	p      *player
	rec    *world.SiteRecord
	id     base.ID
	cancel context.CancelFunc
	out    chan wire.Message

	ready  bool
	looked spatial.Pos
	sent   map[uint64]time.Time
	asks   map[uint64]chan wire.Ack
	looks  map[uint64]chan *wire.InspectReply
	ref    uint64
}

// dial starts a session that reconnects until it is cancelled. p.mu is held.
func (p *player) dial(ctx context.Context, rec *world.SiteRecord) *regionConn {
	ctx, cancel := context.WithCancel(ctx)
	c := &regionConn{
		p: p, rec: rec, id: rec.Region(), cancel: cancel, out: make(chan wire.Message, connQueue),
		sent: map[uint64]time.Time{}, asks: map[uint64]chan wire.Ack{}, looks: map[uint64]chan *wire.InspectReply{},
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
	wait := redialFirst
	for {
		began := time.Now()
		err := c.session(ctx)
		c.ended()
		if ctx.Err() != nil {
			return
		}
		c.p.w.n.log.Info("region connection ended", "region", c.rec.Name, "err", err)
		if time.Since(began) > redialMost {
			wait = redialFirst
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, redialMost)
	}
}

// open reaches a server of the region: in this process, or over the network.
func (c *regionConn) open(ctx context.Context) (io.ReadWriteCloser, error) {
	n := c.p.w.n
	if srv := c.p.w.localServer(c.id); srv != nil {
		here, there := net.Pipe()
		n.goRun(func(ctx context.Context) {
			if err := srv.HandleClient(ctx, n.key, there); err != nil {
				n.log.Debug("own client ended", "err", err)
			}
		})
		return here, nil
	}
	rec := c.p.record(c.id)
	if rec == nil {
		return nil, fmt.Errorf("node: region %s is not known", c.id)
	}
	var err error
	for _, s := range rec.Servers {
		st, oerr := n.net.Open(ctx, s, protoClient+c.id.String())
		if oerr == nil {
			return st, nil
		}
		err = oerr
	}
	return nil, err
}

// session speaks with the server until something ends it.
func (c *regionConn) session(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rw, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer rw.Close()
	stop := context.AfterFunc(ctx, func() { rw.Close() })
	defer stop()

	pos, _ := c.p.place()
	hello := &wire.Hello{
		Version: wire.Version, World: c.p.w.id.String(), Region: c.id, Key: c.p.w.n.key,
		View: pos, Radius: viewRadius,
	}
	late := time.AfterFunc(helloWait, func() { rw.Close() })
	defer late.Stop()
	if err := wire.Write(rw, hello); err != nil {
		return err
	}
	r := bufio.NewReaderSize(rw, 16<<10)
	m, err := wire.Read(r, wire.MaxServerFrame)
	if err != nil {
		return err
	}
	late.Stop()
	switch m := m.(type) {
	case *wire.Welcome:
		if m.Region != c.id {
			return fmt.Errorf("node: asked for region %s, welcomed by %s", c.id, m.Region)
		}
		c.welcomed(m, pos)
	case *wire.Refused:
		return fmt.Errorf("node: refused: %s: %s", m.Code, m.Text)
	default:
		return fmt.Errorf("node: a frame of kind %d came before the welcome", m.Kind())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rw.Close()
		c.write(ctx, rw)
	}()
	// Before the next session: two writers would share c.out.
	defer func() { cancel(); rw.Close(); <-done }()
	for {
		m, err := wire.Read(r, wire.MaxServerFrame)
		if err != nil {
			return err
		}
		if err := c.take(m); err != nil {
			return err
		}
	}
}

func (c *regionConn) write(ctx context.Context, w io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-c.out:
			if err := wire.Write(w, m); err != nil {
				return
			}
		}
	}
}

func (c *regionConn) welcomed(m *wire.Welcome, looked spatial.Pos) {
	p := c.p
	p.mu.Lock()
	// Numbers follow the clock: a far higher one is a lie that would make
	// every other region refuse what comes after it.
	if m.Seq <= uint64(time.Now().Add(maxSkew).UnixMilli()) {
		p.seq = max(p.seq, m.Seq)
	}
	for len(c.out) > 0 { // what an earlier connection did not get to send
		<-c.out
	}
	c.ready, c.looked = true, looked
	clear(c.sent)
	o := p.conns[p.owner]
	mine := m.Avatar == p.id && (o == nil || o == c || !o.ready)
	lost := !mine && p.owner == c.id
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

// ended forgets what belonged to the connection.
func (c *regionConn) ended() {
	p := c.p
	p.mu.Lock()
	c.ready = false
	for _, ch := range c.asks { //lint:sorted each on its own
		close(ch)
	}
	for _, ch := range c.looks { //lint:sorted each on its own
		close(ch)
	}
	clear(c.asks)
	clear(c.looks)
	p.mu.Unlock()
	p.view.regionsChanged()
}

func (c *regionConn) take(m wire.Message) error {
	p := c.p
	switch m := m.(type) {
	case *wire.Delta:
		c.ownLife(m)
		p.view.apply(c.id, c.rec.Site, m, time.Now())
		c.follow(m)
	case *wire.Ack:
		p.mu.Lock()
		ch := c.asks[m.Seq]
		delete(c.asks, m.Seq)
		p.mu.Unlock()
		if ch != nil {
			ch <- *m
			return nil
		}
		p.answered(c, *m)
	case *wire.Said:
		// From the avatar's region only: any other could put words into
		// anybody's mouth. What a border crossing delays is lost.
		p.mu.Lock()
		ok := p.owner == c.id
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

// send queues a message; a region that does not read loses its connection.
// p.mu is held.
func (c *regionConn) send(m wire.Message) {
	select {
	case c.out <- m:
	default:
		c.p.w.n.log.Warn("message to region dropped", "region", c.rec.Name, "err", errConnFull)
	}
}

// look tells the region where the viewer is. p.mu is held.
func (c *regionConn) look(pos spatial.Pos) {
	if c.ready && c.looked.Dist2(pos) > lookStep*lookStep {
		c.looked = pos
		c.send(&wire.View{Pos: pos, Radius: viewRadius})
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
	c.asks[seq] = ch
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
