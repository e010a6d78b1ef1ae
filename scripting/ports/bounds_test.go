package ports

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/process"
)

// One that reads nothing fills up; its sender is told, others go on, and what
// was taken arrives whole.
func TestFloodsAreBounded(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', 10*time.Second), w.node('b', 10*time.Second)
	gate := make(chan struct{})
	var mu sync.Mutex
	read := uint64(0)
	slow, err := b.table.Spawn(process.Spec{Handler: &body{on: func(p *process.Process, l *process.Letter) error {
		p.Outside(func() { <-gate })
		mu.Lock()
		defer mu.Unlock()
		if n := binary.LittleEndian.Uint64(l.Data); n != read {
			t.Errorf("%d after %d", n, read)
		}
		read++
		return nil
	}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	quick, _, got := meet(t, a, b, 0, nil, nil)
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) { return slow.Cap(), nil }
	c, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid", Arg: []byte("arg")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	sent, full := uint64(0), 0
	for full < 50 {
		err := c.Send(process.Letter{Data: binary.LittleEndian.AppendUint64(nil, sent)})
		switch {
		case err == nil:
			sent++
			full = 0
		case errors.Is(err, process.ErrFull):
			full++
			<-time.After(2 * time.Millisecond)
		default:
			t.Fatal(err)
		}
	}
	if sent < process.MaxLetters || sent > process.MaxLetters+4096 {
		t.Errorf("%d messages wait", sent)
	}
	if err := quick.Send(process.Letter{Data: []byte("quick")}); err != nil {
		t.Errorf("others are held up: %v", err)
	}
	next(t, got)
	close(gate)
	waitFor(t, "all to be read", func() bool { mu.Lock(); defer mu.Unlock(); return read == sent })
}

func TestSpawnsThatDoNotHappen(t *testing.T) {
	const dead = 500 * time.Millisecond
	w := newNetwork(t)
	a, b := w.node('a', dead), w.node('b', dead)
	_, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid"}, nil)
	var no *Refusal
	if !errors.As(err, &no) || no.Code != far.NotAgreed {
		t.Errorf("%v", err)
	}
	if _, err := a.ports.Spawn(t.Context(), base.Key{'x'}, &Request{CID: "cid"}, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("%v", err)
	}
	// Whoever asked is dead by the time of the answer: the child is nobody's.
	p, _ := b.proc(false)
	began, goOn := make(chan struct{}), make(chan struct{})
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) {
		close(began)
		<-goOn
		return p.Cap(), nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-began; cancel(); close(goOn) }()
	_, err = a.ports.Spawn(ctx, b.key, &Request{CID: "cid"}, nil)
	if err != nil {
		if r := ended(t, p); r.End != process.Killed {
			t.Errorf("%+v", r)
		}
	}
	// A child that has ended before its parent's node knows of it.
	me, mine := a.proc(true)
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) {
		p, _ := b.proc(false)
		p.Finish(process.Reason{End: process.Failed, Code: 4})
		ended(t, p)
		return p.Cap(), nil
	}
	if _, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid", Flags: far.SpawnMonitor}, func(s *process.Starting) error {
		_, err := s.Monitor(me, 8)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if l := next(t, mine); l.Tag != 8 || l.Signal == nil || l.Signal.Reason.Code != 4 {
		t.Errorf("%+v", l)
	}
}

// A node that stops says so: nobody waits for the time to run out.
func TestAStopIsTold(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', time.Hour), w.node('b', time.Hour)
	me, mine := a.proc(true)
	c, _, heard := meet(t, a, b, 0, nil, nil)
	d, _, _ := meet(t, a, b, 0, nil, nil)
	if _, err := me.Monitor(c); err != nil {
		t.Fatal(err)
	}
	// What comes after it shows that the monitor is there: of one that comes too
	// late it is said that the process is gone.
	if err := c.Send(process.Letter{Tag: 1}); err != nil {
		t.Fatal(err)
	}
	next(t, heard)
	if err := b.table.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.ports.Close()
	if l := next(t, mine); l.Signal == nil || l.Signal.Reason.End != process.Killed && l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", *l.Signal)
	}
	if r := ended(t, d.Process()); r.End != process.Unreachable {
		t.Errorf("%+v", r)
	}
}

// A node that comes back is another.
func TestARestartIsAnEnd(t *testing.T) {
	w := newNetwork(t)
	a, b := w.node('a', time.Hour), w.node('b', time.Hour)
	me, mine := a.proc(true)
	c, _, _ := meet(t, a, b, 0, nil, nil)
	if err := me.Link(c, 6); err != nil {
		t.Fatal(err)
	}
	w.setCut(a.key, b.key, true) // it has no time for last words
	b2 := w.node('b', time.Hour)
	w.setCut(a.key, b.key, false)
	// What is asked while the old one is still believed in is lost with it.
	p, _ := b2.proc(false)
	b2.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) { return p.Cap(), nil }
	_, _ = a.ports.Spawn(t.Context(), b2.key, &Request{CID: "cid"}, nil)
	if l := next(t, mine); l.Tag != 6 || l.Signal == nil || l.Signal.Reason.End != process.Unreachable {
		t.Errorf("%+v", l)
	}
	meet(t, a, b2, 0, nil, nil)
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{3, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			got, err := readFrame(r)
			if err != nil {
				return
			}
			if len(got) > far.MaxPacket {
				t.Fatal("too long")
			}
		}
	})
}

// A child of which its parent's node will never hear is ended.
func TestAChildOfALostEpoch(t *testing.T) {
	const dead = 500 * time.Millisecond
	w := newNetwork(t)
	a, b := w.node('a', dead), w.node('b', dead)
	p, _ := b.proc(false)
	goOn := make(chan struct{})
	b.spawn = func(context.Context, base.Key, *Request) (*process.Cap, error) {
		w.setCut(a.key, b.key, true)
		<-goOn
		return p.Cap(), nil
	}
	if _, err := a.ports.Spawn(t.Context(), b.key, &Request{CID: "cid"}, nil); !errors.Is(err, ErrUnreachable) {
		t.Errorf("%v", err)
	}
	pt := b.ports.port(a.key)
	waitFor(t, "the epoch to be lost there", func() bool { pt.mu.Lock(); defer pt.mu.Unlock(); return !pt.core.Known() })
	close(goOn)
	if r := ended(t, p); r.End != process.Killed {
		t.Errorf("%+v", r)
	}
}
