package byzantine

import (
	"time"

	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"
)

// The library says everything once. What reaches a server that has not yet
// begun with the new leader is lost on it, and with one server dead every word
// counts: the tick then waits for the next complaint. So what this server said
// last about the tick under way is said again until it is decided.

// againEvery is how often. A tick that is decided sooner costs nothing.
const againEvery = 5 * beat

// startBytes is how much of a new view's beginning is said at that rate: it may
// carry two records of each server.
const startBytes = 64 << 10

// said is the last proposal, prepare and commit of this server.
type said struct {
	view, seq uint64
	words     [3]*smartbftprotos.Message
	at        time.Time

	voted time.Time // when it last asked for another leader

	start   *smartbftprotos.Message // of a new view, by its leader, until there is a tick
	started time.Time
}

// noteSaid notes what the library sends. The caller holds the lock.
func (l *Log) noteSaid(m *smartbftprotos.Message) {
	var view, seq uint64
	kind := 0
	switch {
	case m.GetNewView() != nil:
		l.said.start, l.said.started = m, time.Now()
		return
	case m.GetPrePrepare() != nil:
		view, seq = m.GetPrePrepare().View, m.GetPrePrepare().Seq
	case m.GetPrepare() != nil && !m.GetPrepare().Assist:
		view, seq, kind = m.GetPrepare().View, m.GetPrepare().Seq, 1
	case m.GetCommit() != nil && !m.GetCommit().Assist:
		view, seq, kind = m.GetCommit().View, m.GetCommit().Seq, 2
	default:
		return
	}
	if view != l.said.view || seq != l.said.seq {
		l.said.view, l.said.seq, l.said.words = view, seq, [3]*smartbftprotos.Message{}
	}
	if l.said.words[kind] == nil {
		l.said.words[kind], l.said.at = m, time.Now()
	}
}

// again gives what is to be said once more, if it is time to. The caller holds
// the lock.
func (l *Log) again() (list []*smartbftprotos.Message) {
	// While its clock stands, see outvoted, the library does not ask again.
	if l.outvoted() && time.Since(l.said.voted) >= min(l.cfg.Timeout, defaultTimeout) {
		l.said.voted = time.Now()
		list = append(list, &smartbftprotos.Message{Content: &smartbftprotos.Message_ViewChange{ViewChange: &smartbftprotos.ViewChange{NextView: l.course.own}}})
	}
	// A server that was behind when it heard of the new view has caught up since
	// and waits for it.
	if m := l.said.start; m != nil && l.course.view%uint64(len(l.members))+1 == l.self && time.Since(l.said.started) >= againEvery*time.Duration(1+proto.Size(m)/startBytes) {
		l.said.started = time.Now()
		list = append(list, m)
	}
	if l.said.seq != uint64(l.tick-l.origin)+1 || l.said.view < l.course.view && l.course.own <= l.course.view || time.Since(l.said.at) < againEvery {
		return list
	}
	l.said.at = time.Now()
	for _, m := range l.said.words {
		if m != nil {
			list = append(list, m)
		}
	}
	return list
}
