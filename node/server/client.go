package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
)

// client is one stream. Its reader is the goroutine of HandleClient, its
// writer one more; the sim's and the writer's goroutines only put messages
// into its queue and never wait for it.
type client struct {
	key     base.Key
	rw      io.ReadWriteCloser
	out     chan []byte
	replies chan []byte // to inspections, which can be large: its reader waits
	frames  signal      // a newer frame is there
	room    signal      // pending went down
	pending int         // inputs waiting for the next tick; under Server.mu

	view   atomic.Pointer[wire.View]
	shard  atomic.Pointer[[]byte] // the newest look at the physics, until it is sent
	busy   atomic.Uint64          // tick at which the current write began, plus one
	closed chan struct{}
	once   sync.Once
}

// signal wakes one waiter; many wakes before it looks are one.
type signal chan struct{}

func (s signal) wake() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// errPeer ends a stream whose client breaks the protocol.
var errPeer = errors.New("client broke the protocol")

func (c *client) close() {
	c.once.Do(func() {
		close(c.closed)
		c.rw.Close()
	})
}

// send queues a message; a client whose queue is full is dropped.
func (s *Server) send(c *client, b []byte) {
	select {
	case c.out <- b:
	default:
		s.drop(c)
	}
}

func (s *Server) drop(c *client) {
	select {
	case <-c.closed:
	default:
		s.cfg.OnEvent(EventClientsDropped, 1)
		c.close()
	}
}

// HandleClient speaks region/wire with one player's node until the stream
// ends, ctx ends or the server stops. remote is the authenticated key of that
// node: inputs and the hello must carry it. It closes rw. The error is nil
// when the client closed the stream between frames.
func (s *Server) HandleClient(ctx context.Context, remote base.Key, rw io.ReadWriteCloser) error {
	c := &client{key: remote, rw: rw, out: make(chan []byte, outQueue), replies: make(chan []byte, 1), frames: make(signal, 1), room: make(signal, 1), closed: make(chan struct{})}
	defer c.close()
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	go func() { // whatever ends the server ends the stream
		select {
		case <-s.quit:
			c.close()
		case <-c.closed:
		}
	}()
	welcome, err := s.greet(ctx, c)
	if err != nil {
		return s.streamErr(c, err)
	}
	if err := s.admit(c); err != nil {
		s.refuseClient(c, region.Busy, "this region has too many clients")
		return s.streamErr(c, err)
	}
	defer s.forget(c)
	done := make(chan struct{})
	go func() { defer close(done); s.writeClient(c, welcome) }()
	err = s.readClient(ctx, c)
	c.close()
	<-done
	return s.streamErr(c, err)
}

func (s *Server) streamErr(c *client, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("server: client %s: %w", c.key.Short(), err)
}

// refuseClient says why before the stream closes. It bypasses the queue: only
// used while no writer runs.
func (s *Server) refuseClient(c *client, code region.Code, text string) {
	done := make(chan struct{})
	defer close(done)
	go func() { // one that does not read must not hold the stream open
		select {
		case <-s.cfg.Clock.After(farewellWait):
			c.close()
		case <-done:
		}
	}()
	// The stream is about to close; whether this arrives does not matter.
	_ = wire.Write(c.rw, &wire.Refused{Code: code, Text: text})
}

