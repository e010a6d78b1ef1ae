package p2p

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/udpnet"
)

// pair is two nodes in a simulated network, the second connected to the first.
type pair struct {
	t    *testing.T
	udp  *udpnet.Net
	a, b *Net
}

func inPair(t *testing.T, fn func(p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		p := &pair{t: t, udp: u, a: simStart(t, u, 1, "1.0.0.1", nil), b: simStart(t, u, 2, "1.0.0.2", nil)}
		defer p.a.Close()
		defer p.b.Close()
		if _, err := p.b.Dial(t.Context(), p.a.Addrs()[0]); err != nil {
			t.Fatal(err)
		}
		fn(p)
	})
}

type heard struct {
	from base.Key
	msg  string
}

// links makes links over one protocol; what it hears and whom it fails to
// reach come out of the channels.
func (p *pair) links(n *Net, proto Protocol) (*Links, chan heard, chan base.Key) {
	p.t.Helper()
	got, failed := make(chan heard, 10_000), make(chan base.Key, 100)
	l, err := n.Links(LinksConfig{
		Protocols: []Protocol{proto},
		Recv:      func(from base.Key, _ int, m []byte) { got <- heard{from, string(m)} },
		Fail:      func(to base.Key) { failed <- to },
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return l, got, failed
}

func statsOf(l *Links) map[string]uint64 {
	m := map[string]uint64{}
	l.LinkStats(m)
	return m
}

func TestLinksCarryInOrder(t *testing.T) {
	inPair(t, func(p *pair) {
		_, got, _ := p.links(p.a, testProto)
		l, _, _ := p.links(p.b, testProto)
		for i := range 200 {
			if !l.Send(p.a.Key(), 0, Outgoing{Msg: fmt.Appendf(nil, "%d", i)}) {
				t.Fatal("queue full")
			}
		}
		for i := range 200 {
			if m := <-got; m.msg != fmt.Sprint(i) || m.from != p.b.Key() {
				t.Fatalf("message %d is %q", i, m.msg)
			}
		}
		if s := statsOf(l); s["t_opened"] != 1 || s["t_sent_reliable"] != 200 || s["t_links"] != 1 {
			t.Fatal(s)
		}
	})
}

// An idle stream is closed and its place given back; the next message opens
// another.
func TestIdleLinkIsReclaimed(t *testing.T) {
	inPair(t, func(p *pair) {
		proto := testProto
		proto.Idle = 10 * time.Second
		_, got, _ := p.links(p.a, proto)
		l, _, failed := p.links(p.b, proto)
		l.Send(p.a.Key(), 0, Outgoing{Msg: []byte("x")})
		<-got
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if s := statsOf(l); len(l.out) != 0 || s["t_idled"] != 1 || s["t_links"] != 0 {
			t.Fatal(len(l.out), s)
		}
		l.Send(p.a.Key(), 0, Outgoing{Msg: []byte("y")})
		if m := <-got; m.msg != "y" || len(failed) != 0 {
			t.Fatal(m, len(failed))
		}
		if s := statsOf(l); s["t_opened"] != 2 {
			t.Fatal(s)
		}
	})
}

// The table of peers is bounded: the one unused longest makes room, one that
// has messages waiting does not.
func TestLinkTableIsReclaimed(t *testing.T) {
	inPair(t, func(p *pair) {
		_, got, _ := p.links(p.a, testProto)
		l, _, _ := p.links(p.b, testProto)
		l.Send(p.a.Key(), 0, Outgoing{Msg: []byte("x")})
		<-got
		synctest.Wait()
		l.mu.Lock()
		for i := range maxLinkPeers - 1 { // others, each with something waiting
			k := base.Key{0: 1, 1: byte(i), 2: byte(i >> 8)}
			lp := &linkPeer{to: k, links: []*link{{l: l, queue: outQueue{}, busy: true}}, used: time.Now()}
			l.out[k] = lp
		}
		l.mu.Unlock()
		stranger := keyed(3)
		if !l.Send(stranger, 0, Outgoing{Msg: []byte("y")}) {
			t.Fatal("no room though an idle peer could have made it")
		}
		l.mu.Lock()
		_, kept := l.out[p.a.Key()]
		l.mu.Unlock()
		if kept {
			t.Fatal("the idle peer is still there")
		}
		if l.Send(keyed(4), 0, Outgoing{Msg: []byte("z")}) {
			t.Fatal("one peer too many")
		}
	})
}

func keyed(i int) (k base.Key) {
	copy(k[:], keyFor(i)[32:])
	return k
}

// A peer that does not read makes the writer wait, then the queue fill: the
// latest message of a subject replaces its elder, bulk is dropped, and too
// many reliable ones end the link, which is told once.
func TestSlowPeer(t *testing.T) {
	inPair(t, func(p *pair) {
		end := make(chan struct{})
		defer close(end)
		p.a.Handle(testProto.ID, func(base.Key, Stream) { <-end })
		l, _, failed := p.links(p.b, testProto)
		to := p.a.Key()
		// Stuff the stream until a write waits for the window. All of it
		// happens within one write's deadline.
		big := make([]byte, 1000)
		for range 20 {
			for range 200 {
				l.Send(to, 0, Outgoing{Class: Bulk, Msg: big})
			}
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
		}
		if s := statsOf(l); s["t_depth"] == 0 {
			t.Fatal("nothing waits", s)
		}
		for i := range 10 {
			l.Send(to, 0, Outgoing{Class: Latest, Subject: 7, Msg: []byte{byte(i)}})
		}
		l.Send(to, 0, Outgoing{Class: Latest, Subject: 8, Msg: []byte("z")})
		l.mu.Lock()
		latest := l.out[to].links[0].queue.fifo[Latest]
		l.mu.Unlock()
		if len(latest) != 2 || latest[0].Msg[0] != 9 {
			t.Fatalf("%v", latest)
		}
		if s := statsOf(l); s["t_replaced"] != 9 || s["t_dropped_bulk"] == 0 || len(failed) != 0 {
			t.Fatal(s, len(failed))
		}
		ok := true
		for i := 0; ok; i++ {
			if ok = l.Send(to, 0, Outgoing{Msg: []byte("r")}); i > maxQueued {
				t.Fatal("the queue has no end")
			}
		}
		if k := <-failed; k != to {
			t.Fatal(k)
		}
		time.Sleep(10 * time.Second)
		if len(failed) != 0 {
			t.Fatal("told twice")
		}
	})
}

func TestLinksFailWhenNobodyAnswers(t *testing.T) {
	inPair(t, func(p *pair) {
		l, _, failed := p.links(p.a, testProto)
		l.Send(keyed(9), 0, Outgoing{Msg: []byte("x")}) // its address is unknown
		if k := <-failed; k != keyed(9) {
			t.Fatalf("failed %s", k)
		}
		l.Send(p.b.Key(), 0, Outgoing{Msg: []byte("x")}) // does not serve the protocol
		if k := <-failed; k != p.b.Key() {
			t.Fatalf("failed %s", k)
		}
	})
}

// A peer that announces more than the limit loses its stream, and nothing of
// the frame is delivered.
func TestOversizedFrameEndsTheStream(t *testing.T) {
	inPair(t, func(p *pair) {
		_, got, _ := p.links(p.a, testProto)
		s, err := p.b.Open(context.Background(), p.a.Key(), testProto.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Write(AppendFrame(nil, make([]byte, testProto.Limit+1))); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]byte, 1)); err == nil || len(got) > 0 {
			t.Fatal("stream still open, or delivered")
		}
	})
}

