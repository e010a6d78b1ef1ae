package replica

import (
	"io"
	"sync"
)

// end is one end of a stream as it is over TCP and yamux: closing it tells the
// other side that nothing more comes, and silently throws away what the other
// side still writes.
type end struct{ in, out *flow }

// flow is one direction of a stream.
type flow struct {
	mu     sync.Mutex
	change *sync.Cond
	buf    []byte
	ended  bool // by who writes
	deaf   bool // who reads has closed
	broken bool // the connection has ended
}

const window = 256 << 10

func streams() (a, b *end) {
	x, y := &flow{}, &flow{}
	x.change, y.change = sync.NewCond(&x.mu), sync.NewCond(&y.mu)
	return &end{x, y}, &end{y, x}
}

func (e *end) Read(p []byte) (int, error) {
	f := e.in
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.buf) == 0 && !f.ended && !f.deaf && !f.broken {
		f.change.Wait()
	}
	switch {
	case f.deaf || f.broken:
		return 0, io.ErrClosedPipe
	case len(f.buf) == 0:
		return 0, io.EOF
	}
	n := copy(p, f.buf)
	f.buf = f.buf[n:]
	f.change.Broadcast()
	return n, nil
}

func (e *end) Write(p []byte) (int, error) {
	f := e.out
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.buf) > window && !f.ended && !f.deaf && !f.broken {
		f.change.Wait()
	}
	switch {
	case f.ended || f.broken:
		return 0, io.ErrClosedPipe
	case !f.deaf:
		f.buf = append(f.buf, p...)
		f.change.Broadcast()
	}
	return len(p), nil
}

func (f *flow) set(x *bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*x = true
	f.change.Broadcast()
}

func (e *end) Close() error {
	e.in.set(&e.in.deaf)
	e.out.set(&e.out.ended)
	return nil
}

// cut ends the connection under the stream.
func (e *end) cut() {
	e.in.set(&e.in.broken)
	e.out.set(&e.out.broken)
}
