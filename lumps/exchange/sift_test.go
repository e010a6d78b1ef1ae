package exchange

import (
	"bytes"
	"errors"
	"testing"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	bsnetwork "github.com/ipfs/boxo/bitswap/network"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/lumps"
)

func wire(t testing.TB, m bsmsg.BitSwapMessage) []byte {
	t.Helper()
	b, err := proto.Marshal(m.ToProtoV1())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everything is a message with one of each: a want, a cancel, a lump and a
// node, and two presences.
func everything(t testing.TB) bsmsg.BitSwapMessage {
	t.Helper()
	m := bsmsg.New(false)
	m.AddEntry(lumps.Of([]byte("want")).CID(), 1, pb.Message_Wantlist_Have, true)
	m.Cancel(lumps.Of([]byte("cancel")).CID())
	m.AddHave(lumps.Of([]byte("have")).CID())
	m.AddDontHave(lumps.Of([]byte("lack")).CID())
	for _, c := range []cid.Cid{lumps.Of([]byte("lump")).CID(), lumps.OfNode([]byte("lump")).CID()} {
		b, err := blocks.NewBlockWithCid([]byte("lump"), c)
		if err != nil {
			t.Fatal(err)
		}
		m.AddBlock(b)
	}
	return m
}

func TestSiftCounts(t *testing.T) {
	if n, _, err := sift(wire(t, everything(t))); n != 6 || err != nil {
		t.Errorf("everything: %d, %v", n, err)
	}
	if n, _, err := sift(nil); n != 0 || err != nil {
		t.Errorf("an empty message: %d, %v", n, err)
	}
	old := bsmsg.New(false)
	old.AddBlock(blocks.NewBlock([]byte("of version 0")))
	large := bsmsg.New(false)
	large.AddBlock(blocks.NewBlock(make([]byte, lumps.MaxLump+1)))
	for name, c := range map[string]struct {
		b    []byte
		want Fault
	}{
		"no protobuf":              {[]byte{0xff, 0xff}, Garbled},
		"cut":                      {wire(t, everything(t))[:40], Garbled},
		"a block of version 0":     {wire(t, old), Unasked},
		"the same, in the old way": {func() []byte { b, _ := proto.Marshal(old.ToProtoV0()); return b }(), Unasked},
		"a block too long":         {wire(t, large), Unasked},
		"empty entries":            {append([]byte{0x0a, 0x80, 0x80, 0x01}, bytes.Repeat([]byte{0x0a, 0}, 1<<13)...), Flood},
		"a long name":              {wire(t, func() bsmsg.BitSwapMessage { return longName(t) }()), Flood},
	} {
		if _, f, err := sift(c.b); !errors.Is(err, errSifted) || f != c.want {
			t.Errorf("%s: %v, %v; want %v", name, f, err, c.want)
		}
	}
}

func longName(t testing.TB) bsmsg.BitSwapMessage {
	t.Helper()
	c, err := cid.V1Builder{Codec: cid.Raw, MhType: 0}.Sum(make([]byte, maxName))
	if err != nil {
		t.Fatal(err)
	}
	m := bsmsg.New(false)
	m.AddEntry(c, 1, pb.Message_Wantlist_Block, true)
	return m
}

// FuzzSift: whatever passes has as many parts as were counted, at most.
func FuzzSift(f *testing.F) {
	f.Add(wire(f, everything(f)))
	f.Add(wire(f, longName(f)))
	f.Add([]byte{0x0a, 0x02, 0x0a, 0x00})
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, _, err := sift(b)
		if n > maxEntries+1 || err != nil && !errors.Is(err, errSifted) {
			t.Fatalf("%d entries, %v", n, err)
		}
		var m pb.Message
		if err != nil || proto.Unmarshal(b, &m) != nil {
			return
		}
		if parts := len(m.GetWantlist().GetEntries()) + len(m.GetPayload()) + len(m.GetBlockPresences()); parts > n || len(m.GetBlocks()) > 0 {
			t.Fatalf("%d parts, %d counted", parts, n)
		}
		for _, p := range m.GetPayload() {
			if !bytes.Equal(p.Prefix, prefixRaw) && !bytes.Equal(p.Prefix, prefixNode) {
				t.Fatalf("prefix %x passes", p.Prefix)
			}
		}
	})
}

// heard is a bitswap that notes what it is told.
type heard struct {
	bsnetwork.Receiver
	connected, disconnected []peer.ID
}

func (h *heard) PeerConnected(p peer.ID)    { h.connected = append(h.connected, p) }
func (h *heard) PeerDisconnected(p peer.ID) { h.disconnected = append(h.disconnected, p) }

// Bitswap does not hear of a peer while it is shunned, and does again after.
func TestGateHidesWhoIsShunned(t *testing.T) {
	c, h := newCourt(), &heard{}
	g := newGate(t.Context(), nil, c.judge, nil)
	g.to = []bsnetwork.Receiver{h}
	g.PeerConnected("a")
	c.fault("a", WrongBytes)
	g.PeerConnected("a")
	g.ReceiveMessage(t.Context(), "a", everything(t)) // would panic if passed on
	c.at = c.at.Add(shunFor)
	g.PeerConnected("a")
	if len(h.connected) != 2 {
		t.Errorf("told of %v", h.connected)
	}
}

func TestAsks(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	a := newAsks(func() time.Time { return now })
	x, y := lumps.Of([]byte("x")).CID(), lumps.Of([]byte("y")).CID()
	a.note("p", x, true, false)
	a.note("q", x, true, false)
	if !a.word("p", x, true) || !a.word("q", x, true) || a.word("r", x, true) || a.word("p", y, false) {
		t.Error("word is wrong")
	}
	a.note("p", x, true, true)
	now = now.Add(silentAfter)
	who, others, left := a.silent()
	if len(who) != 1 || who[0] != "p" || len(others) != 1 || others[0] != (naming{"q", x}) || !left {
		t.Errorf("silent = %v, %v, %v", who, others, left)
	}
	a.note("q", x, true, true)
	now = now.Add(stallAfter)
	if ok, slow := a.answered("q", x); !ok || len(slow) != 1 || slow[0] != "p" {
		t.Errorf("answered = %v, %v", ok, slow)
	}
	// Asked twice it may answer twice, and no more.
	if ok, _ := a.answered("q", x); !ok {
		t.Error("the second answer is refused")
	}
	if ok, _ := a.answered("q", x); ok {
		t.Error("a third answer is taken")
	}
	a.note("p", x, false, false)
	if _, _, left := a.silent(); left {
		t.Error("something is due that was cancelled")
	}
	if a.forget("p"); a.word("p", x, true) || a.n != 1 {
		t.Errorf("%d asks after p is gone", a.n)
	}
	// Memory is bounded: past it everybody is believed.
	for i := range 2 * maxAsks {
		a.note(peer.ID(rune(i)), y, true, false)
		if a.note(peer.ID(rune(i)), y, false, false); i%1000 == 0 {
			now = now.Add(askKeep)
		}
	}
	for i := range 2 * maxAsks {
		a.note(peer.ID(rune(i)), x, true, true)
	}
	if a.n > maxAsks || len(a.due) > maxAsks || !a.word("nobody", x, true) {
		t.Errorf("%d asks remembered, %d due", a.n, len(a.due))
	}
}
