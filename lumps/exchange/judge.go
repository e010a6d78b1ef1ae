package exchange

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// Fault is something that a peer did wrong with lumps.
type Fault uint8

const (
	// WrongBytes: bytes sent under a name that they do not hash to.
	WrongBytes Fault = iota
	// Unasked: lumps, or word of lumps, that this peer was not asked for.
	// Bitswap names what it receives by hashing it, so there this is also what
	// wrong bytes look like.
	Unasked
	// Stalled: the peer was asked for a lump, let it wait, and another peer
	// sent it. Slow peers do it too: it costs little and fades.
	Stalled
	// Flood: more wants, or longer ones, than a correct peer sends.
	Flood
	// Garbled: what does not parse.
	Garbled
	// FalseRecord: content routing names the peer for a lump that it says it
	// does not have. Peers sweep what they announced once: it costs little.
	FalseRecord

	faults = iota
)

var faultNames = [faults]string{"wrong_bytes", "unasked", "stalled", "flood", "garbled", "false_record"}

// String is a short name, made of letters and underscores, for counters.
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return "unknown"
}

// Hostile tells whether no correct peer commits the fault, however slow or
// forgetful it is. Whoever is shunned for one may be disconnected.
func (f Fault) Hostile() bool { return f != Stalled && f != FalseRecord }

// points is what each fault costs; a peer with shunAt of them is shunned.
var points = [faults]float64{WrongBytes: shunAt, Unasked: 10, Stalled: 34, Flood: 25, Garbled: 50, FalseRecord: 5}

// judge remembers what peers did wrong. Methods may be called from any
// goroutine.
type judge struct {
	now  func() time.Time
	told func(p peer.ID, f Fault, shunned bool) // never under the lock

	mu     sync.Mutex
	known  map[peer.ID]*record
	counts [faults]uint64
	shuns  uint64
}

// record is one peer's. Its points fade by one each second.
type record struct {
	points float64
	at     time.Time // when points was true
	until  time.Time // shunned until then
	terms  int       // how often it was shunned; each time twice as long
}

func newJudge(now func() time.Time, told func(peer.ID, Fault, bool)) *judge {
	return &judge{now: now, told: told, known: map[peer.ID]*record{}}
}

func (r *record) left(now time.Time) float64 {
	return max(r.points-now.Sub(r.at).Seconds(), 0)
}

// fault notes one fault.
func (j *judge) fault(p peer.ID, f Fault) {
	now := j.now()
	j.mu.Lock()
	j.counts[f]++
	r := j.of(p, now)
	r.points, r.at = r.left(now)+points[f], now
	shunned := r.points >= shunAt && !now.Before(r.until)
	if shunned {
		r.until = now.Add(min(shunFor<<min(r.terms, 16), shunMost))
		r.terms++
		r.points = 0
		j.shuns++
	}
	j.mu.Unlock()
	if j.told != nil {
		j.told(p, f, shunned)
	}
}

// of finds or makes a record. When the table is full, whoever has the least
// against them is forgotten; those who are shunned longest go last.
func (j *judge) of(p peer.ID, now time.Time) *record {
	if r := j.known[p]; r != nil {
		return r
	}
	if len(j.known) >= maxJudged {
		var least peer.ID
		var low *record
		for q, r := range j.known { //lint:sorted any of the least will do
			if low == nil || r.until.Before(low.until) || r.until.Equal(low.until) && r.left(now) < low.left(now) {
				least, low = q, r
			}
		}
		delete(j.known, least)
	}
	r := &record{at: now}
	j.known[p] = r
	return r
}

// shunned tells whether a peer is neither asked nor listened to now.
func (j *judge) shunned(p peer.ID) bool { return j.term(p) > 0 }

// term is how long a peer is still shunned.
func (j *judge) term(p peer.ID) time.Duration {
	now := j.now()
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.known[p]; r != nil {
		return max(r.until.Sub(now), 0)
	}
	return 0
}

// Judge notes a fault of a peer. One that commits too many is shunned: neither
// asked nor listened to for a minute, then two, and so on to an hour.
func (x *Exchange) Judge(p peer.ID, f Fault) { x.judge.fault(p, f) }

// Shunned tells whether a peer is shunned now.
func (x *Exchange) Shunned(p peer.ID) bool { return x.judge.shunned(p) }

// Judged counts the faults of all peers by name since the start, and under
// "shunned" how often a peer was shunned.
func (x *Exchange) Judged() map[string]uint64 {
	x.judge.mu.Lock()
	defer x.judge.mu.Unlock()
	m := map[string]uint64{"shunned": x.judge.shuns}
	for f, n := range x.judge.counts {
		m[Fault(f).String()] = n
	}
	return m
}
