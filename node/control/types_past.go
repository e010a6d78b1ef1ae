package control

import (
	"context"
	"errors"
)

// ReplayRequest makes past ticks of a region served here again, or with List
// only tells which are kept.
type ReplayRequest struct {
	Region string `json:"region,omitempty"` // name or id; "" is the only one
	List   bool   `json:"list,omitempty"`
	From   string `json:"from,omitempty"` // tick of a kept state, or CID of a checkpoint; "": the newest state before To
	To     uint64 `json:"to,omitempty"`   // 0: the last tick kept
	// Keep stores the state that was reached as a content that a region may
	// begin with.
	Keep bool `json:"keep,omitempty"`
}

// PastSpan is a stretch of a region's time that is kept without a gap.
type PastSpan struct {
	From   uint64   `json:"from"` // tick of its first state
	To     uint64   `json:"to"`
	Bytes  int64    `json:"bytes"`
	States []uint64 `json:"states"` // ticks
	Began  string   `json:"began,omitempty"`
	Until  string   `json:"until,omitempty"`
}

// ReplayStep tells how far a replay is.
type ReplayStep struct {
	Region string     `json:"region"`
	Kept   []PastSpan `json:"kept,omitempty"` // in the first message
	From   uint64     `json:"from,omitempty"`
	To     uint64     `json:"to,omitempty"`
	Tick   uint64     `json:"tick,omitempty"`
	Done   bool       `json:"done,omitempty"`
	Hash   string     `json:"hash,omitempty"` // of the state reached
	// Checked: the last state is the recorded one, too. Otherwise nothing is
	// recorded of it, and the ones before were.
	Checked bool   `json:"checked,omitempty"`
	Differs uint64 `json:"differs,omitempty"` // the first tick whose state is not the recorded one
	Want    string `json:"want,omitempty"`    // its recorded hash
	CID     string `json:"cid,omitempty"`     // of what Keep has stored
}

// UndoRequest asks what a region served here would be without a player's inputs.
type UndoRequest struct {
	Region string `json:"region,omitempty"`
	Player string `json:"player"` // key, its beginning, or a name
	Since  string `json:"since"`  // tick, time (RFC 3339), or how long ago (10m)
}

// UndoStep is one thing put back, in words.
type UndoStep struct {
	Kind  string `json:"kind"` // add | remove | move | slots | owner | timers | tie | untie
	Thing string `json:"thing,omitempty"`
	Name  string `json:"name,omitempty"`
	What  string `json:"what"`
}

// UndoAnswer tells how far it is, and at last what would be otherwise.
type UndoAnswer struct {
	Tick     uint64        `json:"tick,omitempty"`
	To       uint64        `json:"to,omitempty"`
	Proposal *UndoProposal `json:"proposal,omitempty"`
}

// UndoProposal is what an admin may commit. Parts are the bytes of it (package
// region, Undo), each done as a whole.
type UndoProposal struct {
	Region string     `json:"region"` // id
	Name   string     `json:"name"`
	Player string     `json:"player"`
	Since  uint64     `json:"since"`
	Base   uint64     `json:"base"` // tick that it was made from
	Hash   string     `json:"hash"` // state then
	Inputs int        `json:"inputs"`
	Steps  []UndoStep `json:"steps"`
	Parts  [][]byte   `json:"parts"`
}

// UndoCommitRequest asks a region for one part of a proposal.
type UndoCommitRequest struct {
	Region string `json:"region"`
	Part   []byte `json:"part"`
}

// UndoCommitted says that it is done.
type UndoCommitted struct {
	Region string `json:"region"`
	Index  uint64 `json:"index"` // of the entry in the log of roles
}

func (r *ReplayRequest) check() error {
	return first(text("region", r.Region, 0, MaxNameBytes), text("from", r.From, 0, MaxIDBytes))
}

func (r *UndoRequest) check() error {
	return first(text("region", r.Region, 0, MaxNameBytes), text("the player", r.Player, 1, MaxIDBytes), text("since", r.Since, 1, MaxNameBytes))
}

func (r *UndoCommitRequest) check() error {
	if len(r.Part) == 0 || len(r.Part) > MaxUndoPart {
		return errors.New("a part of a proposal that none can be")
	}
	return text("region", r.Region, 1, MaxNameBytes)
}

// past are the methods of a Backend about a region's past; on the socket only.
type past interface {
	RegionReplay(ctx context.Context, req *ReplayRequest, send func(*ReplayStep) error) error
	RegionUndo(ctx context.Context, req *UndoRequest, send func(*UndoAnswer) error) error
	RegionUndoCommit(ctx context.Context, req *UndoCommitRequest) (*UndoCommitted, error)
}

func pastAPI(a *api, b Backend) {
	serverStream(a, "RegionReplay", b.RegionReplay)
	serverStream(a, "RegionUndo", b.RegionUndo)
	unary(a, "RegionUndoCommit", MaxRequestBytes, b.RegionUndoCommit)
}

func (c *Client) RegionReplay(ctx context.Context, req *ReplayRequest, send func(*ReplayStep) error) error {
	return receive(ctx, c, "RegionReplay", req, send)
}

func (c *Client) RegionUndo(ctx context.Context, req *UndoRequest, send func(*UndoAnswer) error) error {
	return receive(ctx, c, "RegionUndo", req, send)
}

func (c *Client) RegionUndoCommit(ctx context.Context, req *UndoCommitRequest) (*UndoCommitted, error) {
	return call[UndoCommitRequest, UndoCommitted](ctx, c, "RegionUndoCommit", req)
}
