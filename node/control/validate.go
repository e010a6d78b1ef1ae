package control

import (
	"fmt"
	"math"
	"unicode"
	"unicode/utf8"
)

// checker is a request with bounds. The server calls check before the backend
// sees the request, on every path.
type checker interface{ check() error }

func check(req any) error {
	c, ok := req.(checker)
	if !ok {
		return nil
	}
	if err := c.check(); err != nil {
		return Errorf(Invalid, "", "%w", err)
	}
	return nil
}

// text checks words that other people will read.
func text(what, s string, least, most int) error {
	switch {
	case len(s) < least:
		return fmt.Errorf("%s is empty", what)
	case len(s) > most:
		return fmt.Errorf("%s has %d bytes, the limit is %d", what, len(s), most)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not UTF-8", what)
	}
	for _, r := range s {
		// Cc are terminal controls; Cf without the joiners are bidirectional
		// overrides and other characters that make one text look like another.
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' {
			return fmt.Errorf("%s holds the control character %U", what, r)
		}
	}
	return nil
}

// opaque checks an identifier that only its maker understands.
func opaque(what, s string, least, most int) error {
	if len(s) < least {
		return fmt.Errorf("%s is missing", what)
	}
	if len(s) > most {
		return fmt.Errorf("%s has %d bytes, the limit is %d", what, len(s), most)
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return fmt.Errorf("%s holds a byte that is not printable ASCII", what)
		}
	}
	return nil
}

func number(what string, v, most float64) error {
	if math.IsNaN(v) || math.Abs(v) > most {
		return fmt.Errorf("%s is out of bounds: %g", what, v)
	}
	return nil
}

func point(what string, p Point, most float64) error {
	for _, v := range [...]float64{p.X, p.Y, p.Z} {
		if err := number(what, v, most); err != nil {
			return err
		}
	}
	return nil
}

// first is the first error of a list of checks.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *WatchRequest) check() error {
	if r.Rate < 0 || r.Rate > MaxWatchRate {
		return fmt.Errorf("rate is %d, bounds are 1 to %d, 0 for %d", r.Rate, MaxWatchRate, DefaultWatchRate)
	}
	return nil
}

func (r *SayRequest) check() error {
	return first(text("text", r.Text, 1, MaxTextBytes), text("channel", r.Channel, 0, MaxChannelBytes))
}

func (r *SteerRequest) check() error {
	return first(number("x", r.X, MaxSpeed), number("z", r.Z, MaxSpeed))
}

func (r *WalkRequest) check() error {
	if (r.To == nil) == (r.Region == "") {
		return fmt.Errorf("exactly one of to and region must be set")
	}
	if r.To != nil {
		return point("to", *r.To, MaxCoordinate)
	}
	return text("region", r.Region, 1, MaxNameBytes)
}

func (r *ThrowRequest) check() error {
	return first(opaque("thing", r.Thing, 0, MaxIDBytes), point("vel", r.Vel, MaxSpeed))
}

func (r *TouchRequest) check() error   { return opaque("thing", r.Thing, 1, MaxIDBytes) }
func (r *InspectRequest) check() error { return opaque("thing", r.Thing, 1, MaxIDBytes) }

func (r *SetSlotRequest) check() error {
	if len(r.Slot.Value) > MaxSlotBytes {
		return fmt.Errorf("slot value has %d bytes, the limit is %d", len(r.Slot.Value), MaxSlotBytes)
	}
	if !utf8.ValidString(r.Slot.Value) {
		return fmt.Errorf("slot value is not UTF-8")
	}
	return first(
		opaque("thing", r.Thing, 1, MaxIDBytes),
		opaque("slot name", r.Slot.Name, 1, MaxNameBytes),
		opaque("slot type", r.Slot.Type, 1, MaxNameBytes),
	)
}

func (r *LumpAddRequest) check() error {
	if len(r.Data) > MaxChunkBytes {
		return fmt.Errorf("chunk has %d bytes, the limit is %d", len(r.Data), MaxChunkBytes)
	}
	return nil
}

// check lets an empty CID pass: a list has none. The backend parses CIDs.
func (r *LumpRequest) check() error {
	if r.Limit < 0 {
		return fmt.Errorf("limit is negative")
	}
	if r.Offset < 0 {
		return fmt.Errorf("offset is negative")
	}
	return opaque("cid", r.CID, 0, MaxIDBytes)
}

