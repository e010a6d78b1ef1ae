package unixfs

import "github.com/metatopia/metatopia/lumps"

// Width is the number of links of a full node: that of the unixfs-v1-2025
// profile. A level holds 1024 times the content of the one below.
const Width = 1024

// Builder grows the tree over leaves given in order. Its memory is one row of
// links per level. The zero value is ready.
type Builder struct {
	// Put takes each finished node, children before parents, so that a root
	// never exists without what it names. Required once there are two leaves.
	Put func(r lumps.Ref, b []byte) error

	levels [][]Link
	Nodes  int64 // nodes put so far
}

// Leaf appends a raw leaf. Content is cut into leaves of lumps.ChunkSize, the
// last one shorter; empty content is one empty leaf.
func (b *Builder) Leaf(r lumps.Ref, size int) error {
	return b.add(0, Link{Ref: r, Size: int64(size), Total: uint64(size)})
}

func (b *Builder) add(level int, l Link) error {
	if level == len(b.levels) {
		b.levels = append(b.levels, nil)
	}
	// A full row is closed only when one more comes: until then it may be the
	// root's own row.
	if len(b.levels[level]) == Width {
		if err := b.close(level); err != nil {
			return err
		}
	}
	b.levels[level] = append(b.levels[level], l)
	return nil
}

// close makes a node of a row and passes it up.
func (b *Builder) close(level int) error {
	n := Node{Kind: File, Links: b.levels[level]}
	enc := n.Append(nil)
	l := Link{Ref: lumps.OfNode(enc), Size: n.Size(), Total: uint64(len(enc))}
	for _, c := range n.Links {
		l.Total += c.Total
	}
	if err := b.Put(l.Ref, enc); err != nil {
		return err
	}
	b.Nodes++
	b.levels[level] = b.levels[level][:0]
	return b.add(level+1, l)
}

// Root closes every row and gives the root: the leaf itself when there is only
// one. At least one leaf must have been given. The Builder is spent.
func (b *Builder) Root() (Link, error) {
	for level := 0; ; level++ {
		row := b.levels[level]
		if level == len(b.levels)-1 && len(row) == 1 {
			return row[0], nil
		}
		if err := b.close(level); err != nil {
			return Link{}, err
		}
	}
}
