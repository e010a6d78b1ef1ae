package shape

import "github.com/metatopia/metatopia/spatial/det"

// hull is a convex polyhedron around its centre of mass.
type hull struct {
	corners []det.Vec
	planes  []plane
	topology
}

func (h *hull) poly() poly { return poly{h.corners, h.planes, &h.topology} }

// faceted is a polyhedron in the making: faces as loops of point numbers,
// against the clock seen from outside, and their planes.
type faceted struct {
	points []wide
	loops  [][]int
	normal []wide
}

// newHull joins the faces of f, whose points are corners, in that order.
func newHull(f *faceted, corners []det.Vec) (*hull, error) {
	h := &hull{corners: corners}
	h.start = append(h.start, 0)
	type half struct{ a, b int }
	seen := make(map[half]int) // only looked up, never ranged over
	for i, loop := range f.loops {
		for k, a := range loop {
			h.loops = append(h.loops, uint8(a))
			e := half{a, loop[(k+1)%len(loop)]}
			if _, twice := seen[e]; twice {
				return nil, ErrDegenerate
			}
			seen[e] = i
		}
		h.start = append(h.start, uint16(len(h.loops)))
		offset := 0.0
		for _, a := range loop {
			offset += f.normal[i].dot(f.points[a])
		}
		h.planes = append(h.planes, plane{f.normal[i].narrow(), float32(offset / float64(len(loop)))})
	}
	for i, loop := range f.loops {
		for k, a := range loop {
			b := loop[(k+1)%len(loop)]
			other, ok := seen[half{b, a}]
			if !ok {
				return nil, ErrDegenerate
			}
			if a < b {
				h.edges = append(h.edges, edge{uint8(a), uint8(b), uint8(i), uint8(other)})
			}
		}
	}
	if len(corners)-len(h.edges)+len(h.planes) != 2 {
		return nil, ErrDegenerate
	}
	return h, nil
}
