package exchange

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	bsnetwork "github.com/ipfs/boxo/bitswap/network"
	blocks "github.com/ipfs/go-block-format"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// gate stands between bitswap and its network. It knows what was asked of
// whom, judges the answers, and makes bitswap believe that a shunned peer is
// not connected: what it was asked for is then asked of others.
type gate struct {
	bsnetwork.BitSwapNetwork
	judge  *judge
	finder *finder // nil without routing
	ctx    context.Context

	turn sync.Mutex // orders what bitswap is told of connections
	to   []bsnetwork.Receiver

	asks     asks
	watching atomic.Bool
}

func newGate(ctx context.Context, under bsnetwork.BitSwapNetwork, j *judge, f *finder) *gate {
	return &gate{BitSwapNetwork: under, judge: j, finder: f, ctx: ctx, asks: newAsks(j.now)}
}

// Start implements bitswap's network.
func (g *gate) Start(to ...bsnetwork.Receiver) {
	g.to = to
	g.BitSwapNetwork.Start(g)
}

// Connect implements bitswap's network: providers are dialled through it.
func (g *gate) Connect(ctx context.Context, ai peer.AddrInfo) error {
	err := g.BitSwapNetwork.Connect(ctx, ai)
	if err != nil && g.finder != nil && ctx.Err() != context.Canceled {
		g.finder.unreachable(ai.ID)
	}
	return err
}

// NewMessageSender implements bitswap's network.
func (g *gate) NewMessageSender(ctx context.Context, p peer.ID, o *bsnetwork.MessageSenderOpts) (bsnetwork.MessageSender, error) {
	s, err := g.BitSwapNetwork.NewMessageSender(ctx, p, o)
	if err != nil {
		return nil, err
	}
	return &noting{MessageSender: s, g: g, to: p}, nil
}

// noting notes what a peer is asked for.
type noting struct {
	bsnetwork.MessageSender
	g  *gate
	to peer.ID
}

// SendMsg implements bitswap's network.
func (n *noting) SendMsg(ctx context.Context, m bsmsg.BitSwapMessage) error {
	// Before it is sent: the answer may come before this returns.
	for _, e := range m.Wantlist() {
		n.g.asks.note(n.to, e.Cid, !e.Cancel, e.WantType == pb.Message_Wantlist_Block)
	}
	n.g.watch()
	return n.MessageSender.SendMsg(ctx, m)
}

// ReceiveMessage implements bitswap's receiver.
func (g *gate) ReceiveMessage(ctx context.Context, from peer.ID, m bsmsg.BitSwapMessage) {
	if g.judge.shunned(from) {
		return
	}
	stray := false
	for _, b := range m.Blocks() {
		asked, slow := g.asks.answered(from, b.Cid())
		stray = stray || !asked
		for _, p := range slow {
			g.judge.fault(p, Stalled)
		}
	}
	for _, p := range m.BlockPresences() {
		has := p.Type == pb.Message_Have
		stray = !g.asks.word(from, p.Cid, has) || stray
		if !has && g.finder != nil && g.finder.denied(from, p.Cid) {
			g.judge.fault(from, FalseRecord)
		}
	}
	g.serveEmpty(from, m)
	if stray {
		// Once a message: how much a peer may push is what a stream carries.
		g.judge.fault(from, Unasked)
	}
	for _, r := range g.to {
		r.ReceiveMessage(ctx, from, m)
	}
}

// serveEmpty answers a want for the lump of no bytes. Bitswap's server says
// that it is here and never sends it.
func (g *gate) serveEmpty(to peer.ID, m bsmsg.BitSwapMessage) {
	for _, e := range m.Wantlist() {
		if e.Cancel || e.Cid != empty.CID() {
			continue
		}
		blk, err := blocks.NewBlockWithCid(nil, e.Cid)
		if err != nil {
			return
		}
		answer := bsmsg.New(false)
		answer.AddBlock(blk)
		go func() {
			ctx, cancel := context.WithTimeout(g.ctx, laneOpen)
			defer cancel()
			_ = g.SendMessage(ctx, to, answer) // it asks again
		}()
	}
}

// ReceiveError implements bitswap's receiver.
func (g *gate) ReceiveError(err error) {
	for _, r := range g.to {
		r.ReceiveError(err)
	}
}

// PeerConnected implements bitswap's receiver.
func (g *gate) PeerConnected(p peer.ID) {
	g.turn.Lock()
	defer g.turn.Unlock()
	if g.judge.shunned(p) {
		return // until its term is over
	}
	for _, r := range g.to {
		r.PeerConnected(p)
	}
}

// PeerDisconnected implements bitswap's receiver.
func (g *gate) PeerDisconnected(p peer.ID) {
	g.asks.forget(p)
	g.turn.Lock()
	defer g.turn.Unlock()
	g.gone(p)
}

func (g *gate) gone(p peer.ID) {
	for _, r := range g.to {
		r.PeerDisconnected(p)
	}
}

// shun takes a peer away from bitswap until its term is over.
func (g *gate) shun(p peer.ID) { g.rest(p, g.judge.term(p)) }

// rest takes a peer away from bitswap, and gives it back after d if it is still
// connected.
func (g *gate) rest(p peer.ID, d time.Duration) {
	g.turn.Lock()
	g.gone(p)
	g.turn.Unlock()
	time.AfterFunc(d, func() {
		if g.ctx.Err() == nil && g.Host().Network().Connectedness(p) == network.Connected {
			g.PeerConnected(p)
		}
	})
}

// watch looks after what is due, as long as anything is.
func (g *gate) watch() {
	if g.watching.CompareAndSwap(false, true) {
		time.AfterFunc(watchTick, g.look)
	}
}

// look lets who claims to have a lump, and sends nothing, rest for a while:
// bitswap would wait for each of them in turn. Others who claim to have it are
// asked at the same time.
func (g *gate) look() {
	g.watching.Store(false)
	if g.ctx.Err() != nil {
		return
	}
	who, others, left := g.asks.silent()
	for _, n := range others {
		m := bsmsg.New(false)
		m.AddEntry(n.c, 1, pb.Message_Wantlist_Block, true)
		g.asks.note(n.p, n.c, true, true)
		go func() {
			ctx, cancel := context.WithTimeout(g.ctx, laneOpen)
			defer cancel()
			_ = g.BitSwapNetwork.SendMessage(ctx, n.p, m) // bitswap asks it too, in its turn
		}()
	}
	for _, p := range who {
		g.judge.fault(p, Stalled)
		g.rest(p, silentRest)
	}
	if left {
		g.watch()
	}
}
