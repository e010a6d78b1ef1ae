package server

import (
	"context"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/physics/record"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// TestRecord: what a region's physics does while people walk and throw can be
// run again.
func TestRecord(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Furnish: set("hearth")})
	ann := newPlayer(t, "ann")
	c := ann.dial(h)
	c.join(h, 25.5, 2)
	var file []byte
	ended := make(chan error, 1)
	first := make(chan struct{})
	go func() {
		ended <- h.Record(context.Background(), 90, 10, func(b []byte) error {
			if file == nil {
				close(first)
			}
			file = append(file, b...)
			return nil
		})
	}()
	h.until("the recording to begin", func() bool {
		h.clock.advance(tickLength)
		select {
		case <-first:
			return true
		default:
			return false
		}
	})
	if err := h.Record(context.Background(), 1, 0, nil); !errors.Is(err, ErrBusy) {
		t.Errorf("a second recording: %v", err)
	}
	if ack := c.do(h, region.Input{Kind: region.InThrow, Vel: spatial.Vec{X: 6, Y: 4}}); ack.Code != region.OK {
		t.Fatalf("throw: %v", ack.Code)
	}
	h.ticks(30)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	r, err := record.Parse(file)
	if err != nil || r.Len() != 90 || r.Label != "hearth" || r.States() != 9 || r.First == 0 {
		t.Fatalf("%d steps of %q from %d, %d states: %v", r.Len(), r.Label, r.First, r.States(), err)
	}
	commands := 0
	for i := range r.Len() {
		cmds, _ := r.Step(i)
		commands += len(cmds)
	}
	if commands == 0 {
		t.Error("no command was recorded")
	}
	if d, n, err := record.Replay(r); d != nil || n != 90 || err != nil {
		t.Errorf("%+v after %d steps: %v", d, n, err)
	}
}

// TestRecordEnds: a recording whose reader fails or goes away leaves the
// region as it was.
func TestRecordEnds(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	full := errors.New("disk full")
	ended := make(chan error, 1)
	go func() { ended <- h.Record(context.Background(), 1000, 0, func([]byte) error { return full }) }()
	h.until("the end", func() bool {
		h.clock.advance(tickLength)
		return len(ended) == 1
	})
	if err := <-ended; !errors.Is(err, full) {
		t.Errorf("the recording ended with %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() { ended <- h.Record(ctx, 1000, 0, func([]byte) error { cancel(); return nil }) }()
	h.until("the end", func() bool {
		h.clock.advance(tickLength)
		return len(ended) == 1
	})
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the recording ended with %v", err)
	}
	h.ticks(3)
}

// TestLook: a client that asks for the physics is told bodies, owners and
// contacts around its eye, and nothing any more when it has enough.
func TestLook(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Furnish: set("hearth")})
	c := newPlayer(t, "ann").dial(h)
	c.join(h, -4, 6)
	c.send(&wire.View{Pos: spatial.At(-6, 0, 6), Radius: 60})
	c.send(&wire.Look{Rate: wire.MaxLookRate, Radius: 4})
	// What sleeps has no touches to show: she walks.
	c.send(&wire.Input{Signed: c.p.signed(region.Input{Kind: region.InSteer, Vel: spatial.Vec{X: 0.2}})})
	var last *wire.Shard
	h.until("a look", func() bool {
		h.ticks(1)
		return c.has(func(m wire.Message) bool {
			s, ok := m.(*wire.Shard)
			if ok && len(s.Touches) > 0 {
				last = s
			}
			return last != nil
		})
	})
	// The six crates of the pyramid and ann.
	crates, grounded := 0, 0
	for _, b := range last.Bodies {
		if b.Owner != h.cfg.Region.ID || b.Number == 0 || b.Epoch == 0 {
			t.Errorf("body %+v", b)
		}
		if b.Size.X == 0.8 {
			crates++
		}
	}
	for _, x := range last.Touches {
		if x.A.IsZero() {
			grounded++
		}
		if len(x.Points) == 0 || x.Normal.Len() < 0.99 {
			t.Errorf("touch %+v", x)
		}
	}
	if crates != 6 || grounded < 1 {
		t.Errorf("%d crates, %d contacts with the ground among %d", crates, grounded, len(last.Touches))
	}
	c.send(&wire.Look{})
	c.do(h, region.Input{Kind: region.InSay, Text: "enough"}) // behind the wish
	h.ticks(2)
	c.mu.Lock()
	n := len(c.msgs)
	c.mu.Unlock()
	h.ticks(8)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.msgs[n:] {
		if _, ok := m.(*wire.Shard); ok {
			t.Error("looks go on")
		}
	}
}
