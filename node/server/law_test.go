package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// TestSubmitLaw: who sends an entry of the roles hears what became of it, what
// keeps them is told before it is on disk, and a restart has the same roles.
func TestSubmitLaw(t *testing.T) {
	cfg := Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()}
	owner, priv := privKey("hearth owner")
	var mu sync.Mutex
	var kept []region.LawDone
	cfg.Law = func(list []region.LawDone) error {
		mu.Lock()
		defer mu.Unlock()
		kept = append(kept, list...)
		return nil
	}
	h := start(t, cfg)
	ann := newPlayer(t, "ann")
	counter := uint64(0)
	submit := func(h *harness, x succession.Entry, by base.Key, key ed25519.PrivateKey) region.LawDone {
		t.Helper()
		var b []byte
		counter++
		x.By, x.Counter = by, counter
		sign := func() {
			law(t, h, func(s *succession.State) {
				g := s.Genesis()
				x.Head = s.Head()
				g.Sign(&x, func(m []byte) []byte { return ed25519.Sign(key, m) })
				g.SignServer(&x, func(m []byte) []byte { return ed25519.Sign(priv, m) })
				b = x.Bytes()
			})
		}
		sign()
		done := make(chan region.LawDone, 1)
		go func() {
			d, err := h.SubmitLaw(context.Background(), b)
			if err != nil {
				t.Error(err)
			}
			done <- d
		}()
		var d region.LawDone
		h.until("an answer", func() bool {
			h.clock.advance(tickLength)
			select {
			case d = <-done:
				return true
			default:
				return false
			}
		})
		return d
	}
	c := ann.dial(h)
	h.until("ann's stream", func() bool { return len(h.Present()) == 1 })
	if v := h.Visitors(); len(v) != 0 {
		t.Fatalf("who looks on is in the region: %v", v)
	}
	c.join(h, 1, 1)
	if v := h.Visitors(); len(v) != 1 || v[0] != ann.key {
		t.Fatalf("in the region are %v", v)
	}
	if d := submit(h, succession.Entry{Kind: succession.Login, Server: owner}, ann.key, ann.priv); d.Why != nil || d.Index != 1 {
		t.Fatalf("%+v", d)
	}
	if d := submit(h, succession.Entry{Kind: succession.Appoint, Player: ann.key}, ann.key, ann.priv); !errors.Is(d.Why, succession.ErrRight) || d.Index != 2 {
		t.Fatalf("%+v", d)
	}
	if d := submit(h, succession.Entry{Kind: succession.Ban, Player: ann.key}, owner, priv); d.Why != nil || d.Index != 3 {
		t.Fatalf("%+v", d)
	}
	if a := c.do(h, region.Input{Kind: region.InSay, Text: "hello"}); a.Code != region.NotHere {
		t.Fatalf("the banned player speaks: %v", a.Code)
	}
	if a := c.do(h, region.Input{Kind: region.InJoin, Region: cfg.Region.ID, Name: "ann", Pos: cfg.Region.Site}); a.Code != region.Banned {
		t.Fatal(a.Code)
	}
	mu.Lock()
	if len(kept) != 3 || kept[2].Index != 3 || kept[1].Why == nil {
		t.Errorf("kept %+v", kept)
	}
	mu.Unlock()
	h.close()
	again := start(t, cfg)
	law(t, again, func(s *succession.State) {
		if s.Head().Index != 3 || !s.Banned(ann.key) || !s.IsAdmin(owner) {
			t.Errorf("after a restart: %v", s.Explain(nil))
		}
	})
}

// law runs f with the roles while the clock goes on.
func law(t *testing.T, h *harness, f func(*succession.State)) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- h.Law(context.Background(), f) }()
	h.until("the roles", func() bool {
		h.clock.advance(tickLength)
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return true
		default:
			return false
		}
	})
}
