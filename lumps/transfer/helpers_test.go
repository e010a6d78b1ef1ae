package transfer

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// pipe is one end of a stream in memory. cut, when set, resets it when so many
// more bytes were written.
type pipe struct {
	net.Conn
	mu  sync.Mutex
	cut int
}

func (p *pipe) Reset() { _ = p.Close() }

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	if p.cut > 0 {
		if p.cut -= len(b); p.cut <= 0 {
			p.mu.Unlock()
			p.Reset()
			return 0, errors.New("cut")
		}
	}
	p.mu.Unlock()
	return p.Conn.Write(b)
}

func pipes() (a, b *pipe) {
	x, y := net.Pipe()
	return &pipe{Conn: x}, &pipe{Conn: y}
}

func keyFrom(n byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = n
	return ed25519.NewKeyFromSeed(seed)
}

func publicOf(k ed25519.PrivateKey) (p base.Key) {
	copy(p[:], k.Public().(ed25519.PublicKey))
	return p
}

// side is one node.
type side struct {
	*Transfers
	store *mem.Store
	dir   string

	mu       sync.Mutex
	now      time.Time
	received []Content
	faults   []error
}

func newSide(t testing.TB, n byte) *side {
	t.Helper()
	s := &side{store: mem.New(mem.Config{}), dir: t.TempDir(), now: time.Unix(1_800_000_000, 0)}
	s.Transfers = s.open(t, n)
	return s
}

func (s *side) open(t testing.TB, n byte) *Transfers {
	t.Helper()
	l, err := OpenLedger(LedgerConfig{Dir: s.dir, Pins: s.store, Now: s.clock})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := New(Config{Key: keyFrom(n), Store: s.store, Ledger: l, Now: s.clock,
		Received: func(_ base.Key, c Content) {
			s.mu.Lock()
			s.received = append(s.received, c)
			s.mu.Unlock()
		},
		Fault: func(_ base.Key, err error) {
			s.mu.Lock()
			s.faults = append(s.faults, err)
			s.mu.Unlock()
		}})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func (s *side) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *side) later(d time.Duration) {
	s.mu.Lock()
	s.now = s.now.Add(d)
	s.mu.Unlock()
}

func (s *side) faulted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)
}

func (s *side) accept(t testing.TB, from *side, quota int64) {
	t.Helper()
	if _, err := s.Ledger().Accept(t.Context(), from.self, quota); err != nil {
		t.Fatal(err)
	}
}

func (s *side) agreement(t testing.TB, from *side) Agreement {
	t.Helper()
	for _, a := range s.Ledger().List(t.Context()) {
		if a.Peer == from.self {
			return a
		}
	}
	return Agreement{}
}

// content stores content of size bytes in leaves of leaf bytes.
func (s *side) content(t testing.TB, seed uint64, size, leaf int) lumps.Stat {
	t.Helper()
	return addContent(t, s.store, lumpstest.Bytes(seed, size), leaf)
}

func addContent(t testing.TB, s lumps.Putter, b []byte, leaf int) lumps.Stat {
	t.Helper()
	st := lumps.Stat{Size: int64(len(b)), Local: true}
	put := func(r lumps.Ref, b []byte) error { return s.Put(context.Background(), r, b) }
	tree := unixfs.Builder{Put: put}
	for first := true; first || len(b) > 0; first = false {
		part := b[:min(len(b), leaf)]
		b = b[len(part):]
		r := lumps.Of(part)
		if err := errors.Join(put(r, part), tree.Leaf(r, len(part))); err != nil {
			t.Fatal(err)
		}
		st.Blocks++
	}
	root, err := tree.Root()
	if err != nil {
		t.Fatal(err)
	}
	st.Ref, st.Blocks = root.Ref, st.Blocks+tree.Nodes
	return st
}

// send moves a content from a to b over a stream in memory, which tune may
// spoil. It returns when both sides are done.
func send(t testing.TB, a, b *side, st lumps.Stat, tune ...func(a, b *pipe)) (*Receipt, error) {
	t.Helper()
	x, y := pipes()
	for _, f := range tune {
		f(x, y)
	}
	var served sync.WaitGroup
	served.Go(func() { b.Serve(t.Context(), a.self, y) })
	r, err := a.Send(t.Context(), b.self, x, st, "a note", nil)
	served.Wait()
	return r, err
}

// whole tells whether a content can be read from a store, all of it.
func whole(t testing.TB, s lumps.Getter, root lumps.Ref) bool {
	t.Helper()
	walk := unixfs.NewReader(root)
	for ref, ok := walk.Next(); ok; ref, ok = walk.Next() {
		b, err := s.Get(t.Context(), ref)
		if err != nil {
			return false
		}
		if _, err := walk.Give(b); err != nil {
			t.Fatal(err)
		}
	}
	return true
}

func wantRefusal(t testing.TB, err error, code Code) *Refusal {
	t.Helper()
	var no *Refusal
	if !errors.As(err, &no) || no.Code != code {
		t.Fatalf("got %v, want a refusal with code %d", err, code)
	}
	return no
}
