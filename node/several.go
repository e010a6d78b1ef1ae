package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

const (
	// tendServers is how often a server looks after the servers of its region.
	tendServers = time.Second
	// lagMost is how many ticks a server may be behind and still take clients.
	lagMost = 60
	// handOverWait bounds passing the lead on at a planned stop.
	handOverWait = 2 * time.Second
	// serversWait bounds one change of the servers.
	serversWait = 10 * time.Second
	// leaveEvery is how often one who says that this server was removed makes it ask
	// the others.
	leaveEvery = 10 * time.Second
)

// several is this node's part in a region that has, or may have, other
// servers. It lives as long as its log; the server above it may be opened anew.
type several struct {
	w     *worldState
	id    base.ID
	epoch uint64 // of the log: one above the record's
	log   groupLog
	fixed bool // servers may lie, and stay the same

	lives lives // of this server's sims, one after the other

	mu     sync.Mutex
	points []member.Point // newest first

	// Of tend alone.
	heard, near map[uint64]time.Time
	rates       map[uint64]uint32
	recall      member.Recall
	at          base.Tick
	when        time.Time
	rate        uint32
	asked       time.Time // whether this server was removed
}

// orderDir is where the replicated log of a region lies.
func (w *worldState) orderDir(id base.ID) string {
	return w.n.home.path("regions", id.String(), "order")
}

// logEpoch is the epoch of the log under a record: the region's first log, which
// one server keeps, has none.
func logEpoch(rec *world.SiteRecord) uint64 { return rec.Epoch + 1 }

// openSeveral opens the log of a region, or founds it at begin.
func (w *worldState) openSeveral(rec *world.SiteRecord, begin *raft.Base, self uint64) (*several, error) {
	id := rec.Region()
	log, err := replica.Open(replica.Config{
		Region: id, Key: w.n.key, Dir: w.orderDir(id), Base: begin, Self: self,
		Sign: w.cutSigner(id), Net: replicaNet{w.n}, Log: w.n.log.With("region", rec.Name), OnEvent: w.n.regionEvent,
	})
	if err != nil {
		return nil, err
	}
	return w.newSeveral(rec, replicaLog{log}), nil
}

func (w *worldState) newSeveral(rec *world.SiteRecord, log groupLog) *several {
	_, fixed := log.(liarsLog)
	return &several{w: w, id: rec.Region(), epoch: logEpoch(rec), log: log, fixed: fixed,
		heard: map[uint64]time.Time{}, near: map[uint64]time.Time{}, rates: map[uint64]uint32{}}
}

// join is server.Config.Replica.
func (g *several) join(tick base.Tick, _ order.Sum) (server.Replica, error) {
	if g.fixed { // it hands over again what it had on the disk
		if err := g.log.Rewind(tick); err != nil {
			return nil, fmt.Errorf("node: %w: %w", server.ErrBehind, err)
		}
	}
	return g.log, nil
}

// addPoint notes a checkpoint that is a content here.
func (g *several) addPoint(cp *server.Checkpoint, snapshot lumps.Stat) {
	if len(cp.Base) == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.points = slices.Insert(g.points, 0, member.Point{Tick: cp.Tick, Hash: cp.State, Sum: cp.Sum, Ref: snapshot.Ref, Size: snapshot.Size, Base: cp.Base})
	g.points = g.points[:min(len(g.points), maxPoints)]
}

// maxPoints is how many checkpoints are offered: the others may be a little
// behind.
const maxPoints = 3

// lag is how many ticks that were agreed on are not made here yet.
func (g *several) lag(tick base.Tick) base.Tick {
	if c := g.log.Status().Committed; c > tick {
		return c - tick
	}
	return 0
}

// status is what other nodes are told.
func (g *several) status(s *servedRegion) member.Status {
	st, ls := s.srv.Status(), g.log.Status()
	out := member.Status{Serving: true, Leading: ls.Leading, Frozen: st.Frozen, Epoch: g.epoch, ID: ls.Self, Leader: ls.Leader,
		Tick: st.Tick, Committed: ls.Committed, Durable: st.Durable, Hash: st.Hash, Present: s.srv.Present(), Held: held(&st)}
	if s.watching != nil {
		out.Held.Dissents = s.watching.dissents()
	}
	out.Present = out.Present[:min(len(out.Present), member.MaxPresent)]
	for _, m := range ls.Members {
		out.Members = append(out.Members, member.Peer{ID: m.ID, Key: m.Key, Learner: m.Learner, Behind: m.Behind, Active: m.Active})
	}
	g.mu.Lock()
	g.certify(s.watching)
	out.Points, out.Rate = slices.Clone(g.points), g.rate
	g.mu.Unlock()
	return out
}

