package region

import (
	"fmt"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// InputKind says what a player asks for.
type InputKind uint8

const (
	InJoin     InputKind = iota + 1 // Region, Name, Pos: put my avatar here
	InLeave                         // take my avatar away
	InSteer                         // Vel: wanted velocity in the ground plane; lapses after SteerTicks
	InWalk                          // Pos: walk there, over borders too
	InJump                          // once, when standing
	InSay                           // Text: heard within HearRadius
	InTouch                         // Thing
	InThrow                         // Thing (zero: the nearest loose one), Vel
	InSet                           // Thing, Slot
	InStop                          // stop walking
	InScript                        // Thing, Identity: give it another script while it runs; none: the one before
	InTie                           // Tie: hold things of mine together
	InUntie                         // Tie.A, Tie.B: no more; B zero: whatever holds A
	InCreate                        // Pos, Spec: make a thing of mine there
	InMove                          // Thing, Pos: put it there, at rest
	InGive                          // Thing, To: it is theirs; zero: nobody's
	InTake                          // Thing: what is nobody's is mine
	InLend                          // Thing, To, Ticks: they may use it for that long
	InReturn                        // Thing: the loan ends now
	InDelete                        // Thing
	InUndelete                      // Thing: within UndoTicks
	InTell                          // Thing, Name: the verb, Text: its arguments, may be empty
)

// Durable reports whether an input of this kind is acknowledged only once it
// is on disk. Movement is not: losing its last half second costs a step.
func (k InputKind) Durable() bool {
	switch k {
	case InSteer, InWalk, InJump, InStop:
		return false
	}
	return true
}

// Input is what a player wants. Only the fields named at its Kind are encoded.
//
// Layout: kind u8, then
//
//	join   region id, name str, pos
//	steer  vel                walk  pos
//	say    text str           touch thing id
//	throw  thing id, vel      set   thing id, slot
//	script thing id, count u8, slots in the order of their names
//	tie    thing id, thing id, kind u8, pos, axis, f32
//	untie  thing id, thing id
//	create pos, thing without owner and place
//	move   thing id, pos      give   thing id, key
//	lend   thing id, key, u32 take, return, delete, undelete  thing id
//	tell   thing id, name str, text str
type Input struct {
	Kind   InputKind
	Region base.ID
	Thing  base.ID
	Name   string
	Text   string
	Pos    spatial.Pos
	Vel    spatial.Vec
	Slot   SlotWrite
	// Identity is the script with what belongs to it: source, language,
	// license, author, package.
	Identity []SlotWrite
	Tie      Tie
	Spec     ThingSpec
	To       base.Key
	Ticks    uint32
}

// AppendTo writes the canonical form.
func (in Input) AppendTo(e *base.Encoder) {
	e.U8(uint8(in.Kind))
	switch in.Kind {
	case InJoin:
		e.ID(in.Region)
		e.Str(in.Name)
		in.Pos.AppendTo(e)
	case InSteer:
		in.Vel.AppendTo(e)
	case InWalk:
		in.Pos.AppendTo(e)
	case InSay:
		e.Str(in.Text)
	case InTouch:
		e.ID(in.Thing)
	case InThrow:
		e.ID(in.Thing)
		in.Vel.AppendTo(e)
	case InSet:
		e.ID(in.Thing)
		AppendSlotWrite(e, in.Slot)
	case InScript:
		e.ID(in.Thing)
		appendIdentity(e, in.Identity)
	case InTie:
		in.Tie.appendTo(e)
	case InUntie:
		e.ID(in.Tie.A)
		e.ID(in.Tie.B)
	default:
		in.appendOwn(e)
	}
}

// ReadInput reads and checks one input.
func ReadInput(d *base.Decoder) Input {
	in := Input{Kind: InputKind(d.U8())}
	switch in.Kind {
	case InJoin:
		in.Region = d.ID()
		in.Name = d.Str(MaxPlayerName)
		in.Pos = spatial.ReadPos(d)
		if d.Err() == nil && !printable(in.Name) {
			d.Fail(fmt.Errorf("name is empty or not printable text"))
		}
	case InSteer:
		in.Vel = spatial.ReadVec(d)
	case InWalk:
		in.Pos = spatial.ReadPos(d)
	case InSay:
		in.Text = d.Str(MaxText)
		if d.Err() == nil && !printable(in.Text) {
			d.Fail(fmt.Errorf("line is empty or not printable text"))
		}
	case InTouch:
		in.Thing = d.ID()
	case InThrow:
		in.Thing = d.ID()
		in.Vel = spatial.ReadVec(d)
	case InSet:
		in.Thing = d.ID()
		in.Slot = ReadSlotWrite(d)
	case InScript:
		in.Thing = d.ID()
		in.Identity = readIdentity(d)
	case InTie:
		in.Tie = readTie(d)
	case InUntie:
		in.Tie.A, in.Tie.B = d.ID(), d.ID()
	case InLeave, InJump, InStop:
	default:
		in.readOwn(d)
	}
	return in
}

// printable: not empty, UTF-8, no control characters (a spoken line reaches
// terminals).
func printable(s string) bool {
	if s == "" || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || (r >= 0x7f && r <= 0x9f) || r == 0x2028 || r == 0x2029 {
			return false
		}
	}
	return true
}

