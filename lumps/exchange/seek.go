package exchange

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"
)

// search begins to look for peers with the content, unless it did lately: then
// it begins after a while. The caller holds the swarm's lock.
func (s *swarm) search() {
	s.seeking = true
	wait := time.Until(s.looked.Add(seekAgain))
	if wait <= 0 {
		s.opening++ // bitswap waits for the outcome
		s.f.work.Go(s.seek)
		return
	}
	s.f.work.Go(func() {
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
			return
		}
		s.mu.Lock()
		s.opening++
		s.mu.Unlock()
		s.seek()
	})
}

// seek asks connected peers, and if none of them has the content those that
// routing names.
func (s *swarm) seek() {
	began := time.Now()
	s.mu.Lock()
	s.looked = began
	clear(s.asked)
	for _, l := range s.lanes {
		s.asked[l.id] = true
	}
	s.mu.Unlock()
	late := time.AfterFunc(helpAfter, s.late)
	defer late.Stop()
	var g errgroup.Group
	g.SetLimit(seekAtOnce)
	for _, id := range s.near() {
		g.Go(func() error { s.try(s.ctx, id); return nil })
	}
	_ = g.Wait()
	s.opened() // from here on bitswap need not wait for us
	if s.x.find != nil && s.count() == 0 {
		select {
		case <-time.After(time.Until(began.Add(searchDelay))):
			s.far()
		case <-s.ctx.Done():
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeking = false
	// Who found nobody looks again while something is missing.
	if len(s.lanes) == 0 && len(s.helped) > 0 && s.ctx.Err() == nil {
		s.search()
	}
}

// late lets bitswap begin when no stream is open after helpAfter.
func (s *swarm) late() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lanes) == 0 {
		s.alone = true
		s.swapAll()
	}
}

// opened ends an attempt to open lanes.
func (s *swarm) opened() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opening--; len(s.lanes) == 0 && s.opening == 0 {
		s.alone = true
		s.swapAll()
		return
	}
	// Jobs that all lanes have refused waited for others.
	for _, j := range append([]*job(nil), s.queue...) {
		s.queue = without(s.queue, j)
		s.again(j)
	}
	s.wakeAll()
}

func (s *swarm) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lanes)
}

// most is how many lanes the content is worth.
func (s *swarm) most() int {
	if s.size.Load() <= smallContent {
		return 1
	}
	return maxLanes
}

// near is whom to ask of those connected: who sent the root, then others in
// random order, so that the load is shared.
func (s *swarm) near() []peer.ID {
	h := s.x.cfg.Host
	all := h.Network().Peers()
	rand.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	var out []peer.ID
	if known != "" {
		out = append(out, known)
	}
	for _, id := range all {
		if len(out) == seekPeers {
			break
		}
		if id == known || h.Network().Connectedness(id) != network.Connected {
			continue // a relayed connection is not for bulk
		}
		if p, err := h.Peerstore().SupportsProtocols(id, s.x.streams); err == nil && len(p) > 0 {
			out = append(out, id)
		}
	}
	return out
}

// far asks routing.
func (s *swarm) far() {
	ctx, cancel := context.WithTimeout(s.ctx, s.x.cfg.Stall)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(seekAtOnce)
	for p := range s.x.find.FindProvidersAsync(ctx, s.root.CID(), seekProviders) {
		if p.ID == "" || p.ID == s.x.cfg.Host.ID() {
			continue
		}
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			if s.x.cfg.Host.Connect(ctx, p) == nil {
				s.try(ctx, p.ID)
			}
			return nil
		})
	}
	_ = g.Wait()
}

// offer has a peer that sent something by bitswap tried as well.
func (s *swarm) offer(id peer.ID) {
	s.mu.Lock()
	if !s.begun {
		s.known = id
	}
	try := s.begun && id != "" && !s.asked[id] && len(s.lanes) < s.most()
	s.mu.Unlock()
	if try {
		s.f.work.Go(func() { s.try(s.ctx, id) })
	}
}

// try opens a lane to a peer unless there are enough, it was asked already, or
// it is to be left alone.
func (s *swarm) try(ctx context.Context, id peer.ID) {
	s.mu.Lock()
	ok := !s.asked[id] && len(s.lanes) < s.most() && s.x.welcome(id)
	s.asked[id] = true
	sure := id == s.known
	if ok {
		s.opening++
	}
	s.mu.Unlock()
	if !ok {
		return
	}
	l, err := s.open(ctx, id, sure)
	if err == nil {
		s.mu.Lock()
		if ok = len(s.lanes) < s.most() && s.ctx.Err() == nil; ok {
			s.lanes = append(s.lanes, l)
			s.alone = false
		}
		s.mu.Unlock()
		if ok {
			s.f.work.Go(l.run)
		} else {
			_ = l.st.Reset()
		}
	}
	s.opened()
}
