package exchange

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
)

// Announce tells the network, in the background, that a content is here: for
// contents that came by another way than the exchange.
func (x *Exchange) Announce(r lumps.Ref) { x.announceLater(r) }

// announceLater queues a root for the announcer; a full queue drops it.
func (x *Exchange) announceLater(r lumps.Ref) {
	if x.cfg.Routing == nil {
		return
	}
	select {
	case x.announce <- r:
	default:
		x.cfg.Log.Warn("lump not announced: queue full", slog.String("lump", r.String()))
	}
}

// announcer announces queued roots one after the other, and all pinned ones
// at the start and every ReprovideEvery.
func (x *Exchange) announcer() {
	every := time.NewTicker(x.cfg.ReprovideEvery)
	defer every.Stop()
	x.requeue()
	for {
		select {
		case <-x.ctx.Done():
			return
		case <-every.C:
			x.requeue()
		case r := <-x.announce:
			x.persist(r)
		}
	}
}

// requeue announces every pinned root in turn: the pins may be more than the
// queue holds, so they do not go through it.
func (x *Exchange) requeue() {
	for r, err := range x.store.Pins(x.ctx) {
		if err != nil {
			if x.ctx.Err() == nil {
				x.cfg.Log.Error("pins cannot be listed", slog.Any("err", err))
			}
			return
		}
		x.persist(r)
	}
}

// persist announces r, again and again while it fails: mostly that means that
// the node knows nobody yet, and the ones queued behind would fare no better.
// After announceTries it goes to the end of the queue, in case the fault is
// its own.
func (x *Exchange) persist(r lumps.Ref) {
	wait := announceRetry
	for range announceTries {
		err := x.provide(x.ctx, r)
		if err == nil {
			return
		}
		x.cfg.Log.Debug("lump not announced yet", slog.String("lump", r.String()), slog.Any("err", err))
		select {
		case <-x.ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, announceRetryMax)
	}
	x.announceLater(r)
}

func (x *Exchange) provide(ctx context.Context, r lumps.Ref) error {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	return x.cfg.Routing.Provide(ctx, r.CID(), true)
}

// Reprovide announces every pinned root now, once each, and returns how many
// succeeded. The exchange does so by itself at its start and from then on
// every Config.ReprovideEvery.
func (x *Exchange) Reprovide(ctx context.Context) (int, error) {
	if x.cfg.Routing == nil {
		return 0, nil
	}
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return 0, fmt.Errorf("lumps/exchange: reprovide: %w", err)
	}
	defer cancel()
	n := 0
	var failed error // the last one: there may be very many
	for r, err := range x.store.Pins(ctx) {
		if err != nil {
			return n, fmt.Errorf("lumps/exchange: reprovide: %w", err)
		}
		if err := x.provide(ctx, r); err != nil {
			failed = fmt.Errorf("lumps/exchange: reprovide %s: %w", r, err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		n++
	}
	return n, failed
}

// Providers asks the routing who has a content: at most max (and
// MaxProviders) nodes, this one among them if it announced it. Without
// routing it knows nobody.
func (x *Exchange) Providers(ctx context.Context, ref lumps.Ref, max int) ([]peer.AddrInfo, error) {
	if x.cfg.Routing == nil {
		return nil, nil
	}
	if ref.IsZero() {
		return nil, fmt.Errorf("lumps/exchange: providers: %w", lumps.ErrBadRef)
	}
	outer := ctx
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("lumps/exchange: providers of %s: %w", ref, err)
	}
	defer cancel()
	if max <= 0 || max > MaxProviders {
		max = MaxProviders
	}
	seen := map[peer.ID]struct{}{}
	var out []peer.AddrInfo
	for p := range x.cfg.Routing.FindProvidersAsync(ctx, ref.CID(), max) {
		if _, twice := seen[p.ID]; twice || p.ID == "" {
			continue
		}
		seen[p.ID] = struct{}{}
		if out = append(out, p); len(out) == max {
			break
		}
	}
	// A search that ran out of time still found whom it found.
	if err := outer.Err(); err != nil && len(out) == 0 && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lumps/exchange: providers of %s: %w", ref, err)
	}
	return out, nil
}
