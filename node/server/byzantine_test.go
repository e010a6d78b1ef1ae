package server

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// wires is a network in memory.
type wires struct {
	mu    sync.Mutex
	serve map[base.Key]func(base.Key, byzantine.Stream)
}

type wire1 struct {
	*wires
	key base.Key
}

func (w wire1) Handle(_ string, fn func(base.Key, byzantine.Stream)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serve[w.key] = fn
}

func (w wire1) Unhandle(string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.serve, w.key)
}

func (w wire1) Open(_ context.Context, to base.Key, _ string) (byzantine.Stream, error) {
	w.mu.Lock()
	fn := w.serve[to]
	w.mu.Unlock()
	if fn == nil {
		return nil, errors.New("nobody there")
	}
	a, b := net.Pipe()
	go func() {
		fn(w.key, b)
		b.Close()
	}()
	return a, nil
}

// TestRegionWhoseServersMayLie: four region servers over a byzantine log make
// the same states, while what one of them puts in is not signed by its player.
func TestRegionWhoseServersMayLie(t *testing.T) {
	w := &wires{serve: map[base.Key]func(base.Key, byzantine.Stream){}}
	var keys []base.Key
	var privs []ed25519.PrivateKey
	for i := range 4 {
		k, p := privKey(fmt.Sprint("server ", i))
		keys, privs = append(keys, k), append(privs, p)
	}
	cfg := regionConfig("may lie", 0)
	check := func(raw []byte) error { return CheckEntry(raw, cfg.World, cfg.Verify) }
	var all []*harness
	var liar *byzantine.Log
	for i := range 4 {
		var log *byzantine.Log
		all = append(all, start(t, Config{Region: cfg, Dir: t.TempDir(), Self: keys[i],
			Replica: func(tick base.Tick, sum order.Sum) (Replica, error) {
				from, err := byzantine.Found(1, tick, sum, keys)
				if err != nil {
					return nil, err
				}
				verify := check
				if i == 3 {
					verify = nil
				}
				log, err = byzantine.Open(byzantine.Config{Region: cfg.ID, Key: keys[i], Dir: t.TempDir(), Base: &from, Net: wire1{w, keys[i]},
					Sign: func(b []byte) []byte { return ed25519.Sign(privs[i], b) }, Verify: verify, Timeout: 2 * time.Second})
				return log, err
			}}))
		t.Cleanup(func() { log.Close() })
		liar = log
	}
	body := newPlayer(t, "nobody").signed(region.Input{Kind: region.InSay, Text: "I never said this"})
	body[len(body)-1] ^= 1
	forged := region.Entry{Kind: region.EntryInput, From: ServerID(keys[3]), Seq: 1, Body: body}
	var e base.Encoder
	forged.AppendTo(&e)
	if check(e.B) == nil {
		t.Fatal("the entry is not forged")
	}
	if err := liar.Submit(e.B, false); err != nil {
		t.Fatal(err)
	}
	const enough = 10
	for end := time.Now().Add(2 * time.Minute); ; <-time.After(2 * time.Millisecond) {
		ready := 0
		for _, h := range all {
			h.clock.advance(tickLength)
			if h.Status().Tick >= enough {
				ready++
			}
		}
		if ready == len(all) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the region does not go on")
		}
	}
	var first map[base.Tick]region.Hash
	for i, h := range all {
		h.mu.Lock()
		got := maps.Clone(h.hashes)
		h.mu.Unlock()
		if i == 0 {
			first = got
		}
		for tick := base.Tick(1); tick <= enough; tick++ {
			if got[tick] != first[tick] {
				t.Errorf("tick %d of server %d differs", tick, i)
			}
		}
		if n := h.count(EventForged); n > 0 {
			t.Errorf("server %d was handed %d forged inputs", i, n)
		}
	}
}
