package node

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const (
	// regionLinks is how many servers of a region a player is connected to.
	regionLinks = 2
	// silentLink is how long the link that is shown may lag behind the other
	// before the other is shown, behindTicks by how much it must lag.
	silentLink  = 300 * time.Millisecond
	behindTicks = 4
	// idleTicks is the same when nothing moves: servers then speak once a second.
	idleTicks = 30
	// catchUpWait bounds waiting for a link to come to what was shown already.
	catchUpWait = time.Second
	spareAgain  = time.Second
)

// link is a session with one server of a region. Fields below out are guarded
// by player.mu.
type link struct {
	c   *regionConn
	n   int
	out chan wire.Message

	server base.Key
	ready  bool
	full   bool // a whole view has come
	looked spatial.Pos
	tick   base.Tick // newest that it told
	moved  base.Tick // newest in which something changed
	heard  time.Time
	// world is all that the server has told and not taken back: with it the
	// link can be shown at any moment.
	world map[base.ID]wire.Entity
}

// run keeps the session up until ctx ends.
func (l *link) run(ctx context.Context) {
	wait := redialFirst
	for try := 0; ; try++ {
		server, ok := l.choose(try)
		if !ok {
			if !pause(ctx, spareAgain) {
				return
			}
			continue
		}
		began := time.Now()
		err := l.session(ctx, server)
		level := slog.LevelDebug // a server that joins takes nobody yet
		if l.c.ended(l) {
			level = slog.LevelInfo
		}
		if ctx.Err() != nil {
			return
		}
		l.c.p.w.n.log.Log(ctx, level, "region connection ended", "region", l.c.rec.Name, "server", server.Short(), "err", err)
		if time.Since(began) > redialMost {
			wait = redialFirst
		}
		if !pause(ctx, wait) {
			return
		}
		wait = min(2*wait, redialMost)
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// choose picks the server to try: another one each time, and none that another
// link has. A server in this process comes first.
func (l *link) choose(try int) (base.Key, bool) {
	c := l.c
	rec := c.p.record(c.id)
	if rec == nil {
		return base.Key{}, false
	}
	self := c.p.w.n.key
	var list []base.Key
	if c.p.w.localServer(c.id) != nil {
		list = append(list, self)
	}
	for i := range rec.Servers { // players begin at different ones
		k := rec.Servers[(i+int(self[0]))%len(rec.Servers)]
		if k != self {
			list = append(list, k)
		}
	}
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	free := list[:0]
	for _, k := range list {
		taken := false
		for _, o := range c.links {
			taken = taken || o != l && o.server == k
		}
		if !taken {
			free = append(free, k)
		}
	}
	if len(free) == 0 {
		l.server = base.Key{}
		return base.Key{}, false
	}
	l.server = free[try%len(free)]
	return l.server, true
}

// open reaches a server of the region: in this process, or over the network.
func (l *link) open(ctx context.Context, server base.Key) (io.ReadWriteCloser, error) {
	n := l.c.p.w.n
	if srv := l.c.p.w.localServer(l.c.id); srv != nil && server == n.key {
		here, there := net.Pipe()
		n.goRun(func(ctx context.Context) {
			if err := srv.HandleClient(ctx, n.key, there); err != nil {
				n.log.Debug("own client ended", "err", err)
			}
		})
		return here, nil
	}
	return n.net.Open(ctx, server, protoClient+l.c.id.String())
}

// session speaks with the server until something ends it.
func (l *link) session(ctx context.Context, server base.Key) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	rw, err := l.open(ctx, server)
	if err != nil {
		return err
	}
	defer rw.Close()
	stop := context.AfterFunc(ctx, func() { rw.Close() })
	defer stop()

	c := l.c
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
		c.welcomed(l, m, pos)
	case *wire.Refused:
		return fmt.Errorf("node: refused: %s: %s", m.Code, m.Text)
	default:
		return fmt.Errorf("node: a frame of kind %d came before the welcome", m.Kind())
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rw.Close()
		l.write(ctx, rw)
	}()
	// Before the next session: two writers would share l.out.
	defer func() { cancel(); rw.Close(); <-done }()
	for {
		m, err := wire.Read(r, wire.MaxServerFrame)
		if err != nil {
			return err
		}
		if err := c.take(l, m); err != nil {
			return err
		}
	}
}

func (l *link) write(ctx context.Context, w io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-l.out:
			if err := wire.Write(w, m); err != nil {
				return
			}
		}
	}
}

// note keeps what a delta tells. p.mu is held.
func (l *link) note(d *wire.Delta, now time.Time) {
	if d.Full {
		clear(l.world)
		l.full = true
	}
	for i := range d.Upserts {
		if len(l.world) < maxShown {
			l.world[d.Upserts[i].Pose.ID] = d.Upserts[i]
		}
	}
	for _, p := range d.Poses {
		if e, ok := l.world[p.ID]; ok {
			e.Pose = p
			l.world[p.ID] = e
		}
	}
	for _, g := range d.Gone {
		delete(l.world, g.ID)
	}
	l.tick, l.heard = max(l.tick, d.Tick), now
	if len(d.Upserts)+len(d.Poses)+len(d.Gone) > 0 {
		l.moved = l.tick
	}
}

// whole is all that the server tells, as one delta. p.mu is held.
func (l *link) whole() *wire.Delta {
	d := &wire.Delta{Tick: l.tick, Full: true, Upserts: make([]wire.Entity, 0, len(l.world))}
	for _, e := range l.world { //lint:sorted the view keys them by id
		d.Upserts = append(d.Upserts, e)
	}
	return d
}
