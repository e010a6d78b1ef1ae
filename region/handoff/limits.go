package handoff

import "github.com/metatopia/metatopia/internal/base"

const (
	// MaxState bounds the state of one object: it must fit a border message.
	MaxState = 40 << 10
	// MaxOutstanding bounds the transfers of one link that are not settled:
	// each keeps the object's state until it is accepted.
	MaxOutstanding = 64
	// Window bounds how far transfer numbers may run ahead of the oldest one
	// not settled, and so what a receiver remembers of a link.
	Window = 1024
	// MaxPrepared bounds the reservations that one link may hold here.
	MaxPrepared = MaxOutstanding
	// MaxLinks bounds the regions ever spoken with. A region touches about
	// 15; the rest is for neighbours that come and go.
	MaxLinks = 256
	// MaxTombs bounds the objects remembered after they left. Beyond it the
	// oldest is forgotten: exactly-once does not rest on it, only the fence
	// against an owner that lost its log.
	MaxTombs = 4096
	// MaxOwned bounds a snapshot.
	MaxOwned = 1 << 16

	version = 1
)

// Times are in ticks of the region's own sim (20 a second).
type Times struct {
	Offer    base.Tick // an offer not prepared for so long is withdrawn
	Prepared base.Tick // a reservation is kept for so long without a word
	Retry    base.Tick // first repetition; doubles each time
	RetryMax base.Tick // repetitions are at most so far apart
	Cool     base.Tick // rest after a refusal or a lapse; doubles each time
	CoolMax  base.Tick
}

// DefaultTimes suit pubsub between servers within 200 ms of each other: the
// first repetition comes after 0.3 s, an offer lapses after 5 s.
var DefaultTimes = Times{Offer: 100, Prepared: 200, Retry: 6, RetryMax: 100, Cool: 20, CoolMax: 400}

// backoff is first doubled tries times, at most most.
func backoff(first, most base.Tick, tries uint8) base.Tick {
	d := first
	for range tries {
		if d >= most {
			break
		}
		d *= 2
	}
	return max(1, min(d, most))
}
