package handoff

import "github.com/metatopia/metatopia/internal/base"

const (
	// MaxGroup bounds the objects of one transfer: a mask of them is one
	// word, and the list fits a border message beside a full part.
	MaxGroup = 64
	// MaxState bounds one part of a state: it must fit a border message.
	MaxState = 40 << 10
	// MaxParts bounds the parts of a state, and with it what one neighbour
	// can make a receiver hold for a release that is not whole yet.
	MaxParts = 16
	// MaxGroupState bounds the state of a whole group.
	MaxGroupState = MaxParts * MaxState
	// MaxOutstanding bounds the transfers of one link that are not settled:
	// each keeps the state until it is accepted. It bounds the rate too, to
	// so many in a round trip.
	MaxOutstanding = 64
	// MaxLimbo bounds the bytes of state that one link keeps for releases
	// not accepted yet.
	MaxLimbo = 4 << 20
	// Window bounds how far transfer numbers may run ahead of the oldest one
	// not settled, and so what a receiver remembers of a link.
	Window = 1024
	// MaxNeeds bounds what one group needs: one thing for each object.
	MaxNeeds = MaxGroup
	// MaxPrepared bounds the reservations that one link may hold here.
	MaxPrepared = MaxOutstanding
	// MaxReserved bounds the objects in them: no neighbour takes all room.
	MaxReserved = 4 * MaxGroup
	// MaxLinks bounds the regions ever spoken with. A region touches about
	// 15; the rest is for neighbours that come and go.
	MaxLinks = 256
	// MaxTombs bounds the objects remembered after they left. Beyond it the
	// oldest is forgotten: exactly-once does not rest on it, only the fence
	// against an owner that lost its log.
	MaxTombs = 4096
	// MaxOwned bounds a snapshot.
	MaxOwned = 1 << 16

	// MaxEpoch, MaxLife and MaxNumber are above what is valid. They leave
	// room so that nothing a neighbour says makes a sum wrap.
	MaxEpoch  = 1 << 63
	MaxLife   = 1 << 63
	MaxNumber = 1 << 63

	// lastEpoch is the highest at which an object can be released: its next
	// epoch must be a valid one.
	lastEpoch = MaxEpoch - 2
	// maxLeap bounds by how much a neighbour's word can raise the epoch of an
	// object in doubt, so that none comes near MaxEpoch.
	maxLeap = 1 << 32

	refBytes = 24
	version  = 3
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

// again counts a try as long as it makes a difference: a state that only
// repeats itself stays the same.
func again(first, most base.Tick, tries uint8) uint8 {
	if tries < 63 && backoff(first, most, tries) < most {
		return tries + 1
	}
	return tries
}
