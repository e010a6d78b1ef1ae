package outbound

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

var low, high = base.Key{1}, base.Key{2}

// far is the other server, as a queue sees it.
type far struct {
	mu    sync.Mutex
	begun []time.Duration // when streams were asked for
	lost  int
	heard bool
	down  bool
	ends  chan net.Conn // of the streams that were opened
}

// begin makes a queue to a server, and what is to be done with both. All of it
// ends with the test.
func begin(t *testing.T, self, to base.Key, f *far) *Queue {
	t.Helper()
	f.ends = make(chan net.Conn, 16)
	start := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	q := New(Config{
		Self: self, To: to, MaxBytes: 1 << 20,
		Open: func(context.Context) (io.ReadWriteCloser, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.begun = append(f.begun, time.Since(start))
			if f.down {
				return nil, errors.New("nobody there")
			}
			a, b := net.Pipe()
			f.ends <- b
			return a, nil
		},
		Heard: func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.heard },
		Lost:  func() { f.mu.Lock(); defer f.mu.Unlock(); f.lost++ },
	})
	var running sync.WaitGroup
	running.Go(func() { q.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return q
}

func (f *far) losses() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost
}

func message(t *testing.T, r io.Reader) []byte {
	t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(r, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOrder: what many put comes whole, and what each puts in its order, those
// too that are longer than a write.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{}
		q := begin(t, low, high, f)
		const writers, each = 4, 50
		for w := range writers {
			go func() {
				for i := range each {
					if !q.Put(bytes.Repeat([]byte{byte(w), byte(i)}, 1+i*100)) {
						t.Error("no room")
					}
				}
			}()
		}
		end := <-f.ends
		var next [writers]int
		for range writers * each {
			b := message(t, end)
			w := b[0]
			if want := bytes.Repeat([]byte{w, byte(next[w])}, 1+next[w]*100); !bytes.Equal(b, want) {
				t.Fatalf("message of %d: %d bytes for number %d", w, len(b), next[w])
			}
			next[w]++
		}
		if big := bytes.Repeat([]byte{7}, 2*maxWrite); !q.Put(big) || !bytes.Equal(message(t, end), big) {
			t.Fatal("a long message")
		}
		if q.Waiting() != 0 || f.losses() != 0 {
			t.Fatalf("%d wait, %d losses", q.Waiting(), f.losses())
		}
	})
}

// TestWrites: one write carries many messages, and never more than maxWrite of
// more than one.
func TestWrites(t *testing.T) {
	q := New(Config{MaxBytes: 8 << 20})
	for _, n := range []int{1, 2, maxWrite - 100, maxWrite + 1, 3, 4} {
		q.Put(make([]byte, n))
	}
	var got []int
	for q.Waiting() > 0 {
		got = append(got, len(q.take(nil)))
	}
	if want := []int{4 + 1 + 4 + 2 + 4 + maxWrite - 100, 4 + maxWrite + 1, 4 + 3 + 4 + 4}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
		t.Fatalf("writes of %v, not %v", got, want)
	}
	if q.size != 0 {
		t.Fatalf("%d bytes are counted of nothing", q.size)
	}
}

// TestBounds: what has no room throws out what waits, and waits itself.
func TestBounds(t *testing.T) {
	for _, x := range []struct {
		name         string
		messages, of int
	}{{"messages", maxQueued, 1}, {"bytes", 10, 100}} {
		q := New(Config{MaxBytes: max(1000, maxQueued)})
		if x.of > 1 {
			q = New(Config{MaxBytes: x.messages * x.of})
		}
		for i := range x.messages {
			if !q.Put(make([]byte, x.of)) {
				t.Fatalf("%s: no room for number %d", x.name, i)
			}
		}
		if q.Put([]byte("more")) || q.Waiting() != 1 || q.size != 4 {
			t.Errorf("%s: %d wait with %d bytes", x.name, q.Waiting(), q.size)
		}
		if !q.Put([]byte("and")) {
			t.Errorf("%s: no room afterwards", x.name)
		}
		if !q.Clear() || q.Clear() || q.Waiting() != 0 || q.size != 0 {
			t.Errorf("%s: %d wait after Clear", x.name, q.Waiting())
		}
	}
}

// TestGiveWay: the smaller key dials at once; the greater one when it hears the
// other, or after a while.
func TestGiveWay(t *testing.T) {
	for _, x := range []struct {
		self, to base.Key
		hears    time.Duration // from then on
		want     time.Duration
	}{
		{low, high, time.Hour, 0},
		{high, low, time.Hour, dialAfter},
		{high, low, 0, 0},
		{high, low, 95 * time.Millisecond, 100 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &far{heard: x.hears == 0}
			begin(t, x.self, x.to, f)
			heard := time.AfterFunc(x.hears, func() { f.mu.Lock(); defer f.mu.Unlock(); f.heard = true })
			defer heard.Stop()
			<-f.ends
			if f.begun[0] != x.want {
				t.Errorf("%v: it dials after %v", x, f.begun[0])
			}
		})
	}
}

// TestPauses: a server that is away is asked ever less often, and each time what
// waits for it is lost; back again it is asked often once more.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{down: true}
		q := begin(t, low, high, f)
		q.Put([]byte("early"))
		time.Sleep(20 * time.Second)
		synctest.Wait()
		f.mu.Lock()
		var gaps []time.Duration
		for i := 1; i < len(f.begun); i++ {
			gaps = append(gaps, f.begun[i]-f.begun[i-1])
		}
		lost := f.lost
		f.mu.Unlock()
		for i, g := range gaps {
			if want := min(minPause<<i, maxPause); g != want {
				t.Fatalf("pauses of %v", gaps)
			}
		}
		if len(gaps) < 10 || lost != 1 || q.Waiting() != 0 {
			t.Fatalf("%d pauses, %d losses, %d wait", len(gaps), lost, q.Waiting())
		}
		f.mu.Lock()
		f.down = false
		f.mu.Unlock()
		(<-f.ends).Close()
		from := time.Now()
		end := <-f.ends
		if took := time.Since(from); took != minPause {
			t.Errorf("it asks again after %v", took)
		}
		q.Put([]byte("late"))
		if got := string(message(t, end)); got != "late" {
			t.Errorf("%q came", got)
		}
	})
}

// TestStreamEnds: when the other side closes, what was sent may be lost, and
// another stream is opened though nothing waits.
func TestStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &far{}
		q := begin(t, low, high, f)
		for i := range 3 {
			end := <-f.ends
			q.Put([]byte{byte(i)})
			if b := message(t, end); b[0] != byte(i) {
				t.Fatalf("message %d on stream %d", b[0], i)
			}
			if f.losses() != i {
				t.Fatalf("%d losses before the end of stream %d", f.losses(), i)
			}
			end.Close()
			synctest.Wait()
			if f.losses() != i+1 {
				t.Fatalf("%d losses after the end of stream %d", f.losses(), i)
			}
		}
	})
}

// TestEnd: Run ends with its context, and closes the stream, also while a write
// waits for the other side; that is nobody's loss.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a, end := net.Pipe()
		q := New(Config{
			Self: low, To: high, MaxBytes: 1 << 20,
			Open:  func(context.Context) (io.ReadWriteCloser, error) { return a, nil },
			Heard: func() bool { return true },
			Lost:  func() { t.Error("a loss after the end") },
		})
		var running sync.WaitGroup
		running.Go(func() { q.Run(ctx) })
		q.Put([]byte("nobody reads it"))
		synctest.Wait()
		cancel()
		running.Wait()
		if _, err := end.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the stream is not closed: %v", err)
		}
	})
}
