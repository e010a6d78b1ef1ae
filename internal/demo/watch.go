package demo

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

const (
	// sampleEvery is often enough for the status line to look alive and rare
	// enough not to be what is measured: eight nodes, two calls each.
	sampleEvery = time.Second
	// sayEvery is for a log that somebody reads later.
	sayEvery = 10 * time.Second
)

// opened is what a person needs to enter.
type opened struct {
	world       *control.WorldInfo
	url, telnet string
}

// welcome tells the person how to enter.
func (d *demo) welcome(o *opened, took time.Duration) {
	var you *child
	for _, c := range d.children {
		if c.role == visitor {
			you = c
		}
	}
	d.say("%s is open (%.1f s): %d nodes, each a process with its own key.", o.world.Name, took.Seconds(), len(d.children))
	d.say("")
	d.say("  page     %s", o.url)
	d.say("  telnet   %s", strings.Replace(o.telnet, ":", " ", 1))
	d.say("  socket   %s", control.SocketPath(you.home))
	d.say("  link     %s", o.world.Link)
	d.say("  logs     %s", d.cfg.Home+"/logs")
	d.say("")
	if !d.cfg.Headless {
		d.say("Open the page in a browser, or type: telnet %s", strings.Replace(o.telnet, ":", " ", 1))
		d.say("Other commands speak to your node with: --home %s", you.home)
	}
	if d.cfg.For > 0 {
		d.say("It stays open for %s; Ctrl-C stops it sooner.", d.cfg.For)
	} else {
		d.say("Ctrl-C stops it. The world is kept and is there again next time.")
	}
	d.say("")
}

// watch samples the nodes until the time is over or ctx ends.
func (d *demo) watch(ctx context.Context) {
	outer := ctx
	if d.cfg.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.cfg.For)
		defer cancel()
	}
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	begin, lastSaid := time.Now(), time.Now()
	for {
		select {
		case <-ctx.Done():
			// The last sample is after the end, so that it holds everything.
			d.sample(context.WithoutCancel(outer))
			d.status(time.Since(begin), true)
			return
		case <-tick.C:
		}
		d.sample(ctx)
		say := d.cfg.Live || time.Since(lastSaid) >= sayEvery
		if say {
			lastSaid = time.Now()
			d.status(time.Since(begin), false)
		}
	}
}

// sample asks every node that lives for its counters and neighbours, and says
// which ones have ended.
func (d *demo) sample(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	type answer struct {
		st *control.StatusResponse
		ns *control.NeighboursResponse
	}
	answers := make([]answer, len(d.children))
	index := make(map[*child]int, len(d.children))
	for i, c := range d.children {
		index[c] = i
	}
	// A call that fails leaves its answer empty: the node's end, if that is
	// why, is noticed below, and the next sample tries again.
	_ = d.all(func(c *child) error {
		a := &answers[index[c]]
		a.st, _ = c.client.Status(ctx)
		a.ns, _ = c.client.Neighbours(ctx)
		return nil
	})
	for i, c := range d.children {
		if a := answers[i]; a.st != nil {
			d.tally.status(c.dir, a.st)
		}
		if a := answers[i]; a.ns != nil {
			d.tally.neighbours(c.dir, a.ns.Neighbours)
		}
		if c.dead() && !d.said[c.dir] {
			d.said[c.dir] = true
			d.ended = append(d.ended, c.name)
			d.clearLine()
			d.say("%s has ended by itself (%v)%s", c.name, c.err, c.lastWords())
		}
	}
}

// status prints one line: over the last one on a terminal, else on its own.
func (d *demo) status(since time.Duration, last bool) {
	r := d.tally.report(len(d.children), d.ended)
	var ticks []string
	for _, reg := range r.Regions {
		ticks = append(ticks, strconv.FormatUint(reg.Tick, 10))
	}
	line := fmt.Sprintf("%4.0f s  %d nodes  %d pairs  %d crossings  %d handoffs  %d messages  %d lumps  %d scripts  %d errors  tick %s",
		since.Seconds(), len(d.children)-len(d.ended), r.Neighbours, r.Crossings, r.Handoffs, r.Messages, r.LumpsFetched, r.ScriptsRun,
		r.Errors, strings.Join(ticks, "/"))
	if !d.cfg.Live {
		d.say("%s", line)
		return
	}
	d.clearLine()
	// Without automatic wrapping a narrow terminal cuts the line, so that
	// clearing it the next time clears all of it.
	fmt.Fprintf(d.cfg.Words, "\x1b[?7l%s\x1b[?7h", line)
	if last {
		d.say("")
	}
}

func (d *demo) clearLine() {
	if d.cfg.Live {
		fmt.Fprint(d.cfg.Words, "\r\x1b[K")
	}
}
