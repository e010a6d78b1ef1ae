package succession

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// A command that was refused is not obeyed later, when its signer has the right.
func TestRefusedStaysRefused(t *testing.T) {
	w := charlieAndBob(t, 2, 30)
	w.no(w.command(Ban, "charlie", "bob"), ErrRight)
	early := w.log[len(w.log)-1]
	w.days(2)
	w.temp("charlie")
	w.no(w.raw(early), ErrReplay)
	if w.Banned(key("bob")) {
		t.Error("bob is banned")
	}
}

func TestRotate(t *testing.T) {
	w := charlieAndBob(t, 5, 30)
	old := w.Head()
	w.yes(w.command(Rotate, "charlie", "charlie 2"))
	w.no(w.do(Entry{Kind: Login, By: key("charlie"), Head: old, Counter: 9}), ErrBanned)
	w.no(w.command(Rotate, "bob", "alice"), ErrPlayer)
	w.yes(w.command(Rotate, "alice", "alice 2"))
	if !w.IsAdmin(key("alice 2")) || w.IsAdmin(key("alice")) {
		t.Error("the office did not go with the key")
	}
	w.days(5)
	w.temp("charlie 2")
	x := Entry{Kind: Rotate, By: key("bob"), Player: key("thief"), Counter: 9, Head: w.Head()}
	x.Sig = sign(x.By, w.genesis.SigningBytes(&x))
	w.no(w.raw(x.Bytes()), ErrSignature) // the new key has not signed
}

func TestPresence(t *testing.T) {
	w := charlieAndBob(t, 5, 3)
	w.days(2)
	w.yes(w.command(Presence, "s1", "charlie"))
	w.no(w.command(Presence, "s2", "charlie"), ErrSoon)
	w.no(w.command(Presence, "bob", "charlie"), ErrServer)
	w.no(w.command(Presence, "s1", "nobody"), ErrPlayer)
	w.days(3)
	w.temp("") // day 5: charlie was there on day 2
	w.yes(w.command(Presence, "s2", "alice"))
	w.days(4)
	w.temp("")
}

func TestMembers(t *testing.T) {
	w := charlieAndBob(t, 2, 30)
	w.no(w.do(Entry{Kind: Members, By: key("bob"), Servers: servers("s1")}), ErrRight)
	w.no(w.do(Entry{Kind: Members, By: key("alice")}), ErrValue)
	w.yes(w.do(Entry{Kind: Members, By: key("alice"), Servers: servers("s1", "s2", "s4")}))
	w.no(w.do(Entry{Kind: Login, By: key("bob"), Server: key("s3")}), ErrServer)
	w.days(2)
	w.temp("charlie")
	w.yes(w.do(Entry{Kind: Members, By: key("charlie"), Servers: servers("s1", "s2", "s5")}))
	w.no(w.do(Entry{Kind: Members, By: key("charlie"), Servers: servers("s1", "s2", "s6")}), ErrSoon)
}

func TestOptions(t *testing.T) {
	w := charlieAndBob(t, 2, 30)
	w.yes(w.login("dora"))
	w.yes(w.do(Entry{Kind: Set, By: key("alice"), Settings: Settings{VacantDays: 2, ActiveDays: 30, TempMayNotBan: true, Successors: []base.Key{key("dora")}}}))
	w.days(2)
	w.temp("dora")
	w.no(w.command(Ban, "dora", "bob"), ErrRight)
	w.yes(w.do(Entry{Kind: Set, By: key("dora"), Settings: Settings{VacantDays: 2, ActiveDays: 30, MinDays: 2}}))
	w.temp("")
	w.yes(w.login("bob"))
	w.temp("bob") // on two days; charlie on one
	w = charlieAndBob(t, 2, 30)
	w.yes(w.do(Entry{Kind: Set, By: key("alice"), Settings: Settings{VacantDays: 2, ActiveDays: 30, CountDowntime: true}}))
	w.beat(2 * Day)
	w.temp("charlie")
}

