package exchange

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/metatopia/metatopia/lumps"
)

// Answer is what a node says of a content's root.
type Answer uint8

const (
	Silent Answer = iota // it does not answer, or speaks another protocol
	HasNot
	Has
)

// Holder is a node that has a content, or was said to have it.
type Holder struct {
	ID        peer.ID
	Self      bool // this node
	Announced bool // routing names it
	Connected bool
	Answer    Answer // asked just now
}

// Holders asks who has a content: this node, the nodes that routing names, and
// those connected. Of the latter only those are given that have it. What a node
// says of itself is not proven: only fetching is proof.
func (x *Exchange) Holders(ctx context.Context, ref lumps.Ref, most int) ([]Holder, error) {
	if ref.IsZero() {
		return nil, fmt.Errorf("lumps/exchange: holders: %w", lumps.ErrBadRef)
	}
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("lumps/exchange: holders of %s: %w", ref, err)
	}
	defer cancel()
	h := x.cfg.Host
	self := Holder{ID: h.ID(), Self: true, Connected: true, Answer: HasNot}
	if ok, err := x.store.Has(ctx, ref); err != nil {
		return nil, fmt.Errorf("lumps/exchange: holders of %s: %w", ref, err)
	} else if ok {
		self.Answer = Has
	}
	found := []*Holder{&self}
	seen := map[peer.ID]*Holder{h.ID(): &self}
	for _, id := range h.Network().Peers() {
		if len(found) < holdersAsked {
			seen[id] = &Holder{ID: id}
			found = append(found, seen[id])
		}
	}
	// The search may take all the time there is: half of it is for asking.
	look, end := ctx, context.CancelFunc(func() {})
	if t, ok := ctx.Deadline(); ok {
		look, end = context.WithDeadline(ctx, time.Now().Add(time.Until(t)/2))
	}
	named, err := x.Providers(look, ref, most)
	end()
	if err != nil {
		return nil, err
	}
	for _, p := range named {
		if seen[p.ID] == nil {
			seen[p.ID] = &Holder{ID: p.ID}
			found = append(found, seen[p.ID])
		}
		seen[p.ID].Announced = true
	}
	var g errgroup.Group
	g.SetLimit(seekAtOnce)
	for _, p := range found[1:] {
		g.Go(func() error {
			x.askHolder(ctx, ref, p)
			return nil
		})
	}
	_ = g.Wait()
	var out []Holder
	for _, p := range found {
		if p.Announced || p.Answer == Has {
			out = append(out, *p)
		}
	}
	slices.SortStableFunc(out, func(a, b Holder) int { return cmp.Compare(b.Answer, a.Answer) })
	return out, nil
}

func (x *Exchange) askHolder(ctx context.Context, ref lumps.Ref, p *Holder) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	h := x.cfg.Host
	if h.Connect(ctx, h.Peerstore().PeerInfo(p.ID)) == nil {
		p.Connected = h.Network().Connectedness(p.ID) != network.NotConnected
	}
	if !p.Connected {
		return
	}
	st, err := h.NewStream(network.WithAllowLimitedConn(ctx, "lumps"), p.ID, x.streams)
	if err != nil {
		return
	}
	defer st.Reset() //nolint:errcheck // nothing more is wanted
	_ = st.SetDeadline(time.Now().Add(laneOpen))
	if _, err := st.Write(appendWant(nil, wantWord, ref)); err != nil {
		return
	}
	var head [headLen]byte
	if _, err := io.ReadFull(st, head[:]); err != nil {
		return
	}
	switch kind, _, err := parseHead(head[:]); {
	case err != nil:
		x.judge.fault(p.ID, Garbled)
	case kind == frameHere:
		p.Answer = Has
	case kind == frameAbsent:
		p.Answer = HasNot
	}
}
