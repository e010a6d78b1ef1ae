package overlay

import (
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Errors of Find and Route.
var (
	ErrNoPlace = errors.New("overlay: this node has no place in it yet")
	ErrBusy    = errors.New("overlay: too many lookups at once")
	ErrLost    = errors.New("overlay: nobody to pass it on to")
	ErrPayload = errors.New("overlay: payload too long")
)

// Find looks for the nodes closest to a place, closest first; this node may be
// one of them. complete is false when the lookup ended before the closest few
// had answered.
func (o *Overlay) Find(ctx context.Context, target spatial.Pos) (closest []raynet.NeighbourInfo, complete bool, err error) {
	answer := make(chan raynet.Found, 1)
	o.mu.Lock()
	if err := o.mayAsk(); err != nil {
		o.mu.Unlock()
		return nil, false, err
	}
	o.token++
	token := o.token
	o.asked[token] = answer
	o.mu.Unlock()
	o.give(raynet.Find{Target: target, Token: token})
	select {
	case f := <-answer:
		return f.Closest, f.OK, nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-o.ended:
		err = ErrNoPlace
	}
	o.mu.Lock()
	delete(o.asked, token)
	o.mu.Unlock()
	return nil, false, fmt.Errorf("overlay: find: %w", err)
}

// mayAsk says whether one more answer can be waited for. o.mu is held.
func (o *Overlay) mayAsk() error {
	switch {
	case o.core == nil:
		return ErrNoPlace
	case len(o.asked)+len(o.lost) >= maxAsked:
		return ErrBusy
	}
	return nil
}

// Route sends a payload to the node closest to target. It returns when ctx
// ends, with nil: nothing says that it arrived. It returns ErrLost as soon as
// it is known that nobody took it.
func (o *Overlay) Route(ctx context.Context, target spatial.Pos, payload []byte) error {
	if len(payload) > wire.MaxPayload {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrPayload, len(payload), wire.MaxPayload)
	}
	lost := make(chan struct{})
	o.mu.Lock()
	if err := o.mayAsk(); err != nil {
		o.mu.Unlock()
		return err
	}
	o.token++
	token := o.token
	o.lost[token] = lost
	o.mu.Unlock()
	o.give(raynet.Route{Target: target, Payload: payload, Token: token})
	var err error
	select {
	case <-lost:
		return ErrLost
	case <-ctx.Done():
	case <-o.ended:
		err = ErrNoPlace
	}
	o.mu.Lock()
	delete(o.lost, token)
	o.mu.Unlock()
	return err
}

// Near lists the near view; ok is false while there is no place.
func (o *Overlay) Near() (near []raynet.NeighbourInfo, self raynet.NeighbourInfo, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.core == nil {
		return nil, self, false
	}
	return o.core.Near(), o.core.Self(), true
}

// Joined reports whether this node has taken its place among others.
func (o *Overlay) Joined() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.core != nil && o.core.Joined()
}

// Stats adds the counters of links, driver and core to m; names begin with
// raynet_ and zeros are left out.
func (o *Overlay) Stats(m map[string]uint64) {
	o.links.LinkStats(m)
	put := func(name string, v uint64) {
		if v > 0 {
			m["raynet_"+name] = v
		}
	}
	put("banned", o.cfg.Net.Banned())
	put("dead_connections", o.cfg.Net.DeadClosed())
	put("inbox_dropped", o.dropped.Load())
	put("foreign", o.foreign.Load())
	put("refused", o.refusals.Load())
	put("bad_addresses", o.badAddrs.Load())
	o.mu.Lock()
	defer o.mu.Unlock()
	put("peers_up", uint64(len(o.up)))
	if o.core == nil {
		return
	}
	c := o.core.Counters()
	put("near_members", uint64(len(o.core.Near())))
	put("long_members", uint64(len(o.core.Long())))
	put("random_members", uint64(len(o.core.Random())))
	put("near_changes", c.NearChanges)
	put("suspects", c.Suspects)
	put("deaths", c.Deaths)
	put("verified", c.Verified)
	put("conflicts", c.Conflict)
	put("convicted", c.Convicted)
	put("eclipses", c.Eclipses)
	put("too_fast", c.TooFast)
	put("throttled", c.Throttled)
	put("finds", c.Finds)
	put("finds_failed", c.FindsFailed)
	put("routes_passed", c.RoutesOut)
	put("routes_delivered", c.RoutesDelivered)
	put("routes_lost", c.RoutesLost)
}
