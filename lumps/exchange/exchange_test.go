package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// fiveMiB is not a multiple of the chunk: six leaves under one node.
var fiveMiB = lumpstest.Bytes(5, 5<<20+12345)

func TestAddNamesSmallContentLikeOf(t *testing.T) {
	n := newNode(t, newHost(t))
	for _, size := range []int{0, 1, 1000, lumps.ChunkSize} {
		b := lumpstest.Bytes(1, size)
		st := add(t, n, b, false)
		if want := (lumps.Stat{Ref: lumps.Of(b), Size: int64(size), Blocks: 1, Local: true}); st != want {
			t.Errorf("%d bytes: %+v, want %+v", size, st, want)
		}
		if in := read(t, n, st.Ref, b); in.Source != lumps.SourceDisk {
			t.Errorf("%d bytes: source %q", size, in.Source)
		}
	}
	st := add(t, n, fiveMiB, true)
	if want := (lumps.Stat{Ref: st.Ref, Size: int64(len(fiveMiB)), Blocks: 7, Local: true, Pinned: true}); st != want || !st.Ref.IsNode() {
		t.Errorf("%+v, want %+v", st, want)
	}
	if got := add(t, n, fiveMiB, false); got != st {
		t.Errorf("second Add: %+v, want %+v", got, st)
	}
	if len(n.fetches()) != 0 {
		t.Errorf("fetched %v from nobody", n.fetches())
	}
}

func TestTwoHostsExchange(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t), withStore(diskStore(t, t.TempDir())))
	connect(t, b.host, a.host)
	var total int64
	for i, content := range [][]byte{[]byte("a small lump"), fiveMiB, {}} {
		st := add(t, a, content, false)
		if ok, err := b.Has(t.Context(), st.Ref); ok || err != nil {
			t.Fatalf("Has before = %v, %v", ok, err)
		}
		if in := read(t, b, st.Ref, content); in.Source != a.host.ID().String() && len(content) > 0 {
			t.Errorf("source %q, want the peer", in.Source)
		}
		if ok, err := b.Has(t.Context(), st.Ref); !ok || err != nil {
			t.Fatalf("Has after = %v, %v", ok, err)
		}
		if in := read(t, b, st.Ref, content); in.Source != lumps.SourceDisk {
			t.Errorf("source of the second read %q", in.Source)
		}
		got, err := b.Stat(t.Context(), st.Ref)
		if err != nil || got != st {
			t.Errorf("Stat = %+v, %v; the sender has %+v", got, err, st)
		}
		if len(content) > 0 {
			f := b.fetches()
			if len(f) != i+1 || f[i].ref != st.Ref || f[i].from != a.host.ID() || f[i].n < int64(len(content)) {
				t.Errorf("OnFetched: %+v, want %d entries", f, i+1)
			}
		}
		total += int64(len(content))
	}
}

func TestBytes(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	st := add(t, a, fiveMiB, false)
	_, in, err := b.Bytes(t.Context(), st.Ref, st.Size-1)
	if !errors.Is(err, lumps.ErrTooLarge) || in.Size != st.Size {
		t.Fatalf("Bytes past the limit: %+v, %v", in, err)
	}
	got, in, err := b.Bytes(t.Context(), st.Ref, st.Size)
	if err != nil || !bytes.Equal(got, fiveMiB) || in.Size != st.Size {
		t.Fatalf("Bytes = %d, %+v, %v", len(got), in, err)
	}
}

func TestPinFetchesAndLasts(t *testing.T) {
	dir := t.TempDir()
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t), withStore(diskStore(t, dir)))
	connect(t, b.host, a.host)
	want := add(t, a, fiveMiB, false)
	want.Pinned = true
	st, err := b.Pin(t.Context(), want.Ref)
	if err != nil || st != want {
		t.Fatalf("Pin = %+v, %v; want %+v", st, err, want)
	}
	if f := b.fetches(); len(f) != 1 || f[0].n < want.Size {
		t.Fatalf("OnFetched: %+v", f)
	}
	b.Close()
	b.store.Close()
	b = newNode(t, b.host, withStore(diskStore(t, dir)))
	if st, err = b.Stat(t.Context(), want.Ref); err != nil || st != want {
		t.Fatalf("Stat after reopening = %+v, %v", st, err)
	}
	if err := b.Unpin(t.Context(), want.Ref); err != nil {
		t.Fatal(err)
	}
	if st, err = b.Stat(t.Context(), want.Ref); err != nil || st.Pinned || !st.Local {
		t.Fatalf("Stat after Unpin = %+v, %v", st, err)
	}
}

// TestCorruptLumpIsFetchedAgain flips bytes of a leaf and of the root on the
// reader's disk.
func TestCorruptLumpIsFetchedAgain(t *testing.T) {
	dir := t.TempDir()
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t), withStore(diskStore(t, dir)))
	st := add(t, b, fiveMiB, false)
	leaf := lumps.Of(fiveMiB[2*lumps.ChunkSize : 3*lumps.ChunkSize])

	flip(t, dir, leaf)
	_, _, err := b.Bytes(t.Context(), st.Ref, st.Size)
	if !errors.Is(err, lumps.ErrCorrupt) || !errors.Is(err, lumps.ErrNotFound) {
		t.Fatalf("alone with a corrupt leaf: %v, want ErrCorrupt and ErrNotFound", err)
	}
	if got, err := b.Stat(t.Context(), st.Ref); err != nil || got.Local || got.Blocks != st.Blocks-1 {
		t.Fatalf("Stat without a leaf = %+v, %v", got, err)
	}

	add(t, a, fiveMiB, false)
	connect(t, b.host, a.host)
	if in := read(t, b, st.Ref, fiveMiB); in.Source != lumps.SourceDisk {
		t.Errorf("the first lump was here, source says %q", in.Source)
	}
	if f := b.fetches(); len(f) != 1 || f[0] != (fetch{st.Ref, a.host.ID(), lumps.ChunkSize}) {
		t.Fatalf("OnFetched: %+v, want one leaf", f)
	}
	flip(t, dir, st.Ref)
	if in := read(t, b, st.Ref, fiveMiB); in.Source != a.host.ID().String() {
		t.Errorf("source %q, want the peer", in.Source)
	}
	if set, err := os.ReadDir(filepath.Join(dir, "corrupt")); len(set) != 2 || err != nil {
		t.Errorf("%d files set aside, %v; want 2", len(set), err)
	}
}

