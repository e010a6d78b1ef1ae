package shape

import "testing"

// TestTopology: seen from outside, faces go against the clock and an edge has
// its left face on the left.
func TestTopology(t *testing.T) {
	d := newDraw(5)
	for i, s := range d.convexShapes(t) {
		if s.Kind != Box && s.Kind != Hull {
			continue
		}
		var r room
		q := polyOf(&s, &r)
		if len(q.corners)-len(q.edges)+len(q.planes) != 2 {
			t.Errorf("shape %d: %d corners, %d edges, %d faces", i, len(q.corners), len(q.edges), len(q.planes))
		}
		for f := range q.planes {
			loop := q.face(f)
			for k := range loop {
				a, b := loop[k], loop[(k+1)%len(loop)]
				side := q.corners[b].Sub(q.corners[a]).Cross(q.planes[f].n)
				for _, c := range loop {
					if side.Dot(q.corners[c].Sub(q.corners[a])) > 1e-6 {
						t.Errorf("shape %d face %d: corner %d is outside of side %d", i, f, c, k)
					}
				}
				found := false
				for _, e := range q.edges {
					found = found || (e.a == a && e.b == b && int(e.left) == f) || (e.b == a && e.a == b && int(e.right) == f)
				}
				if !found {
					t.Errorf("shape %d face %d: no edge for side %d", i, f, k)
				}
			}
			for _, c := range q.corners {
				if above := q.planes[f].above(c); above > 1e-4 {
					t.Errorf("shape %d face %d: a corner is %g above", i, f, above)
				}
			}
		}
	}
}
