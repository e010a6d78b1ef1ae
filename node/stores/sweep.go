package stores

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/slots"
)

// sweeping forgets what is older than Keep: answers given, and in stores that
// are not shared with others, old states and idempotency keys.
type sweeping struct {
	at    base.Tick // of the last one
	busy  bool
	marks []mark
}

// mark is how far the store was at a tick.
type mark struct {
	at base.Tick
	v  slots.Version
}

// sweepTime bounds one sweep.
const sweepTime = time.Minute

// tidy begins a sweep when one is due. mu is held.
func (c *Carrier) tidy(now base.Tick) {
	s := &c.sweep
	if s.busy || now < s.at+sweepTicks && s.at != 0 {
		return
	}
	s.at, s.busy = now, true
	c.work.Go(func() {
		ctx, cancel := context.WithTimeout(c.ctx, sweepTime)
		defer cancel()
		err := c.sweepOnce(ctx, now)
		if err != nil && c.ctx.Err() == nil {
			c.cfg.Log.Info("the region's store was not swept", "err", err)
		}
		c.mu.Lock()
		s.busy = false
		c.mu.Unlock()
	})
}

func (c *Carrier) sweepOnce(ctx context.Context, now base.Tick) error {
	about, err := c.cfg.Store.About(ctx)
	if err != nil {
		return err
	}
	marks := append(c.sweep.marks, mark{now, about.Head}) // busy: nobody else reads it
	var upTo slots.Version
	for len(marks) > 0 && marks[0].at+Keep <= now {
		upTo, marks = marks[0].v, marks[1:]
	}
	c.sweep.marks = marks
	if err := Sweep(ctx, c.cfg.Store, c.cfg.Region.ID, now); err != nil {
		return err
	}
	if upTo == 0 || about.Engine == "etcd" { // etcd compacts what others keep there too
		return nil
	}
	return c.cfg.Store.Compact(ctx, upTo)
}

// Sweep deletes the answers that are older than Keep.
func Sweep(ctx context.Context, s slots.Store, id base.ID, now base.Tick) error {
	if now <= Keep {
		return nil
	}
	prefix := prefix(id) + "a/"
	end := fmt.Sprintf("%s%016x", prefix, uint64(now-Keep))
	for {
		n := 0
		if _, err := s.Run(ctx, slots.NewID(), func(tx slots.Tx) error {
			n = 0
			list, err := tx.Range(prefix, sweepMost)
			if err != nil {
				return err
			}
			for _, x := range list {
				if x.Key >= end {
					break
				}
				if err := tx.Delete(x.Key); err != nil {
					return err
				}
				n++
			}
			return nil
		}); err != nil {
			return err
		}
		if n < sweepMost {
			return nil
		}
	}
}
