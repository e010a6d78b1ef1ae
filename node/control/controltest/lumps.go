package controltest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

func (b *Backend) LumpAdd(_ context.Context, pin bool, next func() ([]byte, error)) (*control.Lump, error) {
	if err := b.called("lump-add pin=%v", pin); err != nil {
		return nil, err
	}
	var all []byte
	for {
		p, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	cid := fmt.Sprintf("cid%d", len(b.lumps))
	b.lumps[cid], b.pinned[cid] = all, pin
	return &control.Lump{CID: cid, Size: int64(len(all)), Pinned: pin, Local: true}, nil
}

// LumpImport takes anything for an archive of one file.
func (b *Backend) LumpImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*control.LumpListResponse, error) {
	l, err := b.LumpAdd(ctx, pin, next)
	if err != nil {
		return nil, err
	}
	return &control.LumpListResponse{Lumps: []control.Lump{*l}, Bytes: l.Size}, nil
}

// LumpExport gives the content as it is.
func (b *Backend) LumpExport(ctx context.Context, r *control.LumpRequest, send func(*control.LumpChunk) error) error {
	return b.LumpGet(ctx, r, send)
}

func (b *Backend) lump(cid string) (*control.Lump, []byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.lumps[cid]
	if !ok {
		return nil, nil, control.Errorf(control.NotFound, "ask whoever gave you the CID to be online", "no lump %s", cid)
	}
	return &control.Lump{CID: cid, Size: int64(len(data)), Pinned: b.pinned[cid], Local: true}, data, nil
}

func (b *Backend) LumpGet(_ context.Context, r *control.LumpRequest, send func(*control.LumpChunk) error) error {
	_, data, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	total := int64(len(data))
	data = data[min(r.Offset, total):]
	first := &control.LumpChunk{Total: total, Source: "disk"}
	for {
		n := min(len(data), control.MaxChunkBytes)
		first.Data, data = data[:n], data[n:]
		if err := send(first); err != nil || len(data) == 0 {
			return err
		}
		first = &control.LumpChunk{Total: first.Total}
	}
}

// LumpLeaves takes every 8 bytes for a leaf.
func (b *Backend) LumpLeaves(_ context.Context, r *control.LumpRequest, send func(*control.LumpLeaves) error) error {
	_, data, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	for at := 0; at < len(data) && at < int(r.Offset); at += 8 {
		leaf := data[at:min(at+8, len(data))]
		sum := sha256.Sum256(leaf)
		if err := send(&control.LumpLeaves{Leaves: []control.LumpLeaf{{Size: int64(len(leaf)), Sum: sum[:]}}}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) LumpList(context.Context, *control.LumpRequest) (*control.LumpListResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	res := &control.LumpListResponse{}
	for i := range len(b.lumps) {
		cid := fmt.Sprintf("cid%d", i)
		res.Lumps = append(res.Lumps, control.Lump{CID: cid, Size: int64(len(b.lumps[cid])), Pinned: b.pinned[cid], Local: true})
		res.Bytes += int64(len(b.lumps[cid]))
	}
	return res, b.fail
}

func (b *Backend) LumpStat(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	l, _, err := b.lump(r.CID)
	if err == nil && r.Providers {
		l.Holders = []control.LumpHolder{{PeerID: "12D3KooWMe", Self: true, Announced: true, Connected: true, Answer: "has it"}}
		if r.CID != "cid0" {
			l.Holders = append(l.Holders, control.LumpHolder{PeerID: "12D3KooWFriend", Connected: true, Answer: "has it"},
				control.LumpHolder{PeerID: "12D3KooWGone", Announced: true, Answer: "silent"})
		}
	}
	return l, err
}

func (b *Backend) LumpForget(_ context.Context, r *control.LumpRequest) (*control.LumpForgotten, error) {
	_, data, err := b.lump(r.CID)
	if err != nil {
		return nil, err
	}
	return &control.LumpForgotten{CID: r.CID, Deleted: 1, Freed: int64(len(data))}, b.called("lump-forget %s", r.CID)
}

func (b *Backend) pin(cid string, on bool) (*control.Lump, error) {
	l, _, err := b.lump(cid)
	if err == nil {
		b.mu.Lock()
		b.pinned[cid], l.Pinned = on, on
		b.mu.Unlock()
	}
	return l, err
}

func (b *Backend) LumpPin(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	return b.pin(r.CID, true)
}

func (b *Backend) LumpUnpin(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	return b.pin(r.CID, false)
}

// LumpSweep deletes what is not pinned.
func (b *Backend) LumpSweep(_ context.Context, r *control.LumpSweepRequest, send func(*control.LumpSweep) error) error {
	if err := b.called("sweep %d", r.Leave); err != nil {
		return err
	}
	return send(&control.LumpSweep{Done: true, Bytes: r.Leave})
}

// LumpSend takes any peer, and gives a receipt that says so.
func (b *Backend) LumpSend(_ context.Context, r *control.LumpSendRequest, send func(*control.LumpSent) error) error {
	if err := b.called("lump-send %s %s %q", r.CID, r.Peer, r.Note); err != nil {
		return err
	}
	l, _, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	if err := send(&control.LumpSent{Done: l.Size / 2, Total: l.Size}); err != nil {
		return err
	}
	return send(&control.LumpSent{Done: l.Size, Total: l.Size, Receipt: &control.Receipt{
		CID: l.CID, Size: l.Size, Sender: "me", Receiver: r.Peer, Sequence: "0000000000000001", Time: "2026-01-02T03:04:05.000Z", Bytes: "abcd",
	}})
}

// LumpReceipt knows the one that LumpSend gives.
func (b *Backend) LumpReceipt(_ context.Context, r *control.LumpReceiptRequest) (*control.Receipt, error) {
	if r.Bytes != "abcd" {
		return nil, control.Errorf(control.Corrupt, "", "forged receipt")
	}
	return &control.Receipt{CID: "cid0", Size: 3, Sender: "me", Receiver: "peer", Sequence: "0000000000000001", Time: "2026-01-02T03:04:05.000Z", Bytes: r.Bytes}, b.called("lump-receipt %s", r.Bytes)
}

func (b *Backend) LumpAccept(_ context.Context, r *control.LumpAcceptRequest) (*control.Agreement, error) {
	a := &control.Agreement{Peer: r.Peer, Agreed: true, Quota: r.Quota, Since: "2026-01-02T03:04:05Z"}
	return a, b.called("lump-accept %s %d", r.Peer, r.Quota)
}

func (b *Backend) LumpRefuse(_ context.Context, r *control.LumpAcceptRequest) (*control.Agreement, error) {
	return &control.Agreement{Peer: r.Peer, Since: "2026-01-02T03:04:05Z"}, b.called("lump-refuse %s", r.Peer)
}

// LumpAgreed knows one agreement, whomever it is asked for.
func (b *Backend) LumpAgreed(_ context.Context, r *control.LumpAgreedRequest) (*control.LumpAgreedResponse, error) {
	a := control.Agreement{Peer: "12D3peer", Agreed: true, Quota: 1 << 30, Used: 5000, Coming: 2000, Count: 1, Since: "2026-01-02T03:04:05Z"}
	if r.Peer != "" {
		a.Peer = r.Peer
		a.Contents = []control.ReceivedLump{{CID: "cid0", Size: 3000, Time: "2026-01-02T03:04:05Z", Note: "a photo"}}
	}
	return &control.LumpAgreedResponse{Agreements: []control.Agreement{a}}, nil
}
