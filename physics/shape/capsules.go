package shape

import "github.com/metatopia/metatopia/spatial/det"

// parallelSine2 is the squared sine of the angle under which two capsules
// count as parallel and touch along a line: 0.6 degrees.
const parallelSine2 = 1e-4

// meetRound finds where two balls meet that sit at offsets oa and ob from the
// centres of their shapes; d is from centre to centre.
func meetRound(d, oa, ob det.Vec, ra, rb float32, m *Manifold) {
	between := d.Add(ob).Sub(oa)
	l := between.Len()
	gap := l - ra - rb
	if gap > Margin {
		return
	}
	n := up
	if l > 1e-6 {
		n = between.Scale(1 / l)
	}
	half := float32(0.5 * gap)
	m.Normal, m.Count = n, 1
	m.Points[0] = Point{RA: oa.AddScaled(ra+half, n), RB: ob.AddScaled(-rb-half, n), Gap: gap}
}

// meetCapsuleSphere is meetRound at the point of the axis nearest to the ball.
func meetCapsuleSphere(a *Shape, pa *Pose, pb det.Vec, r float32, m *Manifold) {
	d := pb.Sub(pa.Pos)
	t := det.Clamp(pa.Turn.B.Dot(d), -a.Half.Y, a.Half.Y)
	meetRound(d, pa.Turn.B.Scale(t), det.Vec{}, a.Half.X, r, m)
}

// meetCapsules finds where two capsules meet: at two points when they lie side
// by side, else where their axes are nearest.
func meetCapsules(a *Shape, pa *Pose, b *Shape, pb *Pose, m *Manifold) {
	d := pb.Pos.Sub(pa.Pos)
	u, v := pa.Turn.B, pb.Turn.B
	ha, hb := a.Half.Y, b.Half.Y
	c := u.Dot(v)
	du, dv := d.Dot(u), d.Dot(v)
	den := 1 - float32(c*c)
	if den < parallelSine2 {
		reach := float32(hb * det.Abs(c))
		lo, hi := max(-ha, du-reach), min(ha, du+reach)
		if hi-lo > 2*Margin {
			meetBeside(d, u, v, c, du, lo, hi, a.Half.X, b.Half.X, m)
			return
		}
		// End to end: the middle of what overlaps, or the two ends.
		s := det.Clamp(float32(0.5*(lo+hi)), -ha, ha)
		t := det.Clamp(float32(s*c)-dv, -hb, hb)
		meetRound(d, u.Scale(s), v.Scale(t), a.Half.X, b.Half.X, m)
		return
	}
	// Nearest points of two segments (Ericson, 5.1.9).
	s := det.Clamp((du-float32(c*dv))/den, -ha, ha)
	t := float32(s*c) - dv
	if t < -hb || t > hb {
		t = det.Clamp(t, -hb, hb)
		s = det.Clamp(du+float32(t*c), -ha, ha)
	}
	meetRound(d, u.Scale(s), v.Scale(t), a.Half.X, b.Half.X, m)
}

// meetBeside puts a point at each end of the stretch lo to hi of a's axis along
// which two parallel capsules lie beside each other.
func meetBeside(d, u, v det.Vec, c, du, lo, hi, ra, rb float32, m *Manifold) {
	onB := func(s float32) det.Vec { return v.Scale((s - du) / c) }
	mid := float32(0.5 * (lo + hi))
	n := d.Add(onB(mid)).Sub(u.Scale(mid)).Unit(up)
	for i, s := range [2]float32{lo, hi} {
		oa, ob := u.Scale(s), onB(s)
		gap := d.Add(ob).Sub(oa).Dot(n) - ra - rb
		if gap > Margin {
			continue
		}
		half := float32(0.5 * gap)
		m.Points[m.Count] = Point{
			RA: oa.AddScaled(ra+half, n), RB: ob.AddScaled(-rb-half, n), Gap: gap, Feature: uint32(1 + i),
		}
		m.Count++
	}
	m.Normal = n
}
