package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// Look asks for the region's physics around the eye, as Shard messages, Rate
// times a second; 0 ends it. It is for debugging: what is not sent for want of
// room is not made up for.
type Look struct {
	Rate   uint8  // at most MaxLookRate
	Radius uint16 // metres, at most MaxLookRadius
}

func (*Look) Kind() Kind                 { return KindLook }
func (m *Look) appendTo(e *base.Encoder) { e.U8(m.Rate); e.U16(m.Radius) }
func (m *Look) read(d *base.Decoder) {
	m.Rate, m.Radius = d.U8(), d.U16()
	if m.Rate > MaxLookRate || m.Radius > MaxLookRadius {
		d.Fail(fmt.Errorf("%d looks a second at %d m, at most %d at %d", m.Rate, m.Radius, MaxLookRate, MaxLookRadius))
	}
}

// Shard is what the region's physics holds around the eye.
type Shard struct {
	Tick    base.Tick
	Bodies  []Body
	Touches []Touch
}

// Body is a body in the region's physics.
type Body struct {
	Pose   Pose
	Owner  base.ID // region; another than this one: a ghost
	Number uint64  // of the body in this region
	Epoch  uint64
	Shape  region.Shape
	Size   spatial.Vec
	Fixed  bool
	Asleep bool
	Age    uint16 // ticks since its owner spoke of it
}

const bodyBytes = poseBytes + 16 + 8 + 8 + 1 + 12 + 1 + 1 + 2

// Touch is where two bodies meet. A zero id is the ground or a wall.
type Touch struct {
	A, B    base.ID
	Normal  spatial.Vec
	Impulse float32 // N·s
	Points  []spatial.Vec
}

const touchBytes = 16 + 16 + 12 + 4 + 1

func (*Shard) Kind() Kind { return KindShard }
func (m *Shard) appendTo(e *base.Encoder) {
	e.U64(uint64(m.Tick))
	e.U32(uint32(len(m.Bodies)))
	for i := range m.Bodies {
		b := &m.Bodies[i]
		b.Pose.appendTo(e)
		e.ID(b.Owner)
		e.U64(b.Number)
		e.U64(b.Epoch)
		e.U8(uint8(b.Shape))
		b.Size.AppendTo(e)
		e.Bool(b.Fixed)
		e.Bool(b.Asleep)
		e.U16(b.Age)
	}
	e.U32(uint32(len(m.Touches)))
	for i := range m.Touches {
		t := &m.Touches[i]
		e.ID(t.A)
		e.ID(t.B)
		t.Normal.AppendTo(e)
		e.F32(t.Impulse)
		e.U8(uint8(len(t.Points)))
		for _, p := range t.Points {
			p.AppendTo(e)
		}
	}
}

func (m *Shard) read(d *base.Decoder) {
	m.Tick = base.Tick(d.U64())
	for range d.Count(MaxLookBodies, bodyBytes) {
		m.Bodies = append(m.Bodies, Body{Pose: readPose(d), Owner: d.ID(), Number: d.U64(), Epoch: d.U64(), Shape: region.Shape(d.U8()),
			Size: spatial.ReadVec(d), Fixed: d.Bool(), Asleep: d.Bool(), Age: d.U16()})
	}
	for range d.Count(MaxLookTouches, touchBytes) {
		t := Touch{A: d.ID(), B: d.ID(), Normal: spatial.ReadVec(d), Impulse: d.F32()}
		n := d.U8()
		if n > maxTouchPoints {
			d.Fail(fmt.Errorf("a touch of %d points", n))
			return
		}
		for range n {
			t.Points = append(t.Points, spatial.ReadVec(d))
		}
		m.Touches = append(m.Touches, t)
	}
}
