package exchange_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// twentyMiB is more than one reader asks for at a time.
var twentyMiB = lumpstest.Bytes(20, 20<<20+1)

func withoutStreams(c *exchange.Config) { c.NoStreams = true }

// leaves gives the names of a content's leaves in order.
func leaves(content []byte) (refs []lumps.Ref) {
	for at := 0; at < len(content); at += lumps.ChunkSize {
		refs = append(refs, lumps.Of(content[at:min(at+lumps.ChunkSize, len(content))]))
	}
	return refs
}

// copyLumps puts lumps of one node into another's store.
func copyLumps(t *testing.T, to, from *node, refs ...lumps.Ref) {
	t.Helper()
	for _, r := range refs {
		b, err := from.store.Get(t.Context(), r)
		if err == nil {
			err = to.store.Put(t.Context(), r, b)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestStreamsCarryContents: the root comes by bitswap, every leaf once on a
// stream, and both sides count them.
func TestStreamsCarryContents(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t), withStore(diskStore(t, t.TempDir())))
	connect(t, b.host, a.host)
	st := add(t, a, twentyMiB, false)
	if in := read(t, b, st.Ref, twentyMiB); in.Source != a.host.ID().String() {
		t.Errorf("source %q", in.Source)
	}
	got, sent := b.Stats(), a.Stats()
	want := exchange.Tally{Lumps: 21, Bytes: int64(len(twentyMiB))}
	if got.Stream != want || got.Bitswap.Lumps != 1 || got.Disk.Lumps != 0 || got.Twice != 0 || got.FirstByte.Count != 1 {
		t.Errorf("fetched: %+v", got)
	}
	if sent.Served != want || len(sent.Peers) != 1 || sent.Peers[0].Sent != want.Bytes || sent.Peers[0].Peer != b.host.ID().String() {
		t.Errorf("served: %+v", sent)
	}
	counters := map[string]uint64{}
	got.Counters(counters)
	if counters["lumps_stream_bytes"] != uint64(want.Bytes) {
		t.Errorf("counters: %v", counters)
	}
	read(t, b, st.Ref, twentyMiB)
	if again := b.Stats(); again.Stream != want || again.Disk.Lumps != 22 {
		t.Errorf("read again: %+v", again)
	}
}

// TestOnlyWhatIsMissingIsSent: half of the leaves are here.
func TestOnlyWhatIsMissingIsSent(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	st := add(t, a, twentyMiB, false)
	all := leaves(twentyMiB)
	for i := 0; i < len(all); i += 2 {
		copyLumps(t, b, a, all[i])
	}
	read(t, b, st.Ref, twentyMiB)
	if n := a.Stats().Served.Lumps; n != int64(len(all)/2) {
		t.Errorf("%d lumps sent, want %d", n, len(all)/2)
	}
}

// TestReadersShare: two that read the same content fetch it once.
func TestReadersShare(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	st := add(t, a, twentyMiB, false)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			r, _, err := b.Open(context.Background(), st.Ref)
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Close()
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, twentyMiB) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if n := a.Stats().Served.Lumps; n != 21 {
		t.Errorf("%d lumps sent to three readers, want 21", n)
	}
}

// TestSeveralPeersEachHaveAPart: no peer has everything.
func TestSeveralPeersEachHaveAPart(t *testing.T) {
	whole := newNode(t, newHost(t))
	st := add(t, whole, twentyMiB, false)
	b := newNode(t, newHost(t))
	all := leaves(twentyMiB)
	for k := range 3 {
		n := newNode(t, newHost(t))
		copyLumps(t, n, whole, st.Ref)
		for i := k; i < len(all); i += 3 {
			copyLumps(t, n, whole, all[i])
		}
		connect(t, b.host, n.host)
	}
	read(t, b, st.Ref, twentyMiB)
	if s := b.Stats(); b.Judged()["shunned"] != 0 || s.Stream.Lumps+s.Bitswap.Lumps != 22 {
		t.Errorf("%+v", s)
	}
}

// TestResumedContentIsFoundByItsRoot: the root is here, its leaves are
// announced by nobody, and who has them is known to routing alone.
func TestResumedContentIsFoundByItsRoot(t *testing.T) {
	a, other := newNode(t, newHost(t)), newNode(t, newHost(t))
	st := add(t, a, fiveMiB, false)
	routing := &rootsOnly{book: book{answer: []peer.AddrInfo{info(a.host)}}, root: st.Ref}
	b := newNode(t, newHost(t), withRouting(routing))
	connect(t, b.host, other.host)
	copyLumps(t, b, a, st.Ref)
	read(t, b, st.Ref, fiveMiB)
	if s := b.Stats(); s.Stream.Lumps == 0 || s.Lookup.Count == 0 {
		t.Errorf("%+v", s)
	}
}

