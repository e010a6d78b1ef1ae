package shard

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// parcel is one body of a hand-off: exactly as its old owner's last tick left
// it, and what the main sim adds.
type parcel struct {
	ID      base.ID
	Body    physics.Body
	Want    det.Vec // of its drive
	Grip    float32
	Car     *car // nil: it has no wheels
	Payload []byte
}

// bond is a joint between bodies of a hand-off, or of one with the ground.
type bond struct {
	A, B  base.ID // zero: the ground
	Joint physics.Joint
}

// freight is the state of a group that is handed over:
//
//	u8 version = 1, uint tick, uint n, n × parcel, uint m, m × bond
//	parcel   id 16, body, f32 wanted x, f32 wanted z, f32 acceleration, bytes payload
//	bond     id 16, id 16, joint with bodies 0 and 0
type freight struct {
	Tick    base.Tick // of the old owner: the bodies are as it left them
	Parcels []parcel
	Bonds   []bond
}

const freightVersion = 1

func (f *freight) encode() []byte {
	var e base.Encoder
	e.U8(freightVersion)
	putUint(&e, uint64(f.Tick))
	putUint(&e, uint64(len(f.Parcels)))
	for i := range f.Parcels {
		p := &f.Parcels[i]
		e.ID(p.ID)
		appendBody(&e, &p.Body)
		e.F32(p.Want.X)
		e.F32(p.Want.Z)
		e.F32(p.Grip)
		p.Car.appendTo(&e)
		e.Bytes(p.Payload)
	}
	putUint(&e, uint64(len(f.Bonds)))
	for i := range f.Bonds {
		b := &f.Bonds[i]
		e.ID(b.A)
		e.ID(b.B)
		b.Joint.AppendTo(&e)
	}
	return e.B
}

func parseFreight(b []byte) (f freight, err error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != freightVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	if f.Tick = base.Tick(readUint(d)); d.Err() == nil && f.Tick > maxTick {
		d.Fail(base.ErrBound)
	}
	for range readCount(d, handoff.MaxGroup, 16+physics.BodyBytes+17) {
		p := parcel{ID: d.ID(), Body: readBody(d)}
		p.Want.X, p.Want.Z, p.Grip = d.F32(), d.F32(), d.F32()
		p.Car = readCar(d)
		p.Payload = d.Bytes(MaxPayload)
		if d.Err() == nil && (immovable(&p.Body) || !(p.Grip >= 0 && p.Grip <= physics.MaxAcceleration) ||
			!(p.Want.Len() <= physics.MaxSpeed) || p.Grip == 0 && p.Want != det.Vec{}) {
			d.Fail(base.ErrBound)
		}
		f.Parcels = append(f.Parcels, p)
	}
	for range readCount(d, maxBonds, 32+bondBytes) {
		f.Bonds = append(f.Bonds, bond{d.ID(), d.ID(), physics.ReadJoint(d)})
	}
	if err := d.Done(); err != nil {
		return freight{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return f, nil
}

// names reports whether the parcels are of exactly these objects.
func (f *freight) names(items []handoff.Ref) bool {
	if len(items) != len(f.Parcels) {
		return false
	}
	for i := range items {
		if items[i].ID != f.Parcels[i].ID {
			return false
		}
	}
	return true
}
