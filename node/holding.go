package node

import (
	"context"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// fetchingFile names the states that are on their way here: their pieces are
// pinned, so that what an interruption leaves is not swept.
const fetchingFile = "fetching.json"

// maxFetching bounds them, for each region: the regions are few that a person has
// agreed to serve.
const maxFetching = 2

// hold pins what is here, or comes, of a state. Those before it stay until the
// region's state is whole: most of their pieces are also in this one.
func (j *joins) hold(w *worldState, id base.ID, ref lumps.Ref) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if slices.Contains(j.held[id], ref) {
		return nil
	}
	if err := w.n.store.Pin(w.n.ctx, ref); err != nil {
		return err
	}
	if j.held == nil {
		j.held = map[base.ID][]lumps.Ref{}
	}
	list := append(j.held[id], ref)
	old := list[:max(0, len(list)-maxFetching)]
	j.held[id] = slices.Clone(list[len(old):])
	j.unpin(w, old)
	return w.n.home.saveJSON(fetchingFile, j.held)
}

// letGo unpins the states of a region that were on their way.
func (j *joins) letGo(w *worldState, id base.ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.held[id]) == 0 {
		return
	}
	j.unpin(w, j.held[id])
	delete(j.held, id)
	if err := w.n.home.saveJSON(fetchingFile, j.held); err != nil {
		w.n.log.Error("what is fetched cannot be noted", "err", err)
	}
}

// unpin leaves the pieces to the sweeper: the next checkpoint has most of them.
func (j *joins) unpin(w *worldState, list []lumps.Ref) {
	for _, r := range list {
		if err := w.n.store.Unpin(context.WithoutCancel(w.n.ctx), r); err != nil {
			w.n.log.Debug("state not unpinned", "ref", r, "err", err)
		}
	}
}
