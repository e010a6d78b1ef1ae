package node

import (
	"bufio"
	"context"
	"io"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
)

// ask puts a question, which is framed already, to a node on a stream of its own
// and has the answer read. ctx bounds all of it.
func (n *Node) ask(ctx context.Context, k base.Key, proto string, question []byte, read func(*bufio.Reader) error) error {
	s, err := n.net.Open(ctx, k, proto)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, s.Reset)
	defer stop()
	if _, err := s.Write(question); err != nil {
		return err
	}
	return read(bufio.NewReader(s))
}

// answer is the other side: reply reads the question and writes the answer, within
// a time, and is false when there is to be none.
func answer(s p2p.Stream, limit time.Duration, reply func(r *bufio.Reader, w io.Writer) bool) {
	late := time.AfterFunc(limit, func() { s.Close() })
	defer late.Stop()
	r, w := bufio.NewReader(s), bufio.NewWriter(s)
	if !reply(r, w) || w.Flush() != nil {
		return
	}
	_ = s.CloseWrite()
	// The reader closes first, so that what was written is not cut off.
	_, _ = r.ReadByte()
}
