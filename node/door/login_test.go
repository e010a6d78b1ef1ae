package door

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region/access"
)

func want(t testing.TB, err error, c access.Code) {
	t.Helper()
	if !errors.Is(err, c) {
		t.Fatalf("%v, want %v", err, c)
	}
}

func TestRightAndWrongPassword(t *testing.T) {
	w := newWorld(t)
	ann := w.client("ann")
	_, err := ann.login(t, w.server, "open sesame") // no password: a fake record
	want(t, err, access.Wrong)
	w.lock("open sesame")
	if got := w.enters(ann); got != access.Password {
		t.Fatal(got)
	}
	_, err = ann.login(t, w.server, "open barley")
	want(t, err, access.Wrong)
	if got := w.enters(ann); got != access.Password {
		t.Fatal(got)
	}
	tk, err := ann.login(t, w.server, "open sesame")
	if err != nil || tk.Player != ann.key {
		t.Fatal(tk, err)
	}
	if got := w.enters(ann); got != access.OK {
		t.Fatal(got)
	}
	st, err := Ask(context.Background(), ann.open(t, w.server))
	if err != nil || !st.Locked || st.Enter != access.OK || st.Role != access.Builder {
		t.Fatalf("%+v %v", st, err)
	}
	w.banned = ann.key
	_, err = ann.login(t, w.server, "open sesame")
	want(t, err, access.Banned)
}

// TestRelayed: somebody whom ann takes for a server of the region passes all on
// to the real one, and back.
func TestRelayed(t *testing.T) {
	w := newWorld(t)
	w.lock("secret")
	mallory, ann := w.client("mallory"), w.client("ann")
	mallory.Handle(Protocol+space.String(), func(_ base.Key, s p2p.Stream) {
		real, err := mallory.Open(context.Background(), w.server.key, Protocol+space.String())
		if err != nil {
			return
		}
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(real, s); real.Close() })
		both.Go(func() { _, _ = io.Copy(s, real); s.Close() })
		both.Wait()
	})
	if err := ann.DialAny(context.Background(), mallory); err != nil {
		t.Fatal(err)
	}
	_, err := ann.login(t, mallory, "secret")
	want(t, err, access.Between)
	_, err = ann.login(t, mallory, "a wrong one")
	want(t, err, access.Wrong)
	if w.enters(mallory) != access.Password || w.enters(ann) != access.Password {
		t.Fatal("a relayed login let somebody in")
	}
	if _, err := ann.login(t, w.server, "secret"); err != nil {
		t.Fatal(err)
	}
}

// tape keeps what is written.
type tape struct {
	io.ReadWriteCloser
	out bytes.Buffer
}

func (r *tape) Write(b []byte) (int, error) {
	r.out.Write(b)
	return r.ReadWriteCloser.Write(b)
}

