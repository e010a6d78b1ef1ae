package byzantine

import (
	"math"
	"time"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
)

// The library's change of the leader comes to a stand where servers do not know
// the same decisions, and where words of one view reach a server in the next.
// So each server catches up before it lets the change begin, and again whenever
// it sees that it is behind; old words are kept from the library; and when no
// tick comes for long the server asks the library to look around and complains
// once more, which the library itself does only once.

// course is where the library stands, as far as can be seen from outside.
type course struct {
	view      uint64    // that it began last
	own       uint64    // that it wants to change to
	left      uint64    // before which it takes part in no view any more
	leftAt    time.Time // when it left, by the beats
	changes   int       // views left since the last tick
	next      uint64    // for which this server caught up when another complained
	lib       base.Tick // its last decision
	flight    uint64    // what was in flight elsewhere and is being decided, 0: nothing
	flightAt  time.Time
	begins    uint64 // the view whose beginning the library was told last
	beginsAt  time.Time
	beginsLib base.Tick // its last decision then
	synced    uint64    // the last decision that the library was handed by Sync
	seen      []uint64  // by server: the view of its last words
	states    int       // answers to its question where the others stand
	busy      bool      // catching up
	held      []ballot  // votes to change that wait for it
	moved     time.Time // when a tick came or something was done about it, by the beats
	nudged    time.Time // by the beats
	passed    time.Time // when the library last handed something on, by the beats
	now       time.Time // of the beats
	waits     int       // complaints since the last tick
}

// ballot is a server's vote to change the leader.
type ballot struct {
	from uint64
	m    *smartbftprotos.Message
}

// noteBegun notes that a view begins, and tells whether that is to be written: a
// view that began before is not written again after what followed it.
func (l *Log) noteBegun(v uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v <= l.course.view && v > 0 {
		return false
	}
	l.course.view, l.course.moved = v, l.course.now
	if v >= l.course.left {
		l.kept.change = nil // else a later one is under way
	}
	return true
}

// noteDecided notes that the library knows a decision. The caller holds the
// lock.
func (l *Log) noteDecided(d *types.Decision) {
	m, err := meta(d.Proposal.Metadata)
	if err != nil {
		return
	}
	l.course.lib = max(l.course.lib, l.origin+base.Tick(m.LatestSequence))
	l.course.passed = l.course.now
	l.course.view = max(l.course.view, m.ViewId)
}

// words gives the view and number of a proposal, prepare or commit.
func words(m *smartbftprotos.Message) (view, seq uint64, ok bool) {
	switch {
	case m.GetPrePrepare() != nil:
		return m.GetPrePrepare().View, m.GetPrePrepare().Seq, true
	case m.GetPrepare() != nil:
		return m.GetPrepare().View, m.GetPrepare().Seq, true
	case m.GetCommit() != nil:
		return m.GetCommit().View, m.GetCommit().Seq, true
	}
	return 0, 0, false
}

// stale tells whether the library must not see a message: from its leader,
// words of an older view make it leave the view, and of a view that this server
// has left only commits count. A server that still asks for
// what is decided is sent the decisions.
func (l *Log) stale(from uint64, m *smartbftprotos.Message) bool {
	view, seq, ok := words(m)
	if !ok {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.course
	c.seen[from] = view
	decided := l.origin+base.Tick(seq) <= l.tick
	old := view < c.view && (decided || c.own <= c.view)
	// What was in flight is decided with commits of the view before.
	gone := view < c.left && m.GetCommit() == nil
	if !old && !gone {
		return false
	}
	if gone && l.origin+base.Tick(seq) > l.tick+1 {
		l.catchUp() // the others go on without this server
	}
	if decided && !m.GetPrepare().GetAssist() && !m.GetCommit().GetAssist() {
		l.answerFetch(from, l.origin+base.Tick(seq))
	}
	return true
}

// late tells whether a new view is one that began here, or is about what was
// decided long ago, when the library would stop for good, or was heard of just
// now.
func (l *Log) late(v *smartbftprotos.NewView) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, view := base.Tick(0), uint64(0)
	for _, s := range v.SignedViewData {
		var d smartbftprotos.ViewData
		if proto.Unmarshal(s.RawViewData, &d) == nil {
			last, view = max(last, position(d.LastDecision)), d.NextView
		}
	}
	c := &l.course
	if view <= c.view || l.origin+last+1 < max(l.tick, c.lib) {
		return true
	}
	if view != c.left {
		return false // the library does not hear it yet
	}
	// It is said again and again; the library waits for what is in flight with each.
	if view == c.begins && c.lib == c.beginsLib && c.now.Sub(c.beginsAt) < l.cfg.Timeout {
		return true
	}
	c.begins, c.beginsLib, c.beginsAt = view, c.lib, c.now
	return false
}

// hold keeps a vote to change the leader while this server catches up, so that
// the change begins with all that is decided.
func (l *Log) hold(from uint64, m *smartbftprotos.Message) bool {
	next := m.GetViewChange().NextView
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &l.course
	if next > c.next && next > c.view && next <= max(c.view, c.own)+1 {
		c.next = next
		l.catchUp()
	}
	if !c.busy || len(c.held) >= 2*MaxServers {
		return false
	}
	c.held = append(c.held, ballot{from, m})
	return true
}

// helps is the reason that a server gives with a vote that only answers one.
const helps = "behind"

