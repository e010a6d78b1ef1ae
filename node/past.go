package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/history"
	"github.com/metatopia/metatopia/node/keeper"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

const (
	// replayNews is how often a replay tells how far it is.
	replayNews = 250 * time.Millisecond
	// nextRecord is how long a replay up to the newest tick waits for the record
	// that names its state.
	nextRecord = 2 * time.Second
)

// pastDir is where a region's history lies.
func (w *worldState) pastDir(id base.ID) string {
	return w.n.home.path("regions", id.String(), "past")
}

// openPast begins to keep a region's past. Without one the region goes on.
func (w *worldState) openPast(s *servedRegion) {
	if w.n.cfg.HistoryBytes < 0 {
		return
	}
	h, err := history.Open(history.Config{Dir: w.pastDir(s.id), MaxBytes: w.n.cfg.HistoryBytes, Log: w.n.log.With("region", s.rec.Name)}, s.srv.Status().Tick)
	if err != nil {
		w.n.log.Error("the region's past is not kept", "region", s.rec.Name, "err", err)
		return
	}
	s.past = h
}

// applied is told of every tick of a region served here.
func (s *servedRegion) applied(rec *order.Encoded, hash region.Hash, sim *region.Sim) error {
	if s.past != nil {
		s.past.Applied(rec, hash, sim)
	}
	var err error
	if s.watching != nil {
		err = s.watching.applied(rec, hash, sim)
	}
	if s.spoil != nil {
		s.spoil(s.points.cfg, rec.Tick, sim)
	}
	return err
}

func (s *servedRegion) endWatching() {
	if s.watching != nil {
		s.watching.close()
	}
}

var errEnough = errors.New("enough")

// ownPast finds a region that is served here by its name, where its history lies
// and what that has, oldest first.
func (w *worldState) ownPast(name string) (s *servedRegion, dir string, spans []history.Span, err error) {
	if s, err = w.ownRegion(name); err != nil {
		return nil, "", nil, err
	}
	dir = w.pastDir(s.id)
	spans, err = history.List(dir)
	return s, dir, spans, err
}

// RegionReplay makes past ticks again.
func (b *backend) RegionReplay(ctx context.Context, req *control.ReplayRequest, send func(*control.ReplayStep) error) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	s, dir, spans, err := w.ownPast(req.Region)
	if err != nil {
		return err
	}
	first := &control.ReplayStep{Region: s.rec.Name}
	for i := range spans {
		first.Kept = append(first.Kept, spanOf(&spans[i]))
	}
	if err := send(first); err != nil || req.List {
		return err
	}
	if len(spans) == 0 {
		return pastError(history.ErrNone)
	}
	to := cmp.Or(base.Tick(req.To), spans[len(spans)-1].To)
	start, err := w.startOf(ctx, s, dir, req.From, to)
	if err != nil {
		return pastError(err)
	}
	out := &control.ReplayStep{Region: s.rec.Name, From: uint64(start.Tick), To: uint64(to)}
	p := &pastRun{dir: dir, job: w.pastJob(s), to: to, news: func(t base.Tick) error {
		n := *out
		n.Tick = uint64(t)
		return send(&n)
	}}
	run, err := p.run(ctx, start)
	var d *replay.Differs
	switch {
	case errors.As(err, &d):
		out.Differs, out.Want, out.Hash = uint64(d.Tick), d.Want.String(), d.Got.String()
	case err != nil:
		return pastError(err)
	default:
		out.Tick, out.Hash = uint64(run.Tick()), run.Hash().String()
		want, known := w.recorded(ctx, s, dir, to)
		out.Checked = known && want == run.Hash()
		if known && !out.Checked {
			out.Differs, out.Want = uint64(to), want.String()
		}
	}
	if req.Keep && out.Differs == 0 {
		if out.CID, err = w.keepPast(ctx, s, run); err != nil {
			return err
		}
	}
	out.Done = true
	return send(out)
}

// keepPast stores a state that was reached, pinned, as a checkpoint that a region
// may begin with. It is not offered to those who keep the region.
func (w *worldState) keepPast(ctx context.Context, s *servedRegion, run *replay.Replay) (string, error) {
	var cut region.Cutter
	still := run.Sim().Still()
	st, _, err := s.points.content(ctx, server.Checkpoint{Tick: run.Tick(), State: run.Hash(), Still: still, Pieces: cut.Cut(still)}, nil)
	if err != nil {
		return "", err
	}
	if _, err := w.n.lumps.Pin(ctx, st.Root); err != nil {
		return "", lumpError(err)
	}
	return st.Root.String(), nil
}

