package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/unixfs"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
)

const (
	// maxAsset bounds one content that a checkpoint carries, maxAssets all of
	// them: players choose what things name. What is over is named only.
	maxAsset  = 64 << 20
	maxAssets = 1 << 30
	// wantAtOnce bounds the contents that one checkpoint makes the server look
	// for, wantWait how long each may take, wantAgain when one that nobody had
	// is tried again, maxWanted how many of those are remembered.
	wantAtOnce = 4
	wantWait   = 20 * time.Second
	wantAgain  = 10 * time.Minute
	maxWanted  = 4096
	// lastCheckpoint bounds storing the last one when the node closes.
	lastCheckpoint = 10 * time.Second
	padding        = 1 << 20
)

// checkpoints makes contents of a region's checkpoints, one at a time; one that
// comes while another is stored takes the place of any that waits.
type checkpoints struct {
	w    *worldState
	s    *servedRegion
	cfg  region.Config
	wait chan server.Checkpoint
	done chan struct{}
	once sync.Once

	// Of the goroutine of run.
	tried map[lumps.Ref]time.Time // contents that nobody had
	kept  map[lumps.Ref]struct{}  // pieces of the last checkpoint, which is pinned
}

func newCheckpoints(w *worldState, s *servedRegion, cfg region.Config) *checkpoints {
	c := &checkpoints{w: w, s: s, cfg: cfg, wait: make(chan server.Checkpoint, 1), done: make(chan struct{}), tried: map[lumps.Ref]time.Time{}}
	c.cfg.Scripts, c.cfg.Parallel = nil, nil
	go c.run()
	return c
}

// offer takes a checkpoint; it does not wait.
func (c *checkpoints) offer(cp server.Checkpoint) {
	if cp.Tick == 0 {
		return // nothing has happened yet, not even its founding things
	}
	for {
		select {
		case c.wait <- cp:
			return
		default:
		}
		select {
		case <-c.wait:
		default:
		}
	}
}

// close stores what waits; nothing may be offered any more.
func (c *checkpoints) close() {
	c.once.Do(func() { close(c.wait) })
	<-c.done
}

func (c *checkpoints) run() {
	defer close(c.done)
	for cp := range c.wait {
		// Not the node's context: the last one comes when the node is closing.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.w.n.ctx), time.Minute)
		if c.w.n.ctx.Err() != nil {
			cancel()
			ctx, cancel = context.WithTimeout(context.WithoutCancel(c.w.n.ctx), lastCheckpoint)
		}
		lacking, err := c.store(ctx, cp)
		cancel()
		if err != nil {
			c.w.n.log.Warn("checkpoint not stored", "region", c.s.rec.Name, "tick", uint64(cp.Tick), "err", err)
			continue
		}
		c.w.n.count.add(countCheckpoints, 1)
		c.want(lacking)
	}
}

// store makes the content of a checkpoint and signs for it.
func (c *checkpoints) store(ctx context.Context, cp server.Checkpoint) (lacking []lumps.Ref, err error) {
	at, lacking, err := c.content(ctx, cp, c.kept)
	c.kept = nil
	if err != nil {
		return nil, err
	}
	at.Time = time.Now().UnixMilli()
	if err := at.Sign(c.w.n.priv); err != nil {
		return nil, err
	}
	if err := c.w.keeper.Publish(ctx, c.s.rec, at); err != nil {
		return nil, err
	}
	c.kept = make(map[lumps.Ref]struct{}, len(cp.Pieces))
	for i := range cp.Pieces {
		c.kept[lumps.OfSum(cp.Pieces[i].Sum)] = struct{}{}
	}
	return lacking, nil
}

// content makes the content of a checkpoint, and gives the record that nobody has
// signed, and what the state names that is not here. Pieces in kept are stored and
// pinned. It may be called from any goroutine.
func (c *checkpoints) content(ctx context.Context, cp server.Checkpoint, kept map[lumps.Ref]struct{}) (at *world.Checkpoint, lacking []lumps.Ref, err error) {
	n := c.w.n
	snapshot, err := c.snapshot(ctx, &cp, kept)
	if err != nil {
		return nil, nil, err
	}
	names := n.modules.withModules(lumpsOf(cp.Still))
	s := &world.State{Tick: cp.Tick, Hash: cp.State, Site: c.s.rec}
	blocks, size := 3+snapshot.Blocks, snapshot.Size
	left := int64(maxAssets)
	for _, r := range names {
		st, err := n.lumps.Stat(ctx, r)
		switch {
		case err == nil && st.Size == 0:
			continue // everybody has the empty content
		case err == nil && st.Local && st.Size <= min(left, maxAsset) && len(s.Carried) < world.MaxCarried:
			left -= st.Size
			size += st.Size
			blocks += st.Blocks
			s.Carried = append(s.Carried, r)
		case err == nil || errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt) || errors.Is(err, unixfs.ErrBadNode):
			if lacking = append(lacking, r); len(s.Lacking) < world.MaxLacking {
				s.Lacking = append(s.Lacking, r)
			}
		default:
			return nil, nil, err
		}
	}
	for blocks > unixfs.MaxLumps(size) && s.Pad < world.MaxPad {
		s.Pad++
		blocks++
		size += padding
	}
	parts, err := c.parts(ctx, s, snapshot.Ref)
	if err != nil {
		return nil, nil, err
	}
	if c.s.group != nil {
		c.s.group.addPoint(&cp, snapshot)
	}
	st, err := n.lumps.Join(ctx, parts)
	if err != nil {
		return nil, nil, err
	}
	return &world.Checkpoint{World: c.w.id, Region: c.s.id, Tick: cp.Tick, Hash: cp.State, Root: st.Ref, Size: st.Size}, lacking, nil
}

