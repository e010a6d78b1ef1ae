package lumpbench

import (
	"encoding/binary"
	"io"
)

// block is what contents are made of.
const block = 1 << 20

// content reads as so many bytes of which no two blocks are equal, without
// holding them: a large heap would hide what a transfer needs.
type content struct {
	buf  []byte
	seed uint64
	at   int64
	size int64
}

func newContent(seed uint64, size int64) io.Reader {
	c := &content{buf: make([]byte, block), seed: seed, size: size}
	x := seed*0x9e3779b97f4a7c15 + 1
	for i := 0; i < block; i += 8 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		binary.LittleEndian.PutUint64(c.buf[i:], x)
	}
	return c
}

// Read implements io.Reader.
func (c *content) Read(p []byte) (int, error) {
	if c.at == c.size {
		return 0, io.EOF
	}
	in := c.at % block
	binary.LittleEndian.PutUint64(c.buf, c.seed^uint64(c.at/block)<<32)
	n := copy(p, c.buf[in:min(block, in+c.size-c.at)])
	c.at += int64(n)
	return n, nil
}