func flip(t *testing.T, dir string, r lumps.Ref) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "lumps", "*", r.String()))
	if err != nil || len(found) != 1 {
		t.Fatalf("file of %s: %v, %v", r, found, err)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(found[0], b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNotFound(t *testing.T) {
	ref := lumps.Of([]byte("nobody has this"))
	alone := newNode(t, newHost(t))
	if _, _, err := alone.Open(t.Context(), ref); !errors.Is(err, lumps.ErrNotFound) {
		t.Errorf("alone: %v", err)
	}
	if _, _, err := alone.Open(t.Context(), lumps.Ref{}); !errors.Is(err, lumps.ErrBadRef) {
		t.Errorf("the zero Ref: %v", err)
	}
	if _, err := alone.Stat(t.Context(), ref); !errors.Is(err, lumps.ErrNotFound) {
		t.Errorf("Stat: %v", err)
	}
	other := newNode(t, newHost(t))
	b := newNode(t, newHost(t), withStall(50*time.Millisecond))
	connect(t, b.host, other.host)
	if _, _, err := b.Open(t.Context(), ref); !errors.Is(err, lumps.ErrNotFound) {
		t.Errorf("the peer has nothing: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := b.Open(ctx, ref); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestFetchWaitsForLatecomer: a content that appears at a peer while it is
// asked for arrives without asking again.
func TestFetchWaitsForLatecomer(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	content := []byte("soon")
	got := make(chan error, 1)
	go func() {
		_, _, err := b.Bytes(context.Background(), lumps.Of(content), 100)
		got <- err
	}()
	add(t, a, content, false)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	// And one that is added here while it is asked for elsewhere.
	content = []byte("found it in a drawer")
	go func() {
		_, in, err := b.Bytes(context.Background(), lumps.Of(content), 100)
		if err == nil && in.Source != lumps.SourceDisk {
			err = errors.New("source " + in.Source)
		}
		got <- err
	}()
	add(t, b, content, false)
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestCloseEndsReaders(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	st := add(t, a, lumpstest.Bytes(9, 20<<20), false)
	r, _, err := b.Open(t.Context(), st.Ref)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b.Close()
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, lumps.ErrClosed) {
		t.Errorf("read after Close of the exchange: %v", err)
	}
	if _, _, err := b.Open(t.Context(), st.Ref); !errors.Is(err, lumps.ErrClosed) {
		t.Errorf("Open after Close: %v", err)
	}
	if _, err := b.Add(t.Context(), bytes.NewReader(nil), false); !errors.Is(err, lumps.ErrClosed) {
		t.Errorf("Add after Close: %v", err)
	}
	r, _, err = a.Open(t.Context(), st.Ref)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	r.Close()
	if _, err := io.Copy(io.Discard, r); err == nil {
		t.Error("read after Close of the reader")
	}
	if _, err := exchange.New(t.Context(), exchange.Config{}); err == nil {
		t.Error("New without a host")
	}
}

func TestAddReportsReaderAndStore(t *testing.T) {
	n := newNode(t, newHost(t))
	broken := io.MultiReader(bytes.NewReader(fiveMiB), failing{})
	if _, err := n.Add(t.Context(), broken, true); !errors.Is(err, errBroken) {
		t.Errorf("Add of a broken reader: %v", err)
	}
	for r := range n.store.Pins(t.Context()) {
		t.Errorf("pinned %s", r)
	}
	n.store.Close()
	if _, err := n.Add(t.Context(), bytes.NewReader(fiveMiB), false); !errors.Is(err, lumps.ErrClosed) {
		t.Errorf("Add to a closed store: %v", err)
	}
}

var errBroken = errors.New("broken reader")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errBroken }

func TestList(t *testing.T) {
	n := newNode(t, newHost(t))
	want := map[lumps.Ref]lumps.Stat{}
	for _, st := range []lumps.Stat{
		add(t, n, []byte("one"), true), add(t, n, []byte("two"), false), add(t, n, fiveMiB, false),
		// A content that is also a part of another shows when it is pinned.
		add(t, n, fiveMiB[:lumps.ChunkSize], true),
	} {
		want[st.Ref] = st
	}
	add(t, n, fiveMiB[lumps.ChunkSize:2*lumps.ChunkSize], false)
	bad := []byte("no node")
	if err := n.store.Put(t.Context(), lumps.OfNode(bad), bad); err != nil {
		t.Fatal(err)
	}
	got := map[lumps.Ref]lumps.Stat{}
	for st, err := range n.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got[st.Ref] = st
	}
	if len(got) != len(want) {
		t.Fatalf("List gave %d contents, want %d", len(got), len(want))
	}
	for r, st := range want {
		if got[r] != st {
			t.Errorf("List says %+v, want %+v", got[r], st)
		}
	}
	for range n.List(t.Context()) {
		break
	}
}