// greet takes the Hello and makes the Welcome.
func (s *Server) greet(ctx context.Context, c *client) (*wire.Welcome, error) {
	heard := make(chan struct{})
	defer close(heard)
	go func() {
		select {
		case <-s.cfg.Clock.After(helloWait):
			c.close()
		case <-heard:
		case <-c.closed:
		}
	}()
	m, err := wire.Read(c.rw, wire.MaxClientFrame)
	if err != nil {
		if badFrame(err) {
			s.cfg.OnEvent(EventFrameBad, 1)
			s.refuseClient(c, region.BadInput, "bad frame")
		}
		return nil, err
	}
	cfg := &s.cfg.Region
	h, ok := m.(*wire.Hello)
	var why string
	code := region.BadInput
	switch {
	case !ok:
		why = "the first frame must be a hello"
	case h.Version != wire.Version:
		why = fmt.Sprintf("this server speaks version %d", wire.Version)
	case h.World != cfg.World:
		why = "another world"
	case h.Region != cfg.ID:
		code, why = region.Elsewhere, "another region"
	case h.Key != c.key:
		code, why = region.BadSignature, "the key is not the one of this connection"
	}
	if why != "" {
		s.cfg.OnEvent(EventFrameBad, 1)
		s.refuseClient(c, code, why)
		return nil, fmt.Errorf("%w: %s", errPeer, why)
	}
	c.view.Store(&wire.View{Pos: h.View, Radius: h.Radius})
	w := &wire.Welcome{Region: cfg.ID, Name: cfg.Name, Site: cfg.Site, Owner: cfg.Owner, Rate: region.TickRate}
	err = s.ask(ctx, func() {
		w.Tick = s.sim.Tick()
		w.Avatar, w.Seq = s.sim.Player(c.key)
	})
	return w, err
}

func badFrame(err error) bool {
	return errors.Is(err, wire.ErrTooLong) || errors.Is(err, wire.ErrKind) || errors.Is(err, wire.ErrBody)
}

// admit registers the stream.
func (s *Server) admit(c *client) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	same := 0
	for o := range s.clients {
		if o.key == c.key {
			same++
		}
	}
	if len(s.clients) >= maxClients || same >= maxClientsPerKey {
		return ErrBusy
	}
	s.clients[c] = struct{}{}
	return nil
}

func (s *Server) forget(c *client) {
	s.mu.Lock()
	delete(s.clients, c)
	delete(s.lookers, c)
	s.mu.Unlock()
}

// readClient takes frames until the stream ends or breaks the protocol.
func (s *Server) readClient(ctx context.Context, c *client) error {
	for {
		m, err := wire.Read(c.rw, wire.MaxClientFrame)
		if err != nil {
			select {
			case <-c.closed:
				return nil // closed by this side
			default:
			}
			if badFrame(err) {
				s.cfg.OnEvent(EventFrameBad, 1)
				s.farewell(c, region.BadInput, "bad frame")
			}
			return err
		}
		switch m := m.(type) {
		case *wire.Input:
			err = s.takeInput(c, m.Signed)
		case *wire.View:
			c.view.Store(m) // the next tick's frame is seen from there
		case *wire.Look:
			s.setLook(c, m)
		case *wire.Inspect:
			select {
			case c.replies <- wire.Append(nil, s.inspect(m)):
			case <-c.closed:
				return nil
			}
		default:
			s.cfg.OnEvent(EventFrameBad, 1)
			s.farewell(c, region.BadInput, "not a frame for a server")
			err = fmt.Errorf("%w: frame of kind %d", errPeer, m.Kind())
		}
		if err != nil {
			return err
		}
	}
}

// farewell queues a Refused and waits until the writer has sent it and closed
// the stream, but not for long.
func (s *Server) farewell(c *client, code region.Code, text string) {
	s.send(c, wire.Append(nil, &wire.Refused{Code: code, Text: text}))
	s.send(c, nil) // the writer closes when it gets here
	select {
	case <-c.closed:
	case <-s.cfg.Clock.After(farewellWait):
	}
}

// takeInput checks a signed input at the door and queues it for the next tick.
// The sim checks it all again: the log may be read by others.
func (s *Server) takeInput(c *client, signed []byte) error {
	in, _, err := region.ParseSignedInput(signed)
	if err != nil {
		s.cfg.OnEvent(EventFrameBad, 1)
		s.farewell(c, region.BadInput, "bad input")
		return fmt.Errorf("%w: %w", errPeer, err)
	}
	if in.Key != c.key || !s.cfg.Region.Verify(in.Key, region.SigningBytes(s.cfg.Region.World, in.Key, in.Seq, in.Payload), in.Sig[:]) {
		s.cfg.OnEvent(EventForged, 1)
		s.farewell(c, region.BadSignature, "the signature does not fit")
		return fmt.Errorf("%w: forged input", errPeer)
	}
	if s.frozen() {
		s.send(c, wire.Append(nil, &wire.Ack{Seq: in.Seq, Code: region.Frozen}))
		return nil
	}
	w := waiting{entry: region.Entry{Kind: region.EntryInput, Body: signed}, client: c, seq: in.Seq}
	for {
		s.mu.Lock()
		if c.pending < maxPending {
			err := s.pushLocked(w)
			if err == nil {
				c.pending++
			}
			s.mu.Unlock()
			if errors.Is(err, ErrBusy) {
				s.send(c, wire.Append(nil, &wire.Ack{Seq: in.Seq, Code: region.Busy}))
				return nil
			}
			return err
		}
		s.mu.Unlock()
		select { // its stream waits: nothing more is read until the next tick
		case <-c.room:
		case <-c.closed:
			return nil
		}
	}
}

