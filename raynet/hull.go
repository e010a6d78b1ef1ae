package raynet

import "github.com/metatopia/metatopia/spatial"

// hull is a cell in the making: the box around the origin, clipped by one
// plane x·q <= 1 after the other. It holds the corners only. A corner lies on
// three planes, so the corners are the triangles of the convex hull of the
// inverted points q, and a cut takes out the triangles that see the new point
// and fans the hole (beneath-beyond; for cells: Ray, Sokolov, Lefebvre and
// Lévy 2018). Planes 0 to 5 are the walls.
type hull struct {
	planes  []xyz // q of each plane, in 1/m
	corners []corner
	value   []float64 // of each corner in the cut at hand: x·q - 1

	out   []int32 // corners that the cut takes away, ascending
	rim   []rimEdge
	first []int32 // of each plane with the stamp: its place in rim
	stamp []int32
	loop  []xyz // corners of a face
	cuts  int32
}

// corner is a vertex of the cell. Its planes are in order around it as seen
// from outside; edge i lies between planes i and i+1 and leads to corner to[i].
type corner struct {
	at    xyz
	plane [3]int32
	to    [3]int32
}

// rimEdge is an edge of the cell that the cut shortens to end at the point at:
// it lies between planes a and b and comes from the corner that stays, whose
// edge back it is.
type rimEdge struct {
	at         xyz
	a, b       int32
	stay, back int32
}

const walls = 6

// slack is how far a corner may lie beyond a plane, as a part of the plane's
// distance, without being cut off: where more than three planes meet in a
// point, as in a grid, three are enough.
const slack = 1e-9

// next3 is i+1 modulo 3.
var next3 = [3]int{1, 2, 0}

// edge finds the edge that starts at plane a.
func (c *corner) edge(a int32) int32 {
	switch a {
	case c.plane[0]:
		return 0
	case c.plane[1]:
		return 1
	}
	return 2
}

// reset makes the box. An origin at a wall or outside counts as nearWall
// inside of it.
func (h *hull) reset(origin spatial.Pos, box spatial.Box) {
	h.planes, h.first, h.stamp = sized(h.planes, walls), sized(h.first, walls), sized(h.stamp, walls)
	clear(h.stamp)
	h.cuts = 0
	lo, hi := offset(origin, box.Min), offset(origin, box.Max)
	for i := range lo {
		lo[i], hi[i] = min(lo[i], -nearWall), max(hi[i], nearWall)
	}
	h.planes[0], h.planes[1] = xyz{x: 1 / lo[0]}, xyz{x: 1 / hi[0]}
	h.planes[2], h.planes[3] = xyz{y: 1 / lo[1]}, xyz{y: 1 / hi[1]}
	h.planes[4], h.planes[5] = xyz{z: 1 / lo[2]}, xyz{z: 1 / hi[2]}
	h.corners = sized(h.corners, 8)
	for k := range int32(8) {
		c := &h.corners[k]
		c.at = xyz{lo[0], lo[1], lo[2]}
		if k&1 != 0 {
			c.at.x = hi[0]
		}
		if k&2 != 0 {
			c.at.y = hi[1]
		}
		if k&4 != 0 {
			c.at.z = hi[2]
		}
		for i := range c.plane {
			side := k >> i & 1
			c.plane[i] = int32(2*i) + side
			// The edge between planes i and i+1 runs along the third axis.
			c.to[i] = k ^ 1<<((i+2)%3)
		}
		// Each axis mirrored turns the order around.
		if (k&1+k>>1&1+k>>2)%2 == 0 {
			c.plane[1], c.plane[2] = c.plane[2], c.plane[1]
			c.to[0], c.to[2] = c.to[2], c.to[0]
		}
	}
}

// add makes a plane and gives its number.
func (h *hull) add(q xyz) int32 {
	h.planes, h.first, h.stamp = append(h.planes, q), append(h.first, 0), append(h.stamp, 0)
	return int32(len(h.planes) - 1)
}

// reach is the squared distance of the farthest corner.
func (h *hull) reach() float64 {
	far := 0.0
	for i := range h.corners {
		p := h.corners[i].at
		far = max(far, p.dot(p))
	}
	return far
}

// cut keeps the part of the cell on the near side of a plane and says whether
// anything was cut off. A cut that rounding makes impossible, because what
// goes is not one piece, is not made.
func (h *hull) cut(plane int32) bool {
	q := h.planes[plane]
	corners := h.corners
	h.value = sized(h.value, len(corners))
	value := h.value[:len(corners)]
	out := h.out[:0]
	for i := range corners {
		v := q.dot(corners[i].at) - 1
		value[i] = v
		if v > slack {
			out = append(out, int32(i))
		}
	}
	h.out = out
	if len(out) == 0 || !h.outline() {
		return false
	}
	h.fan(plane)
	return true
}