func spanOf(s *history.Span) control.PastSpan {
	x := control.PastSpan{From: uint64(s.From), To: uint64(s.To), Bytes: s.Bytes, States: []uint64{}}
	for _, t := range s.States {
		x.States = append(x.States, uint64(t))
	}
	if !s.Began.IsZero() {
		x.Began, x.Until = s.Began.UTC().Format(time.RFC3339), s.Reached.UTC().Format(time.RFC3339)
	}
	return x
}

// pastError says what to do about a past that is not there.
func pastError(err error) error {
	switch {
	case errors.Is(err, history.ErrNone), errors.Is(err, history.ErrGap):
		return control.Errorf(control.NotFound, "`metatopia region replay --list` says what is kept", "%w", err)
	case errors.Is(err, replay.ErrBroken):
		return control.Errorf(control.Corrupt, "", "%w", err)
	}
	return otherVersion(err, false)
}

// pastJob is how past ticks of a region are made again: on one core, for the
// region goes on meanwhile.
func (w *worldState) pastJob(s *servedRegion) replay.Job {
	cfg := s.points.cfg
	cfg.Scripts, cfg.Parallel = simScripts{w.n}, nil
	return replay.Job{Config: cfg, Load: w.n.loadScript}
}

// startOf finds the state that a replay begins with: a tick, a checkpoint, or the
// newest kept one that is older than to.
func (w *worldState) startOf(ctx context.Context, s *servedRegion, dir, from string, to base.Tick) (*replay.Start, error) {
	if from == "" {
		return history.State(dir, max(to, 1)-1)
	}
	if t, err := strconv.ParseUint(from, 10, 64); err == nil {
		return history.State(dir, base.Tick(t))
	}
	ref, err := parseRef(from)
	if err != nil {
		return nil, err
	}
	parts, err := w.n.lumps.Parts(ctx, ref)
	if err != nil {
		return nil, lumpError(err)
	}
	state, snapshot, err := keeper.ReadState(ctx, w.n.lumps, parts)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "`metatopia lump kept` lists the checkpoints here", "%w", err)
	}
	if state.Site.Region() != s.id {
		return nil, control.Errorf(control.Invalid, "", "the checkpoint is of another region, %s", state.Site.Name)
	}
	b, _, err := w.n.lumps.Bytes(ctx, snapshot, region.MaxSnapshot)
	if err != nil {
		return nil, lumpError(err)
	}
	start := &replay.Start{Tick: state.Tick, Hash: state.Hash, Snapshot: b}
	// The sum of the checkpoint's own record is in the one after it.
	err = history.Walk(dir, start.Tick, func(_ base.Tick, b []byte) error {
		r, err := order.Parse(b)
		if err != nil {
			return err
		}
		start.Sum = r.Prev
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return start, nil
}

// pastRun makes ticks again up to one.
type pastRun struct {
	dir  string
	job  replay.Job
	to   base.Tick
	news func(base.Tick) error
	each func(record []byte) // nil: nobody
}

func (p *pastRun) run(ctx context.Context, start *replay.Start) (*replay.Replay, error) {
	r, err := replay.Begin(p.job, *start)
	if err != nil {
		return nil, err
	}
	told := time.Now()
	err = history.Walk(p.dir, start.Tick, func(tick base.Tick, b []byte) error {
		if tick > p.to {
			return errEnough
		}
		if p.each != nil {
			p.each(b)
		}
		if err := r.Next(b); err != nil {
			return err
		}
		if now := time.Now(); now.Sub(told) > replayNews {
			told = now
			return errors.Join(ctx.Err(), p.news(tick))
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	if r.Tick() != p.to {
		return nil, fmt.Errorf("node: tick %d is the last one: %w", r.Tick(), history.ErrNone)
	}
	return r, nil
}

// recorded is the state hash after a tick that a record names; of the newest tick
// it is that of the running region.
func (w *worldState) recorded(ctx context.Context, s *servedRegion, dir string, tick base.Tick) (h region.Hash, ok bool) {
	until := time.Now().Add(nextRecord)
	for {
		if st := s.srv.Status(); st.Tick == tick {
			return st.Hash, true
		}
		_ = history.Walk(dir, tick, func(_ base.Tick, b []byte) error { // what is not there is not known
			r, err := order.Parse(b)
			if err == nil && r.At == tick {
				h, ok = r.State, true
			}
			if err != nil || ok || r.At > tick {
				return errEnough
			}
			return nil
		})
		if ok || time.Now().After(until) || ctx.Err() != nil {
			return h, ok
		}
		t := time.NewTimer(50 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
		}
		t.Stop()
	}
}
