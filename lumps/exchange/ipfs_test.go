package exchange_test

import (
	"context"
	"testing"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockstore"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-datastore"
	dsync "github.com/ipfs/go-datastore/sync"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// TestSpeaksPlainBitswapWhenAsked: with IPFS a peer that knows nothing of us
// fetches from us, the empty lump too, and we from it; without, it cannot even
// open a stream.
func TestSpeaksPlainBitswapWhenAsked(t *testing.T) {
	ours := newNode(t, newHost(t), func(c *exchange.Config) { c.IPFS = true })
	h := newHost(t)
	theirs := blockstore.NewBlockstore(dsync.MutexWrap(datastore.NewMapDatastore()))
	bs := bitswap.New(context.Background(), bsnet.NewFromIpfsHost(h), nil, theirs)
	t.Cleanup(func() { bs.Close() })
	connect(t, h, ours.host)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, n := range []int{0, 10, lumps.ChunkSize} {
		b := lumpstest.Bytes(uint64(n), n)
		ref := add(t, ours, b, false).Ref
		if got, err := bs.GetBlock(ctx, ref.CID()); err != nil || string(got.RawData()) != string(b) {
			t.Errorf("%d bytes from us: %v", n, err)
		}
	}
	b := lumpstest.Bytes(99, 5000)
	blk, err := blocks.NewBlockWithCid(b, lumps.Of(b).CID())
	if err != nil {
		t.Fatal(err)
	}
	if err := theirs.Put(ctx, blk); err != nil {
		t.Fatal(err)
	}
	if in := read(t, ours, lumps.Of(b), b); in.Source != h.ID().String() {
		t.Errorf("source %q", in.Source)
	}

	plain := newNode(t, newHost(t))
	connect(t, h, plain.host)
	if s, err := h.NewStream(network.WithNoDial(ctx, "test"), plain.host.ID(), "/ipfs/bitswap/1.2.0"); err == nil {
		s.Close()
		t.Error("plain bitswap is spoken though nobody asked for it")
	}
}
