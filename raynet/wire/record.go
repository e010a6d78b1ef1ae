package wire

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// Kind says what an overlay point stands for.
type Kind uint8

const (
	Avatar Kind = 1 // a person's moving position
	Site   Kind = 2 // a region's fixed site
)

func (k Kind) Valid() bool { return k == Avatar || k == Site }

func (k Kind) String() string {
	switch k {
	case Avatar:
		return "avatar"
	case Site:
		return "site"
	}
	return "unknown"
}

// leaving is the flag of a record by which its node says farewell: it ends
// the whole epoch.
const leaving = 0x80

// jumpBits of the flags count the jumps of the node, modulo 8.
const (
	jumpShift = 4
	jumpBits  = 7
)

// Velocity is in centimetres per second: 327 m/s at most on each axis.
type Velocity struct{ X, Y, Z int16 }

// VelocityOf rounds metres per second, clamped to the range; a NaN becomes 0.
func VelocityOf(v spatial.Vec) Velocity { return Velocity{cms(v.X), cms(v.Y), cms(v.Z)} }

func cms(m float32) int16 {
	c := float64(m) * 100
	switch {
	case c != c:
		return 0
	case c >= 32767:
		return 32767
	case c <= -32767:
		return -32767
	case c >= 0:
		return int16(c + 0.5)
	}
	return -int16(0.5 - c)
}

// Vec gives metres per second.
func (v Velocity) Vec() spatial.Vec {
	return spatial.Vec{X: float32(v.X) / 100, Y: float32(v.Y) / 100, Z: float32(v.Z) / 100}
}

func (v Velocity) appendTo(e *base.Encoder) {
	e.U16(uint16(v.X))
	e.U16(uint16(v.Y))
	e.U16(uint16(v.Z))
}

func readVelocity(d *base.Decoder) Velocity {
	return Velocity{int16(d.U16()), int16(d.U16()), int16(d.U16())}
}

// Stamp orders the records of one node: a later process start has a higher
// epoch, a later record of the same process a higher sequence.
type Stamp struct{ Epoch, Seq uint32 }

// Compare is -1, 0 or 1: older, the same, newer than o.
func (s Stamp) Compare(o Stamp) int {
	if c := cmp.Compare(s.Epoch, o.Epoch); c != 0 {
		return c
	}
	return cmp.Compare(s.Seq, o.Seq)
}

// Digest is the first 8 bytes of the SHA-256 of an address record; zero says
// that the node publishes no address.
type Digest [8]byte

// DigestOf names an address record. No bytes have the zero digest.
func DigestOf(addr []byte) (d Digest) {
	if len(addr) == 0 {
		return d
	}
	h := sha256.Sum256(addr)
	copy(d[:], h[:])
	return d
}

// ShortID is the first 8 bytes of a key as a number, in the order of keys: enough to speak of a
// record in a hint, never enough to trust.
type ShortID uint64

// ShortOf gives the short id of a key.
func ShortOf(k base.Key) ShortID {
	return ShortID(binary.BigEndian.Uint64(k[:8]))
}

// Record says where a node is, signed by that node, so that anyone may pass
// it on. Layout, 154 bytes:
//
//	0 version u8      34 epoch u32      72 velocity 3 x i16, cm/s
//	1 flags u8        38 seq u32        78 area of interest u16, m
//	2 key 32          42 time u48, ms   80 load u16
//	                  48 position 3xi64 82 address digest 8
//	                                    90 signature 64
//
// flags: the low four bits are the Kind, bits 4 to 6 count jumps, bit 7 is
// leaving.
type Record struct {
	Kind    Kind
	Leaving bool
	Jumps   uint8 // how often the node was elsewhere at once, modulo 8
	Key     base.Key
	Stamp   Stamp
	UnixMs  uint64 // sender's wall clock; 48 bits
	Pos     spatial.Pos
	Vel     Velocity
	AOI     uint16
	Load    uint16
	Addr    Digest
	Sig     [64]byte
}

// ID is the short id of the record's key.
func (r *Record) ID() ShortID { return ShortOf(r.Key) }

// AppendSigned writes the 90 bytes that the signature covers.
func (r *Record) AppendSigned(b []byte) []byte {
	e := base.Encoder{B: b}
	flags := uint8(r.Kind) | r.Jumps&jumpBits<<jumpShift
	if r.Leaving {
		flags |= leaving
	}
	e.U8(Version)
	e.U8(flags)
	e.Key(r.Key)
	e.U32(r.Stamp.Epoch)
	e.U32(r.Stamp.Seq)
	e.U32(uint32(r.UnixMs))
	e.U16(uint16(r.UnixMs >> 32))
	r.Pos.AppendTo(&e)
	r.Vel.appendTo(&e)
	e.U16(r.AOI)
	e.U16(r.Load)
	e.Raw(r.Addr[:])
	return e.B
}

// AppendTo writes all 154 bytes.
func (r *Record) AppendTo(b []byte) []byte { return append(r.AppendSigned(b), r.Sig[:]...) }

// Equal reports whether both records have the same bytes.
func (r *Record) Equal(o *Record) bool { return r == o || *r == *o }

// recordDomain keeps a record's signature from meaning anything elsewhere;
// the world keeps it from meaning anything in another world.
const recordDomain = "metatopia/raynet/record/1\x00"

// SigningBytes is what a node signs for r in a world.
func (r *Record) SigningBytes(world base.ID) []byte { return r.AppendSigning(nil, world) }

// AppendSigning appends SigningBytes to b.
func (r *Record) AppendSigning(b []byte, world base.ID) []byte {
	b = append(append(b, recordDomain...), world[:]...)
	return r.AppendSigned(b)
}

// ParseRecord reads exactly RecordSize bytes. It does not check the signature.
func ParseRecord(b []byte) (Record, error) {
	d := base.NewDecoder(b)
	r := readRecord(d)
	return r, d.Done()
}

func readRecord(d *base.Decoder) (r Record) {
	if d.U8() != Version {
		d.Fail(ErrVersion)
	}
	flags := d.U8()
	r.Kind, r.Leaving = Kind(flags&0x0f), flags&leaving != 0
	r.Jumps = flags >> jumpShift & jumpBits
	if !r.Kind.Valid() {
		d.Fail(ErrField)
	}
	r.Key = d.Key()
	r.Stamp = Stamp{d.U32(), d.U32()}
	r.UnixMs = uint64(d.U32())
	r.UnixMs |= uint64(d.U16()) << 32
	r.Pos = spatial.ReadPos(d)
	r.Vel = readVelocity(d)
	r.AOI, r.Load = d.U16(), d.U16()
	copy(r.Addr[:], d.Raw(len(r.Addr)))
	copy(r.Sig[:], d.Raw(len(r.Sig)))
	return r
}