func (r *SpawnRequest) check() error {
	if (r.CID == "") == (len(r.Wasm) == 0) {
		return fmt.Errorf("exactly one of cid and wasm must be set")
	}
	if len(r.Wasm) > MaxWasmBytes {
		return fmt.Errorf("module has %d bytes, the limit is %d: add it as a lump and spawn its CID", len(r.Wasm), MaxWasmBytes)
	}
	if len(r.Args) > MaxArgs {
		return fmt.Errorf("%d arguments, the limit is %d", len(r.Args), MaxArgs)
	}
	for i, a := range r.Args {
		if len(a) > MaxArgBytes {
			return fmt.Errorf("argument %d has %d bytes, the limit is %d", i, len(a), MaxArgBytes)
		}
	}
	if len(r.SendTo) > MaxSendTo {
		return fmt.Errorf("%d peers to send to, the limit is %d", len(r.SendTo), MaxSendTo)
	}
	for _, p := range r.SendTo {
		if err := opaque("peer to send to", p, 1, MaxIDBytes); err != nil {
			return err
		}
	}
	if len(r.SpawnOn) > MaxSendTo {
		return fmt.Errorf("%d peers to spawn on, the limit is %d", len(r.SpawnOn), MaxSendTo)
	}
	for _, p := range r.SpawnOn {
		if err := opaque("peer to spawn on", p, 1, MaxIDBytes); err != nil {
			return err
		}
	}
	if len(r.MayFetch) > MaxSendTo {
		return fmt.Errorf("%d hosts to fetch from, the limit is %d", len(r.MayFetch), MaxSendTo)
	}
	for _, h := range r.MayFetch {
		if err := opaque("host to fetch from", h, 1, MaxNameBytes+253); err != nil {
			return err
		}
	}
	if r.On != "" {
		switch {
		case len(r.Wasm) > 0:
			return fmt.Errorf("a module for another node is named by its cid")
		case len(r.Args) > 1:
			return fmt.Errorf("%d arguments, the limit on another node is 1", len(r.Args))
		case r.Memory != 0 || r.Gas != 0 || r.Processes != 0 || r.LogLevel != "" || r.MayPut || len(r.SendTo)+len(r.MaySpawn)+len(r.SpawnOn)+len(r.MayFetch) > 0:
			return fmt.Errorf("the other node's owner says what a process may use and do there")
		}
	} else if r.Stay {
		return fmt.Errorf("stay goes with on")
	}
	if err := opaque("on", r.On, 0, MaxIDBytes); err != nil {
		return err
	}
	if len(r.MaySpawn) > MaxSendTo {
		return fmt.Errorf("%d modules to spawn, the limit is %d", len(r.MaySpawn), MaxSendTo)
	}
	for _, c := range r.MaySpawn {
		if err := opaque("module to spawn", c, 1, MaxIDBytes); err != nil {
			return err
		}
	}
	if r.Processes < 0 {
		return fmt.Errorf("processes is negative")
	}
	return first(opaque("cid", r.CID, 0, MaxRefBytes), text("name", r.Name, 0, MaxNameBytes), level(r.LogLevel))
}

func (r *PsRequest) check() error {
	switch r.Sort {
	case "", "pid", "cpu", "memory", "mailbox", "gas":
	default:
		return fmt.Errorf("cannot sort by %q: pid, cpu, memory, mailbox or gas", r.Sort)
	}
	if r.Limit < 0 || r.Limit > MaxPs {
		return fmt.Errorf("limit is %d, at most %d", r.Limit, MaxPs)
	}
	return nil
}

func (r *KillRequest) check() error { return pid(r.PID) }

func (r *TailRequest) check() error {
	if r.Disk && r.Follow {
		return fmt.Errorf("what is on disk cannot be followed")
	}
	return level(r.Level)
}

func level(name string) error {
	switch name {
	case "", "debug", "info", "warn", "error":
		return nil
	}
	return fmt.Errorf("no log level is called %q: debug, info, warn or error", name)
}

func (r *SendRequest) check() error {
	if len(r.Data) > MaxMessageBytes {
		return fmt.Errorf("message has %d bytes, the limit is %d", len(r.Data), MaxMessageBytes)
	}
	return pid(r.PID)
}

func pid(n uint64) error {
	if n == 0 {
		return fmt.Errorf("pid is missing")
	}
	return nil
}

func (r *WorldCreateRequest) check() error {
	return first(text("name", r.Name, 1, MaxNameBytes),
		number("spacing", r.Spacing, MaxCoordinate), point("size", r.Size, MaxCoordinate))
}

func (r *JoinRequest) check() error {
	if len(r.Password) > MaxPasswordBytes {
		return fmt.Errorf("a password of %d bytes, at most %d", len(r.Password), MaxPasswordBytes)
	}
	return opaque("link", r.Link, 1, MaxLinkBytes)
}

func (r *SeedRequest) check() error {
	return first(text("name", r.Name, 1, MaxNameBytes),
		point("at", r.At, MaxCoordinate), opaque("furnish", r.Furnish, 0, MaxNameBytes), opaque("trust", r.Trust, 0, MaxNameBytes), opaque("from", r.From, 0, MaxIDBytes), opaque("store", r.Store, 0, MaxPlaceBytes),
		either("furnish", r.Furnish, "from", r.From))
}

// either refuses two texts that exclude each other.
func either(what, a, other, b string) error {
	if a != "" && b != "" {
		return fmt.Errorf("%s and %s exclude each other", what, other)
	}
	return nil
}

func (r *KeepRequest) check() error {
	switch {
	case r.Region == "" && !r.World && r.Quota == 0:
		return fmt.Errorf("one of region, world and quota must be set")
	case r.Region != "" && r.World:
		return fmt.Errorf("region and world exclude each other")
	case r.Quota < 0:
		return fmt.Errorf("quota is negative")
	}
	return text("region", r.Region, 0, MaxNameBytes)
}

func (r *UnkeepRequest) check() error {
	if (r.Region == "") == !r.World {
		return fmt.Errorf("exactly one of region and world must be set")
	}
	return text("region", r.Region, 0, MaxNameBytes)
}

func (r *Mount) check() error {
	switch {
	case len(r.Dir) == 0 || len(r.Dir) > MaxPathBytes:
		return fmt.Errorf("directory has %d bytes, bounds are 1 to %d", len(r.Dir), MaxPathBytes)
	case r.MaxFile < 0:
		return fmt.Errorf("the largest file is negative")
	}
	return opaque("name", r.Name, 0, MaxNameBytes)
}

func (r *MountName) check() error { return opaque("name", r.Name, 1, MaxNameBytes) }

func (r *CheckpointRequest) check() error { return text("region", r.Region, 0, MaxNameBytes) }
