package unixfs_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// shelf is a store for tests.
type shelf map[lumps.Ref][]byte

func (s shelf) put(r lumps.Ref, b []byte) error {
	if err := lumps.Check(r, b); err != nil {
		return err
	}
	s[r] = bytes.Clone(b)
	return nil
}

func (s shelf) node(n unixfs.Node) unixfs.Link {
	b := n.Append(nil)
	r := lumps.OfNode(b)
	s[r] = b
	return unixfs.Link{Ref: r, Size: n.Size(), Total: uint64(len(b))}
}

func (s shelf) leaf(b []byte) unixfs.Link {
	r := lumps.Of(b)
	s[r] = b
	return unixfs.Link{Ref: r, Size: int64(len(b)), Total: uint64(len(b))}
}

// build cuts content into chunks of the given size.
func (s shelf) build(content []byte, chunk int) (unixfs.Link, error) {
	b := unixfs.Builder{Put: s.put}
	for first := true; first || len(content) > 0; first = false {
		n := min(chunk, len(content))
		if err := s.put(lumps.Of(content[:n]), content[:n]); err != nil {
			return unixfs.Link{}, err
		}
		if err := b.Leaf(lumps.Of(content[:n]), n); err != nil {
			return unixfs.Link{}, err
		}
		content = content[n:]
	}
	return b.Root()
}

var errAbsent = errors.New("absent")

// read walks the tree and stops after max lumps.
func (s shelf) read(root lumps.Ref, max int) ([]byte, int, error) {
	var out []byte
	r := unixfs.NewReader(root)
	for n := 0; ; n++ {
		ref, ok := r.Next()
		if !ok {
			return out, n, nil
		}
		if ahead := r.Ahead(8, nil); len(ahead) == 0 || len(ahead) > 8 || ahead[0] != ref {
			return out, n, fmt.Errorf("Ahead = %v, Next = %v", ahead, ref)
		}
		if n == max {
			return out, n, fmt.Errorf("still not done after %d lumps", n)
		}
		b, ok := s[ref]
		if !ok {
			return out, n, errAbsent
		}
		p, err := r.Give(b)
		if err != nil {
			return out, n, err
		}
		out = append(out, p...)
	}
}

func TestRoundTrip(t *testing.T) {
	const chunk = lumps.MinMeanLeaf // the smallest that many leaves may have
	for _, n := range []int{0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, unixfs.Width * chunk, unixfs.Width*chunk + 1, 2*unixfs.Width*chunk + 5} {
		s := shelf{}
		content := lumpstest.Bytes(uint64(n), n)
		root, err := s.build(content, chunk)
		if err != nil || root.Size != int64(n) {
			t.Fatalf("%d bytes: root of %d, %v", n, root.Size, err)
		}
		if n <= chunk && root.Ref != lumps.Of(content) {
			t.Errorf("%d bytes in one chunk: root %s is not the plain lump", n, root.Ref)
		}
		got, _, err := s.read(root.Ref, 1<<20)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: read %d, %v", n, len(got), err)
		}
	}
}

// TestShapeOfTree: rows are closed late, so that a full one is the root.
func TestShapeOfTree(t *testing.T) {
	for _, c := range []struct{ leaves, nodes int }{
		{1, 0}, {2, 1}, {unixfs.Width, 1}, {unixfs.Width + 1, 3}, {3 * unixfs.Width, 4},
	} {
		s := shelf{}
		b := unixfs.Builder{Put: s.put}
		for i := range c.leaves {
			if err := b.Leaf(lumps.Of([]byte{byte(i), byte(i >> 8)}), 2); err != nil {
				t.Fatal(err)
			}
		}
		root, err := b.Root()
		if err != nil || root.Size != int64(2*c.leaves) || b.Nodes != int64(c.nodes) || len(s) != c.nodes {
			t.Errorf("%d leaves: root of %d bytes, %d nodes put (%d different), %v; want %d nodes",
				c.leaves, root.Size, b.Nodes, len(s), err, c.nodes)
		}
	}
}