// snapshot stores the pieces of a state that are not in kept, and what they make.
func (c *checkpoints) snapshot(ctx context.Context, cp *server.Checkpoint, kept map[lumps.Ref]struct{}) (lumps.Stat, error) {
	leaves := make([]exchange.Leaf, len(cp.Pieces))
	for i := range cp.Pieces {
		p := &cp.Pieces[i]
		l := &leaves[i]
		l.Ref, l.Size = lumps.OfSum(p.Sum), p.Size
		l.Bytes = func() []byte { return p.AppendTo(make([]byte, 0, p.Size)) }
		_, l.Kept = kept[l.Ref]
	}
	return c.w.n.lumps.AddCut(ctx, leaves)
}

// parts stores what is not there yet and lists all parts in order.
func (c *checkpoints) parts(ctx context.Context, s *world.State, snapshot lumps.Ref) (parts []lumps.Ref, err error) {
	st, err := c.w.n.lumps.AddQuiet(ctx, bytes.NewReader(s.Encode()))
	if err != nil {
		return nil, err
	}
	parts = []lumps.Ref{st.Ref, snapshot, c.w.id}
	if s.Pad > 0 {
		st, err := c.w.n.lumps.AddQuiet(ctx, bytes.NewReader(make([]byte, padding)))
		if err != nil {
			return nil, err
		}
		parts = append(parts, slices.Repeat([]lumps.Ref{st.Ref}, s.Pad)...)
	}
	return append(parts, s.Carried...), nil
}

// want looks for contents that things name and that are not here, so that the
// next checkpoint carries them: without their pin nobody could keep them.
func (c *checkpoints) want(lacking []lumps.Ref) {
	now := time.Now()
	tries := 0
	for _, r := range lacking {
		if tries == wantAtOnce || c.w.n.ctx.Err() != nil || len(c.wait) > 0 {
			return
		}
		if t, ok := c.tried[r]; ok && now.Sub(t) < wantAgain {
			continue
		}
		if len(c.tried) >= maxWanted {
			clear(c.tried)
		}
		c.tried[r] = now
		tries++
		ctx, cancel := context.WithTimeout(c.w.n.ctx, wantWait)
		in, info, err := c.w.n.lumps.Open(ctx, r)
		if err == nil {
			in.Close()
			if info.Size <= maxAsset {
				_, err = c.w.n.lumps.Fetch(ctx, r)
			}
		}
		cancel()
		if err != nil {
			c.w.n.log.Debug("a content that a thing names is not here", "region", c.s.rec.Name, "lump", r, "err", err)
		}
	}
}

// lumpsOf are the contents that a state names, sorted; what is no name is left
// out.
func lumpsOf(x *region.Still) (refs []lumps.Ref) {
	for _, name := range x.Lumps() {
		if r, err := lumps.Parse(name); err == nil {
			refs = append(refs, r)
		}
	}
	slices.SortFunc(refs, lumps.Ref.Compare)
	return slices.Compact(refs)
}

// makeFirst has a region served here make its first checkpoint, and waits until
// it is stored or ctx ends.
func (w *worldState) makeFirst(ctx context.Context, id base.ID) {
	srv := w.localServer(id)
	if srv == nil || len(w.keeper.Offers(id)) > 0 {
		return
	}
	_, _ = w.makeCheckpoint(ctx, id)
}

// makeCheckpoint has a region served here make a checkpoint now.
func (w *worldState) makeCheckpoint(ctx context.Context, id base.ID) (*world.Checkpoint, error) {
	srv := w.localServer(id)
	if srv == nil {
		return nil, fmt.Errorf("node: checkpoint: region %v is not served here", id)
	}
	from := srv.Status().Tick
	srv.CheckpointSoon()
	// The disk and the store answer in milliseconds; nobody tells when.
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for {
		for _, o := range w.keeper.Offers(id) {
			if o.At.Tick > from {
				return o.At, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("node: checkpoint: %w", ctx.Err())
		case <-t.C:
		}
	}
}
