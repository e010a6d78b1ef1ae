package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// Pose is the moving part of an entity, quantised: what a screen needs, not
// what a sim would continue from.
type Pose struct {
	ID  base.ID
	Off [3]int32 // from the region's site, in 1/1024 m: exact as spatial.Pos
	Rot [4]int16 // quaternion x,y,z,w times 32767
	Vel [3]int16 // metres per second times 256, clamped to ±127 m/s
}

const poseBytes = 16 + 12 + 8 + 6

// MakePose quantises a pose relative to the region's site.
func MakePose(id base.ID, pos spatial.Vec, rot spatial.Quat, vel spatial.Vec) Pose {
	o := spatial.Pos{}.Add(pos)
	return Pose{ID: id, Off: [3]int32{int32(o.X), int32(o.Y), int32(o.Z)},
		Rot: [4]int16{quant(rot.X, 32767), quant(rot.Y, 32767), quant(rot.Z, 32767), quant(rot.W, 32767)},
		Vel: [3]int16{quant(vel.X, 256), quant(vel.Y, 256), quant(vel.Z, 256)}}
}

func quant(v, scale float32) int16 {
	x := float32(v * scale)
	switch {
	case x >= 32767:
		return 32767
	case x <= -32767:
		return -32767
	case x >= 0:
		return int16(x + 0.5) //lint:clamped by the cases above
	case x < 0:
		return int16(x - 0.5) //lint:clamped by the cases above
	}
	return 0 // NaN
}

// Pos is the world position for a region at site.
func (p Pose) Pos(site spatial.Pos) spatial.Pos {
	return spatial.Pos{X: site.X + int64(p.Off[0]), Y: site.Y + int64(p.Off[1]), Z: site.Z + int64(p.Off[2])}
}

// Quat is the rotation, of about unit length.
func (p Pose) Quat() spatial.Quat {
	return spatial.Quat{X: float32(p.Rot[0]) / 32767, Y: float32(p.Rot[1]) / 32767, Z: float32(p.Rot[2]) / 32767, W: float32(p.Rot[3]) / 32767}
}

// Velocity is in metres per second.
func (p Pose) Velocity() spatial.Vec {
	return spatial.Vec{X: float32(float32(p.Vel[0]) / 256), Y: float32(float32(p.Vel[1]) / 256), Z: float32(float32(p.Vel[2]) / 256)}
}

func (p Pose) appendTo(e *base.Encoder) {
	e.ID(p.ID)
	for _, v := range p.Off {
		e.I32(v)
	}
	for _, v := range p.Rot {
		e.U16(uint16(v))
	}
	for _, v := range p.Vel {
		e.U16(uint16(v))
	}
}

func readPose(d *base.Decoder) (p Pose) {
	p.ID = d.ID()
	for i := range p.Off {
		p.Off[i] = d.I32()
	}
	for i := range p.Rot {
		p.Rot[i] = int16(d.U16())
	}
	for i := range p.Vel {
		p.Vel[i] = int16(d.U16())
	}
	return p
}

// Entity is a thing as a client sees it.
type Entity struct {
	Pose   Pose
	Epoch  uint64
	Kind   string
	Name   string
	Owner  base.Key
	Player base.Key // not zero: that player's avatar
	Shape  region.Shape
	Size   spatial.Vec // full extents in metres
	Color  uint32      // 0xRRGGBB
	Fixed  bool        // never moves
	Script string      // CID of the module, or ""
}

const entityBytes = poseBytes + 8 + 4 + 4 + 32 + 32 + 1 + 12 + 4 + 1 + 4

// SameLooks reports whether only the pose may differ.
func (a *Entity) SameLooks(b *Entity) bool {
	x, y := *a, *b
	x.Pose, y.Pose = Pose{}, Pose{}
	return x == y
}

func (a *Entity) appendTo(e *base.Encoder) {
	a.Pose.appendTo(e)
	e.U64(a.Epoch)
	e.Str(a.Kind)
	e.Str(a.Name)
	e.Key(a.Owner)
	e.Key(a.Player)
	e.U8(uint8(a.Shape))
	a.Size.AppendTo(e)
	e.U32(a.Color)
	e.Bool(a.Fixed)
	e.Str(a.Script)
}

