package slotstest

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

// proxy stands between a client and a server and can cut what passes.
type proxy struct {
	ln     net.Listener
	target string
	// budget is how many bytes of answers still pass before all connections
	// are cut; below zero there is no bound.
	budget atomic.Int64
	cuts   atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newProxy(t testing.TB, target string) *proxy {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{ln: ln, target: target, conns: map[net.Conn]bool{}}
	p.budget.Store(-1)
	t.Cleanup(func() { _ = ln.Close(); p.cut() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *proxy) addr() string { return p.ln.Addr().String() }

func (p *proxy) keep(c net.Conn, in bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in {
		p.conns[c] = true
	} else {
		delete(p.conns, c)
	}
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) serve(c net.Conn) {
	defer c.Close()
	s, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer s.Close()
	p.keep(c, true)
	p.keep(s, true)
	defer p.keep(c, false)
	defer p.keep(s, false)
	go func() { _, _ = io.Copy(s, c); _ = s.Close() }()
	buf := make([]byte, 16<<10)
	for {
		n, err := s.Read(buf)
		if err != nil {
			return
		}
		// The server has acted; whether the client hears of it is the budget's.
		if left := p.budget.Load(); left >= 0 && p.budget.Add(-int64(n)) < 0 {
			p.cuts.Add(1)
			p.budget.Store(-1)
			p.cut()
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cutConnection cuts the way back at every point of a transaction, that of the
// answer to its commit among them: the outcome is then not known, and Run
// finds it out by the idempotency key. Every addition counts once.
func cutConnection(t *testing.T, lab Lab) {
	if lab.Through == nil {
		t.Skip("an engine in the process: there is no connection")
	}
	p := newProxy(t, lab.Server)
	s := lab.Through(t, p.addr())
	t.Cleanup(func() { _ = s.Close() })
	k := key(t, "n")
	set(t, s, k, string(slots.Number(0)))
	n := int64(0)
	for bytes := int64(0); bytes < 3000; bytes += 75 {
		p.budget.Store(bytes)
		run(t, s, func(tx slots.Tx) error {
			v, err := number(tx, k)
			if err != nil {
				return err
			}
			return tx.Set(k, slots.Number(v+1))
		})
		n++
		p.budget.Store(-1)
	}
	if p.cuts.Load() < 5 {
		t.Fatalf("only %d cuts", p.cuts.Load())
	}
	v, _ := get(t, s, k)
	if got, _ := slots.ParseNumber([]byte(v)); got != n {
		t.Fatalf("%d after %d additions of 1 and %d cuts", got, n, p.cuts.Load())
	}
	t.Logf("%d transactions, %d cuts", n, p.cuts.Load())
}

// crashWhileWriting kills the server again and again under clients who add:
// what was answered is there, and nothing is there twice.
func crashWhileWriting(t *testing.T, lab Lab) {
	if lab.Crash == nil {
		t.Skip("an engine in the process: KilledClient kills both")
	}
	s := open(t, lab)
	k := key(t, "n")
	var sum atomic.Int64
	var stop atomic.Bool
	var fs []func() error
	for range 3 {
		fs = append(fs, func() error {
			for !stop.Load() {
				if _, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					v, err := number(tx, k)
					if err != nil {
						return err
					}
					return tx.Set(k, slots.Number(v+1))
				}); err != nil {
					stop.Store(true)
					return err
				}
				sum.Add(1)
			}
			return nil
		})
	}
	fs = append(fs, func() error {
		defer stop.Store(true)
		for range 3 {
			for was := sum.Load(); sum.Load() < was+10 && !stop.Load(); {
				if err := brief(t); err != nil {
					return err
				}
			}
			lab.Crash(t)
		}
		for was := sum.Load(); sum.Load() < was+10 && !stop.Load(); {
			if err := brief(t); err != nil {
				return err
			}
		}
		return nil
	})
	if err := together(fs...); err != nil {
		t.Fatal(err)
	}
	v, _ := get(t, s, k)
	if got, _ := slots.ParseNumber([]byte(v)); got != sum.Load() {
		t.Fatalf("%d, but %d additions were answered", got, sum.Load())
	}
	t.Logf("%d transactions over 3 crashes", sum.Load())
}
