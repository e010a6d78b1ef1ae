package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// strict refuses a node before its children and, when left is not negative,
// every put after left more.
type strict struct {
	*mem.Store
	left  atomic.Int64
	nodes atomic.Int64
}

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
	}
	return s.Store.Put(ctx, r, b)
}

// TestAddStoresChildrenFirst is rule 7 of docs/protocol/lumps.md.
func TestAddStoresChildrenFirst(t *testing.T) {
	s := &strict{Store: mem.New(mem.Config{})}
	s.left.Store(-1)
	n := newNode(t, newHost(t), withStore(s))
	add(t, n, fiveMiB, true)
	if s.nodes.Load() != 1 {
		t.Fatalf("%d nodes put", s.nodes.Load())
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