// TestReplayedLogin: all that ann sent, sent again by herself and by another.
func TestReplayedLogin(t *testing.T) {
	w := newWorld(t)
	w.lock("secret")
	ann, eve := w.client("ann"), w.client("eve")
	rec := &tape{ReadWriteCloser: ann.open(t, w.server)}
	if _, err := Login(context.Background(), rec, Peers{space, ann.key, w.server.key}, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	said := rec.out.Bytes()
	_, before := w.state.Counts()
	for _, h := range []*host{ann, eve} {
		s := h.open(t, w.server)
		if _, err := s.Write(said); err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(s)
		if err != nil || len(all) != 1+sizeNonce+1+sizeKE2+1 || access.Code(all[len(all)-1]) != access.Wrong {
			t.Fatalf("%d bytes, %v", len(all), err)
		}
	}
	if _, after := w.state.Counts(); after != before || w.enters(eve) != access.Password {
		t.Fatal("a replayed login counts")
	}
}

// TestTickets: a server's ticket may be handed in by anybody and counts once;
// what no server signed, or was signed for something else, does not.
func TestTickets(t *testing.T) {
	w := newWorld(t)
	admin := w.lock("secret")
	ann := w.client("ann")
	kick := w.signed(admin, access.Entry{Kind: access.Expel, Player: ann.key})
	hand := func(t *testing.T, change func(*access.Ticket), by *host) error {
		w.mu.Lock()
		k := access.Ticket{Region: space, Epoch: w.epoch, Secret: 1, Player: ann.key, Until: w.now + access.Hour, Server: w.server.key}
		w.mu.Unlock()
		if change != nil {
			change(&k)
		}
		copy(k.Sig[:], by.sign(k.SigningBytes()))
		x := access.Entry{Kind: access.Admit, Ticket: k}
		_, err := Submit(context.Background(), ann.open(t, w.server), x.Bytes())
		return err
	}
	before := w.entries.Load()
	want(t, hand(t, nil, ann), access.Forged)
	want(t, hand(t, func(k *access.Ticket) { k.Server = ann.key }, ann), access.Server)
	want(t, hand(t, func(k *access.Ticket) { k.Epoch = 0 }, w.server), access.Epoch)
	want(t, hand(t, func(k *access.Ticket) { k.Until = w.now - 1 }, w.server), access.Expired)
	want(t, hand(t, func(k *access.Ticket) { k.Until = w.now + access.MaxTicket + 1 }, w.server), access.Ahead)
	want(t, hand(t, func(k *access.Ticket) { k.Region = base.ID{6} }, w.server), access.Region)
	want(t, hand(t, func(k *access.Ticket) { k.Secret = 9 }, w.server), access.Stale)
	if w.entries.Load() != before {
		t.Fatal("what cannot count was written into the log")
	}
	if err := hand(t, nil, w.server); err != nil {
		t.Fatal(err)
	}
	want(t, hand(t, nil, w.server), access.Replayed)
	w.mu.Lock()
	w.epoch = 2
	w.mu.Unlock()
	want(t, hand(t, func(k *access.Ticket) { k.Epoch = 1 }, w.server), access.Epoch)
	// An admin's command of the old epoch; one that is handed in twice.
	_, err := Submit(context.Background(), ann.open(t, w.server), kick)
	want(t, err, access.Epoch)
	kick = w.signed(admin, access.Entry{Kind: access.Expel, Player: ann.key})
	if _, err = Submit(context.Background(), ann.open(t, w.server), kick); err != nil || w.enters(ann) != access.Kicked {
		t.Fatal(err)
	}
	_, err = Submit(context.Background(), ann.open(t, w.server), kick)
	want(t, err, access.Replayed)
	want(t, w.command(ann, access.Entry{Kind: access.Expel, Player: admin.key}), access.Right)
}

// TestOnlyAdminsRegister: for others it would tell passwords.
func TestOnlyAdminsRegister(t *testing.T) {
	w := newWorld(t)
	ann := w.client("ann")
	want(t, w.setPassword(ann, "mine now"), access.Right)
	admin := w.lock("secret")
	_, err := AskKeys(context.Background(), ann.open(t, w.server))
	want(t, err, access.Server)
	_, err = AskReport(context.Background(), ann.open(t, w.server))
	want(t, err, access.Right)
	r, err := AskReport(context.Background(), admin.open(t, w.server))
	if err != nil || len(r.Lines) != 1 || r.Lines[0].Kind != access.SetSecret {
		t.Fatalf("%+v %v", r, err)
	}
	// A new password: the old one is worth nothing.
	if _, err := ann.login(t, w.server, "secret"); err != nil {
		t.Fatal(err)
	}
	if err := w.setPassword(admin, "another"); err != nil {
		t.Fatal(err)
	}
	if w.enters(ann) != access.Password {
		t.Fatal("a ticket for the old password counts")
	}
	_, err = ann.login(t, w.server, "secret")
	want(t, err, access.Wrong)
	if _, err := ann.login(t, w.server, "another"); err != nil {
		t.Fatal(err)
	}
}

// TestTwoServers: the second gets the keys from the first, and lets in too; until
// then it says that it has none, and sets no password of the first's.
func TestTwoServers(t *testing.T) {
	w := newWorld(t)
	admin := w.lock("secret")
	two, ann := w.client("two"), w.client("ann")
	w.mu.Lock()
	w.servers = append(w.servers, two.key)
	w.mu.Unlock()
	ring := newRing(t)
	w.serve(two, ring)
	for _, h := range []*host{ann, admin} {
		if err := h.DialAny(context.Background(), two); err != nil {
			t.Fatal(err)
		}
	}
	before := w.entries.Load()
	_, err := ann.login(t, two, "secret")
	want(t, err, access.NoKeys)
	if w.entries.Load() != before {
		t.Fatal("a try is counted that nobody could judge")
	}
	_, err = AskKeys(context.Background(), admin.open(t, two))
	want(t, err, access.Server)
	ask := func() (*Keys, error) { return AskKeys(context.Background(), two.open(t, w.server)) }
	k, err := ask()
	if err != nil || k.Public() != w.secret().Public {
		t.Fatal(err)
	}
	if err := ring.Keep(w.secret(), w.secret().Number, k); err != nil {
		t.Fatal(err)
	}
	if tk, err := ann.login(t, two, "secret"); err != nil || tk.Server != two.key {
		t.Fatal(err)
	}
	// Set at the first, handed in at the second.
	rec, pub, n, err := Register(context.Background(), admin.open(t, w.server), Peers{space, admin.key, w.server.key}, []byte("another"))
	if err != nil {
		t.Fatal(err)
	}
	set := w.signed(admin, access.Entry{Kind: access.SetSecret, For: n, Record: rec, Public: pub})
	_, err = Submit(context.Background(), admin.open(t, two), set)
	want(t, err, access.NoKeys)
	if _, err = Submit(context.Background(), admin.open(t, w.server), set); err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.removed = two.key
	w.mu.Unlock()
	_, err = ask()
	want(t, err, access.Server)
	// What the second has does not open the new record, with the right password.
	_, err = ann.login(t, two, "another")
	want(t, err, access.NoKeys)
	if k.fits(w.secret()) || ring.Fit(w.secret()) != nil {
		t.Fatal("the keys are the old ones")
	}
	if _, err := ann.login(t, w.server, "another"); err != nil {
		t.Fatal(err)
	}
}

func TestTriesAreBounded(t *testing.T) {
	w := newWorld(t)
	w.lock("secret")
	eve := w.client("eve")
	for range access.TriesPeer {
		_, err := eve.login(t, w.server, "guess")
		want(t, err, access.Wrong)
	}
	before := w.entries.Load()
	for range 20 {
		_, err := eve.login(t, w.server, "secret")
		want(t, err, access.Tries)
	}
	if w.entries.Load() != before {
		t.Fatal("tries that are too many are written into the log")
	}
	// From the same network too.
	ann := w.client("ann")
	_, err := ann.login(t, w.server, "secret")
	want(t, err, access.Tries)
	w.mu.Lock()
	w.now += access.Minute
	w.mu.Unlock()
	if _, err := ann.login(t, w.server, "secret"); err != nil {
		t.Fatal(err)
	}
}

// TestTenThousandLogins: ten thousand peers of as many networks begin a login,
// each a minute's five-hundredth after the one before: twenty minutes of the
// region's time. No more than fifty a minute get an answer to guess by.
func TestTenThousandLogins(t *testing.T) {
	w := newWorld(t)
	w.lock("secret")
	let := 0
	for i := range 10_000 {
		k := base.Key{1, byte(i), byte(i >> 8)}
		if err := w.door.mayTry(context.Background(), k, uint64(i)); err == nil {
			if err := w.door.attempt(context.Background(), k, uint64(i)); err != nil {
				t.Fatal(err)
			}
			let++
		}
		if i%5 == 0 {
			w.now += 12
		}
	}
	if let > access.TriesRegion*21 || let < access.TriesRegion {
		t.Fatalf("%d of 10,000 tries were let", let)
	}
	t.Logf("%d of 10,000 tries were let", let)
}

// TestCosts: the costs of Argon2id that the protocol fixes.
func TestCosts(t *testing.T) {
	cheap := stretch
	stretch = realStretch
	defer func() { stretch = cheap }()
	if fmt.Sprint(stretch) != "[3 65536 4]" {
		t.Fatal(stretch)
	}
	w := newWorld(t)
	w.lock("secret")
	if _, err := w.client("ann").login(t, w.server, "secret"); err != nil {
		t.Fatal(err)
	}
}

func TestNet(t *testing.T) {
	same := func(a, b string) bool { return Net(netip.MustParseAddr(a)) == Net(netip.MustParseAddr(b)) }
	if !same("10.1.2.3", "10.1.2.200") || same("10.1.2.3", "10.1.3.3") || !same("::ffff:10.1.2.3", "10.1.2.9") ||
		!same("2001:db8:1:200::1", "2001:db8:1:2ff::9") || same("2001:db8:1:200::1", "2001:db8:1:300::1") {
		t.Fatal("networks are taken wrongly")
	}
}

// FuzzDoor: whatever a peer sends, a door answers or closes, and nobody comes in.
func FuzzDoor(f *testing.F) {
	w := newWorld(f)
	w.lock("secret")
	for k := byte(0); k < 8; k++ {
		f.Add(append([]byte{k}, make([]byte, 200)...))
	}
	eve := base.Key{66}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &script{in: bytes.NewReader(b)}
		_ = w.door.Handle(context.Background(), eve, 1, s)
		if w.state.MayEnter(eve, w.now, w.place) != access.Password {
			t.Fatal("somebody came in")
		}
		w.now += access.Minute
	})
}

