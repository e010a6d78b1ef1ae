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
//	u32 version = 1
//	config   f32 gravity, f32 dt, u32 substeps, u32 max bodies, vec min, vec max
//	u32 n    bodies in id order, 100 bytes each:
//	         u64 id, u8 shape, vec half, u8 flags, vec pos, quat rot, vec vel,
//	         vec spin, f32 mass, f32 friction, f32 restitution,
//	         f32 want x, f32 want z, f32 acceleration, bool standing, u8 rest
//	u32 m    contacts in key order:
//	         u64 a, u64 b, u8 plane, bool touching, u8 points,
//	         points × (u32 feature, f32 impulse), vec friction, f32 twist, vec roll
const snapshotVersion = 1

const (
	bodyBytes    = 8 + 1 + 12 + 1 + 12 + 16 + 12 + 12 + 12 + 12 + 1 + 1
	contactBytes = 8 + 8 + 1 + 1 + 1 + 8 + 12 + 4 + 12 // with one point
)

// What Restore refuses besides base.ErrTruncated and its kin.
var (
	ErrVersion   = errors.New("unknown snapshot version")
	ErrConfig    = errors.New("snapshot of a world of another configuration")
	ErrCanonical = errors.New("snapshot is not in canonical form")
)

// AppendSnapshot appends the canonical encoding of the whole state.
func (w *World) AppendSnapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U32(snapshotVersion)
	w.cfg.appendTo(&e)
	e.U32(uint32(len(w.solids)))
	for i := range w.solids {
		w.solids[i].appendTo(&e)
	}
	e.U32(uint32(len(w.contacts)))
	for i := range w.contacts {
		w.contacts[i].appendTo(&e)
	}
	return e.B
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
	w.readSolids(d)
	w.readContacts(d)
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
	c.Min.AppendTo(e)
	c.Max.AppendTo(e)
}

func (s *solid) appendTo(e *base.Encoder) {
	e.U64(uint64(s.ID))
	e.U8(uint8(s.Shape.Kind))
	s.Shape.Half.AppendTo(e)
	e.U8(uint8(s.Flags))
	s.Pos.AppendTo(e)
	s.Rot.AppendTo(e)
	s.Vel.AppendTo(e)
	s.Spin.AppendTo(e)
	e.F32(s.Mass)
	e.F32(s.Friction)
	e.F32(s.Restitution)
	e.F32(s.want.X)
	e.F32(s.want.Z)
	e.F32(s.accel)
	e.Bool(s.standing)
	e.U8(s.rest)
}

func (w *World) readSolids(d *base.Decoder) {
	n := d.Count(w.cfg.MaxBodies, bodyBytes)
	w.solids = make([]solid, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		s := readSolid(d, &w.cfg)
		if i > 0 && s.ID <= w.solids[i-1].ID {
			d.Fail(fmt.Errorf("%w: bodies out of order", ErrCanonical))
		}
		w.solids = append(w.solids, s)
	}
}

func readSolid(d *base.Decoder, c *Config) (s solid) {
	s.ID = BodyID(d.U64())
	s.Shape = Shape{ShapeKind(d.U8()), spatial.ReadVec(d)}
	s.Flags = Flags(d.U8())
	s.Pos, s.Rot = spatial.ReadVec(d), spatial.ReadQuat(d)
	s.Vel, s.Spin = spatial.ReadVec(d), spatial.ReadVec(d)
	s.Mass, s.Friction, s.Restitution = d.F32(), d.F32(), d.F32()
	s.want = det.Vec{X: d.F32(), Z: d.F32()}
	s.accel, s.standing, s.rest = d.F32(), d.Bool(), d.U8()
	if d.Err() != nil {
		return s
	}
	if err := s.Body.check(c); err != nil {
		d.Fail(err)
	}
	walks := s.upright() && !s.static()
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
	e.U8(c.plane)
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

func (w *World) readContacts(d *base.Decoder) {
	n := d.Count(MaxContacts*len(w.solids), contactBytes)
	w.contacts = make([]contact, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		c := readContact(d)
		if d.Err() != nil {
			return
		}
		if i > 0 && w.contacts[i-1].key.compare(c.key) >= 0 {
			d.Fail(fmt.Errorf("%w: contacts out of order", ErrCanonical))
		}
		if !w.possible(c.key) {
			d.Fail(fmt.Errorf("%w: contact of %d and %d", ErrID, c.a, c.b))
		}
		w.contacts = append(w.contacts, c)
	}
}

// possible reports whether a contact of that key can be.
func (w *World) possible(k key) bool {
	j, ok := w.find(k.b)
	if !ok {
		return false
	}
	if k.a == Ground {
		return k.plane < planes && !w.solids[j].static()
	}
	i, ok := w.find(k.a)
	return ok && i < j && k.plane == 0 && !(w.solids[i].static() && w.solids[j].static())
}

func readContact(d *base.Decoder) (c contact) {
	c.key = key{BodyID(d.U64()), BodyID(d.U64()), d.U8()}
	c.touching = d.Bool()
	c.count = d.U8()
	if d.Err() == nil && (c.count < 1 || c.count > maxPoints) {
		d.Fail(fmt.Errorf("%w: %d points", base.ErrBound, c.count))
		return c
	}
	ok := true
	for i := range c.count {
		c.feature[i], c.impulse[i] = d.U32(), d.F32()
		ok = ok && c.impulse[i] >= 0 && c.impulse[i] <= MaxImpulse
	}
	c.friction, c.twist, c.roll = det.Vec(spatial.ReadVec(d)), d.F32(), det.Vec(spatial.ReadVec(d))
	if !ok || !within(c.friction, maxMemory) || det.Abs(c.twist) > maxMemory || !within(c.roll, maxMemory) {
		d.Fail(fmt.Errorf("%w: impulses of %d and %d", ErrValue, c.a, c.b))
	}
	return c
}