// SignedInput is an input under a player's key. Seq must rise with every
// input that the player signs, in whichever region: start at Unix
// milliseconds. The signature covers the world but not the region, so that an
// input may be sent again to the region that owns the avatar by now; only a
// join names its region.
//
// Layout: key 32, seq u64, signature 64, payload (u32 length, Input).
type SignedInput struct {
	Key     base.Key
	Seq     uint64
	Sig     [64]byte
	Payload []byte // Input.AppendTo
}

// SigningBytes is what the player signs.
func SigningBytes(world string, key base.Key, seq uint64, payload []byte) []byte {
	e := base.Encoder{B: make([]byte, 0, len(domainInput)+len(world)+len(payload)+64)}
	e.Str(domainInput)
	e.Str(world)
	e.Key(key)
	e.U64(seq)
	e.Bytes(payload)
	return e.B
}

// SignInput encodes and signs. sign is Ed25519 over the bytes it is given.
func SignInput(world string, key base.Key, seq uint64, in Input, sign func([]byte) []byte) (SignedInput, error) {
	var e base.Encoder
	in.AppendTo(&e)
	s := SignedInput{Key: key, Seq: seq, Payload: e.B}
	sig := sign(SigningBytes(world, key, seq, e.B))
	if len(sig) != len(s.Sig) {
		return SignedInput{}, fmt.Errorf("region: sign input: signature of %d bytes", len(sig))
	}
	copy(s.Sig[:], sig)
	return s, nil
}

// AppendTo writes the canonical form.
func (s SignedInput) AppendTo(e *base.Encoder) {
	e.Key(s.Key)
	e.U64(s.Seq)
	e.Raw(s.Sig[:])
	e.Bytes(s.Payload)
}

// ParseSignedInput reads a signed input and the input inside. It does not
// check the signature.
func ParseSignedInput(b []byte) (SignedInput, Input, error) {
	d := base.NewDecoder(b)
	s := SignedInput{Key: d.Key(), Seq: d.U64()}
	copy(s.Sig[:], d.Raw(len(s.Sig)))
	s.Payload = d.Bytes(MaxInputBytes)
	if err := d.Done(); err != nil {
		return SignedInput{}, Input{}, fmt.Errorf("region: parse signed input: %w", err)
	}
	if s.Seq == 0 || s.Seq > MaxSeq {
		return SignedInput{}, Input{}, fmt.Errorf("region: parse signed input: sequence %d is not in 1-2^47", s.Seq)
	}
	p := base.NewDecoder(s.Payload)
	in := ReadInput(p)
	if err := p.Done(); err != nil {
		return SignedInput{}, Input{}, fmt.Errorf("region: parse input: %w", err)
	}
	return s, in, nil
}
