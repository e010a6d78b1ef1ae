package server

import (
	"testing"

	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
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
