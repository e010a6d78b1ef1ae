package p2p

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
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
		Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize)), Listen: loopback, Bootstrap: boot,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { net.Close() })
	return net
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
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

func TestLinksCarryInOrder(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, a.Addrs()[0])
	got := make(chan string, 1000)
	a.Links("/t/1", 1024, func(from base.Key, msg []byte) {
		if from != b.Key() {
			t.Errorf("from %s", from)
		}
		got <- string(msg)
	}, nil)
	lb := b.Links("/t/1", 1024, func(base.Key, []byte) {}, func(base.Key) {})
	// Links dial by key; the address is known once the bootstrap dial is done.
	waitFor(t, "connection", func() bool { return b.Connected(a.Key()) })
	for i := range 300 {
		if !lb.Send(a.Key(), Reliable, fmt.Appendf(nil, "%d", i)) {
			t.Fatal("queue full")
		}
	}
	for i := range 300 {
		select {
		case m := <-got:
			if m != fmt.Sprint(i) {
				t.Fatalf("message %d is %q", i, m)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("message %d did not arrive", i)
		}
	}
}

func TestLinksFailWhenNobodyAnswers(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2)
	failed := make(chan base.Key, 1)
	l := a.Links("/t/1", 1024, func(base.Key, []byte) {}, func(k base.Key) { failed <- k })
	l.Send(b.Key(), Reliable, []byte("x")) // b's address is unknown to a
	select {
	case k := <-failed:
		if k != b.Key() {
			t.Fatalf("failed %s", k)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no failure reported")
	}
}

// A peer that announces more than the limit loses its stream, and nothing of
// the frame is delivered.
func TestOversizedFrameEndsTheStream(t *testing.T) {
	a := start(t, 1)
	b := start(t, 2, a.Addrs()[0])
	a.Links("/t/1", 64, func(base.Key, []byte) { t.Error("delivered") }, nil)
	var s Stream
	waitFor(t, "stream", func() bool {
		var err error
		s, err = b.Open(context.Background(), a.Key(), "/t/1")
		return err == nil
	})
	defer s.Close()
	frame := AppendFrame(nil, make([]byte, 65))
	if _, err := s.Write(frame); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(make([]byte, 1)); err == nil {
		t.Fatal("stream still open")
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
	for range maxInboundLinks + 4 {
		s, err := b.Open(context.Background(), a.Key(), "/t/1")
		if err != nil {
			continue
		}
		defer s.Close()
		if n, _ := s.Read(make([]byte, 1)); n == 1 {
			accepted++
		}
	}
	if accepted != maxInboundLinks {
		t.Fatalf("%d streams accepted, want %d", accepted, maxInboundLinks)
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

func FuzzReadFrame(f *testing.F) {
	f.Add(AppendFrame(nil, []byte("hello")))
	f.Add(binary.AppendUvarint(nil, 1<<40))
	f.Fuzz(func(t *testing.T, b []byte) {
		msg, err := ReadFrame(bufio.NewReader(bytes.NewReader(b)), 1<<16)
		if err != nil {
			return
		}
		if len(msg) > 1<<16 || !bytes.Contains(b, msg) {
			t.Fatal("not what was sent")
		}
	})
}
