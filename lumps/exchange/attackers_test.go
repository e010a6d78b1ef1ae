package exchange_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	bsnetwork "github.com/ipfs/boxo/bitswap/network"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	blocks "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multihash"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// attacker speaks bitswap and means harm.
type attacker struct {
	host  host.Host
	net   bsnetwork.BitSwapNetwork
	reply func(wants []bsmsg.Entry) bsmsg.BitSwapMessage // nil: says nothing
	asked atomic.Int64
	whole atomic.Int64 // Unix nanoseconds, when it was last asked for a lump itself; 0: never
	ctx   context.Context
}

func newAttacker(t testing.TB, reply func([]bsmsg.Entry) bsmsg.BitSwapMessage) *attacker {
	t.Helper()
	a := &attacker{host: newHost(t), reply: reply, ctx: t.Context()}
	a.net = bsnet.NewFromIpfsHost(a.host, bsnet.Prefix(exchange.DefaultPrefix))
	a.net.Start(a)
	t.Cleanup(a.net.Stop)
	return a
}

func (a *attacker) ReceiveMessage(_ context.Context, from peer.ID, m bsmsg.BitSwapMessage) {
	var wants []bsmsg.Entry
	for _, e := range m.Wantlist() {
		if !e.Cancel {
			wants = append(wants, e)
			if e.WantType == pb.Message_Wantlist_Block {
				a.whole.Store(time.Now().UnixNano())
			}
		}
	}
	if len(wants) == 0 {
		return
	}
	a.asked.Add(int64(len(wants)))
	if a.reply == nil {
		return
	}
	if answer := a.reply(wants); !answer.Empty() {
		go a.net.SendMessage(a.ctx, from, answer) //nolint:errcheck // the victim may have cut us off
	}
}

// owes tells whether it was asked for a lump itself, at least d ago.
func (a *attacker) owes(d time.Duration) bool {
	at := a.whole.Load()
	return at != 0 && time.Since(time.Unix(0, at)) >= d
}

func (*attacker) ReceiveError(error)       {}
func (*attacker) PeerConnected(peer.ID)    {}
func (*attacker) PeerDisconnected(peer.ID) {}

// claims says that it has everything, and sends nothing.
func claims(wants []bsmsg.Entry) bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for _, w := range wants {
		m.AddHave(w.Cid)
	}
	return m
}

var wrongs atomic.Uint64

// lies says that it has everything, and sends other bytes.
func lies(wants []bsmsg.Entry) bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for _, w := range wants {
		if w.WantType == pb.Message_Wantlist_Have {
			m.AddHave(w.Cid)
			continue
		}
		m.AddBlock(block(lumpstest.Bytes(wrongs.Add(1), 1000)))
	}
	return m
}

// denies says that it has nothing.
func denies(wants []bsmsg.Entry) bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for _, w := range wants {
		m.AddDontHave(w.Cid)
	}
	return m
}

func block(b []byte) blocks.Block {
	blk, err := blocks.NewBlockWithCid(b, lumps.Of(b).CID())
	if err != nil {
		panic(err)
	}
	return blk
}

// The messages of a flood.

func manyWants(n, seed int) bsmsg.BitSwapMessage {
	m := bsmsg.New(true)
	for i := range n {
		m.AddEntry(lumps.Of(fmt.Append(nil, seed, i)).CID(), int32(i), pb.Message_Wantlist_Block, true)
	}
	return m
}

func hugeWants() bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for i := range 20 {
		h, err := multihash.Sum(lumpstest.Bytes(uint64(i), 100<<10), multihash.IDENTITY, -1)
		if err != nil {
			panic(err)
		}
		m.AddEntry(cid.NewCidV1(cid.Raw, h), 1, pb.Message_Wantlist_Block, true)
	}
	return m
}

func unasked(n, seed int) bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for i := range n {
		m.AddBlock(block(lumpstest.Bytes(uint64(seed)<<20+uint64(i), 1000)))
	}
	return m
}

func unaskedHaves(n, seed int) bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	for i := range n {
		m.AddHave(lumps.Of(fmt.Append(nil, seed, i)).CID())
	}
	return m
}

// oddBlocks are of a kind whose hash is as long as their sender says.
func oddBlocks() bsmsg.BitSwapMessage {
	m := bsmsg.New(false)
	h, err := multihash.Sum([]byte("odd"), multihash.SHAKE_256, 64)
	if err != nil {
		panic(err)
	}
	blk, err := blocks.NewBlockWithCid([]byte("odd"), cid.NewCidV1(cid.Raw, h))
	if err != nil {
		panic(err)
	}
	m.AddBlock(blk)
	return m
}

// push sends messages, one after the other, until the victim shuns the sender
// or a thousand were sent.
func (a *attacker) push(t testing.TB, v *node, make func(i int) bsmsg.BitSwapMessage) {
	t.Helper()
	connect(t, a.host, v.host)
	end := time.Now().Add(patience)
	for i := range 1000 {
		if v.Shunned(a.host.ID()) {
			return
		}
		ctx, cancel := context.WithDeadline(t.Context(), end)
		_ = a.net.SendMessage(ctx, v.host.ID(), make(i)) // refused is what we want
		cancel()
	}
	poll(t, "the peer is shunned", func() bool { return v.Shunned(a.host.ID()) })
}
