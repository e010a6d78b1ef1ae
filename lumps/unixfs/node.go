package unixfs

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
)

// Link is one child of a node.
type Link struct {
	Ref   lumps.Ref
	Size  int64  // bytes of content below, at least 1
	Total uint64 // bytes of all lumps below, for other tools; not believed
}

// Kind is the UnixFS type of a node. The two mean the same here.
type Kind uint8

const (
	Raw  Kind = 0
	File Kind = 2
)

// Node is an inner node: inline bytes come before those of the links.
type Node struct {
	Kind   Kind
	Inline []byte // nil: the field is absent
	Links  []Link
}

// Size is the content below the node in bytes.
func (n *Node) Size() int64 {
	size := int64(len(n.Inline))
	for _, l := range n.Links {
		size += l.Size
	}
	return size
}

const (
	refLen = 36
	// maxLink is the largest encoding of a link's inside.
	maxLink = 2 + refLen + 2 + 1 + binary.MaxVarintLen64
)

// Append appends the bytes of the node.
func (n *Node) Append(b []byte) []byte {
	var buf [maxLink]byte
	for _, l := range n.Links {
		in := append(buf[:0], 0x0a, refLen)
		in = append(in, l.Ref.Bytes()...)
		in = append(in, 0x12, 0x00, 0x18)
		in = binary.AppendUvarint(in, l.Total)
		b = appendBytes(append(b, 0x12), in)
	}
	data := append(make([]byte, 0, 32+len(n.Inline)+10*len(n.Links)), 0x08, byte(n.Kind))
	if n.Inline != nil {
		data = appendBytes(append(data, 0x12), n.Inline)
	}
	data = binary.AppendUvarint(append(data, 0x18), uint64(n.Size()))
	for _, l := range n.Links {
		data = binary.AppendUvarint(append(data, 0x20), uint64(l.Size))
	}
	return appendBytes(append(b, 0x0a), data)
}

func appendBytes(b, p []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(p))), p...)
}

// Decode reads the bytes of a node. Errors wrap ErrBadNode. Inline bytes
// alias b.
func Decode(b []byte) (*Node, error) {
	n, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("unixfs: decode node: %w: %v", ErrBadNode, err)
	}
	// One content, one name: the parser may overlook an odd spelling, this
	// does not.
	if !bytes.Equal(n.Append(make([]byte, 0, len(b))), b) {
		return nil, fmt.Errorf("unixfs: decode node: %w: not in canonical form", ErrBadNode)
	}
	return n, nil
}

func decode(b []byte) (*Node, error) {
	if len(b) > lumps.MaxLump {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), lumps.MaxLump)
	}
	n := new(Node)
	p := parser{b}
	for p.next(0x12) {
		if len(n.Links) == lumps.MaxLinks {
			return nil, fmt.Errorf("more than %d links", lumps.MaxLinks)
		}
		in, err := p.bytes()
		if err != nil {
			return nil, err
		}
		l, err := decodeLink(in)
		if err != nil {
			return nil, fmt.Errorf("link %d: %w", len(n.Links), err)
		}
		n.Links = append(n.Links, l)
	}
	if !p.next(0x0a) {
		return nil, fmt.Errorf("no data")
	}
	data, err := p.bytes()
	if err != nil {
		return nil, err
	}
	if len(p.b) != 0 {
		return nil, fmt.Errorf("%d bytes after the data", len(p.b))
	}
	return n, n.decodeData(data)
}

func decodeLink(b []byte) (l Link, err error) {
	p := parser{b}
	if !p.next(0x0a) {
		return l, fmt.Errorf("no hash")
	}
	ref, err := p.bytes()
	if err != nil {
		return l, err
	}
	if l.Ref, err = lumps.FromBytes(ref); err != nil {
		return l, err
	}
	if !p.next(0x12) {
		return l, fmt.Errorf("no name")
	}
	if name, err := p.bytes(); err != nil || len(name) != 0 {
		return l, fmt.Errorf("a name of %d bytes: a directory is no content", len(name))
	}
	if !p.next(0x18) {
		return l, fmt.Errorf("no size")
	}
	l.Total, err = p.uvarint()
	return l, err
}

// decodeData reads the UnixFS message and gives the links their sizes.
func (n *Node) decodeData(b []byte) error {
	p := parser{b}
	if !p.next(0x08) {
		return fmt.Errorf("no type")
	}
	kind, err := p.uvarint()
	if err != nil {
		return err
	}
	if kind != uint64(File) && kind != uint64(Raw) {
		return fmt.Errorf("type %d is no file", kind)
	}
	n.Kind = Kind(kind)
	if p.next(0x12) {
		if n.Inline, err = p.bytes(); err != nil {
			return err
		}
	}
	if !p.next(0x18) {
		return fmt.Errorf("no file size")
	}
	declared, err := p.uvarint()
	if err != nil {
		return err
	}
	sum := uint64(len(n.Inline))
	for i := range n.Links {
		if !p.next(0x20) {
			return fmt.Errorf("%d block sizes for %d links", i, len(n.Links))
		}
		size, err := p.uvarint()
		if err != nil {
			return err
		}
		// A child without content could repeat for ever at no cost in size.
		if size == 0 || size > lumps.MaxContent {
			return fmt.Errorf("link %d of %d bytes, 1 to %d allowed", i, size, int64(lumps.MaxContent))
		}
		n.Links[i].Size = int64(size)
		sum += size // at most MaxLinks * MaxContent: no overflow
	}
	if len(p.b) != 0 {
		return fmt.Errorf("field 0x%02x is not allowed", p.b[0])
	}
	if int64(len(n.Links)) > MaxLumps(int64(min(sum, lumps.MaxContent))) {
		return fmt.Errorf("%d links for %d bytes, at most one per %d and %d more", len(n.Links), sum, lumps.MinMeanLeaf, lumps.SpareBlocks)
	}
	if sum != declared || sum > lumps.MaxContent {
		return fmt.Errorf("declares %d bytes, its parts have %d, at most %d allowed", declared, sum, int64(lumps.MaxContent))
	}
	return nil
}

// parser reads protobuf fields whose tags fit one byte.
type parser struct{ b []byte }

// next takes the tag if it comes next.
func (p *parser) next(tag byte) bool {
	if len(p.b) == 0 || p.b[0] != tag {
		return false
	}
	p.b = p.b[1:]
	return true
}

func (p *parser) uvarint() (uint64, error) {
	v, n := binary.Uvarint(p.b)
	if n <= 0 {
		return 0, fmt.Errorf("bad varint")
	}
	p.b = p.b[n:]
	return v, nil
}

// bytes reads a length and that many bytes, not copied and never nil.
func (p *parser) bytes() ([]byte, error) {
	n, err := p.uvarint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(p.b)) {
		return nil, fmt.Errorf("field of %d bytes in %d", n, len(p.b))
	}
	v := p.b[:n:n]
	p.b = p.b[n:]
	return v, nil
}
