package node

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps/transfer"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
)

// two nodes that are connected.
func adaAndBob(t *testing.T) (ada, bob *Node) {
	t.Helper()
	ada, bob = startNode(t, Config{Name: "Ada"}), startNode(t, Config{Name: "Bob"})
	must(bob.net.Dial(t.Context(), ada.net.Addrs()[0]))(t)
	return ada, bob
}

func addRandom(t *testing.T, n *Node, size int) *control.Lump {
	t.Helper()
	b := make([]byte, size)
	_, _ = rand.Read(b)
	return must(n.Backend().LumpAdd(t.Context(), true, once(b)))(t)
}

// sendTo sends and gives the receipt.
func sendTo(t *testing.T, from, to *Node, cid string) (*control.Receipt, error) {
	t.Helper()
	var last control.LumpSent
	err := from.Backend().LumpSend(t.Context(), &control.LumpSendRequest{CID: cid, Peer: p2p.PeerID(to.key), Note: "for you"}, func(s *control.LumpSent) error {
		if s.Done < last.Done || s.Done > s.Total {
			t.Errorf("%+v after %+v", s, last)
		}
		last = *s
		return nil
	})
	return last.Receipt, err
}

func TestSendALump(t *testing.T) {
	ada, bob := adaAndBob(t)
	small, big := addRandom(t, ada, 3<<20), addRandom(t, ada, 5<<20)
	_, err := sendTo(t, ada, bob, small.CID)
	if control.CodeOf(err) != control.Denied || !strings.Contains(control.HintOf(err), p2p.PeerID(ada.key)) {
		t.Fatalf("before an agreement: %v, %s", err, control.HintOf(err))
	}
	if bob.store.Bytes() != 0 {
		t.Errorf("%d bytes came", bob.store.Bytes())
	}
	accept := &control.LumpAcceptRequest{Peer: p2p.PeerID(ada.key), Quota: 6 << 20}
	must(bob.Backend().LumpAccept(t.Context(), accept))(t)
	r, err := sendTo(t, ada, bob, small.CID)
	if err != nil {
		t.Fatal(err)
	}
	if r.CID != small.CID || r.Size != small.Size || r.Sender != p2p.PeerID(ada.key) || r.Receiver != p2p.PeerID(bob.key) {
		t.Errorf("%+v", r)
	}
	if back := must(ada.Backend().LumpReceipt(t.Context(), &control.LumpReceiptRequest{Bytes: r.Bytes}))(t); *back != *r {
		t.Errorf("%+v", back)
	}
	forged := strings.Replace(r.Bytes, r.Bytes[80:90], "0123456789", 1)
	if _, err := ada.Backend().LumpReceipt(t.Context(), &control.LumpReceiptRequest{Bytes: forged}); control.CodeOf(err) != control.Corrupt {
		t.Errorf("a forged receipt: %v", err)
	}
	l := must(bob.Backend().LumpStat(t.Context(), &control.LumpRequest{CID: small.CID}))(t)
	if !l.Pinned || !l.Local || l.Size != small.Size {
		t.Errorf("%+v", l)
	}
	// The numbers are in the words, at the sender.
	_, err = sendTo(t, ada, bob, big.CID)
	if control.CodeOf(err) != control.TooLarge || !strings.Contains(err.Error(), "3145728 of 6291456") {
		t.Errorf("over quota: %v", err)
	}
	a := must(bob.Backend().LumpAgreed(t.Context(), &control.LumpAgreedRequest{Peer: accept.Peer}))(t).Agreements[0]
	if a.Used != 3<<20 || a.Count != 1 || a.Contents[0].CID != small.CID || a.Contents[0].Note != "for you" {
		t.Errorf("%+v", a)
	}
	must(bob.Backend().LumpUnpin(t.Context(), &control.LumpRequest{CID: small.CID}))(t)
	if _, err = sendTo(t, ada, bob, big.CID); err != nil {
		t.Errorf("after an unpin: %v", err)
	}
	must(bob.Backend().LumpRefuse(t.Context(), accept))(t)
	if _, err = sendTo(t, ada, bob, small.CID); control.CodeOf(err) != control.Denied {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestSendWrongWords(t *testing.T) {
	ada := startNode(t, Config{Name: "Ada"})
	l := addRandom(t, ada, 100)
	stranger := p2p.PeerID(base.Key(strangerKey(9).Public().(ed25519.PublicKey)))
	nothing := func(*control.LumpSent) error { return nil }
	for _, c := range []struct {
		cid, peer string
		code      control.Code
	}{
		{l.CID, "nobody", control.Invalid},
		{l.CID, p2p.PeerID(ada.key), control.Invalid},
		{l.CID, stranger, control.Unavailable},
		{"bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", stranger, control.NotFound},
	} {
		err := ada.Backend().LumpSend(t.Context(), &control.LumpSendRequest{CID: c.cid, Peer: c.peer}, nothing)
		if control.CodeOf(err) != c.code || control.HintOf(err) == "" && c.code != control.Invalid {
			t.Errorf("%s to %s: %v (%s)", c.cid, c.peer, err, control.HintOf(err))
		}
	}
	if _, err := ada.Backend().LumpAgreed(t.Context(), &control.LumpAgreedRequest{Peer: stranger}); control.CodeOf(err) != control.NotFound {
		t.Error(err)
	}
}

func TestAgreementsAreThereAfterARestart(t *testing.T) {
	home := t.TempDir()
	ada, bob := startNode(t, Config{Name: "Ada"}), startNode(t, Config{Name: "Bob", Home: home})
	accept := &control.LumpAcceptRequest{Peer: p2p.PeerID(ada.key)}
	must(bob.Backend().LumpAccept(t.Context(), accept))(t)
	stopNode(t, bob)
	again, err := Start(t.Context(), Config{Name: "Bob", Home: home, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, again)
	must(again.net.Dial(t.Context(), ada.net.Addrs()[0]))(t)
	if _, err := sendTo(t, ada, again, addRandom(t, ada, 2<<20).CID); err != nil {
		t.Error(err)
	}
}

// Whoever goes on offering what nobody wants is heard no more, and rubbish is
// held against its sender. What a gate does with that is tested in p2p.
func TestFloodOfOffers(t *testing.T) {
	was := offerRate
	t.Cleanup(func() { offerRate = was })
	offerRate = p2p.Rate{PerSecond: 1e-6, Burst: 3}
	bob := startNode(t, Config{Name: "Bob"})
	key := strangerKey(77)
	mallory, err := p2p.New(p2p.Config{Key: key, Listen: loopback, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	defer mallory.Close()
	must(mallory.Dial(t.Context(), bob.net.Addrs()[0]))(t)
	say := func() []byte {
		t.Helper()
		s := must(mallory.Open(t.Context(), bob.key, transfer.Protocol))(t)
		defer s.Reset()
		_, _ = s.Write(bytes.Repeat([]byte("x"), 100))
		answer, _ := io.ReadAll(s)
		return answer
	}
	refused := func() uint64 { return bob.count.snapshot()[countRefused] }
	for range 2 {
		if len(say()) == 0 || refused() != 0 {
			t.Errorf("no word for a stranger, or %d refused", refused())
		}
	}
	accept := &control.LumpAcceptRequest{Peer: p2p.PeerID(base.Key(key.Public().(ed25519.PublicKey)))}
	must(bob.Backend().LumpAccept(t.Context(), accept))(t)
	if len(say()) == 0 || refused() != 1 {
		t.Errorf("rubbish: %d refused", refused())
	}
	for i := range uint64(5) {
		if len(say()) != 0 || refused() != 2+i {
			t.Errorf("over the rate: %d refused", refused())
		}
	}
}
