package shape

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// The bytes of a mesh:
//
//	u8 kind = 6
//	u32 n    corners, n × vec rising by (x, y, z)
//	u32 m    triangles, m × (u16 a, u16 b, u16 c), against the clock seen from
//	         outside, the least first, rising by (a, b, c)
//
// Every corner is one of a triangle; no triangle is without area. Its centre is
// the origin of its coordinates.

// mesh is solid behind its triangles.
type mesh struct {
	corners   []det.Vec
	triangles [][3]uint16
	beyond    [][3]int32 // third corner of the neighbour over each edge, -1 = none
	nodes     []meshNode
	order     []int32 // triangles, leaf by leaf
}

// meshNode is a box of a tree: a leaf holds order[first : first+count], an inner
// node (count 0) has its children at first and first+1.
type meshNode struct {
	lo, hi       det.Vec
	first, count int32
}

// NewMesh makes a mesh of triangles of corners. Equal corners are joined,
// corners without a triangle and triangles without area left out.
func NewMesh(corners []det.Vec, triangles [][3]int) (*Geometry, error) {
	if len(corners) > MaxMeshCorners || len(triangles) > MaxTriangles {
		return nil, fmt.Errorf("shape: mesh: %w: %d corners, %d triangles", ErrCount, len(corners), len(triangles))
	}
	var used []det.Vec
	for _, t := range triangles {
		for _, k := range t {
			if k < 0 || k >= len(corners) {
				return nil, fmt.Errorf("shape: mesh: %w: corner %d", ErrRange, k)
			}
			if !corners[k].Finite() {
				return nil, fmt.Errorf("shape: mesh: %w: corner %d", ErrRange, k)
			}
		}
		f := facet{p: [3]det.Vec{corners[t[0]], corners[t[1]], corners[t[2]]}}
		if f.solid() {
			used = append(used, f.p[:]...)
		}
	}
	slices.SortFunc(used, compareVec)
	used = slices.Compact(used)
	var list [][3]uint16
	for _, t := range triangles {
		f := facet{p: [3]det.Vec{corners[t[0]], corners[t[1]], corners[t[2]]}}
		if !f.solid() {
			continue
		}
		var n [3]uint16
		for i := range 3 {
			k, _ := slices.BinarySearchFunc(used, f.p[i], compareVec)
			n[i] = uint16(k)
		}
		for n[0] > n[1] || n[0] > n[2] {
			n = [3]uint16{n[1], n[2], n[0]}
		}
		list = append(list, n)
	}
	slices.SortFunc(list, compareTriangles)
	list = slices.Compact(list)
	e := base.Encoder{B: []byte{byte(Mesh)}}
	e.U32(uint32(len(used)))
	for _, v := range used {
		appendVec(&e, v)
	}
	e.U32(uint32(len(list)))
	for _, t := range list {
		for _, k := range t {
			e.U16(k)
		}
	}
	return Parse(e.B)
}

func compareTriangles(a, b [3]uint16) int { return slices.Compare(a[:], b[:]) }

// solid reports whether a triangle has an area that float32 can work with.
func (f *facet) solid() bool {
	a, b := widen(f.p[1]).sub(widen(f.p[0])), widen(f.p[2]).sub(widen(f.p[0]))
	n := a.cross(b).len()
	most := max(a.len(), b.len(), a.sub(b).len())
	return n > float64(1e-4*float64(most*most)) && n > 1e-8
}

func (g *Geometry) readMesh(d *base.Decoder) error {
	m := &mesh{}
	n := d.Count(MaxMeshCorners, 12)
	for i := 0; i < n && d.Err() == nil; i++ {
		m.corners = append(m.corners, readVec(d))
		if i > 0 && compareVec(m.corners[i-1], m.corners[i]) >= 0 {
			return fmt.Errorf("%w: corners out of order", ErrCanonical)
		}
	}
	k := d.Count(MaxTriangles, 6)
	used := make([]bool, n)
	for i := 0; i < k && d.Err() == nil; i++ {
		t := [3]uint16{d.U16(), d.U16(), d.U16()}
		if int(max(t[0], t[1], t[2])) >= n || t[0] >= t[1] || t[0] >= t[2] {
			return fmt.Errorf("%w: triangle %d", ErrCanonical, i)
		}
		if i > 0 && compareTriangles(m.triangles[i-1], t) >= 0 {
			return fmt.Errorf("%w: triangles out of order", ErrCanonical)
		}
		f := facet{p: [3]det.Vec{m.corners[t[0]], m.corners[t[1]], m.corners[t[2]]}}
		if !f.solid() {
			return ErrDegenerate
		}
		used[t[0]], used[t[1]], used[t[2]] = true, true, true
		m.triangles = append(m.triangles, t)
	}
	if d.Err() != nil {
		return nil
	}
	if k == 0 {
		return fmt.Errorf("%w: no triangles", ErrCount)
	}
	if slices.Contains(used, false) {
		return fmt.Errorf("%w: a corner without a triangle", ErrCanonical)
	}
	m.join()
	m.build()
	g.mesh = m
	g.span(m.corners)
	return nil
}

