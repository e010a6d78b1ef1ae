package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order/raft"
)

const (
	joinFirst = time.Second
	joinMost  = 15 * time.Second
	// fetchState bounds fetching a checkpoint: what is there of it stays.
	fetchState = 5 * time.Minute
	// pointWait is how often is asked while nobody offers a checkpoint.
	pointWait = 500 * time.Millisecond
	maxAgreed = 64
)

// joins is what this node does about regions of others that it serves or will
// serve.
type joins struct {
	mu     sync.Mutex
	agreed []base.ID // its person has agreed to serve them; serve.json
	busy   map[base.ID]*joining
	held   map[base.ID][]lumps.Ref // states on their way, pinned, oldest first; fetching.json
}

// take makes the caller the one who begins or ends serving a region here, until
// it calls done; two at once would delete each other's files.
func (j *joins) take(id base.ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.busy[id] != nil {
		return false
	}
	j.busy[id] = &joining{}
	return true
}

// wait is take, when others are done.
func (j *joins) wait(ctx context.Context, id base.ID) bool {
	for !j.take(id) {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(100 * time.Millisecond):
		}
	}
	return true
}

// seize is wait, for an owner who begins anew: who tries to join in vain is told
// to stop, and stopped says so.
func (j *joins) seize(ctx context.Context, id base.ID) (stopped, ok bool) {
	for !j.take(id) {
		j.mu.Lock()
		if b := j.busy[id]; b != nil && b.stop != nil {
			b.stop()
			stopped = true
		}
		j.mu.Unlock()
		select {
		case <-ctx.Done():
			return stopped, false
		case <-time.After(100 * time.Millisecond):
		}
	}
	return stopped, true
}

// stoppable lets seize end what the caller of take does.
func (j *joins) stoppable(id base.ID, stop context.CancelFunc) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.busy[id].stop = stop
}

// later notes that a region is to be joined by whoever is at it, when that is
// done. It tells whether somebody is.
func (j *joins) later(id base.ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	b := j.busy[id]
	if b != nil {
		b.again = true
	}
	return b != nil
}

// free tells whether later was called meanwhile.
func (j *joins) free(id base.ID) (again bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	again = j.busy[id] != nil && j.busy[id].again
	delete(j.busy, id)
	return again
}

// joining is one region on its way here, or away.
type joining struct {
	got, want int64
	again     bool               // it is to be joined, as it was found meanwhile
	stop      context.CancelFunc // nil: whoever is at it is soon done
}

// done lets others begin or end serving a region here. If it is to begin anew,
// or the owner wanted so meanwhile, it begins.
func (w *worldState) done(ctx context.Context, id base.ID, anew bool) {
	if again := w.joins.free(id); (again || anew) && ctx.Err() == nil {
		w.joinSoon(id)
	}
}

// savedServe is serve.json.
type savedServe struct {
	Regions []base.ID `json:"regions"`
}

func (j *joins) willing(id base.ID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Contains(j.agreed, id)
}

func (j *joins) progress(id base.ID) (got, want int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if b := j.busy[id]; b != nil {
		return b.got, b.want
	}
	return 0, 0
}

// agree notes that this node is willing to serve a region, or not any more.
func (w *worldState) agreeServe(id base.ID, yes bool) error {
	w.joins.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(w.joins.agreed), func(x base.ID) bool { return x == id })
	if yes {
		if len(list) >= maxAgreed {
			w.joins.mu.Unlock()
			return fmt.Errorf("node: %d regions are agreed on, and no more can be", maxAgreed)
		}
		list = append(list, id)
	}
	w.joins.agreed = list
	w.joins.mu.Unlock()
	if err := w.n.home.saveJSON("serve.json", savedServe{list}); err != nil {
		return err
	}
	if yes {
		w.listenMembers(id)
		w.joinSoon(id)
	} else {
		w.joins.letGo(w, id)
	}
	return nil
}