// handOver gives the lead to another server, at a planned stop.
func (g *several) handOver() error {
	voters := 0
	for _, m := range g.log.Members() {
		if !m.Learner {
			voters++
		}
	}
	if !g.log.Leading() || voters < 2 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), handOverWait)
	defer cancel()
	if err := g.log.TransferLeader(ctx, 0); err != nil {
		g.w.n.log.Debug("the lead was not handed over", "region", g.id, "err", err)
	}
	return nil
}

// follow hands the lead on, whenever this server has it, until ctx ends: it has
// no state to lead with.
func (g *several) follow(ctx context.Context) {
	t := time.NewTicker(tendServers / 4)
	defer t.Stop()
	for {
		_ = g.handOver()
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// tend looks after the region's servers until ctx ends.
func (g *several) tend(ctx context.Context, s *servedRegion) {
	t := time.NewTicker(tendServers)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		g.measure(s.srv.Status().Tick)
		g.w.disown(s)
		g.leave(ctx, s)
		if g.log.Leading() {
			if err := g.lead(ctx, s); err != nil && ctx.Err() == nil {
				g.w.n.log.Info("servers of the region not changed", "region", s.rec.Name, "err", err)
			}
		}
	}
}

// leave stops this server if it was removed and its log does not say so: those who
// removed it took it out, and most of those whom it knows may have gone since. What
// one of them says about it only leads to the question.
func (g *several) leave(ctx context.Context, s *servedRegion) {
	st, rec := g.log.Status(), g.w.record(g.id)
	if st.SaidGone == 0 || rec == nil || logEpoch(rec) != g.epoch || time.Since(g.asked) < leaveEvery {
		return
	}
	g.asked = time.Now()
	_, voters, err := g.w.believed(ctx, rec)
	if err != nil {
		g.w.n.log.Info("a server says that this one was removed; most do not", "region", rec.Name, "err", err)
		return
	}
	if member.Left(voters, g.w.askServers(ctx, g.id, without(voters, []base.Key{g.w.n.key})), st.Self) {
		g.w.n.goRun(func(ctx context.Context) { g.w.stop(ctx, s, replica.ErrRemoved) })
	}
}

// measure notes how fast this server catches up, since it was found behind.
func (g *several) measure(tick base.Tick) {
	now, behind := time.Now(), g.lag(tick) > 2*lagMost
	if behind && g.when.IsZero() {
		g.at, g.when = tick, now
		return
	}
	if !g.when.IsZero() { // also when it is no longer behind: a quick one is seen so only once
		g.mu.Lock()
		g.rate = uint32(100 * float64(tick-g.at) / 20 / now.Sub(g.when).Seconds())
		g.mu.Unlock()
	}
	if !behind {
		g.when = time.Time{}
	}
}

// lead asks the other servers how they stand and takes the next step.
func (g *several) lead(ctx context.Context, s *servedRegion) error {
	rec := g.w.record(g.id)
	if rec == nil {
		return nil
	}
	ls := g.log.Status()
	var keys []base.Key
	for _, m := range ls.Members {
		if m.Key != g.w.n.key {
			keys = append(keys, m.Key)
		}
	}
	now, mine := time.Now(), s.srv.Status().Tick
	said := g.w.askServers(ctx, g.id, keys)
	var all []member.Server
	for _, m := range ls.Members {
		x := member.Server{ID: m.ID, Key: m.Key, Learner: m.Learner, Rate: g.rates[m.ID]}
		st, answered := said[m.Key]
		if answered && st.Serving && st.Epoch == g.epoch {
			s.srv.SetPresent(m.Key, st.Present)
			g.rates[m.ID], x.Rate = st.Rate, st.Rate
			if st.Tick+member.NearTicks < mine {
				delete(g.near, m.ID)
			} else if g.near[m.ID].IsZero() {
				g.near[m.ID] = now
			}
		}
		if g.heard[m.ID].IsZero() || m.Active || answered || m.Key == g.w.n.key {
			g.heard[m.ID] = now
		}
		x.Silent = now.Sub(g.heard[m.ID])
		if at := g.near[m.ID]; !at.IsZero() {
			x.Near = now.Sub(at)
		}
		all = append(all, x)
	}
	if g.recall.Due(g.stranded(rec, s, keys, said), now) {
		s.srv.CheckpointSoon()
	}
	st := s.srv.Status()
	s.srv.SetTerms(terms(rec))
	if g.fixed {
		return nil
	}
	listed := without(rec.Servers, st.Barred)
	step := g.w.n.cfg.Servers.Plan(listed, ls.Self, all)
	if step.Do == member.Nothing {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, serversWait)
	defer cancel()
	var err error
	switch step.Do {
	case member.Remove:
		err = g.log.Remove(ctx, step.ID)
	case member.Promote:
		err = g.log.Promote(ctx, step.ID)
	case member.Replace:
		err = g.log.Replace(ctx, step.ID, step.For)
	case member.Yield:
		err = g.log.TransferLeader(ctx, 0)
	}
	g.w.n.log.Info("servers of the region", "region", s.rec.Name, "step", step.Do, "server", step.ID, "for", step.For, "err", err)
	return err
}

// stranded tells whether one of the servers waits for a state that nobody can give.
func (g *several) stranded(rec *world.SiteRecord, s *servedRegion, keys []base.Key, said map[base.Key]member.Status) bool {
	if !slices.ContainsFunc(keys, func(k base.Key) bool { st, ok := said[k]; return ok && !st.Serving }) {
		return false
	}
	said[g.w.n.key] = g.status(s)
	defer delete(said, g.w.n.key)
	voters := s.voters()
	return member.Stranded(keys, voters, said, max(g.log.Status().First, 1)-1, func(p *member.Point) bool { return certified(rec, voters, p) })
}

// admit makes a node a learner of the region: it asks for it and the owner's
// record names it. One that is a member already has lost its log.
func (g *several) admit(ctx context.Context, k base.Key, barred []base.Key) (uint64, error) {
	if !g.log.Leading() {
		return 0, replica.ErrNotLeader
	}
	if slices.Contains(barred, k) {
		return 0, errBarred
	}
	ctx, cancel := context.WithTimeout(ctx, serversWait)
	defer cancel()
	for _, m := range g.log.Members() {
		if m.Key == k {
			if err := g.log.Remove(ctx, m.ID); err != nil {
				return 0, err
			}
		}
	}
	return g.log.AddLearner(ctx, k)
}

// nextNumber is a number that no server of this log had.
func (g *several) nextNumber() uint64 {
	n := g.log.Self()
	for _, m := range g.log.Members() {
		n = max(n, m.ID)
	}
	// Those that were added and removed since, at the very most.
	return n + 1<<16
}

// replicaNet is the network as a replicated log wants it.
type replicaNet struct{ n *Node }

func (r replicaNet) Handle(proto string, fn func(base.Key, replica.Stream)) {
	r.n.net.Handle(proto, func(from base.Key, s p2p.Stream) { fn(from, s) })
}

func (r replicaNet) Unhandle(proto string) { r.n.net.Unhandle(proto) }

func (r replicaNet) Open(ctx context.Context, to base.Key, proto string) (replica.Stream, error) {
	return r.n.net.Open(ctx, to, proto)
}

func (w *worldState) record(id base.ID) *world.SiteRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dir.Get(id)
}