// script is a stream whose other side has said all it will.
type script struct {
	in  *bytes.Reader
	out bytes.Buffer
}

func (s *script) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s *script) Write(b []byte) (int, error) { return s.out.Write(b) }
func (s *script) Close() error                { return nil }

func FuzzAnswers(f *testing.F) {
	r := Report{Settings: access.DefaultSettings, Lines: []access.Line{{At: 1, Kind: access.Expel, Text: "x"}}, Members: []access.Member{{Role: access.Guest}}}
	f.Add(r.bytes())
	st := Status{Tick: 1, Epoch: 1, Role: access.Guest}
	f.Add(st.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseReport(b); err == nil && !bytes.Equal(r.bytes(), b) {
			t.Fatal("a report differs")
		}
		if s, err := parseStatus(b); err == nil && !bytes.Equal(s.bytes(), b) {
			t.Fatal("a status differs")
		}
	})
}

// TestOneDoesNotShutTheDoor: a peer that opens streams and says nothing leaves
// room for others.
func TestOneDoesNotShutTheDoor(t *testing.T) {
	w := newWorld(t)
	ctx, end := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer end()
	results := make(chan error, maxAtOnce)
	for range maxAtOnce {
		_, there := net.Pipe()
		all.Go(func() { results <- w.door.Handle(ctx, base.Key{1}, 1, there) })
	}
	for range maxAtOnce - maxOfPeer {
		if err := <-results; !errors.Is(err, access.Room) {
			t.Fatal(err)
		}
	}
	here, there := net.Pipe()
	all.Go(func() { _ = w.door.Handle(ctx, base.Key{2}, 2, there) })
	if _, err := Ask(ctx, here); err != nil {
		t.Fatal(err)
	}
}