// The roles of a certificate are checked from the genesis alone, over a change
// of all servers, with Ed25519.
func TestRealKeys(t *testing.T) {
	secret := map[base.Key]ed25519.PrivateKey{}
	fresh := func(n int) base.Key {
		priv := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n)}, 32))
		k := base.Key(priv.Public().(ed25519.PublicKey))
		secret[k] = priv
		return k
	}
	real := func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) }
	sorted := func(ks ...base.Key) []base.Key { slices.SortFunc(ks, base.Key.Compare); return ks }
	signed := func(k base.Key, msg []byte) Signature { return Signature(ed25519.Sign(secret[k], msg)) }
	alice, bob := fresh(1), fresh(2)
	g := Genesis{Region: base.ID{7}, Epoch: 3, Founder: alice, Servers: sorted(fresh(10), fresh(11), fresh(12)), Settings: DefaultSettings, Wall: 1}
	s, err := New(g, real)
	if err != nil {
		t.Fatal(err)
	}
	certify := func(by []base.Key) Certificate {
		c := s.Certificate()
		for _, k := range by {
			c.Signed = append(c.Signed, Signed{k, signed(k, c.SigningBytes())})
		}
		return c
	}
	apply := func(x Entry) {
		t.Helper()
		x.Counter, x.Head = s.Counter(x.By)+1, s.Head()
		msg := g.SigningBytes(&x)
		x.Sig = signed(x.By, msg)
		if x.Kind == Login {
			x.ServerSig = signed(x.Server, msg)
		}
		if err := s.Apply(x.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	apply(Entry{Kind: Login, By: bob, Server: g.Servers[0]})
	apply(Entry{Kind: Appoint, By: alice, Player: bob})
	next := sorted(fresh(20), fresh(21), fresh(22), fresh(23))
	apply(Entry{Kind: Members, By: bob, Servers: next})
	first := certify(g.Servers[:2])
	apply(Entry{Kind: Resign, By: alice})
	last := certify(next[:3])

	got, err := Follow(g, []Certificate{first, last}, real)
	if err != nil || !slices.Equal(got.Admins, []base.Key{bob}) {
		t.Fatalf("%+v %v", got, err)
	}
	var e base.Encoder
	last.AppendTo(&e)
	d := base.NewDecoder(e.B)
	if again := ReadCertificate(d); d.Done() != nil || !bytes.Equal(again.SigningBytes(), last.SigningBytes()) || len(again.Signed) != 3 {
		t.Error("a certificate does not survive its form")
	}

	forged := last
	forged.Admins = []base.Key{fresh(66)}
	other := g
	other.Epoch = 4
	for name, c := range map[string]struct {
		g     Genesis
		chain []Certificate
		want  error
	}{
		"none":                  {g, nil, ErrQuorum},
		"without the link":      {g, []Certificate{last}, ErrServer},
		"forged":                {g, []Certificate{first, forged}, ErrSignature},
		"two of four":           {g, []Certificate{first, certify(next[:2])}, ErrQuorum},
		"one signature twice":   {g, []Certificate{certify([]base.Key{next[0], next[0]})}, ErrServer},
		"another epoch":         {other, []Certificate{first}, ErrEpoch},
		"older after the newer": {g, []Certificate{first, last, first}, ErrClock},
	} {
		if _, err := Follow(c.g, c.chain, real); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// The same entry is of no use in another epoch.
	o, err := New(other, real)
	if err != nil {
		t.Fatal(err)
	}
	x := Entry{Kind: Login, By: bob, Server: g.Servers[0], Counter: 1, Head: o.Head()}
	x.Sig = signed(bob, g.SigningBytes(&x))
	if err := o.Apply(x.Bytes()); !errors.Is(err, ErrSignature) {
		t.Error("another epoch:", err)
	}
}

// Replicas with the same log agree at every entry, through a snapshot too, and
// who holds is never banned, retired, a permanent admin, or there without need.
func TestRandomLogs(t *testing.T) {
	n := uint64(400)
	if testing.Short() {
		n = 60
	}
	if os.Getenv("METATOPIA_SOAK") != "" {
		n = 10_000
	}
	for seed := range n {
		rnd := rand.New(rand.NewPCG(seed, 7))
		a, b := begin(t, 2, 1), begin(t, 2, 1)
		names := []string{"alice", "bob", "charlie", "dave", "eve", "s1"}
		pick := func() string { return names[rnd.IntN(len(names))] }
		for i := range 250 {
			var err error
			switch k := Kind(1 + rnd.IntN(int(kinds)-1)); k {
			case Beat:
				for range rnd.IntN(12) {
					err = a.clocks(a.Servers(), rnd.Int64N(5_400_000), rnd.Int64N(5_400_000), rnd.Int64N(5_400_000))
				}
			case Login:
				h := a.Head()
				if back := uint64(rnd.IntN(9)); back < h.Index {
					p := a.heads[uint64(len(a.heads))-1-back]
					h = Head{h.Index - back, p.Sum}
				}
				err = a.do(Entry{Kind: Login, By: key(pick()), Guest: rnd.IntN(5) == 0, Head: h})
			default:
				err = a.do(Entry{Kind: k, By: key(pick()), Player: key(pick()), Out: rnd.IntN(2) == 0,
					Settings: Settings{VacantDays: rnd.Uint32N(4), ActiveDays: rnd.Uint32N(3)}, Servers: servers("s1", "s2", fmt.Sprint("s", 3+rnd.IntN(2)))})
			}
			for len(b.log) < len(a.log) {
				errB := b.raw(a.log[len(b.log)])
				if len(b.log) == len(a.log) && (err == nil) != (errB == nil) {
					t.Fatalf("seed %d, entry %d: %v and %v", seed, i, err, errB)
				}
			}
			if rnd.IntN(20) == 0 {
				s, err := Restore(b.Snapshot(nil), verify)
				if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
				b.State = s
			}
			if !bytes.Equal(a.Snapshot(nil), b.Snapshot(nil)) {
				t.Fatalf("seed %d, entry %d: the replicas differ", seed, i)
			}
			if k := a.Temp(); !k.IsZero() {
				if p := a.player(k); p.Banned || p.Retired || p.Out || a.IsAdmin(k) || !a.Vacant() || p.Joined == 0 {
					t.Fatalf("seed %d: %+v holds", seed, p)
				}
			}
			if a.Explain(nil) == nil {
				t.Fatal("nothing to say")
			}
		}
	}
}

func TestExplain(t *testing.T) {
	names := map[base.Key]string{key("alice"): "Alice", key("bob"): "Bob", key("charlie"): "Charlie"}
	name := func(k base.Key) string { return names[k] }
	w := charlieAndBob(t, 30, 40)
	w.days(10)
	text := strings.Join(w.Explain(name), "\n")
	for _, want := range []string{"Alice is a permanent admin since the region was founded, and was last seen 10 days ago", "another 20 days", "that would be Charlie"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	w.days(21)
	text = strings.Join(w.Explain(name), "\n")
	for _, want := range []string{"Charlie is the temporary admin, because none of Alice was seen for 30 days", "in 8 days if Charlie is not seen again"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func FuzzApply(f *testing.F) {
	w := charlieAndBob(f, 2, 3)
	f.Add(w.log[0])
	f.Add(w.log[1])
	x := Entry{Kind: Set, By: key("alice"), Counter: 2, Settings: Settings{VacantDays: 1, ActiveDays: 1, Successors: []base.Key{{1}}}}
	f.Add(x.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := Parse(b); err == nil && !bytes.Equal(x.Bytes(), b) {
			t.Fatalf("%x re-encodes to %x", b, x.Bytes())
		}
		s, err := New(genesis(2, 3), func(base.Key, []byte, []byte) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		_ = s.Apply(b)
		_ = s.Apply(b)
		if _, err := Restore(s.Snapshot(nil), verify); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzRestore(f *testing.F) {
	f.Add(charlieAndBob(f, 2, 3).Snapshot(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Restore(b, verify)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Snapshot(nil), b) {
			t.Fatal("not canonical")
		}
		_ = s.Explain(nil)
		_ = s.Apply([]byte{byte(Beat), 0, 0, 0, 0})
	})
}

func FuzzCertificate(f *testing.F) {
	var e base.Encoder
	c := charlieAndBob(f, 2, 3).Certificate()
	c.Signed = []Signed{{Server: key("s1")}}
	c.AppendTo(&e)
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := base.NewDecoder(b)
		c := ReadCertificate(d)
		if d.Done() != nil {
			return
		}
		var e base.Encoder
		c.AppendTo(&e)
		if !bytes.Equal(e.B, b) {
			t.Fatal("not canonical")
		}
		_, _ = Follow(genesis(2, 3), []Certificate{c}, verify)
	})
}
