package unixfs

import (
	"fmt"

	"github.com/metatopia/metatopia/lumps"
)

// Reader walks a tree in the order of its content without fetching anything:
// the caller asks Next for a name, gets the lump however it likes, checks it
// against the name, and Gives the bytes. Memory is bounded by
// lumps.MaxDepth * lumps.MaxLinks links.
type Reader struct {
	root  lumps.Ref
	rows  []row // open nodes, root first
	begun bool  // the root was given
	size  int64
	count int64 // lumps given
	limit int64 // lumps allowed
	skip  int64 // bytes of content to pass over yet
}

type row struct {
	links []Link
	at    int
}

// MaxLumps is how many lumps a content, or a part of one, of size bytes may be
// cut into.
func MaxLumps(size int64) int64 { return size/lumps.MinMeanLeaf + lumps.SpareBlocks }

// NewReader begins at root.
func NewReader(root lumps.Ref) *Reader { return &Reader{root: root, limit: 1} }

// NewReaderAt begins at root, and at a byte of the content: the lumps that lie
// wholly before it are passed over, and their bytes are not needed.
func NewReaderAt(root lumps.Ref, offset int64) *Reader {
	return &Reader{root: root, limit: 1, skip: offset}
}

// Next names the lump to give next; false at the end of the content.
func (r *Reader) Next() (lumps.Ref, bool) {
	if !r.begun {
		return r.root, true
	}
	if len(r.rows) == 0 {
		return lumps.Ref{}, false
	}
	top := &r.rows[len(r.rows)-1]
	return top.links[top.at].Ref, true
}

// Ahead appends to out what is known to be needed soon: Next and up to n-1 of
// its siblings.
func (r *Reader) Ahead(n int, out []lumps.Ref) []lumps.Ref {
	if !r.begun {
		return append(out, r.root)
	}
	if len(r.rows) == 0 {
		return out
	}
	top := &r.rows[len(r.rows)-1]
	for _, l := range top.links[top.at:min(top.at+n, len(top.links))] {
		out = append(out, l.Ref)
	}
	return out
}

// Bounds of what Soon looks ahead to: nodes above the lump that comes next,
// and what one is taken to weigh.
const (
	soonNodes  = 2
	nodeWeight = 64 << 10
)

// Soon appends to out the links that are known to be needed soon, in reading
// order: Next first, whatever its size, then at most most of them in all and
// leaves of at most budget bytes together. The root is a link of size 0.
func (r *Reader) Soon(most int, budget int64, out []Link) []Link {
	if !r.begun {
		return append(out, Link{Ref: r.root})
	}
	first, nodes := len(out), 0
	for i := len(r.rows) - 1; i >= 0; i-- {
		for _, l := range r.rows[i].links[r.rows[i].at:] {
			weight := min(l.Size, lumps.MaxLump)
			if l.Ref.IsNode() {
				weight = nodeWeight
				nodes++
			}
			budget -= weight
			if n := len(out) - first; n > 0 && (n == most || budget < 0 || nodes > soonNodes) {
				return out
			}
			out = append(out, l)
		}
	}
	return out
}

// Size is the length of the whole content in bytes, known (true) once the
// root was given. The tree is held to it.
func (r *Reader) Size() (int64, bool) { return r.size, r.begun }

// Count is the number of lumps given so far.
func (r *Reader) Count() int64 { return r.count }

// Give takes the bytes of the lump that Next named, already checked against
// the name, and returns the content that comes next (an alias of b, possibly
// empty). Errors wrap ErrBadNode; the Reader is of no use after one.
func (r *Reader) Give(b []byte) ([]byte, error) {
	ref, ok := r.Next()
	if !ok {
		return nil, fmt.Errorf("unixfs: give after the end: %w", ErrBadNode)
	}
	if !ref.IsNode() {
		return r.cut(b), r.step(ref, int64(len(b)), nil)
	}
	n, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("unixfs: %s: %w", ref, err)
	}
	return r.cut(n.Inline), r.step(ref, n.Size(), n.Links)
}

// cut takes off what is to be passed over.
func (r *Reader) cut(b []byte) []byte {
	n := min(r.skip, int64(len(b)))
	r.skip -= n
	return b[n:]
}

// Pass passes over the lump that Next named without its bytes, when it is a leaf
// below a node, and gives its link.
func (r *Reader) Pass() (Link, bool) {
	ref, ok := r.Next()
	if !ok || !r.begun || ref.IsNode() {
		return Link{}, false
	}
	top := &r.rows[len(r.rows)-1]
	l := top.links[top.at]
	top.at++
	r.settle()
	return l, true
}

func (r *Reader) step(ref lumps.Ref, size int64, links []Link) error {
	if !r.begun {
		r.begun, r.size = true, size
		r.limit = MaxLumps(size)
	} else {
		top := &r.rows[len(r.rows)-1]
		if want := top.links[top.at].Size; size != want {
			return fmt.Errorf("unixfs: %s has %d bytes, its parent declares %d: %w", ref, size, want, ErrBadNode)
		}
		top.at++
	}
	if r.count++; r.count > r.limit {
		return fmt.Errorf("unixfs: %s: more than %d lumps for %d bytes: %w", r.root, r.limit, r.size, ErrBadNode)
	}
	if len(links) > 0 {
		if len(r.rows) == lumps.MaxDepth {
			return fmt.Errorf("unixfs: %s: deeper than %d nodes: %w", r.root, lumps.MaxDepth, ErrBadNode)
		}
		r.rows = append(r.rows, row{links: links})
	}
	r.settle()
	return nil
}

// settle goes to the next link that is to be read.
func (r *Reader) settle() {
	for len(r.rows) > 0 {
		top := &r.rows[len(r.rows)-1]
		for top.at < len(top.links) && r.skip >= top.links[top.at].Size {
			r.skip -= top.links[top.at].Size
			top.at++
		}
		if top.at < len(top.links) {
			break
		}
		r.rows = r.rows[:len(r.rows)-1]
	}
}
