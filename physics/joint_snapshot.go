package physics

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// jointBytes is the size of a joint in the snapshot.
const jointBytes = 8 + 1 + 1 + 8 + 8 + 2*(12+16) + 3*4 + 3*4 + (4 + 12 + 12 + 4 + 4) + 2*4 + memoryBytes

const memoryBytes = 3*12 + 3*4

// appendJoints writes
//
//	u32 n    joints in (A, B, ID) order, 198 bytes each:
//	         u64 id, u8 kind, u8 flags, u64 a, u64 b,
//	         vec and quat of the frame on A, then on B,
//	         f32 low, f32 high, f32 cone,
//	         f32 hertz, f32 damping, f32 target,
//	         f32 speed, vec linear, vec angular, f32 most force, f32 most torque,
//	         f32 break force, f32 break torque,
//	         vec linear impulse, vec angular impulse, vec drive impulse,
//	         f32 low impulse, f32 high impulse, f32 cone impulse
func (w *World) appendJoints(e *base.Encoder) {
	e.U32(uint32(len(w.links)))
	for i := range w.links {
		l := &w.links[i]
		l.Joint.AppendTo(e)
		l.memory.appendTo(e)
	}
}

// AppendTo writes j as in a snapshot: 150 bytes.
func (j *Joint) AppendTo(e *base.Encoder) {
	e.U64(uint64(j.ID))
	e.U8(uint8(j.Kind))
	e.U8(uint8(j.Flags))
	e.U64(uint64(j.A))
	e.U64(uint64(j.B))
	for _, f := range [2]*Frame{&j.FrameA, &j.FrameB} {
		f.Pos.AppendTo(e)
		f.Rot.AppendTo(e)
	}
	for _, x := range [7]float32{j.Low, j.High, j.Cone, j.Spring.Hertz, j.Spring.Damping, j.Spring.Target, j.Motor.Speed} {
		e.F32(x)
	}
	j.Motor.Linear.AppendTo(e)
	j.Motor.Angular.AppendTo(e)
	for _, x := range [4]float32{j.Motor.MaxForce, j.Motor.MaxTorque, j.BreakForce, j.BreakTorque} {
		e.F32(x)
	}
}

// ReadJoint reads what AppendTo wrote. Only CmdJoint checks the values, besides
// that floats are finite and rotations are units.
func ReadJoint(d *base.Decoder) (j Joint) {
	j.ID, j.Kind, j.Flags = JointID(d.U64()), JointKind(d.U8()), JointFlags(d.U8())
	j.A, j.B = BodyID(d.U64()), BodyID(d.U64())
	for _, f := range [2]*Frame{&j.FrameA, &j.FrameB} {
		f.Pos, f.Rot = spatial.ReadVec(d), spatial.ReadQuat(d)
	}
	j.Low, j.High, j.Cone = d.F32(), d.F32(), d.F32()
	j.Spring = Spring{d.F32(), d.F32(), d.F32()}
	j.Motor = Motor{d.F32(), spatial.ReadVec(d), spatial.ReadVec(d), d.F32(), d.F32()}
	j.BreakForce, j.BreakTorque = d.F32(), d.F32()
	return j
}

func (m *memory) appendTo(e *base.Encoder) {
	for _, x := range [3]det.Vec{m.linear, m.angular, m.drive} {
		spatial.Vec(x).AppendTo(e)
	}
	e.F32(m.low)
	e.F32(m.high)
	e.F32(m.cone)
}

func readMemory(d *base.Decoder) (m memory) {
	for _, x := range [3]*det.Vec{&m.linear, &m.angular, &m.drive} {
		*x = det.Vec(spatial.ReadVec(d))
	}
	m.low, m.high, m.cone = d.F32(), d.F32(), d.F32()
	return m
}

// possible reports whether a step could leave m.
func (m *memory) possible() bool {
	return within(m.linear, maxMemory) && within(m.angular, maxMemory) && within(m.drive, maxMemory) &&
		within(det.Vec{X: m.low, Y: m.high, Z: m.cone}, maxMemory)
}

// clean is m with nothing that Restore would refuse.
func (m *memory) clean() memory {
	return memory{
		linear: finiteVec(m.linear), angular: finiteVec(m.angular), drive: finiteVec(m.drive),
		low: finite(m.low), high: finite(m.high), cone: finite(m.cone),
	}
}

// readJoints needs the bodies.
func (w *World) readJoints(d *base.Decoder) {
	n := d.Count(MaxJoints*w.cfg.MaxBodies, jointBytes)
	w.links = make([]link, 0, n)
	w.named = make([]jointName, 0, n)
	for i := 0; i < n && d.Err() == nil; i++ {
		l := link{ReadJoint(d), readMemory(d)}
		if d.Err() != nil {
			return
		}
		if err := w.checkJoint(&l.Joint); err != nil {
			d.Fail(err)
		}
		if i > 0 && w.links[i-1].name().compare(l.name()) >= 0 {
			d.Fail(fmt.Errorf("%w: joints out of order", ErrCanonical))
		}
		if !l.memory.possible() {
			d.Fail(fmt.Errorf("%w: impulses of joint %d", ErrValue, l.ID))
		}
		w.links = append(w.links, l)
		w.named = append(w.named, l.name())
	}
	slices.SortFunc(w.named, func(a, b jointName) int { return cmp.Compare(a.id, b.id) })
	for i := 1; i < len(w.named); i++ {
		if w.named[i].id == w.named[i-1].id {
			d.Fail(fmt.Errorf("%w: %d twice", ErrJoint, w.named[i].id))
		}
	}
}