// vouch answers a server that votes for a view which this one has come to or
// gone beyond, with the same vote: that server cannot go on without it, and the
// library answers only while the view has not begun.
func (l *Log) vouch(from uint64, v *smartbftprotos.ViewChange) {
	l.mu.Lock()
	past := v.NextView > 0 && v.NextView <= max(l.course.view, l.course.left)
	l.mu.Unlock()
	if past && v.Reason != helps {
		agreement{l}.tell(from, &smartbftprotos.Message{Content: &smartbftprotos.Message_ViewChange{
			ViewChange: &smartbftprotos.ViewChange{NextView: v.NextView, Reason: helps},
		}})
	}
}

// catchUp fetches what the others know, tells the library and lets held votes
// go. The caller holds the lock.
func (l *Log) catchUp() {
	if l.course.busy || l.closed || !l.started.Load() {
		return
	}
	l.course.busy = true
	l.running.Go(func() {
		l.fetch()
		l.teach()
		l.mu.Lock()
		held := l.course.held
		l.course.held, l.course.busy = nil, false
		l.mu.Unlock()
		for _, b := range held {
			l.cons.HandleMessage(b.from, b.m)
		}
	})
}

// teach lets the library take what was fetched, and waits for it.
func (l *Log) teach() {
	l.mu.Lock()
	behind := l.tick > l.course.lib
	l.course.states = 0
	l.mu.Unlock()
	if !behind {
		return
	}
	l.nudge()
	for range (fetchWait + l.patience()) / beat {
		select {
		case <-l.quit:
			return
		case <-time.After(beat):
		}
		l.mu.Lock()
		done := l.course.lib >= l.tick && l.course.states > Liars(len(l.members))
		l.mu.Unlock()
		if done {
			return
		}
	}
}

// patience is how long a server that seems to be behind waits before it looks
// around, and for what the others then say.
func (l *Log) patience() time.Duration { return min(l.cfg.Timeout/2, fetchWait) }

// nudge makes the library synchronise: it does so when its leader seems to be
// in a later view.
func (l *Log) nudge() {
	l.cons.HandleMessage(l.cons.GetLeaderID(), &smartbftprotos.Message{Content: &smartbftprotos.Message_HeartBeat{
		HeartBeat: &smartbftprotos.HeartBeat{View: math.MaxUint64},
	}})
}

// watch does something when no tick comes. It is called at every beat.
func (l *Log) watch(leader uint64, now time.Time) {
	l.mu.Lock()
	c := &l.course
	c.now = now
	if c.moved.IsZero() {
		c.moved = now
	}
	ahead := 0 // servers in later views
	for _, v := range c.seen {
		if v > c.view {
			ahead++
		}
	}
	if c.passed.IsZero() {
		c.passed = now
	}
	stuck := now.Sub(c.passed) > rescueAfter
	behind := l.tick > c.lib
	lost := !c.busy && now.Sub(c.nudged) > 2*l.patience() && now.Sub(c.moved) > l.patience() && (behind || leader != l.self && ahead > Liars(len(l.members)))
	// A server that alone wants another leader goes on with this one.
	if l.outvoted() && now.Sub(c.nudged) > 4*l.cfg.Timeout && now.Sub(c.moved) > 4*l.cfg.Timeout {
		lost = true
	}
	// What is in flight was decided on elsewhere, or will not be in this view. The
	// library does not look at its clock if it has asked for the next already.
	known := c.flight > 0 && (uint64(c.lib-l.origin) >= c.flight && stuck || now.Sub(c.flightAt) > 4*l.cfg.Timeout)
	again := now.Sub(c.moved) > time.Duration(6+2*min(c.waits, 5))*l.cfg.Timeout
	if lost {
		c.nudged = now
	}
	if again {
		c.moved = now
		c.waits++
	}
	l.mu.Unlock()
	if stuck && l.steps.take() {
		l.log.Debug("rescued", "server", l.self)
	}
	if known && l.steps.release() {
		l.mu.Lock()
		c.flight = 0
		l.mu.Unlock()
	}
	if lost {
		l.nudge()
	}
	if again {
		l.complain()
	}
}

// outvoted tells whether this server wants another leader and not enough others
// do. The library's clock for changes of the leader stands then: it would count
// every timeout that passes, and wait longer for each leader to come. The caller
// holds the lock.
func (l *Log) outvoted() bool { return l.course.own > max(l.course.left, l.course.view) }

// impatient gives what that clock is to jump by, when the next leader is to be
// given up on. A leader that has no stream to here has one timeout. The library
// may not look at the clock while it waits for what is in flight to be decided
// on, so that wait ends too.
func (l *Log) impatient(now time.Time) time.Duration {
	if !l.started.Load() {
		return 0
	}
	l.mu.Lock()
	c := &l.course
	t := l.cfg.Timeout
	if c.left <= c.view || l.outvoted() {
		l.mu.Unlock()
		return 0 // it takes part, or has given up already
	}
	if c.leftAt.IsZero() {
		c.leftAt = now // when this server was started again
	}
	limit := min(time.Duration(4*max(c.changes, 1))*t, max(4*t, maxChange))
	if k := l.members[c.left%uint64(len(l.members))]; k != l.cfg.Key && l.inbound[k] == 0 {
		limit = t
	}
	if now.Sub(c.leftAt) < limit {
		l.mu.Unlock()
		return 0
	}
	c.leftAt = now
	leap := time.Duration(4*(c.changes+2)) * t // the library's timeouts grow by one each
	l.mu.Unlock()
	l.steps.release()
	return leap
}