// What is over a peer's rate is dropped; one that keeps on is cut off and kept
// out, and may come back after a while.
func TestFloodIsCutOff(t *testing.T) {
	inPair(t, func(p *pair) {
		proto := testProto
		proto.Messages = Rate{PerSecond: 10, Burst: 20}
		l, got, _ := p.links(p.a, proto)
		flood := func(n int) {
			s, err := p.b.Open(context.Background(), p.a.Key(), proto.ID)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, _ = s.Write(bytes.Repeat(AppendFrame(nil, []byte("x")), n))
			time.Sleep(time.Second)
			synctest.Wait()
		}
		flood(50)
		if s := statsOf(l); len(got) != 20 || s["t_limited"] != 30 || !p.a.Connected(p.b.Key()) {
			t.Fatal(len(got), s)
		}
		flood(1000) // another stream, the same peer: 10 more pass
		if len(got) > 45 || p.a.Connected(p.b.Key()) || p.a.Banned() != 1 {
			t.Fatal(len(got), p.a.Connected(p.b.Key()), p.a.Banned())
		}
		if _, err := p.b.Dial(context.Background(), p.a.Addrs()[0]); err == nil {
			// QUIC's client may be through before the server's gate closes.
			time.Sleep(time.Second)
			if p.a.Connected(p.b.Key()) {
				t.Fatal("let in again at once")
			}
		}
		time.Sleep(banFor)
		if _, err := p.b.Dial(context.Background(), p.a.Addrs()[0]); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if !p.a.Connected(p.b.Key()) {
			t.Fatal("not let in again")
		}
	})
}

