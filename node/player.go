package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
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
	// joinPause lies between a refused join and the next.
	joinPause = 2 * time.Second
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

// player is this node's person in the world: one avatar, and a connection to
// each region near it.
type player struct {
	w    *worldState
	id   base.ID
	view *view
	wake chan struct{}

	mu      sync.Mutex
	conns   map[base.ID]*regionConn
	lookers map[*looker]struct{}
	owner   base.ID // region that owns the avatar, zero: none
	epoch   uint64
	wanted  bool
	joining bool
	pos     spatial.Pos
	vel     spatial.Vec
	placed  bool // pos means something
	seq     uint64
	queue   []*pending
	life    uint64        // number of the join that the avatar's present life began with
	move    *region.Input // newest movement not sent yet
	moved   sentMove      // newest movement sent
	missing time.Time     // since when the owner does not show the avatar

	back      comeFrom    // where to when a region does not let the avatar in
	refused   region.Code // why the last join was, OK when it was not
	joinAfter time.Time   // when to try again
}

func newPlayer(w *worldState) *player {
	p := &player{
		w: w, id: base.AvatarID(w.n.key), view: newView(), wake: make(chan struct{}, 1),
		conns: map[base.ID]*regionConn{}, lookers: map[*looker]struct{}{},
		// Sequence numbers must rise over restarts too.
		seq: uint64(time.Now().UnixMilli()),
	}
	p.view.hides = w.n.blocks.hides
	var saved savedPlace
	if found, err := w.n.home.loadJSON("place.json", &saved); err == nil && found && w.charter.Box.Contains(saved.Pos) {
		p.pos, p.placed = saved.Pos, true
	}
	return p
}

// enter asks for the avatar to be in the world from now on.
func (p *player) enter() {
	p.mu.Lock()
	if !p.wanted {
		p.wanted, p.refused, p.joinAfter = true, region.OK, time.Time{}
	}
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
		p.w.poseChanged()
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
	case p.owner.IsZero() || (c != nil && !c.ready) || (ok && s.region == p.owner):
		p.missing = time.Time{}
	case p.missing.IsZero():
		p.missing = now
	case now.Sub(p.missing) > avatarGrace:
		p.w.n.log.Warn("avatar is gone; joining again", "region", p.owner)
		p.owner, p.missing = base.ID{}, time.Time{}
	}
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
			c.balance(time.Now())
			c.present(time.Now())
			c.look(pos)
			c.askLook(p.looks())
		}
	}
}

// join asks the region that owns the place for the avatar, while no region
// has it.
func (p *player) join(ctx context.Context) {
	p.mu.Lock()
	busy := !p.wanted || p.joining || !p.placed || !p.owner.IsZero() || time.Now().Before(p.joinAfter)
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
			p.began(id, seq)
			p.w.n.log.Info("avatar entered", "region", rec.Name)
		default:
			p.mu.Lock()
			p.refused, p.joinAfter = ack.Code, time.Now().Add(joinPause)
			p.mu.Unlock()
			p.w.n.log.Warn("join refused", "region", rec.Name, "code", ack.Code)
			if keepsOut(ack.Code) {
				p.keptOut(id, ack.Code)
			}
		}
	})
}

// began notes that a join was taken: a new life of the avatar. It may have
// crossed its first border before this is known.
func (p *player) began(id base.ID, seq uint64) {
	p.mu.Lock()
	known := !p.owner.IsZero() && p.epoch>>16 == seq
	if c := p.conns[p.owner]; c != nil && !known && p.owner != id {
		c.endLife()
	}
	p.life = max(p.life, seq)
	p.refused = region.OK
	p.epoch = max(p.epoch, seq<<16)
	p.mu.Unlock()
	if !known {
		p.setOwner(id, 0)
	}
}

// clipName fits a name into the bound of players' names, between runes.
func clipName(s string) string {
	for len(s) > region.MaxPlayerName {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// setOwner notes which region has the avatar. Epochs only rise; 0 means that
// the region itself just said so.
func (p *player) setOwner(id base.ID, epoch uint64) {
	p.mu.Lock()
	was := p.owner
	p.mu.Unlock()
	left := p.record(was)
	p.mu.Lock()
	if epoch != 0 && epoch < p.epoch {
		p.mu.Unlock()
		return
	}
	p.epoch = max(p.epoch, epoch)
	changed := p.owner != id
	before := p.owner
	if changed && before == was && left != nil {
		p.crossedFrom(left)
	}
	p.owner = id
	if changed {
		p.sendHead()
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

var errClosedConn = fmt.Errorf("node: connection to the region ended: %w", context.Canceled)
