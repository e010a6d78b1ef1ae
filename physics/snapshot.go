package physics

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// The snapshot, little-endian (see docs/protocol/determinism.md):
//
//	u32 version = 9
//	config   f32 gravity, f32 dt, u32 substeps, u32 max bodies, f32 step,
//	         f32 slope, bool sleepless, bool open, vec min, vec max
//	u32 g    geometries in id order: u32 length, bytes (see package shape)
//	u32 n    bodies in id order:
//	         u64 id, u8 shape, vec half, u64 geometry of a hull and what follows,
//	         u8 flags, vec pos, quat rot, vec vel,
//	         vec spin, f32 mass, f32 friction, f32 restitution,
//	         u32 category, u32 mask, i32 group,
//	         f32 want x, f32 want z, f32 acceleration, bool standing,
//	         u8 rest (31 = asleep)
//	u32 m    contacts in key order:
//	         u64 a, u64 b, u64 part, bool touching, u8 points (0 = a sensor's),
//	         points × (u32 feature, f32 impulse), vec friction, f32 twist, vec roll
//	joints   see appendJoints
//	vehicles see appendVehicles
//	fields   u32 n, in id order: see Field.AppendTo
const snapshotVersion = 9

// asleepByte stands for the still steps of a sleeper.
const asleepByte = restSteps + 1

const (
	bodyBytes    = BodyBytes + 12 + 1 + 1
	contactBytes = 8 + 8 + 8 + 1 + 1 + 12 + 4 + 12 // without points
)

// What Restore refuses besides base.ErrTruncated and its kin.
var (
	ErrVersion   = errors.New("unknown snapshot version")
	ErrConfig    = errors.New("snapshot of a world of another configuration")
	ErrCanonical = errors.New("snapshot is not in canonical form")
)

// section is a part of the snapshot. read runs after the sections before it
// were read, and fails the decoder on what append could not have written.
// digest stands for append in Hash; nil = the same.
type section struct {
	append func(*World, *base.Encoder)
	read   func(*World, *base.Decoder)
	digest func(*World, *base.Encoder)
}

// sections in the order of the snapshot: what others refer to comes first.
var sections = [...]section{
	{(*World).appendGeometries, (*World).readGeometries, (*World).digestGeometries},
	{(*World).appendSolids, (*World).readSolids, (*World).digestSolids},
	{(*World).appendContacts, (*World).readContacts, (*World).digestContacts},
	{(*World).appendJoints, (*World).readJoints, nil},
	{(*World).appendVehicles, (*World).readVehicles, nil},
	{(*World).appendFields, (*World).readFields, nil},
}

// AppendSnapshot appends the canonical encoding of the whole state.
func (w *World) AppendSnapshot(b []byte) []byte {
	e := &w.encoder
	e.B = b
	e.U32(snapshotVersion)
	w.cfg.appendTo(e)
	for _, s := range sections {
		s.append(w, e)
	}
	b, e.B = e.B, nil
	return b
}

// Restore makes the world a snapshot was taken of. From then on it goes on
// exactly like that one. cfg must be the same configuration, or it fails with
// ErrConfig; bytes that AppendSnapshot could not have written are refused.
func Restore(cfg Config, b []byte) (*World, error) {
	w, err := New(cfg)
	if err != nil {
		return nil, err
	}
	d := base.NewDecoder(b)
	if v := d.U32(); d.Err() == nil && v != snapshotVersion {
		return nil, fmt.Errorf("physics: restore: %w: %d", ErrVersion, v)
	}
	var want base.Encoder
	w.cfg.appendTo(&want)
	if got := d.Raw(len(want.B)); d.Err() == nil && !bytes.Equal(got, want.B) {
		return nil, fmt.Errorf("physics: restore: %w", ErrConfig)
	}
	for _, s := range sections {
		s.read(w, d)
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("physics: restore: %w", err)
	}
	// One state has one encoding: this also catches a negative zero where the
	// state holds zero.
	if !bytes.Equal(w.AppendSnapshot(nil), b) {
		return nil, fmt.Errorf("physics: restore: %w", ErrCanonical)
	}
	return w, nil
}

