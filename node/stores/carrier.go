package stores

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots"
)

// Config of a Carrier; all is required.
type Config struct {
	Region Owned
	Store  slots.Store // Close does not close it
	// ID is which store it is: nothing is carried out while the region has
	// another.
	ID base.ID
	// Answer puts an answer into the region's log; it does not wait. After an
	// error it is called again.
	Answer func(*region.Answer) error
	Log    *slog.Logger
}

// Seen is how a region stands after a tick.
type Seen struct {
	Tick     base.Tick
	Durable  base.Tick // up to which nothing can be taken back
	Store    base.ID   // Sim.Store
	Waiting  []region.Request
	Answered []region.Answered // in this tick
	Leading  bool
	Self     base.ID // whom this server's entries are from; zero: it is the only one
}

// Sees is what a Carrier is told; Late says that this server is behind the
// others.
type Sees struct {
	Seen
	Late bool
}

// Status is what a Carrier tells of itself.
type Status struct {
	Other   bool // the region has another store than this one
	Waiting int  // requests that it has taken up
	Done    uint64
	Err     string // why the last try failed; "" after one that did not
}

// Carrier carries out the requests of one region.
type Carrier struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	sem    chan struct{}

	mu     sync.Mutex
	closed bool
	jobs   map[region.RequestID]*job
	queues map[base.Key][]*job // of the owners that are being served
	last   base.ID             // whose answer was taken last; zero: nobody's
	tick   base.Tick           // the last that was seen
	status Status
	sweep  sweeping
}

type job struct {
	r      region.Request
	taken  time.Time
	answer *region.Answer // nil: not done yet
	sent   base.Tick      // when the answer was given to the log
}

// New makes one; Close ends it.
func New(cfg Config) *Carrier {
	c := &Carrier{cfg: cfg, sem: make(chan struct{}, workers), jobs: map[region.RequestID]*job{}, queues: map[base.Key][]*job{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Close ends what is under way and waits for it.
func (c *Carrier) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.cancel()
	c.work.Wait()
}

// Status may be called at any time.
func (c *Carrier) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.status
	s.Waiting = len(c.jobs)
	return s
}

// Saw is told of every tick. It does not wait.
func (c *Carrier) Saw(x *Sees) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range x.Answered {
		if !a.From.IsZero() {
			c.last = a.From
		}
	}
	c.tick, c.status.Other = x.Tick, x.Store != c.cfg.ID
	if c.closed || x.Late || c.status.Other {
		return
	}
	c.forget(x.Waiting)
	mine := c.last == x.Self || c.last.IsZero() && x.Leading
	for i := range x.Waiting {
		r := &x.Waiting[i]
		j := c.jobs[r.ID]
		switch {
		case j == nil && r.At <= x.Durable && (mine || x.Tick >= r.At+Patience):
			c.take(&job{r: *r, taken: time.Now()})
		case j != nil && j.answer != nil && x.Tick >= j.sent+again:
			j.sent = x.Tick
			_ = c.cfg.Answer(j.answer) // or again later
		}
	}
	if mine {
		c.tidy(x.Tick)
	}
}

// forget drops what waits no more. mu is held.
func (c *Carrier) forget(waiting []region.Request) {
	if len(c.jobs) == 0 {
		return
	}
	here := make(map[region.RequestID]bool, len(waiting))
	for i := range waiting {
		here[waiting[i].ID] = true
	}
	for id := range c.jobs {
		if !here[id] {
			delete(c.jobs, id)
		}
	}
}

// take queues a job behind the others of its owner. mu is held.
func (c *Carrier) take(j *job) {
	c.jobs[j.r.ID] = j
	k := j.r.Owner
	queue, served := c.queues[k]
	c.queues[k] = append(queue, j)
	if !served {
		c.work.Go(func() { c.serve(k) })
	}
}

// serve carries out the requests of an owner, one after the other.
func (c *Carrier) serve(k base.Key) {
	for {
		j := c.next(k)
		if j == nil {
			return
		}
		select {
		case c.sem <- struct{}{}:
		case <-c.ctx.Done():
			return
		}
		ctx, cancel := context.WithTimeout(c.ctx, doTime)
		a, err := c.cfg.Region.Do(ctx, c.cfg.Store, &j.r)
		cancel()
		<-c.sem
		if c.ended(j, a, err) {
			continue
		}
		select { // what stands behind it waits too
		case <-time.After(time.Second):
		case <-c.ctx.Done():
			return
		}
	}
}

// next is the owner's oldest request that still waits; nil when there is none,
// and then nobody serves the owner any more.
func (c *Carrier) next(k base.Key) *job {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queues[k]) > 0 && !c.closed {
		j := c.queues[k][0]
		if c.jobs[j.r.ID] == j {
			if time.Since(j.taken) < takenTime {
				return j
			}
			delete(c.jobs, j.r.ID) // if it still waits it is taken up again
		}
		c.queues[k] = c.queues[k][1:]
	}
	delete(c.queues, k)
	return nil
}

// ended notes how a try ended. It is false when it must be tried again.
func (c *Carrier) ended(j *job, a *region.Answer, err error) bool {
	c.mu.Lock()
	if err != nil {
		first := c.status.Err == ""
		c.status.Err = err.Error()
		c.mu.Unlock()
		if first && c.ctx.Err() == nil {
			c.cfg.Log.Warn("the region's store cannot be asked", "err", err)
		}
		return false
	}
	c.status.Err = ""
	c.status.Done++
	j.answer, j.sent = a, c.tick // it takes some ticks to come into the log
	c.queues[j.r.Owner] = c.queues[j.r.Owner][1:]
	c.mu.Unlock()
	_ = c.cfg.Answer(a) // or again later
	return true
}
