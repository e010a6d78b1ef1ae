package e2e

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/access"
)

// outsider is a program of somebody's own making that speaks to a node.
type outsider struct {
	*p2p.Net
	t    *testing.T
	priv ed25519.PrivateKey
}

func newOutsider(t *testing.T) *outsider {
	t.Helper()
	_, priv, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := p2p.New(p2p.Config{Key: priv, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return &outsider{Net: n, t: t, priv: priv}
}

func (o *outsider) key() (k base.Key) {
	copy(k[:], o.priv.Public().(ed25519.PublicKey))
	return k
}

// lockedRegion is a region with a password, served by a process.
type lockedRegion struct {
	id     base.ID
	addr   string
	server base.Key
	owner  ed25519.PrivateKey // the server's key is its owner's
}

// open begins a stream to who says that they are at the region's door.
func (o *outsider) open(r *lockedRegion, addr string) (io.ReadWriteCloser, door.Peers) {
	o.t.Helper()
	ctx, cancel := timeout()
	defer cancel()
	to, err := o.Dial(ctx, addr)
	if err != nil {
		o.t.Fatal(err)
	}
	s, err := o.Open(ctx, to, door.Protocol+r.id.String())
	if err != nil {
		o.t.Fatal(err)
	}
	return s, door.Peers{Region: r.id, Client: o.key(), Server: to}
}

func (o *outsider) ask(r *lockedRegion) door.Status {
	o.t.Helper()
	ctx, cancel := timeout()
	defer cancel()
	s, _ := o.open(r, r.addr)
	st, err := door.Ask(ctx, s)
	if err != nil {
		o.t.Fatal(err)
	}
	return st
}

func (o *outsider) hand(r *lockedRegion, entry []byte) error {
	ctx, cancel := timeout()
	defer cancel()
	s, _ := o.open(r, r.addr)
	_, err := door.Submit(ctx, s, entry)
	return err
}

// heard keeps what is said on a stream.
type heard struct {
	io.ReadWriteCloser
	said bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.said.Write(b)
	return h.ReadWriteCloser.Write(b)
}

// identity reads the key of a node from its home.
func identity(t *testing.T, home string) ed25519.PrivateKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(home, "identity.key"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return ed25519.NewKeyFromSeed(seed)
}

// regionOf is the one region that a process serves, which listens on TCP.
func regionOf(t *testing.T, home, link string) *lockedRegion {
	t.Helper()
	r := &lockedRegion{owner: identity(t, home)}
	copy(r.server[:], r.owner.Public().(ed25519.PublicKey))
	l, err := world.ParseLink(link)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range l.Addrs {
		if strings.Contains(x, "/tcp/") {
			r.addr = x
		}
	}
	if r.id, err = base.ParseID(status(t, home).Serving[0].ID); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRefusedAtTheDoor: a process serves a region with a password. Whoever has
// not got it is refused, with words that say why: with a wrong one, with what
// somebody else has said, through somebody in between, with tickets of their
// own making, and with what was signed for another epoch. The right password,
// and the same entries signed rightly, are taken.
func TestRefusedAtTheDoor(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, link := worldOf(t, nil, a, loopback...)
	right := write(t, filepath.Join(dir, "right"), []byte("open sesame\n"))
	wrong := write(t, filepath.Join(dir, "wrong"), []byte("open barley\n"))
	must(t, a, "region", "password", "set", "Hearthside", "--password-file", right)
	r := regionOf(t, a, link)

	refused := func(what string, err error, want access.Code) {
		t.Helper()
		t.Logf("%s: %v", what, err)
		if !errors.Is(err, want) || !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	start(t, nil, b, append(loopback, "--join", link)...)
	enter := func(file string) result {
		return cli(t, b, "region", "password", "enter", "Hearthside", "--password-file", file)
	}
	said := enter(wrong)
	t.Logf("wrong password: %s", said.err)
	if said.code != control.ExitDenied || !strings.Contains(said.err, "the region refused: wrong password\n") || !strings.Contains(said.err, "ask who gave you the link") {
		t.Errorf("wrong password: exit code %d, said %q", said.code, said.err)
	}

	// Ann comes in, and all that she said is said again, by her and by Eve.
	ann, eve, mallory := newOutsider(t), newOutsider(t), newOutsider(t)
	s, peers := ann.open(r, r.addr)
	tape := &heard{ReadWriteCloser: s}
	ctx, cancel := timeout()
	defer cancel()
	if _, err := door.Login(ctx, tape, peers, []byte("open sesame")); err != nil {
		t.Fatal(err)
	}
	if st := ann.ask(r); st.Enter != access.OK {
		t.Fatalf("Ann has shown the password and may not come in: %v", st.Enter)
	}
	for name, o := range map[string]*outsider{"replayed login": ann, "another's login": eve} {
		s, _ := o.open(r, r.addr)
		if _, err := s.Write(tape.said.Bytes()); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(s)
		if err != nil || len(got) == 0 {
			t.Fatalf("%s: %d bytes: %v", name, len(got), err)
		}
		refused(name, access.Code(got[len(got)-1]), access.Wrong)
	}
	if st := eve.ask(r); st.Enter != access.Password {
		t.Errorf("Eve, with what Ann said: %v", st.Enter)
	}

	// Mallory says that he is a server, and passes all on to the real one.
	mallory.Handle(door.Protocol+r.id.String(), func(_ base.Key, s p2p.Stream) {
		real, _ := mallory.open(r, r.addr)
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(real, s); real.Close() })
		both.Go(func() { _, _ = io.Copy(s, real); s.Close() })
		both.Wait()
	})
	cat := newOutsider(t)
	s, peers = cat.open(r, mallory.Addrs()[0])
	_, err := door.Login(ctx, s, peers, []byte("open sesame"))
	refused("relayed login", err, access.Between)
	for name, o := range map[string]*outsider{"Mallory": mallory, "Cat": cat} {
		if st := o.ask(r); st.Enter != access.Password {
			t.Errorf("%s, after a relayed login: %v", name, st.Enter)
		}
	}

	// Tickets, and commands of the owner.
	now := eve.ask(r)
	ticket := func(by ed25519.PrivateKey, change func(*access.Ticket)) error {
		k := access.Ticket{Region: r.id, Epoch: now.Epoch, Secret: now.Secret, Player: eve.key(), Until: now.Tick + access.Hour, Server: r.server}
		if change != nil {
			change(&k)
		}
		copy(k.Sig[:], ed25519.Sign(by, k.SigningBytes()))
		return eve.hand(r, (&access.Entry{Kind: access.Admit, Ticket: k}).Bytes())
	}
	command := func(epoch uint64) error {
		x := access.Entry{Kind: access.List, Player: eve.key(), On: true, Region: r.id, Epoch: epoch, By: r.server, Until: now.Tick + access.Minute, Counter: 1 << 60}
		copy(x.Sig[:], ed25519.Sign(r.owner, x.SigningBytes()))
		return eve.hand(r, x.Bytes())
	}
	refused("a ticket that Eve has signed", ticket(eve.priv, nil), access.Forged)
	refused("a ticket of a server of Eve's", ticket(eve.priv, func(k *access.Ticket) { k.Server = eve.key() }), access.Server)
	refused("a ticket of the epoch before", ticket(r.owner, func(k *access.Ticket) { k.Epoch-- }), access.Epoch)
	refused("a command of the epoch before", command(now.Epoch-1), access.Epoch)
	refused("a command of the next epoch", command(now.Epoch+1), access.Epoch)
	if st := eve.ask(r); st.Enter != access.Password {
		t.Errorf("Eve, after all that: %v", st.Enter)
	}
	if err := command(now.Epoch); err != nil {
		t.Errorf("the same command of this epoch: %v", err)
	}
	if st := eve.ask(r); st.Enter != access.OK {
		t.Errorf("Eve, whom the owner has listed: %v", st.Enter)
	}
	if said := enter(right); said.code != 0 {
		t.Errorf("the right password: exit code %d, %s", said.code, said.err)
	}
}
