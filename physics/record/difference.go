package record

import (
	"bytes"
	"fmt"
	"math"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// Difference is the first thing in which two worlds differ, in the order
// bodies by id, contacts by key, the rest.
type Difference struct {
	Of string // "body", "contact", or "world" for what is neither
	// A is the body; A and B are the bodies of a contact, A = 0 for the ground.
	A, B  physics.BodyID
	Field string // "missing here", "missing there", or which field
	// This and That are the two values, as text.
	This, That string
	// Bodies is how many bodies differ.
	Bodies int
}

func (d Difference) String() string {
	name := d.Of
	switch d.Of {
	case "body":
		name = fmt.Sprintf("body %d", d.A)
	case "contact":
		name = fmt.Sprintf("contact of %d and %d", d.A, d.B)
	}
	s := fmt.Sprintf("%s: %s", name, d.Field)
	if d.This != "" || d.That != "" {
		s += fmt.Sprintf(": %s, %s", d.This, d.That)
	}
	return s
}

// Diff names the first difference of two worlds; ok is false when they are the
// same, bit for bit.
func Diff(this, that *physics.World) (d Difference, ok bool) {
	if bytes.Equal(this.AppendSnapshot(nil), that.AppendSnapshot(nil)) {
		return Difference{}, false
	}
	n := 0
	for _, find := range []func(a, b *physics.World) (Difference, int, bool){diffBodies, diffTouches} {
		x, bodies, found := find(this, that)
		n += bodies
		if found && !ok {
			d, ok = x, true
		}
	}
	if !ok {
		d = Difference{Of: "world", Field: "memory of the solver, joints or geometry"}
	}
	d.Bodies = n
	return d, true
}

func diffBodies(this, that *physics.World) (first Difference, n int, ok bool) {
	note := func(d Difference) {
		if n++; !ok {
			first, ok = d, true
		}
	}
	a, b := bodies(this), bodies(that)
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].ID < b[0].ID:
			note(Difference{Of: "body", A: a[0].ID, Field: "missing there"})
			a = a[1:]
		case len(a) == 0 || b[0].ID < a[0].ID:
			note(Difference{Of: "body", A: b[0].ID, Field: "missing here"})
			b = b[1:]
		default:
			if f, x, y, differ := diffBody(this, that, &a[0], &b[0]); differ {
				note(Difference{Of: "body", A: a[0].ID, Field: f, This: x, That: y})
			}
			a, b = a[1:], b[1:]
		}
	}
	return first, n, ok
}

func bodies(w *physics.World) (list []physics.Body) {
	w.Each(func(b physics.Body) bool { list = append(list, b); return true })
	return list
}

func diffBody(this, that *physics.World, a, b *physics.Body) (field, x, y string, differ bool) {
	for _, f := range []struct {
		name string
		a, b []float32
	}{
		{"position", vec(a.Pos), vec(b.Pos)},
		{"rotation", quat(a.Rot), quat(b.Rot)},
		{"velocity", vec(a.Vel), vec(b.Vel)},
		{"spin", vec(a.Spin), vec(b.Spin)},
		{"mass", []float32{a.Mass}, []float32{b.Mass}},
		{"friction", []float32{a.Friction}, []float32{b.Friction}},
		{"restitution", []float32{a.Restitution}, []float32{b.Restitution}},
		{"size", vec(a.Shape.Half), vec(b.Shape.Half)},
	} {
		if x, y, differ := diffFloats(f.a, f.b); differ {
			return f.name, x, y, true
		}
	}
	for _, f := range []struct {
		name string
		a, b any
	}{
		{"shape", a.Shape.Kind, b.Shape.Kind},
		{"flags", a.Flags, b.Flags},
		{"standing", this.Standing(a.ID), that.Standing(b.ID)},
		{"asleep", this.Resting(a.ID), that.Resting(b.ID)},
	} {
		if f.a != f.b {
			return f.name, fmt.Sprint(f.a), fmt.Sprint(f.b), true
		}
	}
	return "", "", "", false
}

func vec(v spatial.Vec) []float32   { return []float32{v.X, v.Y, v.Z} }
func quat(q spatial.Quat) []float32 { return []float32{q.X, q.Y, q.Z, q.W} }

// diffFloats compares bits. Numbers that look the same are shown as bits.
func diffFloats(a, b []float32) (x, y string, differ bool) {
	for i := range a {
		differ = differ || math.Float32bits(a[i]) != math.Float32bits(b[i])
	}
	if !differ {
		return "", "", false
	}
	if x, y = fmt.Sprint(a), fmt.Sprint(b); x == y {
		x, y = bits(a), bits(b)
	}
	return x, y, true
}

func bits(a []float32) string {
	list := make([]string, len(a))
	for i, f := range a {
		list[i] = fmt.Sprintf("%08x", math.Float32bits(f))
	}
	return fmt.Sprint(list)
}

func diffTouches(this, that *physics.World) (Difference, int, bool) {
	a, b := touches(this), touches(that)
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && before(&a[0], &b[0]):
			return Difference{Of: "contact", A: a[0].A, B: a[0].B, Field: "missing there"}, 0, true
		case len(a) == 0 || before(&b[0], &a[0]):
			return Difference{Of: "contact", A: b[0].A, B: b[0].B, Field: "missing here"}, 0, true
		}
		if f, x, y, differ := diffTouch(&a[0], &b[0]); differ {
			return Difference{Of: "contact", A: a[0].A, B: a[0].B, Field: f, This: x, That: y}, 0, true
		}
		a, b = a[1:], b[1:]
	}
	return Difference{}, 0, false
}

func touches(w *physics.World) (list []physics.Touch) {
	w.EachTouch(func(t physics.Touch) bool { list = append(list, t); return true })
	return list
}

func before(a, b *physics.Touch) bool {
	if a.A != b.A {
		return a.A < b.A
	}
	if a.B != b.B {
		return a.B < b.B
	}
	return a.Part < b.Part
}

func diffTouch(a, b *physics.Touch) (field, x, y string, differ bool) {
	if a.Touching != b.Touching {
		return "touching", fmt.Sprint(a.Touching), fmt.Sprint(b.Touching), true
	}
	if a.Count != b.Count {
		return "points", fmt.Sprint(a.Count), fmt.Sprint(b.Count), true
	}
	for k := range a.Count {
		p, q := a.Points[k], b.Points[k]
		if p.Feature != q.Feature {
			return fmt.Sprintf("feature of point %d", k), fmt.Sprintf("%08x", p.Feature), fmt.Sprintf("%08x", q.Feature), true
		}
		if x, y, differ := diffFloats([]float32{p.Impulse}, []float32{q.Impulse}); differ {
			return fmt.Sprintf("impulse of point %d", k), x, y, true
		}
	}
	if x, y, differ := diffFloats(vec(a.Friction), vec(b.Friction)); differ {
		return "friction", x, y, true
	}
	return "", "", "", false
}
