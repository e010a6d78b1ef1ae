package exchange

import (
	"context"
	"sync"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	pb "github.com/ipfs/boxo/bitswap/message/pb"
	bsnetwork "github.com/ipfs/boxo/bitswap/network"
	"github.com/ipfs/go-cid"
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

	asks asks
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
		stray = !g.asks.known(from, p.Cid) || stray
		if !has && g.finder != nil && g.finder.denied(from, p.Cid) {
			g.judge.fault(from, FalseRecord)
		}
	}
	if stray {
		// Once a message: how much a peer may push is what a stream carries.
		g.judge.fault(from, Unasked)
	}
	for _, r := range g.to {
		r.ReceiveMessage(ctx, from, m)
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

// shun takes a peer away from bitswap, and gives it back after its term if it
// is still connected.
func (g *gate) shun(p peer.ID) {
	g.turn.Lock()
	g.gone(p)
	g.turn.Unlock()
	time.AfterFunc(g.judge.term(p), func() {
		if g.ctx.Err() == nil && g.Host().Network().Connectedness(p) == network.Connected {
			g.PeerConnected(p)
		}
	})
}

// asks is what was asked of whom. Bitswap cancels what it no longer wants, at
// every peer that it asked: an entry stays a while after that, for answers
// that are under way.
type asks struct {
	now func() time.Time

	mu    sync.Mutex
	byCID map[cid.Cid]map[peer.ID]*ask
	n     int
	swept time.Time
	last  map[peer.ID]time.Time // when a peer last sent a lump that it was asked for
}

type ask struct {
	at    time.Time // when the lump itself was asked for; zero: only whether it is there
	over  time.Time // when it was answered or cancelled; zero: open
	times int       // how often it was answered
}

func newAsks(now func() time.Time) asks {
	return asks{now: now, byCID: map[cid.Cid]map[peer.ID]*ask{}, last: map[peer.ID]time.Time{}}
}

// note records that a lump was asked for (whole: itself, not only whether it
// is there), or that it is no longer wanted.
func (a *asks) note(p peer.ID, c cid.Cid, want, whole bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	of := a.byCID[c]
	e := of[p]
	if e == nil {
		if !want {
			return
		}
		a.sweep(now)
		if of == nil {
			of = map[peer.ID]*ask{}
			a.byCID[c] = of
		}
		e = &ask{}
		of[p] = e
		a.n++
	}
	switch {
	case !want && e.over.IsZero():
		e.over = now
	case want:
		e.over, e.times = time.Time{}, 0
		if whole {
			e.at = now
		}
	}
}

// sweep forgets what is long over, when there is much.
func (a *asks) sweep(now time.Time) {
	if a.n < maxAsks/2 || now.Sub(a.swept) < askKeep/8 {
		return
	}
	a.swept = now
	keep := askKeep
	if a.n >= maxAsks {
		keep = stallAfter
	}
	for c, of := range a.byCID { //lint:sorted all that are due go
		for p, e := range of { //lint:sorted all that are due go
			if !e.over.IsZero() && now.Sub(e.over) > keep {
				a.drop(c, of, p)
			}
		}
	}
}

func (a *asks) drop(c cid.Cid, of map[peer.ID]*ask, p peer.ID) {
	delete(of, p)
	if a.n--; len(of) == 0 {
		delete(a.byCID, c)
	}
}

// known tells whether a peer was asked about a lump. When more is asked than
// is worth remembering, everybody is believed.
func (a *asks) known(p peer.ID, c cid.Cid) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byCID[c][p] != nil || a.n >= maxAsks
}

// answered notes that a peer sent a lump. asked: it was asked for it, and did
// not send it before more often than it was asked. slow are peers who were
// asked for it stallAfter ago and have sent nothing at all since.
func (a *asks) answered(p peer.ID, c cid.Cid) (asked bool, slow []peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	of := a.byCID[c]
	e := of[p]
	if e == nil {
		return a.n >= maxAsks, nil
	}
	e.over = now
	// Twice: once for being asked whether, and once for being asked.
	if e.times++; e.times > 2 {
		return false, nil
	}
	a.last[p] = now
	for q, o := range of { //lint:sorted each is judged by itself
		if q != p && !o.at.IsZero() && o.over.IsZero() && now.Sub(o.at) >= stallAfter && !a.last[q].After(o.at) {
			slow = append(slow, q)
		}
	}
	return true, slow
}

// forget drops what was asked of a peer that is gone.
func (a *asks) forget(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.last, p)
	for c, of := range a.byCID { //lint:sorted all of one peer go
		if of[p] != nil {
			a.drop(c, of, p)
		}
	}
}
