package exchange

import (
	"sync"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
)

// asks is what was asked of whom. Bitswap cancels what it no longer wants, at
// every peer that it asked: an entry stays a while after that, for answers
// that are under way.
type asks struct {
	now func() time.Time

	mu    sync.Mutex
	byCID map[cid.Cid]map[peer.ID]*ask
	due   map[naming]*ask // lumps that were asked for and did not come
	n     int
	swept time.Time
	last  map[peer.ID]time.Time // when a peer last sent a lump that it was asked for
}

type ask struct {
	at    time.Time // when the lump itself was asked for; zero: only whether it is there
	over  time.Time // when it was answered or cancelled; zero: open
	times int       // how often it was answered
	have  bool      // it said that it has it
}

func newAsks(now func() time.Time) asks {
	return asks{now: now, byCID: map[cid.Cid]map[peer.ID]*ask{}, due: map[naming]*ask{}, last: map[peer.ID]time.Time{}}
}

// note records that a lump was asked for (whole: itself, not only whether it
// is there), or that it is no longer wanted.
func (a *asks) note(p peer.ID, c cid.Cid, want, whole bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	of := a.byCID[c]
	e := of[p]
	if e == nil {
		if !want {
			return
		}
		if a.sweep(now); a.n >= maxAsks {
			return
		}
		// The sweep may have dropped the map that was empty but for it.
		if of = a.byCID[c]; of == nil {
			of = map[peer.ID]*ask{}
			a.byCID[c] = of
		}
		e = &ask{}
		of[p] = e
		a.n++
	}
	switch {
	case !want && e.over.IsZero():
		e.over = now
		delete(a.due, naming{p, c})
	case want:
		e.over, e.times = time.Time{}, 0
		if whole {
			e.at = now
			a.due[naming{p, c}] = e
		}
	}
}

// sweep forgets what is long over, when there is much.
func (a *asks) sweep(now time.Time) {
	if a.n < maxAsks/2 || now.Sub(a.swept) < askKeep/8 {
		return
	}
	a.swept = now
	keep := askKeep
	if a.n >= maxAsks {
		keep = stallAfter
	}
	for c, of := range a.byCID { //lint:sorted all that are due go
		for p, e := range of { //lint:sorted all that are due go
			if !e.over.IsZero() && now.Sub(e.over) > keep {
				a.drop(c, of, p)
			}
		}
	}
}

func (a *asks) drop(c cid.Cid, of map[peer.ID]*ask, p peer.ID) {
	delete(of, p)
	delete(a.due, naming{p, c})
	if a.n--; len(of) == 0 {
		delete(a.byCID, c)
	}
}

// word notes that a peer said whether it has a lump, and tells whether it was
// asked. When more is asked than is worth remembering, everybody is believed.
func (a *asks) word(p peer.ID, c cid.Cid, has bool) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.byCID[c][p]
	if e == nil {
		return a.n >= maxAsks
	}
	if e.have = has; !has {
		delete(a.due, naming{p, c})
	}
	return true
}

// answered notes that a peer sent a lump. asked: it was asked for it, and did
// not send it before more often than it was asked. slow are peers who were
// asked for it stallAfter ago and have sent nothing at all since.
func (a *asks) answered(p peer.ID, c cid.Cid) (asked bool, slow []peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	of := a.byCID[c]
	e := of[p]
	if e == nil {
		return a.n >= maxAsks, nil
	}
	e.over = now
	delete(a.due, naming{p, c})
	// Twice: once for being asked whether, and once for being asked.
	if e.times++; e.times > 2 {
		return false, nil
	}
	a.last[p] = now
	for q, o := range of { //lint:sorted each is judged by itself
		if q != p && !o.at.IsZero() && o.over.IsZero() && now.Sub(o.at) >= stallAfter && !a.last[q].After(o.at) {
			slow = append(slow, q)
		}
	}
	return true, slow
}

// forget drops what was asked of a peer that is gone.
func (a *asks) forget(p peer.ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.last, p)
	for c, of := range a.byCID { //lint:sorted all of one peer go
		if of[p] != nil {
			a.drop(c, of, p)
		}
	}
}

// silent finds who said that it has a lump, was asked for it silentAfter ago,
// and has sent nothing at all since, though somebody else claims to have it;
// and for each such lump up to hedgePeers others who claim that and were not
// asked yet. left: something is due still.
func (a *asks) silent() (who []peer.ID, others []naming, left bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	seen := map[peer.ID]bool{}
	hedged := map[cid.Cid]bool{}
	for n, e := range a.due { //lint:sorted each is judged by itself
		if !e.have || now.Sub(e.at) < silentAfter || a.last[n.p].After(e.at) {
			continue
		}
		other := false
		for q, o := range a.byCID[n.c] { //lint:sorted any that claim it will do
			if q == n.p || !o.have || !o.over.IsZero() || !o.at.IsZero() && now.Sub(o.at) >= silentAfter {
				continue
			}
			other = true
			if o.at.IsZero() && !hedged[n.c] && len(others) < hedgePeers {
				others = append(others, naming{q, n.c})
			}
		}
		hedged[n.c] = true
		if other && !seen[n.p] {
			seen[n.p] = true
			who = append(who, n.p)
		}
	}
	return who, others, len(a.due) > 0
}
