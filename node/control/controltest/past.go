package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// RegionReplay tells of ten minutes, made again as they were.
func (b *Backend) RegionReplay(_ context.Context, r *control.ReplayRequest, send func(*control.ReplayStep) error) error {
	if err := b.called("replay %s from=%s to=%d keep=%v", r.Region, r.From, r.To, r.Keep); err != nil {
		return err
	}
	kept := []control.PastSpan{{From: 1, To: 12001, Bytes: 1 << 20, States: []uint64{1, 12001}}}
	if err := send(&control.ReplayStep{Region: "Hearthside", Kept: kept}); err != nil || r.List {
		return err
	}
	if r.To == 666 {
		return send(&control.ReplayStep{Region: "Hearthside", From: 1, To: r.To, Tick: 600, Done: true, Differs: 599, Hash: "aa", Want: "bb"})
	}
	return send(&control.ReplayStep{Region: "Hearthside", From: 1, To: 12001, Tick: 12001, Done: true, Hash: "aa", Checked: true})
}

// RegionUndo proposes to put one slot back.
func (b *Backend) RegionUndo(_ context.Context, r *control.UndoRequest, send func(*control.UndoAnswer) error) error {
	if err := b.called("undo %s %s since=%s", r.Region, r.Player, r.Since); err != nil {
		return err
	}
	return send(&control.UndoAnswer{Proposal: &control.UndoProposal{Region: HearthID, Name: "Hearthside", Player: r.Player, Since: 100, Base: 200, Hash: "aa", Inputs: 3,
		Steps: []control.UndoStep{{Kind: "slots", Thing: BallID, Name: "ball", What: "price 99 -> 5"}}, Parts: [][]byte{{1, 2, 3}}}})
}

// RegionUndoCommit says that it was called.
func (b *Backend) RegionUndoCommit(_ context.Context, r *control.UndoCommitRequest) (*control.UndoCommitted, error) {
	return &control.UndoCommitted{Region: "Hearthside", Index: 9}, b.called("undo-commit %s %x", r.Region, r.Part)
}
