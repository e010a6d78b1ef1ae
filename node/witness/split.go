package witness

import (
	"context"
	"encoding/hex"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

const (
	// splitTries is how often a server is asked after a split, splitPause how long
	// between: it may just be beginning again.
	splitTries = 4
	splitPause = 250 * time.Millisecond
	// maxSplitParts bounds the parts that a report names of each server.
	maxSplitParts = 8
)

// Other is how another server's state differs from this one's after a split.
type Other struct {
	Server string      `json:"server"`
	Voted  string      `json:"voted,omitempty"`      // the state that it signed for
	Vote   string      `json:"vote,omitempty"`       // hex: its vote with the signature
	First  base.Tick   `json:"first_tick,omitempty"` // whose state differs; 0: not found
	Part   string      `json:"part,omitempty"`       // the first that differs
	Parts  []Differing `json:"parts,omitempty"`
	Why    string      `json:"why,omitempty"` // what could not be found out
}

// compareAll asks every server with a vote where its state differs from this one's.
func (w *Witness) compareAll(ctx context.Context, r *Report, tick base.Tick, mine []Part, here func(base.Tick) (region.Hash, bool)) {
	w.mu.Lock()
	votes := w.core.Votes(tick)
	voters := append([]base.Key(nil), w.members.Voters...)
	w.mu.Unlock()
	var wg sync.WaitGroup
	for _, k := range voters {
		if k != w.cfg.Agree.Self {
			r.Servers = append(r.Servers, Other{Server: k.String()})
		}
	}
	i := 0
	for _, k := range voters {
		if k == w.cfg.Agree.Self {
			continue
		}
		o := &r.Servers[i]
		i++
		for v := range votes {
			if votes[v].Server == k {
				o.Voted, o.Vote = region.Hash(votes[v].State).String(), voteText(&votes[v])
			}
		}
		wg.Go(func() { w.compareOne(ctx, o, k, tick, mine, here) })
	}
	wg.Wait()
	for i := range r.Servers {
		o := &r.Servers[i]
		if o.First > 0 && (r.FirstTick == 0 || o.First < r.FirstTick) {
			r.FirstTick = o.First
		}
		if o.Part != "" && (r.Part == "" || o.Part < r.Part) {
			r.Part = o.Part
		}
	}
}

func voteText(v *agree.SignedVote) string {
	var e base.Encoder
	v.AppendTo(&e)
	return hex.EncodeToString(e.B)
}

func (w *Witness) compareOne(ctx context.Context, o *Other, k base.Key, tick base.Tick, mine []Part, here func(base.Tick) (region.Hash, bool)) {
	var err error
	for try := range splitTries {
		if try > 0 {
			select {
			case <-ctx.Done():
			case <-time.After(splitPause):
			}
		}
		a := &asker{net: w.cfg.Net, to: k, left: asks, most: maxSplitParts}
		if o.Parts, err = a.parts(ctx, tick, mine); err != nil {
			continue
		}
		if o.First, err = a.first(ctx, tick-min(tick, agree.Patience+8*agree.Every), tick, here); err == nil {
			break
		}
	}
	if err != nil {
		o.Why = err.Error()
	}
	if len(o.Parts) > 0 {
		o.Part = o.Parts[0].Part
	}
}