func TestStrikes(t *testing.T) {
	inPair(t, func(p *pair) {
		l, _, _ := p.links(p.a, testProto)
		for range int(strikes.Burst) {
			l.Strike(p.b.Key())
		}
		synctest.Wait()
		if !p.a.Connected(p.b.Key()) {
			t.Fatal("cut off too early")
		}
		l.Strike(p.b.Key())
		time.Sleep(time.Second)
		if p.a.Connected(p.b.Key()) {
			t.Fatal("still connected")
		}
	})
}

func TestFlushWaitsForTheWriter(t *testing.T) {
	inPair(t, func(p *pair) {
		_, got, _ := p.links(p.a, testProto)
		l, _, _ := p.links(p.b, testProto)
		l.Send(p.a.Key(), 0, Outgoing{Msg: []byte("farewell")})
		l.Flush(context.Background())
		l.Close()
		if l.Send(p.a.Key(), 0, Outgoing{Msg: []byte("x")}) {
			t.Fatal("sent after Close")
		}
		if m := <-got; m.msg != "farewell" {
			t.Fatal(m)
		}
	})
}

// Two nodes that dial each other at once speak, whichever connection stays.
func TestBothSend(t *testing.T) {
	inPair(t, func(p *pair) {
		la, ga, fa := p.links(p.a, testProto)
		lb, gb, fb := p.links(p.b, testProto)
		for i := range 50 {
			la.Send(p.b.Key(), 0, Outgoing{Msg: []byte{byte(i)}})
			lb.Send(p.a.Key(), 0, Outgoing{Msg: []byte{byte(i)}})
		}
		for i := range 50 {
			if m := <-ga; m.msg[0] != byte(i) {
				t.Fatal(m)
			}
			if m := <-gb; m.msg[0] != byte(i) {
				t.Fatal(m)
			}
		}
		if len(fa)+len(fb) > 0 {
			t.Fatal("failed")
		}
	})
}

// The queue frames by class: reliable, latest, bulk; and never more than a
// write, except for one longer message.
func TestOutQueue(t *testing.T) {
	var q outQueue
	q.push(Outgoing{Class: Bulk, Msg: []byte("b1")})
	q.push(Outgoing{Class: Latest, Subject: 1, Msg: []byte("l1")})
	q.push(Outgoing{Class: Reliable, Msg: []byte("r1")})
	q.push(Outgoing{Class: Latest, Subject: 1, Msg: []byte("l2")})
	q.push(Outgoing{Class: Reliable, Msg: []byte("r2")})
	if got := drain(t, &q); got != "r1 r2 l2 b1 " {
		t.Fatal(got)
	}
	if q.len() != 0 || q.bytes != [classes]int{} || q.peak != 4 {
		t.Fatalf("%+v", q)
	}
	for i := range maxSubjects + 3 {
		q.push(Outgoing{Class: Latest, Subject: uint64(i), Msg: []byte{byte(i)}})
	}
	if f := q.fifo[Latest]; len(f) != maxSubjects || f[0].Msg[0] != 3 || q.bytes[Latest] != maxSubjects {
		t.Fatal(len(f), f[0].Msg)
	}
	q = outQueue{}
	for range 3 {
		q.push(Outgoing{Class: Bulk, Msg: make([]byte, maxWrite-100)})
	}
	for range 3 {
		q.push(Outgoing{Class: Reliable, Msg: []byte("r")})
		buf, n, _ := q.take(nil)
		if n[Reliable] != 1 || n[Bulk] != 1 || len(buf) > maxWrite {
			t.Fatal(n, len(buf))
		}
	}
	if q.push(Outgoing{Class: classes}) != refused {
		t.Fatal("a class that is none")
	}
}

func drain(t *testing.T, q *outQueue) (all string) {
	t.Helper()
	for q.len() > 0 {
		buf, _, _ := q.take(nil)
		r := bufio.NewReader(bytes.NewReader(buf))
		for {
			m, err := ReadFrame(r, 1<<20)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			all += string(m) + " "
		}
	}
	return all
}

func TestBucket(t *testing.T) {
	var b bucket
	r := Rate{PerSecond: 2, Burst: 3}
	now := time.Unix(1000, 0)
	for i := range 3 {
		if !b.take(r, 1, now) {
			t.Fatal(i)
		}
	}
	if b.take(r, 1, now) || b.take(r, 1, now.Add(400*time.Millisecond)) || !b.take(r, 1, now.Add(600*time.Millisecond)) {
		t.Fatal("fills at another pace")
	}
	if !b.take(r, 3, now.Add(time.Hour)) || b.take(r, 1, now.Add(time.Hour)) {
		t.Fatal("holds more or less than the burst")
	}
	if b.take(r, 1, now) {
		t.Fatal("a clock that runs backwards gives tokens")
	}
	if !b.take(Rate{}, 1e9, now) {
		t.Fatal("no rate is no limit")
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