// join finds the neighbours. Of more than two triangles at an edge, each takes
// the last.
func (m *mesh) join() {
	type way struct{ a, b uint16 }
	third := make(map[way]int32, 3*len(m.triangles)) // only looked up
	for _, t := range m.triangles {
		for k := range 3 {
			third[way{t[k], t[(k+1)%3]}] = int32(t[(k+2)%3])
		}
	}
	m.beyond = make([][3]int32, len(m.triangles))
	for i, t := range m.triangles {
		for k := range 3 {
			c, ok := third[way{t[(k+1)%3], t[k]}]
			if !ok {
				c = -1
			}
			m.beyond[i][k] = c
		}
	}
}

// leafSize is how many triangles end the splitting of a mesh.
const leafSize = 4

// build splits the triangles at the median of their middles along the longest
// side of their box, until few are left.
func (m *mesh) build() {
	m.order = make([]int32, len(m.triangles))
	for i := range m.order {
		m.order[i] = int32(i)
	}
	m.nodes = append(m.nodes[:0], meshNode{first: 0, count: int32(len(m.order))})
	for at := 0; at < len(m.nodes); at++ {
		n := m.nodes[at]
		part := m.order[n.first : n.first+n.count]
		n.lo, n.hi = m.box(part[0])
		for _, t := range part[1:] {
			lo, hi := m.box(t)
			n.lo = det.Vec{X: min(n.lo.X, lo.X), Y: min(n.lo.Y, lo.Y), Z: min(n.lo.Z, lo.Z)}
			n.hi = det.Vec{X: max(n.hi.X, hi.X), Y: max(n.hi.Y, hi.Y), Z: max(n.hi.Z, hi.Z)}
		}
		if n.count > leafSize {
			side := n.hi.Sub(n.lo)
			along := func(t int32) float32 {
				lo, hi := m.box(t)
				c := lo.Add(hi)
				switch {
				case side.X >= side.Y && side.X >= side.Z:
					return c.X
				case side.Y >= side.Z:
					return c.Y
				}
				return c.Z
			}
			slices.SortFunc(part, func(a, b int32) int { return cmp.Or(cmp.Compare(along(a), along(b)), cmp.Compare(a, b)) })
			half := n.count / 2
			left := meshNode{first: n.first, count: half}
			right := meshNode{first: n.first + half, count: n.count - half}
			n.first, n.count = int32(len(m.nodes)), 0
			m.nodes = append(m.nodes, left, right)
		}
		m.nodes[at] = n
	}
}

func (m *mesh) box(t int32) (lo, hi det.Vec) {
	k := m.triangles[t]
	f := facet{p: [3]det.Vec{m.corners[k[0]], m.corners[k[1]], m.corners[k[2]]}}
	return f.bounds()
}

// next walks down the tree, the first child first.
func (m *mesh) next(c *cursor, f *facet) bool {
	for {
		for c.at < c.last {
			t := m.order[c.at]
			c.at++
			if lo, hi := m.box(t); boxesMeet(lo, hi, c.lo, c.hi) && m.facet(t, f) {
				return true
			}
		}
		if c.depth == 0 {
			return false
		}
		c.depth--
		n := &m.nodes[c.stack[c.depth]]
		switch {
		case !boxesMeet(n.lo, n.hi, c.lo, c.hi):
		case n.count > 0:
			c.at, c.last = n.first, n.first+n.count
		default:
			c.stack[c.depth], c.stack[c.depth+1] = n.first+1, n.first
			c.depth += 2
		}
	}
}

func (m *mesh) facet(t int32, f *facet) bool {
	f.id = uint32(t)
	for k, c := range m.triangles[t] {
		f.p[k] = m.corners[c]
		b := m.beyond[t][k]
		if f.joined[k] = b >= 0; b >= 0 {
			f.beyond[k] = m.corners[b]
		}
	}
	return f.setNormal()
}