// TestWithoutStreams: a peer that speaks bitswap only is served, and serves.
func TestWithoutStreams(t *testing.T) {
	a, b := newNode(t, newHost(t), withoutStreams), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	read(t, b, add(t, a, fiveMiB, false).Ref, fiveMiB)
	more := lumpstest.Bytes(8, 3<<20)
	read(t, a, add(t, b, more, false).Ref, more)
	if s := b.Stats(); s.Bitswap.Lumps != 7 || s.Stream.Lumps != 0 || s.Served.Lumps != 0 {
		t.Errorf("%+v", s)
	}
}

// volatile knows which lumps would survive a power cut.
type volatile struct {
	*mem.Store
	mu    sync.Mutex
	dirty map[lumps.Ref]bool
}

func (s *volatile) PutCached(ctx context.Context, r lumps.Ref, b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dirty == nil {
		s.dirty = map[lumps.Ref]bool{}
	}
	s.dirty[r] = true
	return s.Store.PutCached(ctx, r, b)
}

func (s *volatile) Flush(ctx context.Context, refs []lumps.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range refs {
		delete(s.dirty, r)
	}
	return s.Store.Flush(ctx, refs)
}

func (s *volatile) unsafe() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.dirty)
}

// TestAcknowledgedContentsAreFlushed: what is only read need not be; what was
// pinned, added, imported or flushed is, to the last lump.
func TestAcknowledgedContentsAreFlushed(t *testing.T) {
	a := newNode(t, newHost(t))
	st := add(t, a, twentyMiB, false)
	for name, ack := range map[string]func(*node) error{
		"Pin":   func(n *node) error { _, err := n.Pin(t.Context(), st.Ref); return err },
		"Flush": func(n *node) error { return n.Flush(t.Context(), st.Ref) },
		"Add":   func(n *node) error { _, err := n.Add(t.Context(), bytes.NewReader(twentyMiB), false); return err },
		"Import": func(n *node) error {
			var archive bytes.Buffer
			_, err := n.Export(t.Context(), st.Ref, &archive, nil)
			if err == nil {
				_, err = n.Import(t.Context(), &archive, false)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &volatile{Store: mem.New(mem.Config{})}
			b := newNode(t, newHost(t), withStore(s))
			connect(t, b.host, a.host)
			read(t, b, st.Ref, twentyMiB)
			if s.unsafe() == 0 {
				t.Fatal("everything is flushed before anybody asks for it")
			}
			if err := ack(b); err != nil {
				t.Fatal(err)
			}
			if n := s.unsafe(); n != 0 {
				t.Fatalf("acknowledged, and %d lumps are not flushed", n)
			}
		})
	}
}

// TestNarrowTree: a
// content of many small lumps under many nodes.
func TestNarrowTree(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	connect(t, b.host, a.host)
	content := lumpstest.Bytes(3, 300*lumps.MinMeanLeaf)
	var row []unixfs.Link
	for at := 0; at < len(content); at += lumps.MinMeanLeaf {
		leaf := content[at : at+lumps.MinMeanLeaf]
		row = append(row, unixfs.Link{Ref: lumps.Of(leaf), Size: lumps.MinMeanLeaf, Total: lumps.MinMeanLeaf})
		if err := a.store.Put(t.Context(), lumps.Of(leaf), leaf); err != nil {
			t.Fatal(err)
		}
	}
	for len(row) > 1 {
		var up []unixfs.Link
		for at := 0; at < len(row); at += 20 {
			n := unixfs.Node{Kind: unixfs.File, Links: row[at:min(at+20, len(row))]}
			enc := n.Append(nil)
			up = append(up, unixfs.Link{Ref: lumps.OfNode(enc), Size: n.Size(), Total: uint64(len(enc))})
			if err := a.store.Put(t.Context(), lumps.OfNode(enc), enc); err != nil {
				t.Fatal(err)
			}
		}
		row = up
	}
	read(t, b, row[0].Ref, content)
	if s := b.Stats(); s.Stream.Lumps != 300+15 {
		t.Errorf("%+v", s)
	}
}