var errUnserved = errors.New("the region is not served here")

// share makes a region of this node alone one that others can join: its log
// goes on as one that servers agree on.
func (w *worldState) share(s *servedRegion, saved savedRegion) error {
	if s.group != nil {
		return nil
	}
	if err := w.halt(s); err != nil {
		return err
	}
	saved.Shared = true // from the checkpoint that it has just written
	if err := w.saveRegion(s.id, saved); err != nil {
		return err
	}
	return w.serve(saved)
}

// founding is where the log of a region begins that this node shares. Where
// others serve the region too a log that is not there was lost, by a join that
// was cut off for one: who founded it again would make a second region of one.
func (w *worldState) founding(rec *world.SiteRecord, saved savedRegion, tick base.Tick, sum order.Sum) (*several, error) {
	if len(saved.Turn) > 0 || rec.Trust == agree.Byzantine {
		return w.foundTurned(rec, saved, tick, sum)
	}
	if replica.Begun(w.orderDir(rec.Region())) {
		return w.openSeveral(rec, nil, 0)
	}
	if len(rec.Servers) != 1 || rec.Servers[0] != w.n.key {
		return nil, fmt.Errorf("node: the region's log is not here: %w", replica.ErrUnsure)
	}
	b, err := raft.Found(logEpoch(rec), tick, sum, saved.First, []base.Key{w.n.key})
	if err != nil {
		return nil, fmt.Errorf("node: share region: %w", err)
	}
	return w.openSeveral(rec, &b, b.Members[0].ID)
}
