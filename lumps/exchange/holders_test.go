package exchange_test

import (
	"context"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
)

// naming is a routing that names the same nodes for everything.
type namingAll []peer.AddrInfo

func (namingAll) Provide(context.Context, cid.Cid, bool) error { return nil }

func (n namingAll) FindProvidersAsync(_ context.Context, _ cid.Cid, _ int) <-chan peer.AddrInfo {
	out := make(chan peer.AddrInfo, len(n))
	for _, p := range n {
		out <- p
	}
	close(out)
	return out
}

// Who is said to have a content is asked, and so are the neighbours.
func TestHoldersAreAsked(t *testing.T) {
	has, liar, near, gone := newNode(t, newHost(t)), newNode(t, newHost(t)), newNode(t, newHost(t)), newHost(t)
	content := []byte("who has this?")
	add(t, has, content, false)
	add(t, near, content, false)
	idle := newNode(t, newHost(t))
	me := newNode(t, newHost(t), withRouting(namingAll{info(has.host), info(liar.host), info(gone)}))
	for _, n := range []*node{has, liar, near, idle} {
		connect(t, me.host, n.host)
	}
	gone.Close()
	list, err := me.Holders(t.Context(), lumps.Of(content), 20)
	if err != nil {
		t.Fatal(err)
	}
	got := map[peer.ID]exchange.Holder{}
	for _, h := range list {
		got[h.ID] = h
	}
	for name, c := range map[string]struct {
		id        peer.ID
		answer    exchange.Answer
		announced bool
	}{
		"has":  {has.host.ID(), exchange.Has, true},
		"liar": {liar.host.ID(), exchange.HasNot, true},
		"near": {near.host.ID(), exchange.Has, false},
		"gone": {gone.ID(), exchange.Silent, true},
	} {
		if h, ok := got[c.id]; !ok || h.Answer != c.answer || h.Announced != c.announced || h.Self {
			t.Errorf("%s: %+v", name, h)
		}
	}
	if len(list) != 4 {
		t.Errorf("%d holders: %+v", len(list), list)
	}
	add(t, me, content, false)
	if list, err = me.Holders(t.Context(), lumps.Of(content), 20); err != nil || !list[0].Self || list[0].Answer != exchange.Has {
		t.Errorf("%+v, %v", list, err)
	}
}
