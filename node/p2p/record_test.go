package p2p

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/udpnet"
)

// sealed is a record that says what it likes: of one peer, signed by another.
func sealed(t *testing.T, of, by int, seq uint64, addrs ...string) []byte {
	t.Helper()
	id, err := idOf(keyed(of))
	if err != nil {
		t.Fatal(err)
	}
	pr := &peer.PeerRecord{PeerID: id, Seq: seq}
	for _, a := range addrs {
		pr.Addrs = append(pr.Addrs, ma.StringCast(a))
	}
	priv, err := privKey(keyFor(by))
	if err != nil {
		t.Fatal(err)
	}
	env, err := record.Seal(pr, priv)
	if err != nil {
		t.Fatal(err)
	}
	b, err := env.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One node learns from another's record, which a third handed on, where to
// dial it.
func TestAddrRecordTellsWhereToDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{Delay: ms(20)})
		defer u.Close()
		a := simStart(t, u, 1, "1.0.0.1", nil)
		defer a.Close()
		b := simStart(t, u, 2, "1.0.0.2", nil)
		defer b.Close()
		rec, err := a.AddrRecord(1024)
		if err != nil || len(rec) == 0 || len(rec) > 1024 {
			t.Fatal(len(rec), err)
		}
		again, err := a.AddrRecord(1024)
		if err != nil || string(again) != string(rec) {
			t.Fatal("another record for the same addresses", err)
		}
		if err := b.LearnRecord(a.Key(), rec); err != nil {
			t.Fatal(err)
		}
		if err := b.DialKnown(t.Context(), a.Key()); err != nil {
			t.Fatal(err)
		}
		if !b.Connected(a.Key()) {
			t.Fatal("not connected")
		}
	})
}

func TestForgedAddrRecords(t *testing.T) {
	n := start(t, 1)
	ok := "/ip4/7.0.0.1/udp/1/quic-v1"
	many := make([]string, maxRecordAddrs+1)
	for i := range many {
		many[i] = fmt.Sprintf("/ip4/7.0.0.%d/udp/1/quic-v1", i)
	}
	good := sealed(t, 2, 2, 1, ok)
	bad := append([]byte(nil), good...)
	bad[len(bad)-1] ^= 1
	for name, b := range map[string][]byte{
		"signed by another":  sealed(t, 2, 3, 1, ok),
		"of another":         sealed(t, 3, 3, 1, ok),
		"a name to resolve":  sealed(t, 2, 2, 1, "/dns4/example.org/udp/1/quic-v1"),
		"too many addresses": sealed(t, 2, 2, 1, many...),
		"a bit flipped":      bad,
		"cut short":          good[:len(good)-3],
		"empty":              nil,
	} {
		if err := n.LearnRecord(keyed(2), b); !errors.Is(err, ErrRecord) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a := known(t, n, keyed(2)); a != "" {
		t.Fatalf("learned %s", a)
	}
	if err := n.LearnRecord(keyed(2), good); err != nil {
		t.Fatal(err)
	}
}

func known(t *testing.T, n *Net, k base.Key) string {
	t.Helper()
	id, err := idOf(k)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, a := range n.host.Peerstore().Addrs(id) {
		all = append(all, a.String())
	}
	return strings.Join(all, " ")
}

// A newer record takes the place of an older one, never the other way round;
// one that is the newest known serves again when its addresses were forgotten.
func TestAddrRecordsAreOrdered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := udpnet.New(udpnet.Config{})
		defer u.Close()
		n := simStart(t, u, 1, "1.0.0.1", nil)
		defer n.Close()
		one, two := "/ip4/7.0.0.1/udp/1/quic-v1", "/ip4/7.0.0.2/udp/2/quic-v1"
		for _, step := range []struct {
			seq        uint64
			addr, want string
		}{{5, one, one}, {6, two, two}, {5, one, two}, {6, two, two}} {
			if err := n.LearnRecord(keyed(2), sealed(t, 2, 2, step.seq, step.addr)); err != nil {
				t.Fatal(err)
			}
			if got := known(t, n, keyed(2)); got != step.want {
				t.Fatalf("seq %d: knows %s, want %s", step.seq, got, step.want)
			}
		}
		time.Sleep(learnFor + time.Second)
		if got := known(t, n, keyed(2)); got != "" {
			t.Fatal(got)
		}
		if err := n.LearnRecord(keyed(2), sealed(t, 2, 2, 5, one)); err != nil || known(t, n, keyed(2)) != one {
			t.Fatal(err, known(t, n, keyed(2)))
		}
	})
}

// The most useful addresses come first, and those that mean nothing elsewhere
// only when there are no others.
func TestPublishedAddresses(t *testing.T) {
	list := func(s ...string) (out []ma.Multiaddr) {
		for _, a := range s {
			out = append(out, ma.StringCast(a))
		}
		return out
	}
	relay := "/ip4/9.9.9.9/udp/1/quic-v1/p2p/12D3KooWJzM5QGFeiB4YsgNSCdV8LWxVzhLDChPpfUPHs3qpVtxg/p2p-circuit"
	got := publish(list("/ip4/127.0.0.1/udp/1/quic-v1", "/ip4/192.168.0.7/udp/1/quic-v1", relay,
		"/ip4/8.8.8.8/tcp/1", "/dns4/example.org/tcp/1", "/ip4/8.8.8.8/udp/1/quic-v1/webtransport"))
	if fmt.Sprint(got) != fmt.Sprint(list("/ip4/8.8.8.8/tcp/1", relay, "/ip4/192.168.0.7/udp/1/quic-v1")) {
		t.Fatal(got)
	}
	alone := list("/ip4/127.0.0.1/udp/1/quic-v1", "/ip4/127.0.0.1/tcp/1")
	if got := publish(alone); len(got) != 2 {
		t.Fatal(got)
	}
}

// A record is never over the limit, whatever it must leave out.
func TestAddrRecordFits(t *testing.T) {
	n := start(t, 1)
	full, err := n.AddrRecord(1024)
	if err != nil || full == nil {
		t.Fatal(err)
	}
	for limit := 1024; limit > 100; limit -= 20 {
		b, err := n.AddrRecord(limit)
		if err != nil || len(b) > limit {
			t.Fatal(limit, len(b), err)
		}
	}
}

func FuzzOpenRecord(f *testing.F) {
	t := &testing.T{}
	f.Add(sealed(t, 2, 2, 1, "/ip4/7.0.0.1/udp/1/quic-v1"))
	f.Add(sealed(t, 3, 2, 1))
	f.Add([]byte{})
	id, err := idOf(keyed(2))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		env, pr, err := openRecord(id, b)
		if err != nil {
			return
		}
		if pr.PeerID != id || len(pr.Addrs) > maxRecordAddrs {
			t.Fatal("accepted")
		}
		// What is accepted reads the same again.
		again, err := env.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if _, pr2, err := openRecord(id, again); err != nil || pr2.Seq != pr.Seq || len(pr2.Addrs) != len(pr.Addrs) {
			t.Fatal(err)
		}
	})
}
