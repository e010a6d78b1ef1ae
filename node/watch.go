package node

import (
	"context"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

const (
	defaultWatchRate = 20
	maxWatchRate     = 30
	// watchHeartbeat is how often an empty frame goes out, so that a client
	// can tell a quiet place from a dead node.
	watchHeartbeat = 3 * time.Second
	neighbourEvery = time.Second
)

// Watch sends what the avatar's surroundings are and how they change.
func (b *backend) Watch(ctx context.Context, req *control.WatchRequest, send func(*control.Frame) error) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	rate := req.Rate
	if rate <= 0 {
		rate = defaultWatchRate
	}
	rate = min(rate, maxWatchRate)
	w.player.enter()
	t := time.NewTicker(time.Second / time.Duration(rate))
	defer t.Stop()
	wt := watcher{w: w}
	for {
		if f := wt.next(time.Now()); f != nil {
			if err := send(f); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// watcher remembers what one client was sent.
type watcher struct {
	w          *worldState
	seq, rev   uint64
	sent       time.Time
	asked      time.Time
	neighbours []control.Neighbour
}

// next gives the frame that is due, or nil.
func (t *watcher) next(now time.Time) *control.Frame {
	p := t.w.player
	f, rev, regions, in := p.view.frame(t.rev, p.id)
	t.rev = rev
	if f.Full {
		f.World = t.w.info()
		f.Me = p.id.String()
	}
	if regions {
		f.Regions = t.w.regionList()
	}
	if now.Sub(t.asked) >= neighbourEvery {
		t.asked = now
		if list := t.w.neighbours(); f.Full || !equalJSON(list, t.neighbours) {
			t.neighbours, f.Neighbours = list, list
		}
	}
	empty := !f.Full && !regions && !in && len(f.Upsert) == 0 && len(f.Poses) == 0 && len(f.Gone) == 0 &&
		len(f.Chat) == 0 && len(f.Notice) == 0 && f.Neighbours == nil
	if empty && now.Sub(t.sent) < watchHeartbeat {
		return nil
	}
	t.seq++
	t.sent = now
	f.Seq = t.seq
	return &f
}
