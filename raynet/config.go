package raynet

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Nanosecond units of the core's clock, which is an int64 the driver gives.
const (
	millisecond int64 = 1_000_000
	second            = 1000 * millisecond
)

// Start is how one node begins.
type Start struct {
	Kind   wire.Kind // what the node's point stands for; zero is Avatar
	Pos    spatial.Pos
	Epoch  uint32 // must grow with every start of a node; zero is refused
	UnixMs uint64 // wall clock at the first Step, for the records' times
	Seed   uint64 // must differ from node to node: decides phases and choices, never anything secret
}

// Config is what all nodes of a world agree on (World, Min, Max) and what
// each may choose. A zero field of the second kind takes the value of
// DefaultConfig. Many nodes share one: it is never changed after Complete.
type Config struct {
	World    base.ID     // signatures hold in this world only
	Min, Max spatial.Pos // the world box: its walls bound every cell
	// MaxSpeed is the greatest in m/s: who is farther away has jumped.
	MaxSpeed float64

	Selector Selector // zero is Exact{}

	// Sizes of the views.
	Contrib, Sticky int // near view = Contrib + Sticky
	Random, Shuffle int
	LongPerOctave   int
	Passive         int
	Leases          int // inbound
	MaxPeers        int // known at all, those in no view included
	Marks           int // records a neighbour is remembered to have

	// Periods in nanoseconds.
	NearEvery     int64 // between exchanges while the view changes
	NearMin       int64 // for a fast mover
	NearMax       int64 // when nothing changes
	ShuffleEvery  int64
	LongEvery     int64 // one long link is pinged each
	PassiveEvery  int64 // one departed peer is tried each
	SelfFindEvery int64
	MoveEvery     int64 // at most one pose per neighbour each
	SignEvery     int64 // a record is signed anew at least each
	Lease         int64
	Beat          int64 // silence towards a lease holder ends after
	SuspectAfter  int64
	DeadAfter     int64
	RecordAge     int64 // older records are not used for the near view
	TombFor       int64
	Senior        int64 // a peer known for as long may be an elder
	JumpEvery     int64 // a peer that jumps more often is not followed
}

// DefaultConfig holds the figures of the design. The sizes come from measured
// coverage: a near view of 10 sees 0.965 of the solid angle of its cell's
// faces, 16 sees 0.998, 20 sees 0.999.
func DefaultConfig() Config {
	return Config{
		Selector: Exact{},
		Contrib:  16, Sticky: 4,
		Random: 24, Shuffle: 8,
		LongPerOctave: 2,
		Passive:       32,
		Leases:        64,
		MaxPeers:      maxPeers,
		Marks:         maxMarks,

		NearEvery:     second,
		NearMin:       200 * millisecond,
		NearMax:       5 * second,
		ShuffleEvery:  10 * second,
		LongEvery:     second,
		PassiveEvery:  4 * second,
		SelfFindEvery: 60 * second,
		MoveEvery:     100 * millisecond,
		SignEvery:     10 * second,
		Lease:         10 * second,
		Beat:          3 * second / 2,
		SuspectAfter:  2500 * millisecond,
		DeadAfter:     4 * second,
		RecordAge:     30 * second,
		TombFor:       60 * second,
		Senior:        600 * second,
		JumpEvery:     10 * second,
		MaxSpeed:      400,
	}
}

// Errors of New.
var (
	ErrBox    = errors.New("raynet: the world box is empty or outside the coordinate range")
	ErrConfig = errors.New("raynet: config value out of bounds")
)

// Complete fills in what is zero and checks the bounds.
func (c Config) Complete() (*Config, error) {
	c.fill()
	if err := c.validate(); err != nil {
		return nil, err
	}
	return &c, nil
}

func (c *Config) fill() {
	d := DefaultConfig()
	if c.Selector == nil {
		c.Selector = d.Selector
	}
	if c.MaxSpeed == 0 {
		c.MaxSpeed = d.MaxSpeed
	}
	for _, f := range []struct {
		v *int
		d int
	}{{&c.Contrib, d.Contrib}, {&c.Sticky, d.Sticky}, {&c.Random, d.Random}, {&c.Shuffle, d.Shuffle},
		{&c.LongPerOctave, d.LongPerOctave}, {&c.Passive, d.Passive}, {&c.Leases, d.Leases},
		{&c.MaxPeers, d.MaxPeers}, {&c.Marks, d.Marks}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
	for _, f := range []struct {
		v *int64
		d int64
	}{{&c.NearEvery, d.NearEvery}, {&c.NearMin, d.NearMin}, {&c.NearMax, d.NearMax},
		{&c.ShuffleEvery, d.ShuffleEvery}, {&c.LongEvery, d.LongEvery}, {&c.PassiveEvery, d.PassiveEvery},
		{&c.SelfFindEvery, d.SelfFindEvery}, {&c.MoveEvery, d.MoveEvery}, {&c.SignEvery, d.SignEvery},
		{&c.Lease, d.Lease}, {&c.Beat, d.Beat}, {&c.SuspectAfter, d.SuspectAfter},
		{&c.DeadAfter, d.DeadAfter}, {&c.RecordAge, d.RecordAge}, {&c.TombFor, d.TombFor},
		{&c.Senior, d.Senior}, {&c.JumpEvery, d.JumpEvery}} {
		if *f.v == 0 {
			*f.v = f.d
		}
	}
}

func (c *Config) validate() error {
	if !c.Min.Valid() || !c.Max.Valid() || c.Min.X >= c.Max.X || c.Min.Y >= c.Max.Y || c.Min.Z >= c.Max.Z {
		return ErrBox
	}
	bad := func(what string) error { return fmt.Errorf("%w: %s", ErrConfig, what) }
	switch {
	case c.Contrib < 1 || c.Sticky < 0 || c.Contrib+c.Sticky > maxNear:
		return bad("near view")
	case c.Random < 1 || c.Random > maxRandom:
		return bad("random view")
	case c.Shuffle < 1 || c.Shuffle > wire.MaxEntries:
		return bad("shuffle")
	case c.LongPerOctave < 1 || c.LongPerOctave > maxPerOctave:
		return bad("long links per octave")
	case c.Passive < 0 || c.Passive > maxPassive:
		return bad("passive view")
	case c.Leases < 1 || c.Leases > maxLeases:
		return bad("leases")
	case c.MaxPeers < c.Contrib+c.Sticky+c.Random+8 || c.MaxPeers > maxPeers:
		return bad("known peers")
	case c.Marks < 1 || c.Marks > maxMarks:
		return bad("marks")
	case c.SuspectAfter >= c.DeadAfter || c.Beat >= c.SuspectAfter:
		return bad("need Beat < SuspectAfter < DeadAfter")
	case !(c.MaxSpeed >= 1 && c.MaxSpeed <= 1e6) || c.Senior < 0 || c.JumpEvery < 0:
		return bad("conduct")
	case c.NearMin > c.NearEvery || c.NearEvery > c.NearMax:
		return bad("need NearMin <= NearEvery <= NearMax")
	case c.NearMin < millisecond || c.MoveEvery < millisecond || c.LongEvery < millisecond ||
		c.PassiveEvery < millisecond || c.ShuffleEvery < millisecond || c.SelfFindEvery < millisecond ||
		c.SignEvery < millisecond || c.Lease < 4*c.Beat/2 || c.RecordAge < c.SignEvery || c.TombFor < 0:
		return bad("period")
	}
	return nil
}