func TestReadOfOtherTools(t *testing.T) {
	s := shelf{}
	// Inline bytes in leaves and inner nodes, unequal depths, type raw.
	inline := s.node(unixfs.Node{Kind: unixfs.Raw, Inline: []byte("inline leaf, ")})
	deep := s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{s.leaf([]byte("deep, "))}})
	root := s.node(unixfs.Node{Kind: unixfs.File, Inline: []byte("first, "), Links: []unixfs.Link{
		inline, deep, s.leaf([]byte("raw leaf, ")), inline,
	}})
	got, _, err := s.read(root.Ref, 100)
	if want := "first, inline leaf, deep, raw leaf, inline leaf, "; err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
	empty := s.node(unixfs.Node{Kind: unixfs.File})
	if got, _, err := s.read(empty.Ref, 10); err != nil || len(got) != 0 {
		t.Fatalf("empty node: %q, %v", got, err)
	}
}

func repeat(l unixfs.Link, n int) (out []unixfs.Link) {
	for range n {
		out = append(out, l)
	}
	return out
}

// TestReaderHoldsTheTreeToItsPromises: each hostile tree is refused, and
// before much was fetched for it.
func TestReaderHoldsTheTreeToItsPromises(t *testing.T) {
	leaf := func(n int) []byte { return lumpstest.Bytes(7, n) }
	for _, c := range []struct {
		name string
		cost int // lumps it may cost at most
		tree func(s shelf) unixfs.Link
	}{
		{"leaf longer than declared", 2, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(100))
			l.Size = 50
			return s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l}})
		}},
		{"leaf shorter than declared", 2, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(100))
			l.Size = 1 << 39
			return s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l}})
		}},
		{"node larger than declared", 2, func(s shelf) unixfs.Link {
			l := s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{s.leaf(leaf(100))}})
			l.Size = 99
			return s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l}})
		}},
		{"too deep", lumps.MaxDepth + 2, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(100))
			for range lumps.MaxDepth + 1 {
				l = s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l}})
			}
			return l
		}},
		{"a thousand leaves of one byte", 1, func(s shelf) unixfs.Link {
			return s.node(unixfs.Node{Kind: unixfs.File, Links: repeat(s.leaf(leaf(1)), 1000)})
		}},
		{"few links everywhere, and still too many lumps", int(unixfs.MaxLumps(16*16*16)) + 1, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(1))
			for range 3 {
				l = s.node(unixfs.Node{Kind: unixfs.File, Links: repeat(l, lumps.SpareBlocks)})
			}
			return l
		}},
		{"more content than allowed", 1, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(1))
			l.Size = lumps.MaxContent
			return s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l, l}})
		}},
		{"too many links", 1, func(s shelf) unixfs.Link {
			l := s.leaf(leaf(lumps.MinMeanLeaf))
			return s.node(unixfs.Node{Kind: unixfs.File, Links: repeat(l, lumps.MaxLinks+1)})
		}},
		{"a link of no bytes", 1, func(s shelf) unixfs.Link {
			return s.node(unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{s.leaf(nil)}})
		}},
		{"nonsense", 1, func(s shelf) unixfs.Link {
			b := []byte("this is no node")
			s[lumps.OfNode(b)] = b
			return unixfs.Link{Ref: lumps.OfNode(b)}
		}},
		{"directory", 1, func(s shelf) unixfs.Link {
			b := []byte{0x0a, 0x02, 0x08, 0x01}
			s[lumps.OfNode(b)] = b
			return unixfs.Link{Ref: lumps.OfNode(b)}
		}},
		{"second spelling", 1, func(s shelf) unixfs.Link {
			b := []byte{0x0a, 0x05, 0x08, 0x02, 0x18, 0x80, 0x00} // size 0 in two bytes
			s[lumps.OfNode(b)] = b
			return unixfs.Link{Ref: lumps.OfNode(b)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shelf{}
			root := c.tree(s)
			_, n, err := s.read(root.Ref, c.cost)
			if !errors.Is(err, unixfs.ErrBadNode) {
				t.Fatalf("after %d lumps: %v, want ErrBadNode", n, err)
			}
		})
	}
}

