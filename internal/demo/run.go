package demo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// demo is one run.
type demo struct {
	cfg      Config
	starter  *starter
	children []*child
	tally    *tally
	said     map[string]bool // children whose end was said
	ended    []string
}

// Run opens the world, keeps it open for cfg.For or until ctx ends, and stops
// every node before it returns. The report is of what happened up to then;
// the error says what kept the world from opening or a node from stopping.
func Run(ctx context.Context, cfg Config) (rep Report, err error) {
	if err := cfg.validate(); err != nil {
		return Report{}, err
	}
	// The starter's thread must outlive the children, so it does not end with
	// ctx but with this function, after they were stopped.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	d := &demo{cfg: cfg, starter: newStarter(life), tally: newTally(), said: make(map[string]bool)}
	defer func() { err = errors.Join(err, d.stop()) }()

	begin := time.Now()
	world, err := d.open(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return Report{}, errors.New("demo: stopped before the world was open")
		}
		return Report{}, err
	}
	opened := time.Now()
	d.welcome(world, opened.Sub(begin))
	d.watch(ctx)

	rep = d.tally.report(len(d.children), d.ended)
	rep.World = world.world.ID
	rep.Seconds = seconds(time.Since(opened))
	rep.OpenAfter = seconds(opened.Sub(begin))
	return rep, nil
}

func seconds(d time.Duration) float64 { return d.Round(100 * time.Millisecond).Seconds() }

// open starts everything in the order in which it depends on one another: the
// founder, then all others at once, then the second region, then the brains.
func (d *demo) open(ctx context.Context) (*opened, error) {
	parts := cast(d.cfg.Residents)
	d.say("Starting %d nodes below %s ...", len(parts), d.cfg.Home)
	if err := d.launch(parts[0], ""); err != nil {
		return nil, err
	}
	founder := d.children[0]
	st, err := founder.ready(ctx, false)
	if err != nil {
		return nil, err
	}
	world, err := found(ctx, founder, st)
	if err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		if err := d.launch(p, world.Link); err != nil {
			return nil, err
		}
	}
	cid, err := publish(ctx, founder, "the residents' module", d.cfg.Guest)
	if err != nil {
		return nil, err
	}
	news := notice(time.Now())
	newsCID, err := publish(ctx, founder, "the notice", news)
	if err != nil {
		return nil, err
	}
	o := &opened{world: world}
	if err := d.all(func(c *child) error {
		st, err := c.ready(ctx, true)
		if err != nil {
			return err
		}
		switch {
		case c.part == parts[1]:
			return seed(ctx, c, &commons, st)
		case c.role == visitor:
			o.url, o.telnet = st.WebURL, st.Telnet
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, c := range d.children {
		d.tally.member(c.dir, c.key)
	}
	return o, d.all(func(c *child) error {
		if c.role != resident {
			return nil
		}
		if err := read(ctx, c, newsCID, news); err != nil {
			return err
		}
		return animate(ctx, c, cid, d.cfg.Seed)
	})
}

func (d *demo) launch(p part, link string) error {
	c, err := launch(d.starter, d.cfg.Exe, d.cfg.Home, p, link)
	if err != nil {
		return err
	}
	d.children = append(d.children, c)
	return nil
}

// all calls f for every child at once and gives the errors in their order.
func (d *demo) all(f func(*child) error) error {
	errs := make([]error, len(d.children))
	var wg sync.WaitGroup
	for i, c := range d.children {
		wg.Go(func() { errs[i] = f(c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// stop ends the residents and you first, so that the regions see them leave,
// and the owners after them.
func (d *demo) stop() error {
	if len(d.children) == 0 {
		return nil
	}
	d.say("Stopping %d nodes ...", len(d.children))
	guests := d.all(func(c *child) error {
		if c.role == owner {
			return nil
		}
		return c.stop()
	})
	owners := d.all(func(c *child) error {
		if c.role != owner {
			return nil
		}
		return c.stop()
	})
	return errors.Join(guests, owners)
}

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.cfg.Words, format+"\n", args...)
}
