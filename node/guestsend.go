package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/transfer"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting"
)

// lumpSender is what processes send lumps through. Which peers a process may
// send to is checked before.
type lumpSender struct{ n *Node }

// SendLump implements scripting.LumpSender.
func (s lumpSender) SendLump(ctx context.Context, cid, peer, note string) ([]byte, error) {
	ref, err := lumps.Parse(cid)
	if err != nil {
		return nil, err
	}
	to, err := p2p.KeyOfPeer(peer)
	if err != nil {
		return nil, err
	}
	if !transfer.CleanNote(note) {
		return nil, fmt.Errorf("note of %d bytes is no plain text", len(note))
	}
	r, err := s.n.sendLump(ctx, ref, to, note, func(int64, int64) {})
	if err != nil {
		return nil, sendError(err)
	}
	return r.Encode(), nil
}

// sendError marks what a guest is told by a code of its own.
func sendError(err error) error {
	var no *transfer.Refusal
	switch {
	case errors.As(err, &no):
		switch no.Code {
		case transfer.TooLarge:
			return fmt.Errorf("%w: %w", scripting.ErrTooLarge, err)
		case transfer.OverQuota, transfer.NoRoom, transfer.TooMany:
			return fmt.Errorf("%w: %w", scripting.ErrFull, err)
		case transfer.Busy, transfer.Again, transfer.Failed:
			return fmt.Errorf("%w: %w", scripting.ErrUnavailable, err)
		}
		return err
	case control.CodeOf(err) == control.NotFound:
		return fmt.Errorf("%w: %w", scripting.ErrNotFound, err)
	case control.CodeOf(err) == control.Unavailable, control.CodeOf(err) == control.Timeout:
		return fmt.Errorf("%w: %w", scripting.ErrUnavailable, err)
	}
	return err
}

// grantsOf reads what a process is to be allowed; peer ids and CIDs get their
// usual form, by which a guest names them.
func grantsOf(req *control.SpawnRequest) (scripting.Grants, error) {
	g := scripting.Grants{NoWorld: req.NoWorld, Put: req.MayPut, Web: req.MayFetch}
	for _, h := range g.Web {
		if err := scripting.CheckWebGrant(h); err != nil {
			return g, control.Errorf(control.Invalid, "a grant is HOST, HOST:PORT, any, or lan:HOST:PORT", "%w", err)
		}
	}
	for _, p := range req.SendTo {
		if p != scripting.AnyPeer {
			k, err := parsePeer(p)
			if err != nil {
				return g, err
			}
			p = p2p.PeerID(k)
		}
		g.SendTo = append(g.SendTo, p)
	}
	for _, p := range req.SpawnOn {
		if p != scripting.AnyPeer {
			k, err := parsePeer(p)
			if err != nil {
				return g, err
			}
			p = p2p.PeerID(k)
		}
		g.SpawnOn = append(g.SpawnOn, p)
	}
	for _, c := range req.MaySpawn {
		if c != scripting.AnyModule {
			ref, err := parseRef(c)
			if err != nil {
				return g, err
			}
			c = ref.String()
		}
		g.Modules = append(g.Modules, c)
	}
	return g, nil
}
