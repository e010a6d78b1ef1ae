package node

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
)

// TestAsk: an answer of several buffers comes whole; a question that is refused is
// answered by an end, and neither side waits for one that says nothing.
func TestAsk(t *testing.T) {
	const proto = "/metatopia/test/ask/1"
	a, b := startNode(t, Config{Name: "Ada"}), startNode(t, Config{Name: "Bob"})
	must(a.net.Dial(t.Context(), b.net.Addrs()[0]))(t)
	long := bytes.Repeat([]byte("answer"), 50_000)
	begun, ended := make(chan bool, 8), make(chan bool, 8)
	serve := func(limit time.Duration) {
		b.net.Handle(proto, func(_ base.Key, s p2p.Stream) {
			answer(s, limit, func(r *bufio.Reader, w io.Writer) bool {
				begun <- true
				q, err := p2p.ReadFrame(r, 16)
				ended <- err == nil
				if err != nil || string(q) != "question" {
					return false
				}
				_, err = w.Write(long)
				return err == nil
			})
		})
	}
	serve(time.Minute)
	ask := func(ctx context.Context, q []byte) (got []byte, err error) {
		err = a.ask(ctx, b.key, proto, q, func(r *bufio.Reader) error { got, err = io.ReadAll(r); return err })
		<-begun
		return got, err
	}
	whole := p2p.AppendFrame(nil, []byte("question"))
	if got, err := ask(t.Context(), whole); err != nil || !bytes.Equal(got, long) || !<-ended {
		t.Fatalf("%d bytes: %v", len(got), err)
	}
	if got, err := ask(t.Context(), p2p.AppendFrame(nil, []byte("nonsense"))); len(got) != 0 || !<-ended {
		t.Fatalf("%d bytes for nonsense: %v", len(got), err)
	}
	if got, err := ask(t.Context(), p2p.AppendFrame(nil, make([]byte, 17))); len(got) != 0 || <-ended {
		t.Fatalf("%d bytes for what is too long: %v", len(got), err)
	}
	// Half a question, by somebody who then waits no more.
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		begun <- <-begun
		cancel()
	}()
	if got, err := ask(ctx, whole[:5]); err == nil || len(got) != 0 || <-ended {
		t.Fatalf("%d bytes for half a question: %v", len(got), err)
	}
	// And by somebody who would wait for ever.
	serve(100 * time.Millisecond)
	if got, err := ask(t.Context(), whole[:5]); len(got) != 0 || <-ended {
		t.Fatalf("%d bytes for half a question: %v", len(got), err)
	}
}
