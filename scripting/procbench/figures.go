package procbench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/metatopia/metatopia/scripting"
)

const (
	spawned = 20_000 // of one measurement of spawn
	few     = 1000   // in a small ring
	crowd   = 300_000
)

// spawn measures how one guest spawns others: until the last has answered. The
// microseconds are of processor time, of all threads.
func (b *bench) spawn(ctx context.Context) error {
	var us, rate []float64
	for range b.Repeat {
		r, err := b.newRing()
		if err != nil {
			return err
		}
		runtime.GC()
		began, cpu := time.Now(), cpuTime()
		if err := r.make(ctx, spawned, true); err != nil {
			return errors.Join(err, r.close())
		}
		rate = append(rate, spawned/time.Since(began).Seconds())
		us = append(us, (cpuTime()-cpu).Seconds()*1e6/spawned)
		if err := r.close(); err != nil {
			return err
		}
	}
	b.report.Set("spawn_us", median(us))
	b.report.Set("spawns_per_s", median(rate))
	return nil
}

// idle measures what a process costs that waits for a letter, as the system
// counts it, when the garbage is gone. Nobody has touched a page of the guest's
// memory: that costs 4 KiB more.
func (b *bench) idle(ctx context.Context) error {
	for _, c := range []struct {
		name    string
		n       int
		handler bool
	}{{"handler_idle_bytes", b.Many, true}, {"blocking_idle_bytes", b.Many / 5, false}} {
		each, _, err := b.keep(ctx, c.n, c.handler)
		if err != nil {
			return err
		}
		b.report.Set(c.name, each)
	}
	if b.Many < crowd/3 {
		return nil // a quick run
	}
	b.Tell("300,000 handlers")
	_, mb, err := b.keep(ctx, crowd, true)
	b.report.Set("handlers_300k_mb", mb)
	return err
}

func (b *bench) keep(ctx context.Context, n int, handler bool) (each, mb float64, err error) {
	r, err := b.newRing()
	if err != nil {
		return 0, 0, err
	}
	before := resident()
	if err = r.make(ctx, n, handler); err == nil {
		after := resident()
		each, mb = float64(after-before)/float64(n), float64(after)/(1<<20)
		if alive := r.t.Len(); alive != n+1 {
			err = fmt.Errorf("%d processes are alive, not %d", alive, n+1)
		}
	}
	return each, mb, errors.Join(err, r.close())
}

// resident is the memory of this program without garbage, in bytes.
func resident() int64 {
	debug.FreeOSMemory()
	debug.FreeOSMemory()
	return residentNow()
}

// hop measures rings with one token. Processor time is that of all threads, the
// collector's too; others on the machine change it less.
func (b *bench) hop(ctx context.Context) error {
	many := fmt.Sprintf("_%dk", b.Many/1000)
	for _, c := range []struct {
		name, of string
		n, hops  int
		handler  bool
	}{
		{"handler_hop", "", few, 1_000_000, true},
		{"handler_hop", many, b.Many, 5 * b.Many, true},
		{"blocking_hop", "", few, 500_000, false},
	} {
		r, err := b.newRing()
		if err != nil {
			return err
		}
		err = r.make(ctx, c.n, c.handler)
		if err == nil {
			_, _, err = r.hops(ctx, 2*c.n) // everybody has been called
		}
		runtime.GC()
		var ns, cpu []float64
		for range b.Repeat {
			w, u, herr := r.hops(ctx, c.hops)
			err = errors.Join(err, herr)
			ns, cpu = append(ns, w), append(cpu, u)
		}
		if err = errors.Join(err, r.close()); err != nil {
			return err
		}
		b.report.Set(c.name+"_ns"+c.of, median(ns))
		b.report.Set(c.name+"_cpu_ns"+c.of, median(cpu))
	}
	return nil
}

// runaway measures how long it takes to end a guest that never ends, while as
// many as there are processors run, and what others notice of one.
func (b *bench) runaway(ctx context.Context) error {
	t := scripting.NewProcesses(scripting.ProcessesConfig{Engine: b.engine})
	m, err := b.engine.Admit(spin())
	if err != nil {
		return err
	}
	hog := func() uint64 {
		i, serr := t.Spawn(scripting.SpawnSpec{Module: m})
		err = errors.Join(err, serr)
		return i.PID
	}
	var took []float64
	for range runtime.GOMAXPROCS(0) - 1 {
		hog()
	}
	for range 20 * b.Repeat {
		pid := hog()
		for i, _ := t.Get(pid); i.Gas == 0 && err == nil; i, err = t.Get(pid) {
			time.Sleep(time.Millisecond)
		}
		began := time.Now()
		err = errors.Join(err, t.Kill(pid))
		took = append(took, time.Since(began).Seconds()*1e3)
		if err != nil {
			return errors.Join(err, t.Close())
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	median(took) // sorts
	b.report.Set("runaway_kill_ms", took[len(took)*99/100])

	var ratio []float64
	for range b.Repeat {
		calm, err := b.latency(ctx, 0)
		if err != nil {
			return err
		}
		beset, err := b.latency(ctx, 1)
		if err != nil {
			return err
		}
		ratio = append(ratio, beset/calm)
	}
	b.report.Set("runaway_p99_ratio", median(ratio))
	return nil
}

// latency is the time, in nanoseconds, in which 99 of 100 messages to a handler
// and back are there, while some guests never end.
func (b *bench) latency(ctx context.Context, hogs int) (float64, error) {
	t := scripting.NewProcesses(scripting.ProcessesConfig{Engine: b.engine})
	defer t.Close()
	p, err := b.engine.Admit(probe())
	if err != nil {
		return 0, err
	}
	h, err := b.engine.Admit(spin())
	if err != nil {
		return 0, err
	}
	for range hogs {
		if _, err := t.Spawn(scripting.SpawnSpec{Module: h}); err != nil {
			return 0, err
		}
	}
	i, err := t.Spawn(scripting.SpawnSpec{Module: p, Args: make([]string, 50)})
	if err == nil {
		i, err = t.Wait(ctx, i.PID)
	}
	if err != nil {
		return 0, err
	}
	var ns int
	if _, err := fmt.Sscanf(i.Exit, "exit %d", &ns); err != nil {
		return 0, fmt.Errorf("the probe ended with %q", i.Exit)
	}
	return float64(max(ns, perBucket)), nil
}
