package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// shelf is a source that has everything at once.
type shelf map[lumps.Ref][]byte

func (s shelf) Open(_ context.Context, r lumps.Ref) (io.ReadCloser, lumps.Info, error) {
	b, ok := s[r]
	if !ok {
		return nil, lumps.Info{}, lumps.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(b)), lumps.Info{Size: int64(len(b)), Source: lumps.SourceDisk}, nil
}

// slow is a source that answers when it is told to.
type slow struct {
	shelf
	opened atomic.Int32
	mu     sync.Mutex
	order  []lumps.Ref
	go_    chan struct{}
}

func (s *slow) Open(ctx context.Context, r lumps.Ref) (io.ReadCloser, lumps.Info, error) {
	s.opened.Add(1)
	s.mu.Lock()
	s.order = append(s.order, r)
	s.mu.Unlock()
	select {
	case <-s.go_:
		return s.shelf.Open(ctx, r)
	case <-ctx.Done():
		return nil, lumps.Info{}, ctx.Err()
	}
}

func texts(n int) (shelf, []lumps.Ref) {
	s, refs := shelf{}, []lumps.Ref{}
	for i := range n {
		b := fmt.Appendf(nil, "text %d", i)
		s[lumps.Of(b)] = b
		refs = append(refs, lumps.Of(b))
	}
	return s, refs
}

// Many who ask for one lump share one load, one handle and one form; the form
// stays after the last of them, and who asks for the class by name finds it.
func TestOneLoadForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, refs := texts(1)
		src := &slow{shelf: s, go_: make(chan struct{})}
		l := check(New(Config{Lumps: src}))(t)
		var hs []Handle
		for range 100 {
			hs = append(hs, check(l.Open(Request{Ref: refs[0]}))(t))
		}
		synctest.Wait()
		if st := check(l.Status(hs[0]))(t); st.State != Fetching {
			t.Errorf("it is %s", st.State)
		}
		close(src.go_)
		a := check(l.Wait(t.Context(), hs[0]))(t)
		for _, h := range hs {
			if h != hs[0] || check(l.Wait(t.Context(), h))(t) != a {
				t.Fatal("another handle or asset")
			}
			if err := l.Release(h); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Release(hs[0]); !errors.Is(err, ErrHandle) {
			t.Errorf("released once too often: %v", err)
		}
		h := check(l.Open(Request{Ref: refs[0], As: ClassText}))(t)
		if check(l.Wait(t.Context(), h))(t) != a || src.opened.Load() != 1 {
			t.Errorf("loaded %d times", src.opened.Load())
		}
		if st := l.Stats(); st.Entries != 1 || st.Idle != 0 || st.Bytes != a.Memory() {
			t.Errorf("%+v", st)
		}
		_ = l.Close()
		if _, err := l.Open(Request{Ref: refs[0]}); !errors.Is(err, ErrClosed) {
			t.Errorf("after close: %v", err)
		}
	})
}

// The last release ends a load; who asks again starts a new one.
func TestReleaseGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, refs := texts(1)
		src := &slow{shelf: s, go_: make(chan struct{})}
		l := check(New(Config{Lumps: src}))(t)
		h := check(l.Open(Request{Ref: refs[0]}))(t)
		synctest.Wait()
		if err := l.Release(h); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if st := l.Stats(); st != (Stats{}) {
			t.Errorf("%+v", st)
		}
		h2 := check(l.Open(Request{Ref: refs[0]}))(t)
		close(src.go_)
		if _, err := l.Wait(t.Context(), h2); err != nil || h2 == h {
			t.Errorf("handle %d after %d: %v", h2, h, err)
		}
		_ = l.Close()
	})
}

// What somebody looks at is fetched before what came earlier, also when it is
// looked at only after it began to wait.
func TestPriority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, refs := texts(fetchers + 3)
		src := &slow{shelf: s, go_: make(chan struct{})}
		l := check(New(Config{Lumps: src, Workers: 1}))(t)
		for _, r := range refs {
			check(l.Open(Request{Ref: r, Priority: Background}))(t)
			synctest.Wait()
		}
		if n := src.opened.Load(); n != fetchers {
			t.Fatalf("%d fetched at a time", n)
		}
		last := refs[len(refs)-1]
		check(l.Open(Request{Ref: last, Priority: LookedAt}))(t)
		src.go_ <- struct{}{}
		synctest.Wait()
		if got := src.order[fetchers]; got != last {
			t.Errorf("%s came first, not %s", got.Short(), last.Short())
		}
		_ = l.Close()
	})
}

// What will always fail is not tried again; what may pass is.
func TestFailures(t *testing.T) {
	bad := []byte{0xff, 0xfe, 0xfd}
	events := map[string]int{}
	var mu sync.Mutex
	src := shelf{lumps.Of(bad): bad}
	l := check(New(Config{Lumps: src, OnEvent: func(e string) { mu.Lock(); events[e]++; mu.Unlock() }}))(t)
	for range 3 {
		h := check(l.Open(Request{Ref: lumps.Of(bad)}))(t)
		if _, err := l.Wait(t.Context(), h); !errors.Is(err, ErrFormat) {
			t.Fatal(err)
		}
		_ = l.Release(h)
	}
	late := []byte("late")
	h := check(l.Open(Request{Ref: lumps.Of(late)}))(t)
	if _, err := l.Wait(t.Context(), h); !errors.Is(err, lumps.ErrNotFound) {
		t.Fatal(err)
	}
	src[lumps.Of(late)] = late
	h2 := check(l.Open(Request{Ref: lumps.Of(late)}))(t)
	if _, err := l.Wait(t.Context(), h2); err != nil || h != h2 {
		t.Errorf("later: %v", err)
	}
	if _, err := l.Open(Request{}); !errors.Is(err, lumps.ErrBadRef) {
		t.Error(err)
	}
	if _, err := l.Open(Request{Ref: lumps.Of(late), As: 99}); !errors.Is(err, ErrClass) {
		t.Error(err)
	}
	_ = l.Close()
	if events["failed"] != 2 || events["loaded"] != 1 {
		t.Errorf("%v", events)
	}
}