func (c *Config) appendTo(e *base.Encoder) {
	e.F32(c.Gravity)
	e.F32(c.Dt)
	e.U32(uint32(c.Substeps))
	e.U32(uint32(c.MaxBodies))
	e.F32(c.Step)
	e.F32(c.Slope)
	e.Bool(c.Sleepless)
	e.Bool(c.Open)
	c.Min.AppendTo(e)
	c.Max.AppendTo(e)
}

func (w *World) appendSolids(e *base.Encoder) {
	e.U32(uint32(len(w.solids)))
	for i := range w.solids {
		w.solids[i].appendTo(e)
	}
}

// AppendTo writes b as in a snapshot: all that its owner's neighbours and its
// next owner must know.
func (b *Body) AppendTo(e *base.Encoder) {
	e.U64(uint64(b.ID))
	e.U8(uint8(b.Shape.Kind))
	b.Shape.Half.AppendTo(e)
	if b.Shape.Kind.Composed() {
		e.U64(uint64(b.Shape.Geometry))
	}
	e.U8(uint8(b.Flags))
	b.Pos.AppendTo(e)
	b.Rot.AppendTo(e)
	b.Vel.AppendTo(e)
	b.Spin.AppendTo(e)
	e.F32(b.Mass)
	e.F32(b.Friction)
	e.F32(b.Restitution)
	e.U32(b.Filter.Category)
	e.U32(b.Filter.Mask)
	e.U32(uint32(b.Filter.Group))
}

// ReadBody reads what AppendTo wrote. Only Check, or the command that adds it,
// checks the values, besides that floats are finite.
func ReadBody(d *base.Decoder) (b Body) {
	b.ID = BodyID(d.U64())
	b.Shape = Shape{Kind: ShapeKind(d.U8()), Half: spatial.ReadVec(d)}
	if b.Shape.Kind.Composed() {
		b.Shape.Geometry = GeometryID(d.U64())
	}
	b.Flags = Flags(d.U8())
	b.Pos, b.Rot = spatial.ReadVec(d), spatial.ReadQuat(d)
	b.Vel, b.Spin = spatial.ReadVec(d), spatial.ReadVec(d)
	b.Mass, b.Friction, b.Restitution = d.F32(), d.F32(), d.F32()
	b.Filter = Filter{d.U32(), d.U32(), int32(d.U32())}
	return b
}

// BodyBytes is the least that AppendTo writes.
const BodyBytes = 8 + 1 + 12 + 1 + 12 + 16 + 12 + 12 + 12 + 12

// Check brings b to the form in which a world of that configuration keeps it,
// or says why none can.
func (b *Body) Check(c Config) error { return b.check(&c) }

func (s *solid) appendTo(e *base.Encoder) {
	s.Body.AppendTo(e)
	e.F32(s.want.X)
	e.F32(s.want.Z)
	e.F32(s.accel)
	e.Bool(s.standing)
	if s.asleep {
		e.U8(asleepByte)
	} else {
		e.U8(s.rest)
	}
}

func (w *World) readSolids(d *base.Decoder) {
	n := d.Count(w.cfg.MaxBodies, bodyBytes)
	w.solids = make([]solid, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		s := w.readSolid(d)
		if i > 0 && s.ID <= w.solids[i-1].ID {
			d.Fail(fmt.Errorf("%w: bodies out of order", ErrCanonical))
		}
		w.near.insert(i)
		w.solids = append(w.solids, s)
	}
	w.checkGeometries(d)
}

func (w *World) readSolid(d *base.Decoder) (s solid) {
	s.Body = ReadBody(d)
	s.want = det.Vec{X: d.F32(), Z: d.F32()}
	s.accel, s.standing, s.rest = d.F32(), d.Bool(), d.U8()
	if d.Err() != nil {
		return s
	}
	if err := s.Body.check(&w.cfg); err != nil {
		d.Fail(err)
		return s
	}
	if err := w.fit(&s); err != nil {
		d.Fail(err)
		return s
	}
	if s.rest == asleepByte {
		s.asleep, s.rest = true, restSteps
		if s.static() || s.Vel != (spatial.Vec{}) || s.Spin != (spatial.Vec{}) || s.want != (det.Vec{}) {
			d.Fail(fmt.Errorf("%w: body %d sleeps and moves", ErrCanonical, s.ID))
		}
	}
	s.derive()
	walks := s.upright() && !s.fixed()
	if (s.standing || s.accel != 0) && !walks || s.accel == 0 && s.want != (det.Vec{}) ||
		!(s.accel >= 0 && s.accel <= MaxAcceleration) ||
		!(s.want.Len() <= float32(MaxSpeed*rounding)) || s.rest > restSteps {
		d.Fail(fmt.Errorf("%w: body %d", ErrValue, s.ID))
	}
	return s
}

