package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
	"github.com/metatopia/metatopia/region/succession"
)

const (
	// turnAsk is how often a server whose log has ended asks how the others stand,
	// turnLast how long it keeps the old log for the last of them, and turnLate how
	// long one that only hears of the new epoch waits for its log to say so.
	turnAsk  = 100 * time.Millisecond
	turnLast = time.Second
	turnLate = 20 * time.Second
)

// turnWord is an owner's word that ends the log of a region: the site record of
// the next epoch and the founder's entry that begins it for the roles. The servers
// go on from their state with a log of the other kind, all of them at once.
//
// Layout: record bytes, entry bytes.
type turnWord struct {
	rec         *world.SiteRecord
	site, renew []byte
}

func (t *turnWord) bytes() []byte {
	var e base.Encoder
	e.Bytes(t.site)
	e.Bytes(t.renew)
	return e.B
}

// parseTurn reads one; the record's signature is checked, that of the entry is not.
func parseTurn(b []byte) (*turnWord, error) {
	d := base.NewDecoder(b)
	t := &turnWord{site: d.Bytes(world.MaxRecord), renew: d.Bytes(succession.MaxEntry)}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("node: end of a log: %w", err)
	}
	var err error
	t.rec, err = world.ParseSite(t.site)
	return t, err
}

// turns tells whether the record after another is that of an epoch which all
// servers begin with a log of the other kind; after recover there is one server.
func turns(before, after *world.SiteRecord) bool {
	return after.Epoch == before.Epoch+1 && (before.Trust == agree.Byzantine) != (after.Trust == agree.Byzantine) && len(after.Servers) > 1
}

// turner judges what would end the log of a region. All servers judge alike.
func (w *worldState) turner(s *servedRegion) server.Turner {
	return func(word []byte, tick base.Tick, sim *region.Sim) bool {
		t, err := parseTurn(word)
		if err != nil || t.rec.Owner != s.rec.Owner || t.rec.Region() != s.id || logEpoch(t.rec) != s.group.epoch+1 ||
			(t.rec.Trust == agree.Byzantine) == s.group.fixed || t.rec.Seq <= sim.TermsSeq() {
			return false
		}
		// Another entry of the roles may have come before it.
		st, err := succession.Restore(sim.Law().Snapshot(nil), law.VerifyKey)
		if err != nil || st.Renew(t.renew) != nil {
			return false
		}
		s.turn = t
		return true
	}
}

// turned goes on with a region whose log has ended, once a quorum of its servers
// has the same state. It tells whether the server is to join anew.
func (w *worldState) turned(ctx context.Context, s *servedRegion) (anew bool) {
	t, st := s.turn, s.srv.Status()
	w.n.log.Warn("the region's log has ended by its owner's word", "region", s.rec.Name, "tick", uint64(st.Tick), "epoch", t.rec.Epoch, "trust", t.rec.Trust)
	here := &turning{st: member.Status{Epoch: logEpoch(t.rec), Tick: st.Tick, Hash: st.Hash}, over: make(chan struct{})}
	ctx, here.giveUp = context.WithCancel(ctx)
	w.mu.Lock()
	w.turns[s.id] = here
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.turns, s.id)
		w.mu.Unlock()
		here.giveUp()
		close(here.over)
	}()
	agreed := w.turnAgreed(ctx, s.id, t.rec, &st)
	s.endWatching()
	if err := s.group.log.Close(); err != nil {
		w.n.log.Warn("old log not closed", "region", s.rec.Name, "err", err)
	}
	if ctx.Err() != nil {
		return false // the log says so again
	}
	w.addSites(t.rec)
	if !agreed {
		return w.ended(s, errNewEpoch)
	}
	saved, err := w.loadRegion(s.id)
	if err == nil {
		if t.rec.Owner == w.n.key {
			saved.Servers, saved.Trust, saved.Record = t.rec.Servers, t.rec.Trust, nil
		} else {
			saved.Record = t.site
		}
		saved.Shared, saved.Epoch, saved.Turn, saved.TurnTick = true, t.rec.Epoch, t.bytes(), st.Tick
		err = w.saveRegion(s.id, saved)
	}
	if err == nil {
		err = w.serveTurned(saved)
	}
	if err != nil {
		w.n.log.Error("the region's next log has not begun here", "region", s.rec.Name, "err", err)
		return w.ended(s, err)
	}
	if t.rec.Owner == w.n.key {
		w.announceOwn(ctx)
	}
	return false
}

// turnAgreed waits until a quorum of the servers has come to the same state where
// the log ended, this one among them. False: it has not, and joins anew.
func (w *worldState) turnAgreed(ctx context.Context, id base.ID, next *world.SiteRecord, st *server.Status) bool {
	quorum := byzantine.Quorum(len(next.Servers))
	t := time.NewTicker(turnAsk)
	defer t.Stop()
	ctx, cancel := context.WithCancel(ctx)
	said := w.askOn(ctx, id, without(next.Servers, []base.Key{w.n.key}))
	defer said.asking.Wait()
	defer cancel()
	var since time.Time
	for {
		same, differ := 1, 0
		for _, x := range said.now() {
			switch {
			case x.Epoch != logEpoch(next):
			case x.Serving || x.Tick == st.Tick && x.Hash == st.Hash:
				same++ // who serves has seen a quorum
			default:
				differ++
			}
		}
		if same >= quorum && since.IsZero() {
			since = time.Now()
		}
		switch {
		case same == len(next.Servers) || same >= quorum && time.Since(since) > turnLast:
			return true
		case differ >= quorum:
			return false
		}
		if now := w.record(id); now != nil && now.Epoch > next.Epoch {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-t.C:
		}
	}
}

