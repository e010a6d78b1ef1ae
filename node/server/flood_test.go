package server

import (
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/handoff"
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
	region.BorderMessage{Kind: region.BorderHandoff, To: cfg.Region.ID, Handoff: handoff.Msg{Kind: handoff.Release, N: 1, Floor: 1, ID: base.ID{3}, Epoch: 1,
		State: make([]byte, handoff.MaxState)}}.AppendTo(&e)
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
