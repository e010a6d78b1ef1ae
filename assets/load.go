package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// start begins to load an entry, perhaps again. The caller holds l.mu.
func (l *Library) start(e *entry) {
	ctx, cancel := context.WithCancelCause(l.ctx)
	e.cancel = cancel
	l.set(e, Status{State: Waiting})
	k := e.keys[0]
	l.work.Go(func() {
		defer cancel(nil)
		a, err := l.load(ctx, e, k)
		if err != nil {
			err = fmt.Errorf("assets: load %s: %w", k.ref.Short(), err)
		}
		l.finish(e, a, err)
	})
}

// set changes the status and tells who waits. The caller holds l.mu.
func (l *Library) set(e *entry, s Status) {
	e.status = s
	close(e.change)
	e.change = make(chan struct{})
}

func (l *Library) note(e *entry, s Status) {
	l.mu.Lock()
	l.set(e, s)
	l.mu.Unlock()
}

// finish puts a loaded asset into the cache, if it was not given up meanwhile.
func (l *Library) finish(e *entry, a *Asset, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.handles[e.handle] != e {
		return // given up
	}
	if err == nil {
		n := a.Memory()
		if l.shrink(l.cfg.Budget - n) {
			e.bytes = n
			l.held += n
			l.alias(e, a.Class)
			l.set(e, Status{State: Ready, Done: a.Size, Total: a.Size, Asset: a})
			l.cfg.OnEvent("loaded")
			return
		}
		err = fmt.Errorf("assets: load %s: %w: it needs %d bytes, assets in use hold %d of %d", a.Ref.Short(), ErrBusy, n, l.held, l.cfg.Budget)
	}
	e.bytes = entryBytes
	l.held += entryBytes
	s := e.status
	l.set(e, Status{State: Failed, Done: s.Done, Total: s.Total, Err: err})
	l.cfg.OnEvent("failed")
}

// alias lets who asks for the class by name find what was loaded without one.
func (l *Library) alias(e *entry, c Class) {
	k := e.keys[0]
	if k.as != ClassAny {
		return
	}
	if k.as = c; l.byKey[k] == nil {
		l.byKey[k] = e
		e.keys = append(e.keys, k)
	}
}