// The longest unused goes when there is no room; what is held stays, and what
// does not fit beside it fails in words.
func TestBudget(t *testing.T) {
	s, refs := texts(5)
	size := int64(entryBytes + len("text 0"))
	l := check(New(Config{Lumps: s, Budget: 3 * size}))(t)
	load := func(i int) (Handle, error) {
		h := check(l.Open(Request{Ref: refs[i]}))(t)
		_, err := l.Wait(t.Context(), h)
		return h, err
	}
	var hs []Handle
	for i := range 3 {
		hs = append(hs, check(load(i))(t))
	}
	h, err := load(3)
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "assets in use hold") {
		t.Fatalf("a fourth: %v", err)
	}
	_ = l.Release(h)
	_ = l.Release(hs[1])
	_ = l.Release(hs[0])
	hs[1] = check(load(3))(t) // drops text 1
	if st := l.Stats(); st.Bytes != 3*size || st.Idle != 1 {
		t.Errorf("%+v", st)
	}
	l.mu.Lock()
	_, one := l.byKey[key{ref: refs[1]}]
	_, none := l.byKey[key{ref: refs[0]}]
	l.mu.Unlock()
	if one || !none {
		t.Errorf("text 1 kept: %v, text 0 kept: %v", one, none)
	}
	_ = l.Close()
}

// A decoder that panics fails its asset and nothing else; one that does not
// end keeps its turn and its memory, and its asset fails in time.
func TestBadDecoders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, refs := texts(4)
		events := map[string]int{}
		var mu sync.Mutex
		l := check(New(Config{Lumps: s, Workers: 2, OnEvent: func(e string) { mu.Lock(); events[e]++; mu.Unlock() }}))(t)
		hang := make(chan struct{})
		text := l.formats[len(l.formats)-1]
		l.formats = []Format{text}
		l.formats[0].measure = func(b []byte, as Class) (int64, error) {
			if string(b) == "text 3" {
				_ = b[len(b)+int(as):]
			}
			return text.measure(b, as)
		}
		l.formats[0].decode = func(ctx context.Context, b []byte, as Class) (Form, error) {
			switch string(b) {
			case "text 0":
				_ = b[len(b)+int(as):]
			case "text 1":
				<-hang
			}
			return text.decode(ctx, b, as)
		}
		var hs []Handle
		for _, r := range refs {
			hs = append(hs, check(l.Open(Request{Ref: r}))(t))
		}
		if _, err := l.Wait(t.Context(), hs[0]); !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "library_test.go") {
			t.Errorf("panic: %v", err)
		}
		if _, err := l.Wait(t.Context(), hs[3]); !errors.Is(err, ErrPanic) {
			t.Errorf("panic while measuring: %v", err)
		}
		began := time.Now()
		if _, err := l.Wait(t.Context(), hs[1]); !errors.Is(err, ErrTimeout) || time.Since(began) > decodeTime {
			t.Errorf("hang: %v after %v", err, time.Since(began))
		}
		if _, err := l.Wait(t.Context(), hs[2]); err != nil {
			t.Error(err)
		}
		l.cpu.mu.Lock()
		used := l.cpu.used
		l.cpu.mu.Unlock()
		if used != 1 {
			t.Errorf("%d turns are taken, the one that hangs has one", used)
		}
		close(hang)
		_ = l.Close()
		if l.cpu.used != 0 || l.memory.used != 0 || l.room.used != 0 || l.look.used != 0 || l.fetch.used != 0 {
			t.Errorf("gates are left with %d %d %d %d", l.cpu.used, l.memory.used, l.room.used, l.fetch.used)
		}
		mu.Lock()
		defer mu.Unlock()
		if events["panicked"] != 2 || events["overdue"] != 1 {
			t.Errorf("%v", events)
		}
	})
}

// A gate lets through what fits, in order, and forgets who left.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gate{size: 10}
		var low, high atomic.Int32
		high.Store(5)
		n := check(g.enter(t.Context(), &low, 8))(t)
		var mu sync.Mutex
		var order []string
		enter := func(ctx context.Context, name string, p *atomic.Int32, n int64) {
			go func() {
				got, err := g.enter(ctx, p, n)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					order = append(order, "-"+name)
					return
				}
				order = append(order, name)
				g.leave(got)
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(t.Context())
		enter(t.Context(), "light", &low, 2) // fits at once
		enter(ctx, "gone", &high, 9)
		enter(t.Context(), "heavy", &low, 100) // alone
		enter(t.Context(), "late", &low, 1)    // behind the heavy ones
		enter(t.Context(), "high", &high, 3)
		cancel()
		synctest.Wait()
		g.leave(n)
		synctest.Wait()
		if got := strings.Join(order, " "); got != "light -gone high heavy late" {
			t.Error(got)
		}
		if g.used != 0 || len(g.waiting) != 0 {
			t.Errorf("%d used, %d waiting", g.used, len(g.waiting))
		}
	})
}
