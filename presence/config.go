package presence

import (
	"errors"
	"fmt"
)

const (
	millisecond int64 = 1e6
	second      int64 = 1e9
)

// Config is what the nodes of one process share; Complete fills zero fields.
// Times are nanoseconds.
type Config struct {
	Full int // nearest avatars subscribed to at the full rate
	Subs int // all subscriptions, the full ones included

	FullEvery int64 // between poses at the full rate
	SlowEvery int64
	FullBeat  int64 // silence towards a full subscriber ends after
	SlowBeat  int64

	// A pose is not sent while what the receiver computes from the last one
	// is off by less than this, in units (1/1024 m).
	FullError, SlowError int64

	Lookahead int64 // one who will be in the area of interest so soon is subscribed to
	Linger    int64 // one who has left it is kept so long
	Lease     int64

	ReviewEvery int64 // relations are looked over
	AskMin      int64 // between questions while they teach something
	AskMax      int64
	DigestEvery int64 // between two digests to one receiver

	Budget  int // bytes a second of payload this node sends
	Digests int // percent of Budget kept for digests, while there are any

	MaxPeers   int // direct relations: subscriptions and subscribers
	MaxHearsay int // avatars known by digests only
}

// DefaultConfig holds the figures of the design: 32 at 10 Hz and 96 more at
// 2 Hz, and 40 kB/s.
func DefaultConfig() Config {
	return Config{
		Full: 32, Subs: 128,
		FullEvery: 100 * millisecond, SlowEvery: 500 * millisecond,
		FullBeat: second, SlowBeat: second,
		// 0.1 m is below what shows on a figure some metres off; who is
		// farther than the 32 nearest may be off by half a step.
		FullError: 102, SlowError: 307,
		Lookahead: 2 * second, Linger: 2 * second, Lease: 10 * second,
		ReviewEvery: 250 * millisecond,
		AskMin:      250 * millisecond, AskMax: 2 * second,
		DigestEvery: second,
		Budget:      40_000, Digests: 35,
		MaxPeers: 256, MaxHearsay: 2048,
	}
}

// ErrConfig: a value is out of bounds or contradicts another.
var ErrConfig = errors.New("presence: config value out of bounds")

// Complete gives a copy with zero fields filled from DefaultConfig. The
// result may be shared by any number of nodes and must not change.
func (c Config) Complete() (*Config, error) {
	d := DefaultConfig()
	for _, f := range []struct {
		v *int
		d int
	}{{&c.Full, d.Full}, {&c.Subs, d.Subs}, {&c.Budget, d.Budget}, {&c.Digests, d.Digests},
		{&c.MaxPeers, d.MaxPeers}, {&c.MaxHearsay, d.MaxHearsay}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	for _, f := range []struct {
		v *int64
		d int64
	}{{&c.FullEvery, d.FullEvery}, {&c.SlowEvery, d.SlowEvery}, {&c.FullBeat, d.FullBeat},
		{&c.SlowBeat, d.SlowBeat}, {&c.FullError, d.FullError}, {&c.SlowError, d.SlowError},
		{&c.Lookahead, d.Lookahead}, {&c.Linger, d.Linger}, {&c.Lease, d.Lease},
		{&c.ReviewEvery, d.ReviewEvery}, {&c.AskMin, d.AskMin}, {&c.AskMax, d.AskMax},
		{&c.DigestEvery, d.DigestEvery}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	return &c, c.validate()
}

func (c *Config) validate() error {
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrConfig, what) }
	switch {
	case c.Full < 1 || c.Subs < c.Full || c.MaxPeers < c.Subs || c.MaxPeers > maxPeers:
		return bad("need 1 <= Full <= Subs <= MaxPeers <= 256")
	case c.MaxHearsay < 0 || c.MaxHearsay > maxHearsay:
		return bad("hearsay")
	case c.FullEvery < millisecond || c.SlowEvery < c.FullEvery || c.FullBeat < c.FullEvery || c.SlowBeat < c.SlowEvery:
		return bad("need 1 ms <= FullEvery <= SlowEvery, and no beat shorter than its period")
	case c.FullError < 0 || c.SlowError < c.FullError:
		return bad("need 0 <= FullError <= SlowError")
	case c.Lookahead < 0 || c.Lookahead > maxExtrapolate || c.Linger < 0:
		return bad("lookahead")
	case c.Lease < 3*c.SlowBeat/2 || c.ReviewEvery < millisecond || c.ReviewEvery > second:
		return bad("lease or review")
	case c.AskMin < millisecond || c.AskMax < c.AskMin || c.DigestEvery < c.ReviewEvery:
		return bad("need 1 ms <= AskMin <= AskMax, ReviewEvery <= DigestEvery")
	case c.Budget < minBudget || c.Digests < 0 || c.Digests > 90:
		return bad("budget")
	}
	return nil
}