// writeClient sends the welcome, then messages and views, until the stream
// closes.
func (s *Server) writeClient(c *client, w *wire.Welcome) {
	defer c.close()
	v := newViewer(s.cfg.Region.Site, c.key)
	write := func(b []byte) bool {
		c.busy.Store(uint64(s.frame.Load().tick) + 1)
		_, err := c.rw.Write(b)
		c.busy.Store(0)
		return err == nil
	}
	if !write(wire.Append(nil, w)) {
		return
	}
	c.frames.wake()
	for {
		select {
		case b := <-c.out:
			if b == nil || !write(b) {
				return
			}
			continue
		case <-c.closed:
			return
		default:
		}
		// Messages first: an acknowledgement must not wait behind views.
		select {
		case b := <-c.out:
			if b == nil || !write(b) {
				return
			}
		case b := <-c.replies:
			if !write(b) {
				return
			}
		case <-c.frames:
			for _, b := range v.step(s.frame.Load(), c.view.Load()) {
				if !write(b) {
					return
				}
			}
			if b := c.shard.Swap(nil); b != nil && !write(*b) {
				return
			}
		case <-c.closed:
			return
		}
	}
}

// wakeClients tells the writers that there is a new frame, and ends streams
// whose peer has accepted nothing for stuckTicks.
func (s *Server) wakeClients(now base.Tick) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		c.frames.wake()
		if b := c.busy.Load(); b != 0 && uint64(now)+1 > b+stuckTicks {
			s.drop(c)
		}
	}
}

// each calls f with the streams of one player.
func (s *Server) each(k base.Key, f func(*client)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.clients {
		if c.key == k {
			f(c)
		}
	}
}

func (s *Server) ack(tick base.Tick, a region.Ack) {
	b := wire.Append(nil, &wire.Ack{Seq: a.Seq, Tick: tick, Code: a.Code, Thing: a.Thing})
	s.each(a.Player, func(c *client) { s.send(c, b) })
}

func (s *Server) say(lines []region.Said) {
	for _, l := range lines {
		b := wire.Append(nil, &wire.Said{Tick: l.Tick, From: l.From, Player: l.Player, Name: l.Name, Region: l.Region, Pos: l.Pos, Text: l.Text})
		for _, k := range l.To {
			s.each(k, func(c *client) {
				// Talk must not cost a slow client its stream.
				if len(c.out) >= talkQueue {
					s.cfg.OnEvent(EventLinesDropped, 1)
					return
				}
				s.send(c, b)
			})
		}
	}
}

func (s *Server) moved(tick base.Tick, list []region.Moved) {
	for _, m := range list {
		b := wire.Append(nil, &wire.Moved{Thing: m.Thing, To: m.To, Epoch: m.Epoch, Tick: tick})
		s.each(m.Player, func(c *client) { s.send(c, b) })
	}
}

func (s *Server) inspect(m *wire.Inspect) *wire.InspectReply {
	f := s.frame.Load()
	r := &wire.InspectReply{Ref: m.Ref}
	x := f.find(m.Thing)
	if x == nil || !x.To.IsZero() {
		return r
	}
	t := x.Thing
	r.Found, r.Entity = true, entityOf(x)
	r.Slots = append(r.Slots, t.Slots...)
	r.Runs, r.LastError = t.Runs, t.LastError
	if r.Borrower = t.Borrower; t.Loan > f.tick {
		r.Left = uint64(t.Loan - f.tick)
	}
	return r
}