// outline collects the rim and refuses one that is not a single loop.
func (h *hull) outline() bool {
	h.cuts++
	h.rim = h.rim[:0]
	for _, o := range h.out {
		c := &h.corners[o]
		for i, n := range c.to {
			if h.value[n] > slack {
				continue
			}
			a, b := c.plane[i], c.plane[next3[i]]
			if h.stamp[a] == h.cuts {
				return false
			}
			h.stamp[a], h.first[a] = h.cuts, int32(len(h.rim))
			stay := &h.corners[n]
			near := min(h.value[n], 0)
			at := stay.at.towards(c.at, near/(near-h.value[o]))
			h.rim = append(h.rim, rimEdge{at, a, b, n, stay.edge(b)})
		}
	}
	at := int32(0)
	for steps := 1; len(h.rim) >= 3 && steps <= len(h.rim); steps++ {
		b := h.rim[at].b
		if h.stamp[b] != h.cuts {
			return false
		}
		at = h.first[b]
		if at == 0 {
			return steps == len(h.rim)
		}
	}
	return false
}

// fan puts the corners of the new face in the place of those that go.
func (h *hull) fan(plane int32) {
	for len(h.out) < len(h.rim) {
		h.out = append(h.out, int32(len(h.corners)))
		h.corners = append(h.corners, corner{})
	}
	for i := range h.rim {
		e := &h.rim[i]
		k := h.out[i]
		c := &h.corners[k]
		c.at = e.at
		c.plane = [3]int32{e.a, e.b, plane}
		c.to[0] = e.stay
		h.corners[e.stay].to[e.back] = k
		// The corner whose face a is this one's b lies on the edge between b
		// and the new face.
		follow := h.out[h.first[e.b]]
		c.to[1] = follow
		h.corners[follow].to[2] = k
	}
	h.compact(h.out[len(h.rim):])
}

// compact fills holes, which are ascending, with the last corners.
func (h *hull) compact(holes []int32) {
	for len(holes) > 0 {
		last := int32(len(h.corners) - 1)
		if holes[len(holes)-1] == last {
			holes = holes[:len(holes)-1]
		} else {
			k := holes[0]
			holes = holes[1:]
			c := &h.corners[last]
			h.corners[k] = *c
			for i, n := range c.to {
				o := &h.corners[n]
				o.to[o.edge(c.plane[next3[i]])] = k
			}
		}
		h.corners = h.corners[:last]
	}
}

// index finds a corner of each face. It takes the stamps of a cut.
func (h *hull) index() {
	h.cuts++
	for i := range h.corners {
		for _, p := range h.corners[i].plane {
			h.first[p], h.stamp[p] = int32(i), h.cuts
		}
	}
}

// hasFace tells, after index, whether a plane bounds the cell.
func (h *hull) hasFace(plane int) bool { return h.stamp[plane] == h.cuts }

// face gives the corners of a face in order, after index. They are good until
// the next call.
func (h *hull) face(plane int32) []xyz {
	h.loop = h.loop[:0]
	start := h.first[plane]
	for at := start; ; {
		c := &h.corners[at]
		h.loop = append(h.loop, c.at)
		at = c.to[c.edge(plane)]
		if at == start || len(h.loop) > len(h.corners) {
			return h.loop
		}
	}
}

// xyz is a Point that the compiler keeps in registers, which it does not do
// with arrays.
type xyz struct{ x, y, z float64 }

func (a xyz) dot(b xyz) float64 {
	return float64(a.x*b.x) + float64(a.y*b.y) + float64(a.z*b.z)
}

func (a xyz) cross(b xyz) xyz {
	return xyz{
		float64(a.y*b.z) - float64(a.z*b.y),
		float64(a.z*b.x) - float64(a.x*b.z),
		float64(a.x*b.y) - float64(a.y*b.x),
	}
}

func (a xyz) plus(b xyz) xyz { return xyz{a.x + b.x, a.y + b.y, a.z + b.z} }

func (a xyz) times(f float64) xyz { return xyz{float64(a.x * f), float64(a.y * f), float64(a.z * f)} }

// towards is a + t(b-a).
func (a xyz) towards(b xyz, t float64) xyz {
	return xyz{a.x + float64(t*(b.x-a.x)), a.y + float64(t*(b.y-a.y)), a.z + float64(t*(b.z-a.z))}
}
