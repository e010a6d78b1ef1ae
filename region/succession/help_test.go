package succession

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// key of a name.
func key(name string) base.Key { return sha256.Sum256([]byte(name)) }

// sign and verify stand for Ed25519, which would take most of the time here;
// TestRealKeys has it.
func sign(k base.Key, msg []byte) (s Signature) {
	h := sha256.New()
	h.Write(k[:])
	h.Write(msg)
	copy(s[:], h.Sum(nil))
	return s
}

func verify(k base.Key, msg, sig []byte) bool {
	want := sign(k, msg)
	return slices.Equal(want[:], sig)
}

// world is a region with three servers and the admin alice.
type world struct {
	*State
	t   testing.TB
	log [][]byte
}

func servers(names ...string) []base.Key {
	var ks []base.Key
	for _, n := range names {
		ks = append(ks, key(n))
	}
	slices.SortFunc(ks, base.Key.Compare)
	return ks
}

func genesis(x, y uint32) Genesis {
	return Genesis{Region: base.ID{1}, Epoch: 1, Founder: key("alice"), Servers: servers("s1", "s2", "s3"),
		Settings: Settings{VacantDays: x, ActiveDays: y}, Wall: 1_000_000}
}

func begin(t testing.TB, x, y uint32) *world {
	s, err := New(genesis(x, y), verify)
	if err != nil {
		t.Fatal(err)
	}
	return &world{State: s, t: t}
}

// charlieAndBob: charlie joins first, a day later bob, and the admin comes last.
func charlieAndBob(t testing.TB, x, y uint32) *world {
	w := begin(t, x, y)
	w.yes(w.login("charlie"))
	w.days(1)
	w.yes(w.login("bob"))
	w.yes(w.login("alice"))
	return w
}

// do applies an entry, with what is missing filled in and signed.
func (w *world) do(x Entry) error {
	if x.Kind != Beat {
		if x.Counter == 0 {
			x.Counter = w.Counter(x.By) + 1
		}
		if x.Head == (Head{}) {
			x.Head = w.Head()
		}
		if x.Kind == Login && x.Server.IsZero() {
			x.Server = key("s1")
		}
		msg := w.genesis.SigningBytes(&x)
		x.Sig, x.ServerSig, x.PlayerSig = sign(x.By, msg), sign(x.Server, msg), sign(x.Player, msg)
	}
	return w.raw(x.Bytes())
}

func (w *world) raw(b []byte) error {
	w.log = append(w.log, b)
	return w.Apply(b)
}

func (w *world) login(name string) error { return w.do(Entry{Kind: Login, By: key(name)}) }

func (w *world) command(kind Kind, by, player string) error {
	return w.do(Entry{Kind: kind, By: key(by), Player: key(player)})
}

// clocks beats with what the servers say, in ms from the last beat on.
func (w *world) clocks(names []base.Key, ms ...int64) error {
	x := Entry{Kind: Beat}
	for i, d := range ms {
		s := Sample{Server: names[i], Wall: w.wall + d}
		s.Sig = sign(s.Server, w.genesis.SampleBytes(w.lastBeat, s.Wall))
		x.Samples = append(x.Samples, s)
	}
	return w.do(x)
}

func (w *world) beat(ms int64) { w.yes(w.clocks(w.Servers(), ms, ms, ms)) }

// days pass while the region runs, with a beat each half hour.
func (w *world) days(n int) {
	for range 48 * n {
		w.beat(1_800_000)
	}
}

func (w *world) yes(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) no(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("%v, want %v", err, want)
	}
}

// temp checks who is temporary admin.
func (w *world) temp(name string) {
	w.t.Helper()
	want := base.Key{}
	if name != "" {
		want = key(name)
	}
	if got := w.Temp(); got != want {
		w.t.Fatalf("day %d: the temporary admin is %s, not %q", w.time/Day, got.Short(), name)
	}
}