func TestGiveAfterTheEnd(t *testing.T) {
	r := unixfs.NewReader(lumps.Of([]byte("x")))
	if _, err := r.Give([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, known := r.Size(); n != 1 || !known || r.Count() != 1 {
		t.Fatalf("Size = %d, %v, Count = %d", n, known, r.Count())
	}
	if _, err := r.Give(nil); !errors.Is(err, unixfs.ErrBadNode) {
		t.Fatalf("Give after the end: %v", err)
	}
}

func TestBuilderReportsPut(t *testing.T) {
	b := unixfs.Builder{Put: func(lumps.Ref, []byte) error { return io.ErrShortWrite }}
	for range 2 {
		if err := b.Leaf(lumps.Of(nil), 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := b.Root(); !errors.Is(err, io.ErrShortWrite) {
		t.Fatalf("Root: %v", err)
	}
}

// Reading from any byte on gives the same bytes, and asks for no leaf that lies
// wholly before it.
func TestReaderBeginsAnywhere(t *testing.T) {
	store := map[lumps.Ref][]byte{}
	var content []byte
	leaf := func(n int) unixfs.Link {
		b := bytes.Repeat([]byte{byte(len(content)%251 + 1)}, n)
		content = append(content, b...)
		r := lumps.Of(b)
		store[r] = b
		return unixfs.Link{Ref: r, Size: int64(n)}
	}
	node := func(inline string, links ...unixfs.Link) unixfs.Link {
		n := unixfs.Node{Kind: unixfs.File, Inline: []byte(inline), Links: links}
		enc := n.Append(nil)
		r := lumps.OfNode(enc)
		store[r] = enc
		return unixfs.Link{Ref: r, Size: n.Size()}
	}
	content = append(content, "first"...)
	content = append(content, "inner"...)
	a := node("inner", leaf(7), leaf(1), leaf(9))
	b := leaf(20)
	c := node("", leaf(3), leaf(4))
	root := node("first", a, b, c)
	for at := int64(0); at <= root.Size; at++ {
		r := unixfs.NewReaderAt(root.Ref, at)
		var got []byte
		for {
			ref, more := r.Next()
			if !more {
				break
			}
			part, err := r.Give(store[ref])
			if err != nil {
				t.Fatalf("from byte %d: %v", at, err)
			}
			if !ref.IsNode() && len(part) == 0 {
				t.Errorf("from byte %d: leaf %s was asked for in vain", at, ref)
			}
			got = append(got, part...)
		}
		if !bytes.Equal(got, content[at:]) {
			t.Fatalf("from byte %d: %q, want %q", at, got, content[at:])
		}
	}
}

// TestSoon: within the row, up to the budget, and over its end to the nodes
// above.
func TestSoon(t *testing.T) {
	leaf := func(i byte) unixfs.Link { return unixfs.Link{Ref: lumps.Of([]byte{i}), Size: 100, Total: 100} }
	low := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{leaf(1), leaf(2), leaf(3)}}
	lb := low.Append(nil)
	ll := unixfs.Link{Ref: lumps.OfNode(lb), Size: low.Size(), Total: uint64(len(lb))}
	top := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{ll, leaf(4), ll, ll, ll, leaf(5)}}
	tb := top.Append(nil)
	r := unixfs.NewReader(lumps.OfNode(tb))
	check := func(most int, budget int64, want ...lumps.Ref) {
		t.Helper()
		var got []lumps.Ref
		for _, l := range r.Soon(most, budget, nil) {
			got = append(got, l.Ref)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("Soon gave %d, want %d", len(got), len(want))
		}
	}
	check(8, 0, lumps.OfNode(tb))
	for _, b := range [][]byte{tb, lb} {
		if _, err := r.Give(b); err != nil {
			t.Fatal(err)
		}
	}
	check(2, 1<<20, leaf(1).Ref, leaf(2).Ref)
	check(8, 250, leaf(1).Ref, leaf(2).Ref)
	check(8, 1, leaf(1).Ref) // what comes next is always among them
	check(8, 1<<20, leaf(1).Ref, leaf(2).Ref, leaf(3).Ref, leaf(4).Ref, ll.Ref, ll.Ref)
}
