package access

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// key of a name.
func key(name string) base.Key { return sha256.Sum256([]byte(name)) }

// sign and verify stand for Ed25519.
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

// rights of a region with the permanent admins alice and, appointed later, bob,
// and the servers s1 and s2.
type rights struct {
	epoch  uint64
	admins []string // most senior first
	temp   string
	banned map[string]bool
	meek   bool // a temporary admin bans nobody
}

func (r *rights) Epoch() uint64 { return r.epoch }
func (r *rights) rank(k base.Key) int {
	for i, n := range r.admins {
		if key(n) == k {
			return i
		}
	}
	return 1000
}
func (r *rights) Admin(k base.Key) bool        { return r.rank(k) < 1000 || r.temp != "" && key(r.temp) == k }
func (r *rights) Senior(a, than base.Key) bool { return r.rank(a) < r.rank(than) }
func (r *rights) MayBan(k base.Key) bool {
	return r.rank(k) < 1000 || r.temp != "" && key(r.temp) == k && !r.meek
}
func (r *rights) Server(k base.Key) bool { return k == key("s1") || k == key("s2") }
func (r *rights) Banned(k base.Key) bool {
	for n, on := range r.banned {
		if on && key(n) == k {
			return true
		}
	}
	return false
}

// place is a region at a tick.
type place struct {
	*State
	*rights
	t   testing.TB
	now base.Tick
}

var here = base.ID{1}

func begin(t testing.TB) *place {
	s, err := New(here, verify)
	if err != nil {
		t.Fatal(err)
	}
	return &place{State: s, rights: &rights{epoch: 1, admins: []string{"alice", "bob"}, banned: map[string]bool{}}, t: t, now: 100}
}

// entry fills in what is missing, and signs.
func (p *place) entry(by string, x Entry) []byte {
	x.By = key(by)
	if x.Region.IsZero() {
		x.Region = here
	}
	if x.Epoch == 0 {
		x.Epoch = p.epoch
	}
	if x.Counter == 0 {
		x.Counter = p.Member(x.By).Counter + 1
	}
	if x.Kind == SetSecret {
		x.For = p.secret.Number + 1
	}
	if x.Until == 0 {
		x.Until = p.now + Minute
	}
	x.Sig = sign(x.By, x.SigningBytes())
	return x.Bytes()
}

func (p *place) do(by string, x Entry) error { return p.Apply(p.entry(by, x), p.now, p.rights) }

func (p *place) yes(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) no(err error, want Code) {
	p.t.Helper()
	if !errors.Is(err, want) {
		p.t.Fatalf("%v, want %v", err, want)
	}
}

func (p *place) enters(name string, want Code) {
	p.t.Helper()
	if got := p.MayEnter(key(name), p.now, p.rights); got != want {
		p.t.Fatalf("%s enters: %v, want %v", name, got, want)
	}
}

func (p *place) does(name string, c Cap, want Code) {
	p.t.Helper()
	if got := p.MayDo(key(name), c, p.now, p.rights); got != want {
		p.t.Fatalf("%s does %v: %v, want %v", name, c, got, want)
	}
}

func (p *place) ticket(player string, more ...func(*Ticket)) Entry {
	t := Ticket{Region: here, Epoch: p.epoch, Secret: p.secret.Number, Player: key(player), Until: p.now + Hour, Server: key("s1")}
	t.Nonce[0] = byte(p.now)
	t.Nonce[1] = byte(p.now >> 8)
	for _, f := range more {
		f(&t)
	}
	t.Sig = sign(t.Server, t.SigningBytes())
	return Entry{Kind: Admit, Ticket: t}
}

func (p *place) admit(x Entry) error { return p.Apply(x.Bytes(), p.now, p.rights) }

func record() []byte { return make([]byte, RecordBytes) }
