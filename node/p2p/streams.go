package p2p

import (
	"context"
	"io"

	"github.com/metatopia/metatopia/internal/base"
)

// Streams is a Net for those who know nothing of this package: a stream is
// what can be read, written and closed.
type Streams struct{ Net *Net }

// Handle is Net.Handle.
func (s Streams) Handle(proto string, fn func(from base.Key, s io.ReadWriteCloser)) {
	s.Net.Handle(proto, func(from base.Key, st Stream) { fn(from, st) })
}

// Unhandle is Net.Unhandle.
func (s Streams) Unhandle(proto string) { s.Net.Unhandle(proto) }

// Open is Net.Open.
func (s Streams) Open(ctx context.Context, to base.Key, proto string) (io.ReadWriteCloser, error) {
	st, err := s.Net.Open(ctx, to, proto)
	if err != nil {
		return nil, err
	}
	return st, nil
}
