package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// strict refuses a node before its children, which must have been flushed, and,
// when left is not negative, every put after left more.
type strict struct {
	*mem.Store
	left  atomic.Int64
	nodes atomic.Int64

	mu      sync.Mutex
	flushed map[lumps.Ref]bool
}

func (s *strict) Flush(ctx context.Context, refs []lumps.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range refs {
		if s.flushed == nil {
			s.flushed = map[lumps.Ref]bool{}
		}
		s.flushed[r] = true
	}
	return s.Store.Flush(ctx, refs)
}

func (s *strict) PutCached(ctx context.Context, r lumps.Ref, b []byte) error { return s.Put(ctx, r, b) }

var errDisk = errors.New("disk gave out")

func (s *strict) Put(ctx context.Context, r lumps.Ref, b []byte) error {
	if s.left.Add(-1) == -1 {
		return errDisk
	}
	if !r.IsNode() {
		for range 200 {
			runtime.Gosched() // let a node that does not wait go ahead
		}
		return s.Store.Put(ctx, r, b)
	}
	s.nodes.Add(1)
	n, err := unixfs.Decode(b)
	if err != nil {
		return err
	}
	for _, l := range n.Links {
		if ok, err := s.Has(ctx, l.Ref); !ok || err != nil {
			return fmt.Errorf("node put before its child %s, %w", l.Ref, err)
		}
		s.mu.Lock()
		ok := s.flushed[l.Ref]
		s.mu.Unlock()
		if !ok {
			return fmt.Errorf("node put before its child %s was flushed", l.Ref)
		}
	}
	return s.Store.Put(ctx, r, b)
}

// TestAddStoresChildrenFirst is rule 7 of docs/protocol/lumps.md.
func TestAddStoresChildrenFirst(t *testing.T) {
	s := &strict{Store: mem.New(mem.Config{})}
	s.left.Store(-1)
	n := newNode(t, newHost(t), withStore(s))
	st := add(t, n, fiveMiB, true)
	if s.nodes.Load() != 1 {
		t.Fatalf("%d nodes put", s.nodes.Load())
	}
	if !s.flushed[st.Ref] {
		t.Fatal("acknowledged before the root was flushed")
	}
}

// TestFailedAddNamesNothing: whichever write fails, Add says so, and neither
// a root nor a pin appears.
func TestFailedAddNamesNothing(t *testing.T) {
	for left := range int64(7) {
		s := &strict{Store: mem.New(mem.Config{})}
		s.left.Store(left)
		n := newNode(t, newHost(t), withStore(s))
		if _, err := n.Add(t.Context(), bytes.NewReader(fiveMiB), true); !errors.Is(err, errDisk) {
			t.Errorf("Add after %d good writes: %v", left, err)
		}
		for e := range s.List(t.Context()) {
			if e.Ref.IsNode() {
				t.Errorf("a root after %d good writes", left)
			}
		}
		for r := range s.Pins(t.Context()) {
			t.Errorf("a pin after %d good writes: %s", left, r)
		}
	}
}

// counting counts what a census asks of the store.
type counting struct {
	*mem.Store
	asked atomic.Int64
}

func (s *counting) Size(ctx context.Context, r lumps.Ref) (int64, error) {
	s.asked.Add(1)
	return s.Store.Size(ctx, r)
}

func (s *counting) Get(ctx context.Context, r lumps.Ref) ([]byte, error) {
	s.asked.Add(1)
	return s.Store.Get(ctx, r)
}

// TestStatLooksAtEachLumpOnce: a content of 1 GiB that is four lumps, over and
// over.
func TestStatLooksAtEachLumpOnce(t *testing.T) {
	s := &counting{Store: mem.New(mem.Config{})}
	n := newNode(t, newHost(t), withStore(s))
	leaf := make([]byte, 2*lumps.MinMeanLeaf)
	l := unixfs.Link{Ref: lumps.Of(leaf), Size: int64(len(leaf))}
	if err := s.Put(t.Context(), l.Ref, leaf); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{16, 128, 64} {
		node := unixfs.Node{Kind: unixfs.File}
		for range width {
			node.Links = append(node.Links, l)
		}
		b := node.Append(nil)
		l = unixfs.Link{Ref: lumps.OfNode(b), Size: node.Size()}
		if err := s.Put(t.Context(), l.Ref, b); err != nil {
			t.Fatal(err)
		}
	}
	want := lumps.Stat{Ref: l.Ref, Size: 1 << 30, Blocks: 1 + 64*(1+128*(1+16)), Local: true}
	if st, err := n.Stat(t.Context(), l.Ref); err != nil || st != want || s.asked.Load() != 4 {
		t.Fatalf("Stat = %+v, %v, after %d questions; want %+v after 4", st, err, s.asked.Load(), want)
	}
}
