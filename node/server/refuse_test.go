package server

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"testing"

	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

func TestBadInputsAreRefusedAndCounted(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann := newPlayer(t, "ann")
	c := ann.dial(h)
	c.join(h, 0, 0)

	// Replayed: answered as such, counted, without effect.
	line := ann.signed(region.Input{Kind: region.InSay, Text: "only once"})
	for range 2 {
		c.send(&wire.Input{Signed: line})
	}
	h.until("two answers", func() bool { h.ticks(1); return h.count(EventReplayed) == 1 })
	said := 0
	h.until("the line", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		said = 0
		for _, m := range c.msgs {
			if _, ok := m.(*wire.Said); ok {
				said++
			}
		}
		return said > 0
	})
	h.ticks(3)
	if said != 1 {
		t.Fatalf("said %d times", said)
	}

	players, things := h.Status().Players, h.Status().Things
	// Each of these ends the stream.
	for _, x := range []struct {
		what  string
		event string
		code  region.Code
		send  func(c *conn)
	}{
		{"forged signature", EventForged, region.BadSignature, func(c *conn) {
			b := ann.signed(region.Input{Kind: region.InLeave})
			b[45] ^= 1
			c.send(&wire.Input{Signed: b})
		}},
		{"another player's input", EventForged, region.BadSignature, func(c *conn) {
			c.send(&wire.Input{Signed: newPlayer(t, "eve").signed(region.Input{Kind: region.InLeave})})
		}},
		{"oversized frame", EventFrameBad, region.BadInput, func(c *conn) {
			c.rw.Write(binary.LittleEndian.AppendUint32(nil, wire.MaxClientFrame+1))
		}},
		{"huge frame", EventFrameBad, region.BadInput, func(c *conn) { c.rw.Write([]byte{0xff, 0xff, 0xff, 0xff}) }},
		{"unknown frame", EventFrameBad, region.BadInput, func(c *conn) { c.rw.Write([]byte{1, 0, 0, 0, 200}) }},
		{"trailing bytes", EventFrameBad, region.BadInput, func(c *conn) { c.rw.Write([]byte{2, 0, 0, 0, byte(wire.KindView), 1}) }},
		{"a server's frame", EventFrameBad, region.BadInput, func(c *conn) { c.send(&wire.Moved{}) }},
		{"bad input inside", EventFrameBad, region.BadInput, func(c *conn) { c.send(&wire.Input{Signed: []byte("what")}) }},
	} {
		before := h.count(x.event)
		c := ann.dial(h)
		x.send(c)
		h.until(x.what+" to end the stream", func() bool {
			select { // the clock stands still: no patience runs out

			case <-c.end:
				return true
			default:
				return false
			}
		})
		if r := c.refused(); r.Code != x.code || h.count(x.event) != before+1 {
			t.Errorf("%s: %v %q, counted %d", x.what, r.Code, r.Text, h.count(x.event)-before)
		}
	}
	if st := h.Status(); st.Players != players || st.Things != things {
		t.Errorf("something had an effect: %+v", st)
	}
}

func TestBadHellosAreRefused(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann := newPlayer(t, "ann")
	good := wire.Hello{Version: wire.Version, World: testWorld, Region: h.cfg.Region.ID, Key: ann.key}
	for what, change := range map[string]func(*wire.Hello){ //lint:sorted each on its own
		"another version": func(m *wire.Hello) { m.Version++ },
		"another world":   func(m *wire.Hello) { m.World = "bafyother" },
		"another region":  func(m *wire.Hello) { m.Region[0]++ },
		"another key":     func(m *wire.Hello) { m.Key[0]++ },
	} {
		m := good
		change(&m)
		a, b := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- h.HandleClient(context.Background(), ann.key, b) }()
		wire.Write(a, &m)
		got, err := wire.Read(a, wire.MaxServerFrame)
		if _, ok := got.(*wire.Refused); !ok {
			t.Errorf("%s: %v %v", what, got, err)
		}
		if err := <-done; !errors.Is(err, errPeer) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// A stream that says nothing ends after a while.
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- h.HandleClient(context.Background(), ann.key, b) }()
	h.until("the silent stream to end", func() bool {
		h.clock.advance(tickLength)
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	a.Close()
}

// TestSlowClientDoesNotStopTheTick: one client never reads, another sees
// everything meanwhile.
func TestSlowClientDoesNotStopTheTick(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Furnish: set("hearth")})
	deaf, ann := newPlayer(t, "deaf"), newPlayer(t, "ann").dial(h)
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- h.HandleClient(context.Background(), deaf.key, b) }()
	if err := wire.Write(a, &wire.Hello{Version: wire.Version, World: testWorld, Region: h.cfg.Region.ID, Key: deaf.key, Radius: 100}); err != nil {
		t.Fatal(err)
	}
	h.until("the deaf client", func() bool { h.ticks(1); return h.Status().Clients == 2 })
	ann.join(h, 0, 0)
	from := h.Status().Tick
	h.ticks(stuckTicks + 5)
	if h.Status().Tick < from+stuckTicks {
		t.Fatal("the tick waited")
	}
	h.until("the deaf client to be dropped", func() bool { h.ticks(1); return h.count(EventClientsDropped) == 1 })
	<-done
	if a := ann.do(h, region.Input{Kind: region.InSay, Text: "still here"}); a.Code != region.OK {
		t.Fatalf("say: %v", a.Code)
	}
}

func TestInputsWaitForTheirTick(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann := newPlayer(t, "ann")
	c := ann.dial(h)
	c.join(h, 0, 0)
	const n = 3 * maxPending
	go func() {
		for range n {
			if c.send(&wire.Input{Signed: ann.signed(region.Input{Kind: region.InSteer, Vel: spatial.Vec{X: 1}})}) != nil {
				return
			}
		}
	}()
	h.until("all answers", func() bool {
		h.clock.advance(tickLength)
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, a := range c.acks {
			if a.Code != region.OK {
				t.Errorf("%d: %v", a.Seq, a.Code)
			}
		}
		return len(c.acks) == n+1
	})
	per := map[uint64]int{}
	for _, a := range c.acks {
		per[uint64(a.Tick)]++
	}
	for tick, k := range per { //lint:sorted each on its own
		if k > maxPending {
			t.Errorf("tick %d took %d inputs of one client", tick, k)
		}
	}
}
