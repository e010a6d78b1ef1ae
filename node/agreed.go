package node

import (
	"context"
	"errors"
	"time"

	"github.com/metatopia/metatopia/lumps/transfer"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
)

// LumpAccept lets a peer send contents.
func (b *backend) LumpAccept(ctx context.Context, req *control.LumpAcceptRequest) (*control.Agreement, error) {
	return b.agree(ctx, req, func(quota int64) int64 {
		if quota == 0 {
			return transfer.DefaultQuota
		}
		return quota
	})
}

// LumpRefuse lets a peer send no more.
func (b *backend) LumpRefuse(ctx context.Context, req *control.LumpAcceptRequest) (*control.Agreement, error) {
	return b.agree(ctx, req, func(int64) int64 { return 0 })
}

// agree changes an agreement; a quota of 0 ends it.
func (b *backend) agree(ctx context.Context, req *control.LumpAcceptRequest, quota func(asked int64) int64) (*control.Agreement, error) {
	peer, err := parsePeer(req.Peer)
	if err != nil {
		return nil, err
	}
	if peer == b.key {
		return nil, control.Errorf(control.Invalid, "", "this is the peer id of this node itself")
	}
	var a transfer.Agreement
	if q := quota(req.Quota); q == 0 {
		a, err = b.transfers.Ledger().Refuse(ctx, peer)
	} else {
		a, err = b.transfers.Ledger().Accept(ctx, peer, q)
	}
	if errors.Is(err, transfer.ErrTooMany) {
		return nil, control.Errorf(control.TooLarge, "refuse those that you do not need any more: see `metatopia lump agreed`", "%w", err)
	}
	if err != nil {
		return nil, lumpError(err)
	}
	out := agreementOf(a, false)
	return &out, nil
}

// LumpAgreed tells with whom what was agreed.
func (b *backend) LumpAgreed(ctx context.Context, req *control.LumpAgreedRequest) (*control.LumpAgreedResponse, error) {
	out := &control.LumpAgreedResponse{}
	all := b.transfers.Ledger().List(ctx)
	if req.Peer == "" {
		for _, a := range all {
			out.Agreements = append(out.Agreements, agreementOf(a, false))
		}
		return out, nil
	}
	peer, err := parsePeer(req.Peer)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Peer == peer {
			out.Agreements = append(out.Agreements, agreementOf(a, true))
			return out, nil
		}
	}
	return nil, control.Errorf(control.NotFound, "agree with it: metatopia lump accept "+req.Peer, "nothing is agreed with %s", req.Peer)
}

func agreementOf(a transfer.Agreement, whole bool) control.Agreement {
	out := control.Agreement{
		Peer: p2p.PeerID(a.Peer), Agreed: a.Agreed, Quota: a.Quota, Used: a.Used, Coming: a.Coming,
		Count: len(a.Contents), Since: a.Since.UTC().Format(time.RFC3339),
	}
	if !whole {
		return out
	}
	for _, c := range a.Contents {
		out.Contents = append(out.Contents, control.ReceivedLump{
			CID: c.Root.String(), Size: c.Size, Time: c.Time.UTC().Format(time.RFC3339), Note: c.Note,
		})
	}
	return out
}
