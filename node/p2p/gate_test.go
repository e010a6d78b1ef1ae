package p2p

import (
	"crypto/ed25519"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func TestGateCutsOffWhoGoesOn(t *testing.T) {
	net, err := New(Config{Key: keyFor(1), Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	one := base.Key(keyFor(2).Public().(ed25519.PublicKey))
	two := base.Key(keyFor(3).Public().(ed25519.PublicKey))
	g := net.Gate(Rate{PerSecond: 0.001, Burst: 3})
	passed := 0
	for range 50 {
		if g.Allow(one) {
			passed++
		}
	}
	if passed != 3 || net.Banned() != 0 {
		t.Errorf("%d passed, %d banned", passed, net.Banned())
	}
	if !g.Allow(two) {
		t.Error("another peer is kept out as well")
	}
	for range int(strikes.Burst) {
		g.Strike(one)
	}
	id, err := idOf(one)
	if err != nil || !net.bans.banned(id) || net.Banned() == 0 {
		t.Errorf("not kept out: %v", err)
	}
	if id2, err := idOf(two); err != nil || net.bans.banned(id2) {
		t.Errorf("kept out: %v", err)
	}
}