func (c *contact) appendTo(e *base.Encoder) {
	e.U64(uint64(c.a))
	e.U64(uint64(c.b))
	e.U64(c.part)
	e.Bool(c.touching)
	e.U8(c.count)
	for i := range c.count {
		e.U32(c.feature[i])
		e.F32(c.impulse[i])
	}
	spatial.Vec(c.friction).AppendTo(e)
	e.F32(c.twist)
	spatial.Vec(c.roll).AppendTo(e)
}

// eachContact calls f with every contact in key order until it returns false.
// at is the contact's index in w.contacts, or -1 when it is dormant.
func (w *World) eachContact(f func(c *contact, at int) bool) {
	i, j := 0, 0
	for i < len(w.contacts) || j < len(w.dormant) {
		c, at := (*contact)(nil), i
		if j == len(w.dormant) || (i < len(w.contacts) && w.contacts[i].key.compare(w.dormant[j].key) < 0) {
			c = &w.contacts[i]
			i++
		} else {
			c, at = &w.dormant[j], -1
			j++
		}
		if !f(c, at) {
			return
		}
	}
}

func (w *World) appendContacts(e *base.Encoder) {
	e.U32(uint32(len(w.contacts) + len(w.dormant)))
	w.eachContact(func(c *contact, _ int) bool {
		c.appendTo(e)
		return true
	})
}

func (w *World) readContacts(d *base.Decoder) {
	n := d.Count(MaxContacts*len(w.solids), contactBytes)
	var last key
	for i := 0; i < n && d.Err() == nil; i++ {
		c := readContact(d)
		if d.Err() != nil {
			return
		}
		if i > 0 && last.compare(c.key) >= 0 {
			d.Fail(fmt.Errorf("%w: contacts out of order", ErrCanonical))
		}
		last = c.key
		if !w.possible(&c) {
			d.Fail(fmt.Errorf("%w: contact of %d and %d", ErrID, c.a, c.b))
		}
		if w.live(c.key) {
			w.contacts = append(w.contacts, c)
		} else {
			w.dormant = append(w.dormant, c)
		}
	}
}

// possible reports whether there can be such a contact.
func (w *World) possible(c *contact) bool {
	j, ok := w.find(c.b)
	if !ok {
		return false
	}
	b := &w.solids[j]
	if c.a == Ground {
		return c.part&0xff < uint64(w.cfg.planes()) && c.part>>8 < uint64(b.form.Parts()) && !b.fixed() && !b.sensor() && !b.out() && !c.sense()
	}
	i, ok := w.find(c.a)
	if !ok || i >= j {
		return false
	}
	a := &w.solids[i]
	whole := c.part == 0 || partOf(&a.form, &b.form, c.part) && !c.sense()
	return whole && a.meets(b) && !a.out() && !b.out() &&
		c.sense() == (a.sensor() || b.sensor()) && (c.touching || !c.sense())
}

func readContact(d *base.Decoder) (c contact) {
	c.key = key{BodyID(d.U64()), BodyID(d.U64()), d.U64()}
	c.touching = d.Bool()
	c.count = d.U8()
	if d.Err() == nil && c.count > maxPoints {
		d.Fail(fmt.Errorf("%w: %d points", base.ErrBound, c.count))
		return c
	}
	ok := true
	for i := range c.count {
		c.feature[i], c.impulse[i] = d.U32(), d.F32()
		ok = ok && c.impulse[i] >= 0 && c.impulse[i] <= MaxImpulse
	}
	c.friction, c.twist, c.roll = det.Vec(spatial.ReadVec(d)), d.F32(), det.Vec(spatial.ReadVec(d))
	ok = ok && (!c.sense() || c.friction == det.Vec{} && c.twist == 0 && c.roll == det.Vec{})
	if !ok || !within(c.friction, maxMemory) || det.Abs(c.twist) > maxMemory || !within(c.roll, maxMemory) {
		d.Fail(fmt.Errorf("%w: impulses of %d and %d", ErrValue, c.a, c.b))
	}
	return c
}