func readEntity(d *base.Decoder) Entity {
	return Entity{Pose: readPose(d), Epoch: d.U64(), Kind: d.Str(region.MaxKind), Name: d.Str(region.MaxName), Owner: d.Key(),
		Player: d.Key(), Shape: region.Shape(d.U8()), Size: spatial.ReadVec(d), Color: d.U32(), Fixed: d.Bool(), Script: d.Str(region.MaxLumpName)}
}

// Gone says that an entity left the view. To is the region it was handed to,
// or zero: a client keeps showing the entity for a moment when To is a region
// from which it will appear.
type Gone struct {
	ID base.ID
	To base.ID
}

// Delta is a step of the view. The first one after a Hello has Full set: the
// client forgets what it knew from this region. Entities come before poses;
// an id is in at most one of the three lists.
type Delta struct {
	Tick    base.Tick
	Full    bool
	Upserts []Entity
	Poses   []Pose
	Gone    []Gone
}

func (*Delta) Kind() Kind { return KindDelta }
func (m *Delta) appendTo(e *base.Encoder) {
	e.U64(uint64(m.Tick))
	e.Bool(m.Full)
	e.U32(uint32(len(m.Upserts)))
	for i := range m.Upserts {
		m.Upserts[i].appendTo(e)
	}
	e.U32(uint32(len(m.Poses)))
	for _, p := range m.Poses {
		p.appendTo(e)
	}
	e.U32(uint32(len(m.Gone)))
	for _, g := range m.Gone {
		e.ID(g.ID)
		e.ID(g.To)
	}
}

func (m *Delta) read(d *base.Decoder) {
	m.Tick, m.Full = base.Tick(d.U64()), d.Bool()
	for range d.Count(MaxUpserts, entityBytes) {
		m.Upserts = append(m.Upserts, readEntity(d))
	}
	for range d.Count(MaxPoses, poseBytes) {
		m.Poses = append(m.Poses, readPose(d))
	}
	for range d.Count(MaxGone, 32) {
		m.Gone = append(m.Gone, Gone{ID: d.ID(), To: d.ID()})
	}
}

// Inspect asks for all about one thing. Ref is given back in the reply.
type Inspect struct {
	Ref   uint64
	Thing base.ID
}

func (*Inspect) Kind() Kind                 { return KindInspect }
func (m *Inspect) appendTo(e *base.Encoder) { e.U64(m.Ref); e.ID(m.Thing) }
func (m *Inspect) read(d *base.Decoder)     { m.Ref, m.Thing = d.U64(), d.ID() }

// InspectReply answers Inspect. Found is false when the region does not own
// the thing; then nothing else counts.
type InspectReply struct {
	Ref       uint64
	Found     bool
	Entity    Entity
	Slots     []region.SlotWrite // sorted by name
	Runs      uint64             // events its script handled
	LastError string
	Borrower  base.Key // zero: it is not lent
	Left      uint64   // ticks of the loan
}

func (*InspectReply) Kind() Kind { return KindInspectReply }
func (m *InspectReply) appendTo(e *base.Encoder) {
	e.U64(m.Ref)
	e.Bool(m.Found)
	if !m.Found {
		return
	}
	m.Entity.appendTo(e)
	e.U32(uint32(len(m.Slots)))
	for _, s := range m.Slots {
		region.AppendSlotWrite(e, s)
	}
	e.U64(m.Runs)
	e.Str(m.LastError)
	e.Key(m.Borrower)
	e.U64(m.Left)
}

func (m *InspectReply) read(d *base.Decoder) {
	m.Ref, m.Found = d.U64(), d.Bool()
	if !m.Found {
		return
	}
	m.Entity = readEntity(d)
	for range d.Count(region.MaxSlots, 6) {
		s := region.ReadSlotWrite(d)
		if n := len(m.Slots); n > 0 && m.Slots[n-1].Name >= s.Name && d.Err() == nil {
			d.Fail(fmt.Errorf("slot %s is out of order", s.Name))
		}
		m.Slots = append(m.Slots, s)
	}
	m.Runs, m.LastError = d.U64(), d.Str(region.MaxText)
	m.Borrower, m.Left = d.Key(), d.U64()
}
