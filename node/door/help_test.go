package door

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region/access"
)

func TestMain(m *testing.M) {
	real := stretch
	stretch = []uint64{1, 64, 1} // TestCosts has the real ones
	realStretch = real
	m.Run()
}

var realStretch []uint64

// host is a node on the network.
type host struct {
	*p2p.Net
	priv ed25519.PrivateKey
	key  base.Key
}

func newHost(t testing.TB, name string, boot ...string) *host {
	t.Helper()
	seed := sha256.Sum256([]byte(t.Name() + name))
	h := &host{priv: ed25519.NewKeyFromSeed(seed[:])}
	copy(h.key[:], h.priv.Public().(ed25519.PublicKey))
	var err error
	h.Net, err = p2p.New(p2p.Config{Key: h.priv, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Bootstrap: boot, Lean: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func (h *host) sign(b []byte) []byte { return ed25519.Sign(h.priv, b) }

var space = base.ID{5}

// place is a log in memory with a clock that the test moves.
type place struct {
	mu      sync.Mutex
	state   *access.State
	now     base.Tick
	admin   base.Key
	servers []base.Key
	epoch   uint64
	banned  base.Key
	removed base.Key // by the owner; the log has it among the servers still
	entries atomic.Int64
}

func (p *place) Epoch() uint64                { return p.epoch }
func (p *place) Admin(k base.Key) bool        { return k == p.admin }
func (p *place) Senior(a, than base.Key) bool { return a == p.admin && than != p.admin }
func (p *place) MayBan(k base.Key) bool       { return k == p.admin }
func (p *place) Banned(k base.Key) bool       { return k == p.banned && !k.IsZero() }
func (p *place) Server(k base.Key) bool {
	for _, s := range p.servers {
		if s == k {
			return true
		}
	}
	return false
}

func (p *place) serves(k base.Key) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return k != p.removed
}

func (p *place) Look(_ context.Context, f func(*access.State, access.Rights, base.Tick)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p.state, p, p.now)
	return nil
}

func (p *place) Submit(_ context.Context, entry []byte) (base.Tick, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entries.Add(1)
	return p.now, p.state.Apply(entry, p.now, p)
}

// world is a region with one server, which is also its admin, and the door of it.
type world struct {
	*place
	t      testing.TB
	server *host
	keys   *Ring // of server
	door   *Door
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, server: newHost(t, "server")}
	st, err := access.New(space, func(k base.Key, msg, sig []byte) bool { return ed25519.Verify(k[:], msg, sig) })
	if err != nil {
		t.Fatal(err)
	}
	w.place = &place{state: st, now: 100, admin: w.server.key, servers: []base.Key{w.server.key}, epoch: 1}
	w.keys = newRing(t)
	w.door = w.serve(w.server, w.keys)
	return w
}

func newRing(t testing.TB) *Ring {
	t.Helper()
	r, err := OpenRing(filepath.Join(t.TempDir(), "access.key"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) secret() access.Secret {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.Secret()
}

func (w *world) serve(h *host, keys *Ring) *Door {
	var n atomic.Uint64
	d := New(Config{ID: space, Self: h.key, Sign: h.sign, Region: w.place, Keys: keys, Serves: w.serves, Number: func() uint64 { return n.Add(1) }})
	h.Handle(Protocol+space.String(), func(remote base.Key, s p2p.Stream) {
		_ = d.Handle(context.Background(), remote, Net(s.Addr()), s)
	})
	return d
}

func (w *world) client(name string) *host {
	w.t.Helper()
	h := newHost(w.t, name, w.server.Addrs()[0])
	if err := h.DialAny(context.Background(), w.server); err != nil {
		w.t.Fatal(err)
	}
	return h
}

// DialAny connects to a host.
func (h *host) DialAny(ctx context.Context, to *host) error {
	_, err := h.Dial(ctx, to.Addrs()[0])
	return err
}

func (h *host) open(t testing.TB, to *host) io.ReadWriteCloser {
	t.Helper()
	s, err := h.Open(context.Background(), to.key, Protocol+space.String())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *host) login(t testing.TB, to *host, password string) (access.Ticket, error) {
	t.Helper()
	return Login(context.Background(), h.open(t, to), Peers{space, h.key, to.key}, []byte(password))
}

// signed is an entry of a host's, good for now.
func (w *world) signed(h *host, x access.Entry) []byte {
	w.mu.Lock()
	x.Region, x.Epoch, x.By, x.Until, x.Counter = space, w.epoch, h.key, w.now+access.Minute, w.state.Member(h.key).Counter+1
	w.mu.Unlock()
	copy(x.Sig[:], h.sign(x.SigningBytes()))
	return x.Bytes()
}

// setPassword is what an admin does from another node.
func (w *world) setPassword(h *host, password string) error {
	w.t.Helper()
	rec, pub, n, err := Register(context.Background(), h.open(w.t, w.server), Peers{space, h.key, w.server.key}, []byte(password))
	if err != nil {
		return err
	}
	_, err = Submit(context.Background(), h.open(w.t, w.server), w.signed(h, access.Entry{Kind: access.SetSecret, For: n, Record: rec, Public: pub}))
	return err
}

// lock sets the password as an admin who is a node of its own.
func (w *world) lock(password string) *host {
	w.t.Helper()
	h := w.client("admin")
	w.admin = h.key
	if err := w.setPassword(h, password); err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) command(h *host, x access.Entry) error {
	_, err := Submit(context.Background(), h.open(w.t, w.server), w.signed(h, x))
	return err
}

func (w *world) enters(h *host) access.Code {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.MayEnter(h.key, w.now, w.place)
}
