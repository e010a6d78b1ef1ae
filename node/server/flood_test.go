package server

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

// TestReplayIsAnswered: an input that is sent again when its first answer was
// lost is answered, also in a tick in which nothing else happens.
func TestReplayIsAnswered(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann := newPlayer(t, "ann")
	c := ann.dial(h)
	c.join(h, 0, 0)
	line := ann.signed(region.Input{Kind: region.InSay, Text: "did you hear me?"})
	c.send(&wire.Input{Signed: line})
	if a := c.ack(h, ann.seq); a.Code != region.OK {
		t.Fatal(a.Code)
	}
	c.mu.Lock()
	clear(c.acks)
	c.mu.Unlock()
	c.send(&wire.Input{Signed: line})
	if a := c.ack(h, ann.seq); a.Code != region.Replayed {
		t.Fatal(a.Code)
	}
}

// TestBorderFloodLeavesRoom: one neighbour's messages of the largest size
// leave room for players, and players leave room for the owner.
func TestBorderFloodLeavesRoom(t *testing.T) {
	cfg := Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	enemy := base.ID{1}
	s.SetNeighbours([]region.Neighbour{{ID: enemy, Name: strings.Repeat("long ", 20), Site: spatial.At(64, 0, 0)}, {ID: base.ID{2}, Site: spatial.Pos{X: 1 << 40}}})
	var e base.Encoder
	region.BorderMessage{Kind: region.BorderShard, Shard: shard.HandoffMessage(cfg.Region.ID, handoff.Msg{Kind: handoff.Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1,
		Items: []handoff.Ref{{ID: base.ID{3}, Epoch: 1}}, Parts: 1, State: make([]byte, handoff.MaxState)})}.AppendTo(&e)
	for range 200 {
		s.HandleBorder(enemy, e.B)
	}
	if s.inboxBytes < maxBorderBytes/2 || s.inboxBytes > maxBorderBytes+region.MaxControl {
		t.Fatalf("%d bytes of one neighbour wait", s.inboxBytes)
	}
	input := waiting{entry: region.Entry{Kind: region.EntryInput, Body: newPlayer(t, "ann").signed(region.Input{Kind: region.InStop})}}
	if err := s.push(input); err != nil {
		t.Fatalf("a player's input: %v", err)
	}
	for s.push(input) == nil {
	}
	if err := s.push(waiting{entry: controlEntry(region.ControlEntry{Kind: region.ControlAway})}); err != nil {
		t.Fatalf("the owner's word: %v", err)
	}
	go s.Run(t.Context())
	until(t, "a tick", func() bool { return s.Status().Tick > 0 })
	if err := s.ask(t.Context(), func() {
		if n := s.sim.Neighbours(); len(n) != 1 || n[0].ID != enemy {
			t.Errorf("neighbours %v", n)
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// TestTalkDoesNotCutOff: what others say does not cost a slow client its
// stream.
func TestTalkDoesNotCutOff(t *testing.T) {
	s, err := Open(Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ann := newPlayer(t, "ann")
	a, b := net.Pipe()
	defer a.Close()
	c := &client{key: ann.key, rw: b, out: make(chan []byte, outQueue), closed: make(chan struct{})}
	s.clients[c] = struct{}{}
	for range 2 * outQueue {
		s.say([]region.Said{{Text: "spam", To: []base.Key{ann.key}}})
	}
	s.ack(1, region.Ack{Player: ann.key, Seq: 1})
	select {
	case <-c.closed:
		t.Fatal("dropped")
	default:
	}
	if len(c.out) != talkQueue+1 {
		t.Fatalf("%d messages wait", len(c.out))
	}
}

// TestInspectionsWait: the answers, of up to 130 kB each, do not pile up in
// front of a client that asks and does not read.
func TestInspectionsWait(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Furnish: set("hearth")})
	h.ticks(2)
	ann := newPlayer(t, "ann")
	a, b := net.Pipe()
	defer a.Close()
	go h.HandleClient(context.Background(), ann.key, b)
	if err := wire.Write(a, &wire.Hello{Version: wire.Version, World: testWorld, Region: h.cfg.Region.ID, Key: ann.key}); err != nil {
		t.Fatal(err)
	}
	var sent atomic.Int64
	const asked = 2 * outQueue
	go func() {
		for i := range asked {
			if wire.Write(a, &wire.Inspect{Ref: uint64(i + 1), Thing: h.Things()[0].Thing.ID}) != nil {
				return
			}
			sent.Add(1)
		}
	}()
	still, last := 0, int64(-1)
	h.until("the asking to stop", func() bool {
		h.ticks(1)
		if n := sent.Load(); n == last {
			still++
		} else {
			still, last = 0, n
		}
		return still > 5 || last == asked
	})
	for next := uint64(1); next <= asked; {
		m, err := wire.Read(a, wire.MaxServerFrame)
		if err != nil {
			t.Fatalf("after %d answers, of %d asked before the first was read: %v", next-1, last, err)
		}
		if r, ok := m.(*wire.InspectReply); ok {
			if r.Ref != next || !r.Found {
				t.Fatalf("answer %d, want %d", r.Ref, next)
			}
			next++
		}
	}
	if last > outQueue/2 {
		t.Fatalf("%d answers piled up", last)
	}
}

// TestRefusedClientsLetGo: a client that is one too many and does not read why
// does not keep its stream.
func TestRefusedClientsLetGo(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	ann := newPlayer(t, "ann")
	for range maxClientsPerKey {
		ann.dial(h)
	}
	a, b := net.Pipe()
	defer a.Close()
	done := make(chan error, 1)
	go func() { done <- h.HandleClient(context.Background(), ann.key, b) }()
	if err := wire.Write(a, &wire.Hello{Version: wire.Version, World: testWorld, Region: h.cfg.Region.ID, Key: ann.key}); err != nil {
		t.Fatal(err)
	}
	h.until("the stream to end", func() bool {
		h.clock.advance(tickLength)
		select {
		case err := <-done:
			return errors.Is(err, ErrBusy)
		default:
			return false
		}
	})
}
