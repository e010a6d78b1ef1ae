package p2p

import (
	"context"
	"log/slog"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
)

// Lumps serves a store to the network and fetches for it: from connected
// peers, else from providers that the DHT names. fetched is called for every
// content that another node sent, with that node's peer id. A peer whose faults
// with lumps no correct peer commits is kept out like one that breaks our links.
// change, if any, adjusts what is said here.
func (n *Net) Lumps(ctx context.Context, store lumps.Store, fetched func(ref lumps.Ref, from string, bytes int64), log *slog.Logger,
	change ...func(*exchange.Config)) (*exchange.Exchange, error) {
	cfg := exchange.Config{
		Host:  n.host,
		Store: store,
		Log:   log,
		OnFetched: func(ref lumps.Ref, from peer.ID, size int64) {
			fetched(ref, from.String(), size)
		},
		OnJudged: func(p peer.ID, f exchange.Fault, shunned bool) {
			if shunned && f.Hostile() {
				n.banID(p)
			}
		},
	}
	if n.dht != nil {
		cfg.Routing = n.dht
	}
	for _, f := range change {
		f(&cfg)
	}
	return exchange.New(ctx, cfg)
}

// Providers asks the DHT who announces a lump; peer ids, at most max.
func Providers(ctx context.Context, x *exchange.Exchange, ref lumps.Ref, max int) ([]string, error) {
	ais, err := x.Providers(ctx, ref, max)
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(ais))
	for _, ai := range ais {
		out = append(out, ai.ID.String())
	}
	return out, nil
}

// Holder is a node that has a lump, or is said to have it.
type Holder struct {
	PeerID    string
	Self      bool
	Announced bool // the DHT names it
	Connected bool
	Answer    string // "has it", "has it not", "silent"
}

// Holders asks who has a lump, and asks each of them.
func Holders(ctx context.Context, x *exchange.Exchange, ref lumps.Ref, most int) ([]Holder, error) {
	list, err := x.Holders(ctx, ref, most)
	if err != nil {
		return nil, err
	}
	words := map[exchange.Answer]string{exchange.Has: "has it", exchange.HasNot: "has it not", exchange.Silent: "silent"}
	out := make([]Holder, 0, len(list))
	for _, h := range list {
		out = append(out, Holder{PeerID: h.ID.String(), Self: h.Self, Announced: h.Announced, Connected: h.Connected, Answer: words[h.Answer]})
	}
	return out, nil
}
