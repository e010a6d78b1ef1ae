package p2p

import "time"

// Rate is how much of something a peer may send: Burst at once, and PerSecond
// on average. A zero Rate is no limit.
type Rate struct{ PerSecond, Burst float64 }

// bucket is a token bucket (as in RFC 2697, with one colour). A new one is
// full.
type bucket struct {
	have float64
	at   time.Time
}

// take removes n tokens, if they are there.
func (b *bucket) take(r Rate, n float64, now time.Time) bool {
	if r == (Rate{}) {
		return true
	}
	if b.at.IsZero() {
		b.have = r.Burst
	} else if d := now.Sub(b.at); d > 0 {
		b.have = min(b.have+d.Seconds()*r.PerSecond, r.Burst)
	}
	b.at = now
	if b.have < n {
		return false
	}
	b.have -= n
	return true
}