// answers is what servers said last: one that does not answer holds nobody up.
type answers struct {
	asking sync.WaitGroup
	mu     sync.Mutex
	said   map[base.Key]member.Status
}

// askOn asks some servers how they stand until ctx ends.
func (w *worldState) askOn(ctx context.Context, id base.ID, keys []base.Key) *answers {
	a := &answers{said: map[base.Key]member.Status{}}
	for _, k := range keys {
		a.asking.Go(func() {
			for ctx.Err() == nil {
				r, err := w.askMember(ctx, k, id, member.Request{Kind: member.AskStatus}, askWait)
				if err == nil && r.OK {
					a.mu.Lock()
					a.said[k] = r.Status
					a.mu.Unlock()
				}
				select {
				case <-ctx.Done():
				case <-time.After(turnAsk):
				}
			}
		})
	}
	return a
}

func (a *answers) now() (list []member.Status) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, x := range a.said { //lint:sorted to be counted
		list = append(list, x)
	}
	return list
}

// serveTurned begins the log after the one that saved.Turn ended. It may be called
// again after a crash.
func (w *worldState) serveTurned(saved savedRegion) error {
	t, err := parseTurn(saved.Turn)
	if err != nil {
		return err
	}
	id := t.rec.Region()
	charter, err := w.regionCharter(saved, t.rec)
	if err != nil {
		return err
	}
	cfg := w.simConfig(t.rec)
	cfg.Law = &charter.Genesis
	dir := w.n.home.path("regions", id.String())
	var done []region.LawDone
	err = server.Rewrite(server.Config{Region: cfg, Dir: dir, Load: w.n.loadScript}, func(sim *region.Sim) error {
		if sim.Law().Epoch() >= logEpoch(t.rec) {
			return nil // this was done, and then cut off
		}
		d, err := sim.BeginEpoch(t.renew)
		done = append(done, d)
		return errors.Join(err, sim.BeginTerms(t.site))
	})
	if err == nil && len(done) > 0 {
		var book *law.Book
		if book, err = law.OpenBook(dir, done[0].Index-1); err == nil {
			err = errors.Join(book.Add(done), book.Close())
		}
	}
	if err != nil {
		return err
	}
	if err := w.serve(saved); err != nil {
		return err
	}
	if saved, err = w.loadRegion(id); err != nil {
		return err
	}
	saved.Turn, saved.TurnTick = nil, 0
	return w.saveRegion(id, saved)
}

// foundTurned opens a log whose servers may lie, or founds the log that all servers
// begin where the one before ended. What is there of that one is of the other kind.
func (w *worldState) foundTurned(rec *world.SiteRecord, saved savedRegion, tick base.Tick, sum order.Sum) (*several, error) {
	dir := w.orderDir(rec.Region())
	liars := rec.Trust == agree.Byzantine
	switch {
	case liars && byzantine.Begun(dir):
		return w.openLiars(rec, nil)
	case !liars && replica.Begun(dir):
		return w.openSeveral(rec, nil, 0)
	case len(saved.Turn) == 0 || tick != saved.TurnTick:
		return nil, fmt.Errorf("node: the region's log is not here: %w", replica.ErrUnsure)
	}
	t, err := parseTurn(saved.Turn)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if liars {
		b, err := byzantine.Found(logEpoch(t.rec), tick, sum, t.rec.Servers)
		if err != nil {
			return nil, err
		}
		return w.openLiars(t.rec, &b)
	}
	// Numbers of an epoch are no other's.
	b, err := raft.Found(logEpoch(t.rec), tick, sum, logEpoch(t.rec)<<20, t.rec.Servers)
	if err != nil {
		return nil, err
	}
	self := slices.IndexFunc(b.Members, memberKey(w.n.key))
	if self < 0 {
		return nil, replica.ErrRemoved
	}
	return w.openSeveral(t.rec, &b, b.Members[self].ID)
}

// stopLate stops a server of an old epoch that only heard of the next, unless its
// log says so in time.
func (w *worldState) stopLate(ctx context.Context, s *servedRegion) {
	select {
	case <-ctx.Done():
	case <-s.done:
	case <-time.After(turnLate):
		w.stop(ctx, s, errNewEpoch)
	}
}

// turning is a region whose log has ended here, and the next has not begun.
type turning struct {
	st     member.Status
	giveUp context.CancelFunc
	over   chan struct{}
}

// turning tells how this node stands with such a region.
func (w *worldState) turning(id base.ID, out *member.Status) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	here := w.turns[id]
	if here != nil {
		*out = here.st
	}
	return here != nil
}

// endTurning gives such a region up, and the epoch that it was to begin: its owner
// begins another. 0: there is none.
func (w *worldState) endTurning(id base.ID) (epoch uint64) {
	w.mu.Lock()
	here := w.turns[id]
	w.mu.Unlock()
	if here == nil {
		return 0
	}
	here.giveUp()
	<-here.over
	return here.st.Epoch - 1
}
