package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// groupLog is what several needs of the log that servers agree on.
type groupLog interface {
	server.Replica
	Self() uint64
	Members() []raft.Member
	Leader() (raft.Member, bool)
	Status() replica.Status
	Rewind(tick base.Tick) error
	After(tick base.Tick) ([]order.Encoded, error)
	Close() error

	// These are of servers that can change.
	AddLearner(ctx context.Context, key base.Key) (uint64, error)
	Promote(ctx context.Context, id uint64) error
	Remove(ctx context.Context, id uint64) error
	Replace(ctx context.Context, out, in uint64) error
	TransferLeader(ctx context.Context, to uint64) error
	Need() (raft.Base, bool)
	Install(b raft.Base) error
	Shun(keys []base.Key)
}

// replicaLog is a replicated log as node/server wants it.
type replicaLog struct{ *replica.Log }

func (l replicaLog) Base(tick base.Tick) ([]byte, error) {
	b, err := l.BaseAt(tick)
	if err != nil {
		return nil, err
	}
	return b.AppendTo(nil), nil
}

func (l replicaLog) Behind() bool {
	_, behind := l.Need()
	return behind
}

// errFixed: servers that may lie are the same as long as their log lasts.
var errFixed = errors.New("the servers stay the same at trust byzantine")

// byzantineTimeout is how long a leader may be silent: with less, a busy machine
// would change leaders, which takes longer than a late tick.
const byzantineTimeout = 2 * time.Second

// liarsLog is a log whose servers may lie. It changes no servers, and hands no
// lead over: the servers themselves choose the next leader.
type liarsLog struct {
	*byzantine.Log
	epoch   uint64
	servers *order.Servers
}

func (l liarsLog) mark(list []order.Encoded) []order.Encoded {
	for i := range list {
		list[i].Servers = l.servers
	}
	return list
}

func (l liarsLog) Ready() []order.Encoded { return l.mark(l.Log.Ready()) }

func (l liarsLog) After(tick base.Tick) ([]order.Encoded, error) {
	list, err := l.Log.After(tick)
	return l.mark(list), err
}

func (l liarsLog) Members() (list []raft.Member) {
	for i, k := range l.Log.Members() {
		list = append(list, raft.Member{ID: uint64(i + 1), Key: k})
	}
	return list
}

func (l liarsLog) Leader() (raft.Member, bool) {
	id, list := l.Log.Leader(), l.Members()
	if id == 0 || id > uint64(len(list)) {
		return raft.Member{}, false
	}
	return list[id-1], true
}

func (l liarsLog) Status() (s replica.Status) {
	st := l.Log.Status()
	s.Status = raft.Status{Self: st.Self, Epoch: l.epoch, Leader: st.Leader, Leading: st.Leader == st.Self, Committed: st.Tick, Last: st.Tick, Waiting: st.Waiting}
	for _, m := range l.Members() {
		s.Members = append(s.Members, raft.MemberStatus{Member: m, Active: m.ID == st.Self || slices.Contains(st.Streams, m.Key)})
	}
	return s
}

func (liarsLog) AddLearner(context.Context, base.Key) (uint64, error) { return 0, errFixed }
func (liarsLog) Promote(context.Context, uint64) error                { return errFixed }
func (liarsLog) Remove(context.Context, uint64) error                 { return errFixed }
func (liarsLog) Replace(context.Context, uint64, uint64) error        { return errFixed }
func (liarsLog) TransferLeader(context.Context, uint64) error         { return nil }
func (liarsLog) Need() (raft.Base, bool)                              { return raft.Base{}, false }
func (liarsLog) Install(raft.Base) error                              { return errFixed }
func (liarsLog) Shun([]base.Key)                                      {}

// openLiars opens the log of a region whose servers may lie, or founds it at begin.
func (w *worldState) openLiars(rec *world.SiteRecord, begin *byzantine.Base) (*several, error) {
	id := rec.Region()
	verify := w.simConfig(rec).Verify
	log, err := byzantine.Open(byzantine.Config{
		Region: id, Key: w.n.key, Sign: w.n.sign, Dir: w.orderDir(id), Base: begin, Net: replicaNet{w.n},
		Verify: func(entry []byte) error { return server.CheckEntry(entry, w.id.String(), verify) },
		Pace:   time.Second / 20, Timeout: byzantineTimeout, Log: w.n.log.With("region", rec.Name), OnEvent: w.n.regionEvent,
	})
	if err != nil {
		return nil, err
	}
	keys := log.Members()
	slices.SortFunc(keys, base.Key.Compare)
	return w.newSeveral(rec, liarsLog{log, logEpoch(rec), &order.Servers{Voters: keys}}), nil
}

// logBegin reads where a log of a region goes on.
func logBegin(trust agree.Trust, b []byte) (begin *raft.Base, liars *byzantine.Base, tick base.Tick, sum order.Sum, err error) {
	if trust == agree.Byzantine {
		x, err := byzantine.ParseBase(b)
		return nil, &x, x.Tick, x.Sum, err
	}
	x, err := raft.ParseBase(b)
	return &x, nil, x.Tick, x.Sum, err
}

// joinLiars begins with a server that has never taken part in the log of this
// epoch: it was away when the epoch began. One that has and lost it might vote a
// second time, and stays away.
func (w *worldState) joinLiars(ctx context.Context, rec *world.SiteRecord) error {
	id := rec.Region()
	saved, err := w.loadRegion(id)
	if err != nil || saved.Epoch >= rec.Epoch {
		return fmt.Errorf("node: join region: what this server knew of the log is lost: %w; the owner can begin anew: `metatopia region trust accountable`", errFixed)
	}
	leader, voters, err := w.believed(ctx, rec)
	if err != nil {
		return err
	}
	if !slices.Contains(voters, w.n.key) {
		return fmt.Errorf("node: join region: most of the servers of %q do not name this one yet", rec.Name)
	}
	got, err := w.fetchPoint(ctx, rec, voters, without(voters, []base.Key{w.n.key}), 0)
	if err != nil {
		return err
	}
	charter, err := w.fetchCharter(ctx, leader, id)
	if err != nil {
		return err
	}
	cfg := w.simConfig(rec)
	cfg.Law = &charter.Genesis
	if err := errors.Join(got.install(w, id, cfg), os.RemoveAll(w.orderDir(id))); err != nil {
		return err
	}
	saved = w.savedFor(rec)
	if err := w.saveRegion(id, saved); err != nil { // before its first vote
		return err
	}
	g, err := w.openLiars(rec, got.liars)
	if err != nil {
		return err
	}
	return w.serveWith(saved, g)
}
