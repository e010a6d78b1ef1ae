package p2p

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

func start(t *testing.T, n byte, boot ...string) *Net {
	t.Helper()
	net, err := New(Config{
		Key: keyFor(int(n)), Listen: loopback, Bootstrap: boot, Protocols: []Protocol{testProto},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return net
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("timed out waiting for %s", what)
		case <-tick.C:
		}
	}
}

func TestInboundStreamsAreBounded(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, a.Addrs()[0])
	a.Handle("/t/1", func(_ base.Key, s Stream) {
		_, _ = s.Write([]byte("y"))
		_, _ = s.Read(make([]byte, 1)) // held open until the other side ends it
	})
	waitFor(t, "connection", func() bool { return b.Connected(a.Key()) })
	accepted := 0
	for range maxInbound + 4 {
		s, err := b.Open(context.Background(), a.Key(), "/t/1")
		if err != nil {
			continue
		}
		defer s.Close()
		if n, _ := s.Read(make([]byte, 1)); n == 1 {
			accepted++
		}
	}
	if accepted != maxInbound {
		t.Fatalf("%d streams accepted, want %d", accepted, maxInbound)
	}
}

func TestTopicValidator(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, a.Addrs()[0])
	check := func(_ base.Key, data []byte) Verdict {
		if strings.HasPrefix(string(data), "good") {
			return Accept
		}
		return Ignore
	}
	ta, err := a.Topic("mt/test", check)
	if err != nil {
		t.Fatal(err)
	}
	// The sender's own validator would stop the bad message; it has none.
	tb, err := b.Topic("mt/test", func(base.Key, []byte) Verdict { return Accept })
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 100)
	if _, err := ta.Subscribe(func(from base.Key, data []byte) {
		if from != b.Key() {
			t.Errorf("from %s", from)
		}
		got <- string(data)
	}); err != nil {
		t.Fatal(err)
	}
	seen := false
	n := 0
	waitFor(t, "a message", func() bool {
		n++
		_ = tb.Publish(context.Background(), fmt.Appendf(nil, "bad %d", n))
		_ = tb.Publish(context.Background(), fmt.Appendf(nil, "good %d", n))
		select {
		case m := <-got:
			if !strings.HasPrefix(m, "good") {
				t.Fatalf("delivered %q", m)
			}
			seen = true
		default:
		}
		return seen
	})
	if err := tb.Publish(context.Background(), make([]byte, maxGossip+1)); err == nil {
		t.Fatal("oversized message published")
	}
}

func TestKeysAndPeerIDs(t *testing.T) {
	a := start(t, 1)
	k, err := KeyOfPeer(PeerID(a.Key()))
	if err != nil || k != a.Key() {
		t.Fatalf("%s: %v", k, err)
	}
	// An RSA or secp256k1 peer is not one of ours.
	if _, err := KeyOfPeer("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"); !errors.Is(err, ErrForeignKey) {
		t.Fatal(err)
	}
}

func TestLoopbackOnly(t *testing.T) {
	if !loopbackOnly(loopback) || loopbackOnly(DefaultListen) {
		t.Fatal("wrong")
	}
}