// load fetches and decodes. Gates are passed in one order by all, and who is
// through the last one waits for nobody, so that nothing can hang.
func (l *Library) load(ctx context.Context, e *entry, k key) (*Asset, error) {
	began := time.Now()
	b, info, room, err := l.bytes(ctx, e, k.ref)
	if err != nil {
		return nil, err
	}
	leave := func() { l.room.leave(room) }
	f, class, work, err := l.inspect(ctx, e, b, k)
	if err != nil {
		leave()
		return nil, err
	}
	n, err := l.memory.enter(ctx, &e.prio, work)
	if err != nil {
		leave()
		return nil, err
	}
	if _, err = l.cpu.enter(ctx, &e.prio, 1); err != nil {
		l.memory.leave(n)
		leave()
		return nil, err
	}
	a := &Asset{Ref: k.ref, Class: class, Format: f.Name, Loader: f.Loader, Source: info.Source, Size: int64(len(b)), Fetch: time.Since(began)}
	l.note(e, Status{State: Decoding, Done: a.Size, Total: a.Size})
	began = time.Now()
	a.Form, a.Gas, err = l.decode(ctx, f, b, class, func() {
		l.cpu.leave(1)
		l.memory.leave(n)
		leave()
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	a.Decode = time.Since(began)
	return a, nil
}

// inspect finds the format and what decoding will take. That allocates little,
// but goes over all bytes: as many do so at a time as decode.
func (l *Library) inspect(ctx context.Context, e *entry, b []byte, k key) (f *Format, class Class, work int64, err error) {
	n, err := l.look.enter(ctx, &e.prio, 1)
	if err != nil {
		return nil, 0, 0, err
	}
	defer l.look.leave(n)
	defer func() { err = l.caught(recover(), err) }()
	if f, class, err = l.choose(b, k.as, k.format); err != nil {
		return nil, 0, 0, err
	}
	if work, err = f.measure(b, class); err != nil {
		err = fmt.Errorf("%s: %w", f.Name, err)
	}
	return f, class, work, err
}

// caught turns a panic into an error, and leaves another error as it is.
func (l *Library) caught(p any, err error) error {
	if p == nil {
		return err
	}
	l.cfg.OnEvent("panicked")
	return fmt.Errorf("%w: %v at %s", ErrPanic, p, where())
}

// bytes fetches a content whole, at most MaxInput. The room that it takes is
// the caller's to leave when there is no error.
func (l *Library) bytes(ctx context.Context, e *entry, ref lumps.Ref) ([]byte, lumps.Info, int64, error) {
	n, err := l.fetch.enter(ctx, &e.prio, 1)
	if err != nil {
		return nil, lumps.Info{}, 0, err
	}
	defer l.fetch.leave(n)
	l.note(e, Status{State: Fetching})
	whole := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(fetchTime, func() { cancel(fmt.Errorf("%w: fetching it for %v", ErrTimeout, fetchTime)) })
	defer timer.Stop()
	r, info, err := l.cfg.Lumps.Open(ctx, ref)
	if err != nil {
		return nil, info, 0, because(ctx, err)
	}
	defer r.Close()
	if err := within("bytes of an asset", info.Size, MaxInput); err != nil {
		return nil, info, 0, err
	}
	timer.Stop() // waiting for room is not the sender's fault
	room, err := l.room.enter(whole, &e.prio, info.Size)
	if err != nil {
		return nil, info, 0, err
	}
	timer.Reset(fetchTime)
	l.note(e, Status{State: Fetching, Total: info.Size})
	// The size is held to by the reader; until the bytes are here it is only
	// a promise, so the buffer grows with them.
	var buf bytes.Buffer
	buf.Grow(int(min(info.Size, lumps.MaxLump)) + bytes.MinRead)
	for err == nil {
		_, err = io.CopyN(&buf, r, lumps.ChunkSize)
		l.note(e, Status{State: Fetching, Done: int64(buf.Len()), Total: info.Size})
	}
	if err != io.EOF {
		l.room.leave(room)
		return nil, info, 0, because(ctx, err)
	}
	return buf.Bytes(), info, room, nil
}

// because prefers the reason for which ctx ended to what others make of it.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil && !errors.Is(err, lumps.ErrNotFound) {
		return context.Cause(ctx)
	}
	return err
}

// decode runs a decoder on a goroutine of its own and calls done when it has
// really ended: one that is past its time, or given up, keeps its turn and its
// memory until then. All end soon, since what they read ends with ctx.
func (l *Library) decode(ctx context.Context, f *Format, b []byte, as Class, done func()) (Form, uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, decodeTime, fmt.Errorf("%w: decoding it for %v", ErrTimeout, decodeTime))
	type result struct {
		form Form
		gas  uint64
		err  error
	}
	out := make(chan result, 1)
	l.work.Go(func() {
		defer cancel()
		defer done()
		var r result
		defer func() {
			r.err = l.caught(recover(), r.err)
			out <- r
		}()
		if f.guest != nil {
			r.form, r.gas, r.err = f.guest(ctx, b, as)
		} else {
			r.form, r.err = f.decode(ctx, b, as)
		}
	})
	select {
	case r := <-out:
		return r.form, r.gas, r.err
	case <-ctx.Done():
		select {
		case r := <-out: // both were ready
			return r.form, r.gas, r.err
		default:
		}
		l.cfg.OnEvent("overdue")
		return nil, 0, context.Cause(ctx)
	}
}

// where is the place of a panic, as file:line. A trace has two lines for each
// call, its name and its place, the newest first.
func where() string {
	_, trace, _ := strings.Cut(string(debug.Stack()), "\npanic(")
	lines := strings.Split(trace, "\n")
	for i := 2; i+1 < len(lines); i += 2 {
		if !strings.HasPrefix(lines[i], "runtime.") {
			place, _, _ := strings.Cut(lines[i+1], " ")
			return filepath.Base(place)
		}
	}
	return "an unknown place"
}
