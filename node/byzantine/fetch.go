package byzantine

import (
	"time"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"

	"github.com/metatopia/metatopia/internal/base"
)

// Sync is the library's: it takes what the others have agreed on meanwhile and
// tells of the last decision.
func (a agreement) Sync() types.SyncResponse {
	a.fetch()
	a.mu.Lock()
	d := a.latest
	a.mu.Unlock()
	a.forgets(&d)
	a.mu.Lock()
	a.noteDecided(&d)
	a.mu.Unlock()
	return types.SyncResponse{Latest: d}
}

// fetch asks all others for the decisions after the last one here, until a
// quorum, with this server, has no more or does not answer in time. A decision's
// signatures prove it, so nobody is believed.
func (l *Log) fetch() {
	l.asking.Lock()
	defer l.asking.Unlock()
	from := make(chan answer, 4*MaxServers)
	l.mu.Lock()
	l.fetching = from
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		l.fetching = nil
		l.mu.Unlock()
	}()
	for more := true; more; {
		more = l.round(from)
	}
}

// round asks once, and tells whether anything came of it.
func (l *Log) round(from <-chan answer) (more bool) {
	l.mu.Lock()
	next := l.tick + 1
	if len(l.held) == 0 && l.tick > l.origin {
		next = l.tick // the base's own decision is not here
	}
	if l.closed || len(l.ready) > maxReady {
		l.mu.Unlock()
		return false
	}
	e := base.Encoder{B: l.head(kindFetch)}
	e.U64(uint64(next))
	for id := range l.peers {
		l.send(uint64(id), e.B)
	}
	l.mu.Unlock()
	said := map[uint64]bool{}
	dropped := 0 // servers that do not have it any more
	end := time.NewTimer(fetchWait)
	defer end.Stop()
	for len(said) < Quorum(len(l.members))-1 {
		select {
		case a := <-from:
			if said[a.from] {
				continue
			}
			said[a.from] = true
			if l.takeAnswer(&a) {
				more = true
			}
			if a.oldest > next {
				dropped++
			}
		case <-end.C:
			l.lag(dropped)
			return more
		case <-l.quit:
			return false
		}
		if more && len(said) >= Liars(len(l.members))+1 {
			return true // one of them was honest; the rest is asked for next
		}
	}
	l.lag(dropped)
	return more
}

// lag notes that this server is too far behind, when an honest one says so.
func (l *Log) lag(dropped int) {
	if dropped <= Liars(len(l.members)) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.need == nil {
		b, _ := l.baseAt(l.tick)
		l.need = &b
		l.poke()
	}
}

// takeAnswer takes the decisions of an answer that come next here.
func (l *Log) takeAnswer(a *answer) (some bool) {
	for _, b := range a.decisions {
		d, rec, err := parseDecision(b)
		if err == nil {
			l.mu.Lock()
			known := rec.Tick <= l.tick && len(l.held) > 0
			l.mu.Unlock()
			if known {
				continue
			}
			err = l.checkProof(&d)
		}
		if err == nil {
			l.mu.Lock()
			known := rec.Tick <= l.tick && len(l.held) > 0 // from another server, meanwhile
			if !l.closed && !known {
				err = l.accept(&d, &rec)
			}
			l.mu.Unlock()
		}
		if err != nil {
			l.cfg.OnEvent(EventBadProof, 1)
			l.log.Info("decision refused", "region", l.cfg.Region, "server", a.from, "err", err)
			return some
		}
		some = true
		l.cfg.OnEvent(EventFetched, 1)
	}
	return some
}

// answerFetch tells a server what comes from a tick on. The caller holds the
// lock.
func (l *Log) answerFetch(to uint64, from base.Tick) {
	a := answer{oldest: l.first.Tick + 1, newest: l.tick}
	if len(l.held) > 0 {
		a.oldest = l.held[0].tick
	}
	size := 0
	if i, ok := l.find(from); ok {
		for _, h := range l.held[i:] {
			if size += len(h.bytes); size > answerBytes && len(a.decisions) > 0 || len(a.decisions) == answerCount {
				break
			}
			a.decisions = append(a.decisions, h.bytes)
		}
	}
	l.send(to, a.append(l.head(kindDecisions)))
}
