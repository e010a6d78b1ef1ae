package node

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/transfer"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
)

// offerRate is how often one peer may offer something. A script that sends many
// small files is slowed down by its own transfers before this does it.
var offerRate = p2p.Rate{PerSecond: 5, Burst: 100}

const (
	// sendTries is how often a content is offered again when the receiver
	// found what it thought to have damaged.
	sendTries = 3
	// relayedMost is the largest content sent through a relay, in bytes: half
	// of what a relay of ours carries for one connection.
	relayedMost = 8 << 20
	// sendTell is how often progress is told.
	sendTell = 100 * time.Millisecond
)

func (n *Node) openTransfers() error {
	ledger, err := transfer.OpenLedger(transfer.LedgerConfig{Dir: n.home.path("agreed"), Pins: n.store, Log: n.log})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	gate := n.net.Gate(offerRate)
	n.transfers, err = transfer.New(transfer.Config{
		Key: n.priv, Store: n.store, Ledger: ledger, Log: n.log,
		Received: n.received,
		Fault: func(peer base.Key, _ error) {
			n.count.add(countRefused, 1)
			gate.Strike(peer)
		},
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	n.net.Handle(transfer.Protocol, func(from base.Key, s p2p.Stream) {
		if n.blocks.blocked(from) {
			return
		}
		if !gate.Allow(from) {
			n.count.add(countRefused, 1)
			s.Reset()
			return
		}
		n.transfers.Serve(n.ctx, from, p2p.Paced{Stream: s})
	})
	return nil
}

// received tells everybody concerned of a content that a peer has sent.
func (n *Node) received(from base.Key, c transfer.Content) {
	peer := p2p.PeerID(from)
	n.log.Info("lump received", "cid", c.Root, "from", peer, "bytes", c.Size, "note", c.Note)
	n.lumps.Announce(c.Root)
	if w := n.current(); w != nil {
		w.player.view.notice(fmt.Sprintf("%s sent you %s (%d bytes). %s", peer, c.Root, c.Size, c.Note))
	}
}

func parsePeer(s string) (base.Key, error) {
	k, err := p2p.KeyOfPeer(s)
	if err != nil {
		return k, control.Errorf(control.Invalid, "a peer id looks like 12D3KooW...; see `metatopia peers`", "%w", err)
	}
	return k, nil
}

// transferError gives the code and the hint that a person can act on.
func (n *Node) transferError(err error) error {
	var no *transfer.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return control.Errorf(refusalCode(no.Code), n.refusalHint(no.Code), "%w", err)
	case errors.Is(err, transfer.ErrForged), errors.Is(err, transfer.ErrProtocol):
		return control.Errorf(control.Corrupt, "that node is broken, or lies: it has given no receipt", "%w", err)
	case errors.Is(err, transfer.ErrInterrupted):
		return control.Errorf(control.Unavailable, "send it again: what has arrived is not sent twice", "%w", err)
	case errors.Is(err, transfer.ErrTooMany):
		return control.Errorf(control.Unavailable, "try again when others are through", "%w", err)
	}
	return lumpError(err)
}

func refusalCode(c transfer.Code) control.Code {
	switch c {
	case transfer.NotAgreed:
		return control.Denied
	case transfer.OverQuota, transfer.TooLarge, transfer.NoRoom, transfer.TooMany:
		return control.TooLarge
	case transfer.Busy, transfer.Again:
		return control.Unavailable
	}
	return control.Failed
}

func (n *Node) refusalHint(c transfer.Code) string {
	switch c {
	case transfer.NotAgreed:
		return "its owner can say: metatopia lump accept " + p2p.PeerID(n.key)
	case transfer.OverQuota, transfer.TooLarge:
		return "its owner can unpin what it does not need any more, or give more: metatopia lump accept " + p2p.PeerID(n.key) + " --quota SIZE"
	case transfer.Busy, transfer.Again:
		return "try again later"
	}
	return ""
}

// sendLump sends a content that is whole here.
func (n *Node) sendLump(ctx context.Context, ref lumps.Ref, to base.Key, note string, tell func(done, total int64)) (*transfer.Receipt, error) {
	if to == n.key {
		return nil, control.Errorf(control.Invalid, "", "this is the peer id of this node itself")
	}
	st, err := n.lumps.Stat(ctx, ref)
	if err == nil && !st.Local {
		err = fmt.Errorf("%s is not whole here: %w", ref, lumps.ErrNotFound)
	}
	if errors.Is(err, lumps.ErrNotFound) {
		return nil, control.Errorf(control.NotFound, "fetch it first: metatopia lump pin "+ref.String(), "%w", err)
	}
	if err != nil {
		return nil, lumpError(err)
	}
	for try := 1; ; try++ {
		r, err := n.sendOnce(ctx, st, to, note, tell)
		var no *transfer.Refusal
		if errors.As(err, &no) && no.Code == transfer.Again && try < sendTries {
			continue
		}
		return r, n.transferError(err)
	}
}

func (n *Node) sendOnce(ctx context.Context, st lumps.Stat, to base.Key, note string, tell func(done, total int64)) (*transfer.Receipt, error) {
	s, err := n.net.Open(ctx, to, transfer.Protocol)
	if err != nil {
		return nil, control.Errorf(control.Unavailable, "is it running? see `metatopia peers`", "%w", err)
	}
	if s.Relayed() && st.Size > relayedMost {
		s.Reset()
		return nil, control.Errorf(control.Unavailable, "try again in a minute: the nodes look for a direct way",
			"%s is reached through a relay only, which carries contents of at most %d bytes", p2p.PeerID(to), relayedMost)
	}
	return n.transfers.Send(ctx, to, p2p.Paced{Stream: s}, st, note, func(done int64) { tell(done, st.Size) })
}

// LumpSend sends a content to a peer that agreed to take it.
func (b *backend) LumpSend(ctx context.Context, req *control.LumpSendRequest, send func(*control.LumpSent) error) error {
	ref, err := parseRef(req.CID)
	if err != nil {
		return err
	}
	to, err := parsePeer(req.Peer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lost error // why nobody is told any more
	var told time.Time
	r, err := b.sendLump(ctx, ref, to, req.Note, func(done, total int64) {
		if lost != nil || time.Since(told) < sendTell {
			return
		}
		told = time.Now()
		if lost = send(&control.LumpSent{Done: done, Total: total}); lost != nil {
			cancel()
		}
	})
	if lost != nil {
		return lost
	}
	if err != nil {
		return err
	}
	return send(&control.LumpSent{Done: r.Size, Total: r.Size, Receipt: receiptOf(r)})
}

func receiptOf(r *transfer.Receipt) *control.Receipt {
	return &control.Receipt{
		CID: r.Root.String(), Size: r.Size, Sender: p2p.PeerID(r.Sender), Receiver: p2p.PeerID(r.Receiver),
		Sequence: fmt.Sprintf("%016x", r.Sequence), Time: time.UnixMilli(r.Time).UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		Bytes: hex.EncodeToString(r.Encode()),
	}
}

// LumpReceipt checks a receipt, whoever gave it to whom.
func (b *backend) LumpReceipt(_ context.Context, req *control.LumpReceiptRequest) (*control.Receipt, error) {
	raw, err := hex.DecodeString(req.Bytes)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "", "%w", err)
	}
	r, err := transfer.ParseReceipt(raw)
	if err != nil {
		return nil, control.Errorf(control.Corrupt, "", "%w", err)
	}
	return receiptOf(r), nil
}
