package lumpbench

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// slow is a store that needs a second for a lump.
type slow struct{ lumps.Store }

func (s slow) Get(ctx context.Context, r lumps.Ref) ([]byte, error) {
	return s.after(ctx, time.Second, r)
}

func (s slow) after(ctx context.Context, d time.Duration, r lumps.Ref) ([]byte, error) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.Store.Get(ctx, r)
}

// dead is a store that has everything and gives nothing: to others its node
// looks like one that takes their questions and never answers.
type dead struct{ lumps.Store }

func (s dead) Get(ctx context.Context, r lumps.Ref) ([]byte, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// providers compares a fetch from four nodes with one from four of which one
// is dead and one slow.
func (b *bench) providers(ctx context.Context) error {
	same := func(s lumps.Store) lumps.Store { return s }
	dir, remove, err := b.place()
	if err != nil {
		return err
	}
	defer remove()
	to := &sinks{dir: dir}
	well, undo, err := b.four(ctx, to, same, same)
	if err != nil {
		return err
	}
	defer undo()
	ill, undo, err := b.four(ctx, to, func(s lumps.Store) lumps.Store { return dead{s} }, func(s lumps.Store) lumps.Store { return slow{s} })
	if err != nil {
		return err
	}
	defer undo()
	took, err := b.race(ctx, []way{{"four healthy", well}, {"one dead, one slow", ill}})
	if err != nil {
		return err
	}
	b.report.Set("four_providers_mb_s", b.speed(took["four healthy"]))
	b.report.Set("four_providers_ratio", took["one dead, one slow"].Seconds()/took["four healthy"].Seconds())
	return nil
}

// four makes four nodes with the content, the last two of them changed, and a
// function that fetches it from all into a new node: one that has no bad
// memories of them.
func (b *bench) four(ctx context.Context, sinks *sinks, third, fourth func(lumps.Store) lumps.Store) (func(context.Context) (time.Duration, error), func(), error) {
	var peers []*peer
	var shops []*shop
	undo := func() {
		for _, s := range shops {
			s.done()
		}
		for _, p := range peers {
			p.close()
		}
	}
	var ref lumps.Ref
	for i := range 4 {
		p, err := b.newPeer()
		if err != nil {
			undo()
			return nil, nil, err
		}
		peers = append(peers, p)
		change := []func(lumps.Store) lumps.Store{nil, nil, third, fourth}[i]
		s, err := b.open(ctx, p, true, change)
		if err != nil {
			undo()
			return nil, nil, err
		}
		shops = append(shops, s)
		st, err := s.Add(ctx, newContent(b.Seed, b.Bytes), false)
		if err != nil {
			undo()
			return nil, nil, err
		}
		ref = st.Ref
	}
	return func(ctx context.Context) (time.Duration, error) {
		to, err := b.newPeer()
		if err != nil {
			return 0, err
		}
		defer to.close()
		for _, p := range peers {
			if err := to.meet(ctx, p); err != nil {
				return 0, err
			}
		}
		dir, err := sinks.next()
		if err != nil {
			return 0, err
		}
		s, err := b.openAt(ctx, to, dir, true, nil)
		if err != nil {
			return 0, err
		}
		if err = known(ctx, to, len(peers)); err != nil {
			s.done()
			return 0, err
		}
		took, err := s.fetch(ctx, ref, b.Bytes)
		s.done()
		if err == nil {
			err = hollow(dir)
		}
		return took, err
	}, undo, nil
}

// known waits until a node has heard what its peers speak.
func known(ctx context.Context, p *peer, n int) error {
	for range 200 {
		if len(p.net.Peers()) >= n {
			time.Sleep(50 * time.Millisecond) // identify runs beside
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("%d of %d peers are connected", len(p.net.Peers()), n)
}
