package unixfs_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

func FuzzDecode(f *testing.F) {
	l := unixfs.Link{Ref: lumps.Of([]byte("a")), Size: 1, Total: 1}
	for _, n := range []unixfs.Node{
		{Kind: unixfs.File},
		{Kind: unixfs.Raw, Inline: []byte("inline")},
		{Kind: unixfs.File, Inline: []byte{}},
		{Kind: unixfs.File, Links: []unixfs.Link{l, l}},
		{Kind: unixfs.File, Inline: []byte("both"), Links: []unixfs.Link{l, {Ref: lumps.OfNode(nil), Size: 1 << 30, Total: 1 << 60}}},
	} {
		f.Add(n.Append(nil))
	}
	f.Add([]byte{0x0a, 0x02, 0x08, 0x01})
	f.Add([]byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Add([]byte{0x12, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := unixfs.Decode(b)
		if err != nil {
			if !errors.Is(err, unixfs.ErrBadNode) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		if again := n.Append(nil); !bytes.Equal(again, b) {
			t.Fatalf("%x decodes and writes %x", b, again)
		}
		if len(n.Links) > lumps.MaxLinks || n.Size() > lumps.MaxContent || n.Size() < 0 {
			t.Fatalf("bounds: %d links, %d bytes", len(n.Links), n.Size())
		}
	})
}

// FuzzReader lets hostile bytes decide both what lumps say and which of three
// lumps answers each step, as if every hash matched.
func FuzzReader(f *testing.F) {
	leaf := []byte("leaf")
	l := unixfs.Link{Ref: lumps.Of(leaf), Size: 4, Total: 4}
	inner := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{l, l}}
	ib := inner.Append(nil)
	il := unixfs.Link{Ref: lumps.OfNode(ib), Size: 8, Total: 8}
	root := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{il, l, il}}
	self := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{{Ref: il.Ref, Size: 1 << 39, Total: 1}}}
	f.Add(root.Append(nil), ib, leaf, []byte{0, 1, 2, 2})
	f.Add(self.Append(nil), self.Append(nil), leaf, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{}, []byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, a, b, c, order []byte) {
		set := [3][]byte{a, b, c}
		r := unixfs.NewReader(lumps.OfNode(a))
		var got int64
		for i := 0; i < 4096; i++ {
			ref, ok := r.Next()
			if !ok {
				if size, known := r.Size(); !known || size != got {
					t.Fatalf("ended after %d bytes of %d", got, size)
				}
				return
			}
			pick := byte(2)
			if len(order) > 0 {
				pick = order[i%len(order)] % 3
			}
			p, err := r.Give(set[pick])
			if err != nil {
				if !errors.Is(err, unixfs.ErrBadNode) {
					t.Fatalf("%s: error of another kind: %v", ref, err)
				}
				return
			}
			got += int64(len(p))
			if size, _ := r.Size(); got > size {
				t.Fatalf("%d bytes out of a content of %d", got, size)
			}
			if n := len(r.Ahead(8, nil)); n > 8 {
				t.Fatalf("Ahead gave %d", n)
			}
			soon := r.Soon(8, 1<<20, nil)
			next, more := r.Next()
			if len(soon) > 8 || more != (len(soon) > 0) || more && soon[0].Ref != next {
				t.Fatalf("Soon gave %d, Next %s, %v", len(soon), next, more)
			}
		}
	})
}