// joinSoon begins to serve a region of which the owner's record names this
// node, if its person has agreed and it is not under way.
func (w *worldState) joinSoon(id base.ID) {
	if w.wanted(id) == nil {
		return
	}
	for !w.joins.take(id) {
		if w.joins.later(id) {
			return
		}
	}
	w.n.goRun(func(ctx context.Context) {
		trying, stop := context.WithCancel(ctx)
		defer stop()
		w.joins.stoppable(id, stop)
		w.joinUntil(trying, id)
		w.done(ctx, id, false)
	})
}

// wanted gives the record of a region that this node is to serve and does not.
func (w *worldState) wanted(id base.ID) *world.SiteRecord {
	rec := w.record(id)
	if rec == nil || !lists(rec, w.n.key) || w.localServer(id) != nil || w.stuckIn(id) != nil || rec.Owner != w.n.key && !w.joins.willing(id) {
		return nil
	}
	return rec
}

// joinUntil tries until the region is served here, or is not to be any more.
func (w *worldState) joinUntil(ctx context.Context, id base.ID) {
	for wait := joinFirst; ; wait = min(2*wait, joinMost) {
		rec := w.wanted(id)
		if rec == nil || ctx.Err() != nil {
			return
		}
		err := w.joinRegion(ctx, rec)
		if err == nil {
			return
		}
		level := slog.LevelInfo
		if errors.Is(err, server.ErrLacking) { // it waits for a person who has it
			level = slog.LevelWarn
		}
		w.n.log.Log(ctx, level, "region not joined yet", "region", rec.Name, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// joinRegion becomes a learner of the region with an empty log.
func (w *worldState) joinRegion(ctx context.Context, rec *world.SiteRecord) error {
	if rec.Trust == agree.Byzantine {
		return w.joinLiars(ctx, rec)
	}
	id := rec.Region()
	leader, voters, err := w.believed(ctx, rec)
	if err != nil {
		return err
	}
	reply, err := w.askMember(ctx, leader, id, member.Request{Kind: member.AskJoin, Site: rec.Encode()}, memberWait)
	if err != nil {
		return err
	}
	if !reply.OK {
		return fmt.Errorf("node: join region: the leader says: %s", reply.Text)
	}
	if err := w.confirm(ctx, rec, voters, reply.ID); err != nil {
		return err
	}
	if slices.Contains(voters, w.n.key) { // it was one, and lost its log
		voters = w.votersWithout(ctx, rec, voters)
	}
	got, err := w.fetchPoint(ctx, rec, voters, voters, 0)
	if err != nil {
		return err
	}
	return w.beginAt(ctx, rec, leader, reply.ID, got)
}

// beginAt goes on from a checkpoint as the server of that number, which has had no
// log before. What the others have dropped of theirs meanwhile, it finds out then.
func (w *worldState) beginAt(ctx context.Context, rec *world.SiteRecord, leader base.Key, number uint64, got *fetched) error {
	id := rec.Region()
	if err := os.RemoveAll(w.orderDir(id)); err != nil {
		return err
	}
	charter, err := w.fetchCharter(ctx, leader, id)
	if err != nil {
		return err
	}
	cfg := w.simConfig(rec)
	cfg.Law = &charter.Genesis
	if err := got.install(w, id, cfg); err != nil {
		return err
	}
	g, err := w.openSeveral(rec, got.begin, number)
	if err != nil {
		return err
	}
	saved := w.savedFor(rec)
	if err := w.saveRegion(id, saved); err != nil {
		return errors.Join(err, g.log.Close())
	}
	return w.serveWith(saved, g)
}

// votersWithout waits until the servers name voters without this node, which its
// leader has just made a learner: they sign for states without it from then on.
func (w *worldState) votersWithout(ctx context.Context, rec *world.SiteRecord, voters []base.Key) []base.Key {
	ctx, cancel := context.WithTimeout(ctx, serversWait)
	defer cancel()
	for ctx.Err() == nil {
		_, now, err := w.believed(ctx, rec)
		if err == nil && !slices.Contains(now, w.n.key) {
			return now
		}
		select {
		case <-ctx.Done():
		case <-time.After(pointWait):
		}
	}
	return voters
}

// fetchCharter gets what the region's roles begin with, which its founder
// signed, and keeps it.
func (w *worldState) fetchCharter(ctx context.Context, from base.Key, id base.ID) (*world.RegionCharter, error) {
	a, err := w.askLaw(ctx, from, id, law.Ask{Kind: law.AskHead})
	if err != nil {
		return nil, err
	}
	c, err := world.ParseRegionCharter(a.Charter)
	if err != nil {
		return nil, err
	}
	if c.Genesis.Region != id {
		return nil, world.ErrOtherRegion
	}
	return c, w.n.home.write(w.n.home.path("regions", id.String(), charterFile), a.Charter)
}

// fetchPoint gets the newest checkpoint, of tick least or later, for whose state
// more than half of the voters have signed, and that more than half of those who
// are asked tell alike. What came of one before an error is pinned, and is not
// fetched again.
func (w *worldState) fetchPoint(ctx context.Context, rec *world.SiteRecord, voters, asked []base.Key, least base.Tick) (*fetched, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchState)
	defer cancel()
	id := rec.Region()
	if now := w.record(id); now != nil && now.Epoch == rec.Epoch {
		rec = now
	}
	var p member.Point
	for {
		said := w.askServers(ctx, id, asked)
		var ok bool
		if p, _, ok = member.Choose(asked, said, least, func(p *member.Point) bool { return certified(rec, voters, p) }); ok {
			break
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("node: no checkpoint of %q that most of its servers have signed for: %w", rec.Name, ctx.Err())
		case <-time.After(pointWait):
		}
	}
	if p.Size > region.MaxSnapshot {
		return nil, fmt.Errorf("node: a checkpoint of %d bytes", p.Size)
	}
	begin, liars, tick, sum, err := logBegin(rec.Trust, p.Base)
	if err != nil {
		return nil, err
	}
	if tick != p.Tick || sum != p.Sum {
		return nil, fmt.Errorf("node: the checkpoint of tick %d and where the log goes on are of different ticks", p.Tick)
	}
	if err := w.joins.hold(w, id, p.Ref); err != nil {
		return nil, err
	}
	done := w.watchFetch(ctx, id, &p)
	b, err := w.fetchPieces(ctx, p.Ref, p.Size)
	done()
	if err != nil {
		return nil, err
	}
	return &fetched{cp: server.Checkpoint{Tick: p.Tick, State: p.Hash, Sum: p.Sum, Base: p.Base}, snapshot: b, begin: begin, liars: liars}, nil
}

// fetched is a checkpoint that is here.
type fetched struct {
	cp       server.Checkpoint
	snapshot []byte
	begin    *raft.Base
	liars    *byzantine.Base // instead, where servers may lie
}

// install makes it the state that the region's server begins with.
func (f *fetched) install(w *worldState, id base.ID, cfg region.Config) error {
	if err := server.Install(cfg, w.n.home.path("regions", id.String()), f.cp, f.snapshot); err != nil {
		return err
	}
	f.snapshot = nil // it is large
	w.joins.letGo(w, id)
	return nil
}

// fetchPieces reads the state, while the pieces that are not here come from several
// servers at a time. They are not brought to this disk one by one: the state will be
// as a whole, and a piece that a power cut takes is fetched again. What else this
// node fetches meanwhile, such as other checkpoints of the region, waits.
func (w *worldState) fetchPieces(ctx context.Context, ref lumps.Ref, size int64) ([]byte, error) {
	r, info, err := w.n.lumps.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if info.Size != size {
		return nil, fmt.Errorf("node: a checkpoint of %d bytes, not %d", info.Size, size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	return b, nil
}

// watchFetch notes how much of a checkpoint is here, for people who wait.
func (w *worldState) watchFetch(ctx context.Context, id base.ID, p *member.Point) (done func()) {
	stop := make(chan struct{})
	w.n.goRun(func(context.Context) {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			st, err := w.n.lumps.Stat(ctx, p.Ref)
			w.joins.mu.Lock()
			if b := w.joins.busy[id]; b != nil {
				b.want = p.Size
				if err == nil && st.Local {
					b.got = st.Size
				}
			}
			w.joins.mu.Unlock()
			select {
			case <-stop:
				return
			case <-t.C:
			}
		}
	})
	return sync.OnceFunc(func() { close(stop) })
}
