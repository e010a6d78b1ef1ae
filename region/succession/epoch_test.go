package succession

import (
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// begin begins an epoch, with one server.
func (w *world) begin(epoch uint64, by string, more ...func(*Entry)) error {
	x := Entry{Kind: Renew, By: key(by), Counter: w.Counter(key(by)) + 1, Head: w.Head(), Epoch: epoch, Servers: servers("s9")}
	for _, f := range more {
		f(&x)
	}
	g := w.genesis.In(x.Epoch)
	x.Sig = sign(x.By, g.SigningBytes(&x))
	return w.Renew(x.Bytes())
}

// signedIn is an entry signed for an epoch.
func (w *world) signedIn(epoch uint64, x Entry) []byte {
	x.Counter, x.Head = w.Counter(x.By)+1, w.Head()
	g := w.genesis.In(epoch)
	msg := g.SigningBytes(&x)
	x.Sig, x.ServerSig = sign(x.By, msg), sign(x.Server, msg)
	return x.Bytes()
}

// TestNewEpoch: what was before carries over; what was signed for the epoch before
// does not count, and is told why.
func TestNewEpoch(t *testing.T) {
	w := charlieAndBob(t, 30, 7)
	w.yes(w.command(Ban, "alice", "mallory"))
	w.yes(w.command(Appoint, "alice", "bob"))
	old := w.Certificate()
	login := w.signedIn(1, Entry{Kind: Login, By: key("charlie"), Server: key("s1")})
	command := w.signedIn(1, Entry{Kind: Ban, By: key("alice"), Player: key("bob")})
	sample := Sample{Server: key("s9"), Wall: w.wall + 1000}
	sample.Sig = sign(sample.Server, w.genesis.SampleBytes(w.lastBeat, sample.Wall))

	w.no(w.begin(2, "bob"), ErrRight)
	w.no(w.begin(1, "alice"), ErrReplay)
	w.no(w.begin(2, "alice", func(x *Entry) { x.Head.Sum[0]++ }), ErrHead)
	w.no(w.begin(2, "alice", func(x *Entry) { x.Servers = nil }), ErrValue)
	if w.Epoch() != 1 || w.Head() != old.Head {
		t.Fatal("what was refused changed something")
	}
	admins, charlie := w.Admins(), *w.player(key("charlie"))
	w.yes(w.begin(2, "alice"))
	if w.Epoch() != 2 || len(w.Servers()) != 1 || w.Servers()[0] != key("s9") || w.Head().Index != old.Head.Index+1 {
		t.Fatal("no new epoch")
	}
	if got := w.Admins(); len(got) != len(admins) || got[1] != key("bob") || !w.Banned(key("mallory")) || *w.player(key("charlie")) != charlie {
		t.Fatal("roles, bans and ages did not carry over")
	}

	for what, b := range map[string][]byte{"login": login, "command": command} {
		err := w.Apply(b)
		if w.no(err, ErrEpoch); !strings.Contains(err.Error(), "signed for epoch 1, this region is in epoch 2") {
			t.Fatalf("%s: %v", what, err)
		}
	}
	if w.Admins()[1] != key("bob") {
		t.Fatal("a command of the old epoch counted")
	}
	w.no(w.do(Entry{Kind: Beat, Samples: []Sample{sample}}), ErrSignature)
	w.no(w.Apply(w.signedIn(3, Entry{Kind: Resign, By: key("bob")})), ErrSignature)
	// Nobody begins one in a log that runs.
	x := Entry{Kind: Renew, By: key("alice"), Epoch: 3, Servers: servers("s1")}
	w.no(w.Apply(w.signedIn(2, x)), ErrRight)

	w.yes(w.Apply(w.signedIn(2, Entry{Kind: Login, By: key("charlie"), Server: key("s9")})))
	w.yes(w.Apply(w.signedIn(2, Entry{Kind: Ban, By: key("alice"), Player: key("eve")})))

	s, err := Restore(w.Snapshot(nil), verify)
	if err != nil || s.Epoch() != 2 || s.Hash() != w.Hash() {
		t.Fatal("the epoch is not in the snapshot", err)
	}
}

// TestRenewal: a client that knows the charter alone follows certificates over a
// recovery that the founder has signed, though most servers of before are gone and
// entries are lost; and takes nobody else's.
func TestRenewal(t *testing.T) {
	keys := map[base.Key]ed25519.PrivateKey{}
	person := func(seed byte) base.Key {
		p := ed25519.NewKeyFromSeed(append(make([]byte, 31), seed))
		k := base.Key(p.Public().(ed25519.PublicKey))
		keys[k] = p
		return k
	}
	real := func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) }
	founder, eve, s1, s2 := person(1), person(2), person(3), person(4)
	by := func(k base.Key) func([]byte) []byte { return func(b []byte) []byte { return ed25519.Sign(keys[k], b) } }
	g := Genesis{Region: base.ID{1}, Epoch: 1, Founder: founder, Servers: []base.Key{s1}, Settings: DefaultSettings, Wall: 1}
	cert := func(epoch, index uint64, servers []base.Key, signers ...base.Key) Certificate {
		c := Certificate{Region: g.Region, Epoch: epoch, Head: Head{Index: index}, Wall: int64(10 + index), Admins: []base.Key{founder}, Servers: servers}
		for _, k := range signers {
			s := Signed{Server: k}
			copy(s.Sig[:], by(k)(c.SigningBytes()))
			c.Signed = append(c.Signed, s)
		}
		return c
	}
	before := Chain{}.With(g, cert(1, 20, []base.Key{s1}, s1))
	link := Renewal(g, cert(2, 15, []base.Key{s2}), by(founder)) // entries 16 to 20 are lost
	after := before.With(g, link)
	if len(after) != 1 || after.Epoch(g) != 2 {
		t.Fatalf("%d certificates", len(after))
	}
	newest := after.With(g, cert(2, 30, []base.Key{s2}, s2))
	if last, err := Follow(g, newest, real); err != nil || last.Epoch != 2 || last.Head.Index != 30 || len(newest) != 2 {
		t.Fatal(len(newest), err)
	}
	if _, err := Follow(g, append(before[:1:1], newest...), real); err != nil {
		t.Fatal("with the certificates of before: ", err)
	}
	if !newest.Last().Newer(before.Last()) || before.Last().Newer(&link) {
		t.Fatal("a later epoch is not newer")
	}
	if b, err := ParseChain(newest.Bytes()); err != nil || len(b) != 2 {
		t.Fatal(err)
	}
	third := newest.With(g, Renewal(g, cert(3, 25, []base.Key{s1}), by(founder)))
	if last, err := Follow(g, third, real); err != nil || len(third) != 1 || last.Epoch != 3 {
		t.Fatal("a second recovery: ", err)
	}
	stolen := cert(2, 15, []base.Key{s2}, founder) // signed as one of the servers
	for what, x := range map[string]struct {
		chain Chain
		want  error
	}{
		"by a server":                {Chain{cert(2, 15, []base.Key{s2}, s2)}, ErrServer},
		"by somebody":                {Chain{Renewal(Genesis{Founder: eve}, cert(2, 15, []base.Key{eve}), by(eve))}, ErrServer},
		"forged":                     {Chain{Renewal(g, cert(2, 15, []base.Key{eve}), by(eve))}, ErrSignature},
		"as a server's, not renewed": {Chain{stolen}, ErrSignature},
		"the old servers go on":      {append(after[:1:1], cert(1, 40, []base.Key{s1}, s1)), ErrEpoch},
		"the old servers sign it":    {append(after[:1:1], cert(2, 40, []base.Key{s1}, s1)), ErrServer},
	} {
		if _, err := Follow(g, x.chain, real); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", what, err, x.want)
		}
	}
}
