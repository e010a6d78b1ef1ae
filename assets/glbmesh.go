package assets

import (
	"context"
	"math"
	"slices"

	"github.com/qmuntal/gltf"
)

// mat is a matrix of 4 x 4, by columns.
type mat [16]float64

func (a mat) mul(b mat) (c mat) {
	for col := range 4 {
		for row := range 4 {
			for k := range 4 {
				c[col*4+row] += a[k*4+row] * b[col*4+k]
			}
		}
	}
	return c
}

// local is a node's own matrix: given, or of translation, rotation, scale.
func local(n *gltf.Node) mat {
	if m := mat(n.MatrixOrDefault()); m != gltf.DefaultMatrix {
		return m
	}
	t, r, s := n.Translation, n.RotationOrDefault(), n.ScaleOrDefault()
	x, y, z, w := r[0], r[1], r[2], r[3]
	return mat{
		(1 - 2*(y*y+z*z)) * s[0], 2 * (x*y + z*w) * s[0], 2 * (x*z - y*w) * s[0], 0,
		2 * (x*y - z*w) * s[1], (1 - 2*(x*x+z*z)) * s[1], 2 * (y*z + x*w) * s[1], 0,
		2 * (x*z + y*w) * s[2], 2 * (y*z - x*w) * s[2], (1 - 2*(x*x+y*y)) * s[2], 0,
		t[0], t[1], t[2], 1,
	}
}

// placed is a primitive where a node puts it.
type placed struct {
	*gltf.Primitive
	at mat
}

// scene lists what the default scene shows, in the order of the file. Nodes
// are walked with a stack of their own: their depth was checked, not trusted.
func (g *glb) scene() ([]placed, error) {
	d := g.doc
	var roots []int
	switch {
	case d.Scene != nil:
		roots = d.Scenes[*d.Scene].Nodes
	case len(d.Scenes) > 0:
		roots = d.Scenes[0].Nodes
	default:
		child := make([]bool, len(d.Nodes))
		for _, n := range d.Nodes {
			for _, c := range n.Children {
				child[c] = true
			}
		}
		for i := range d.Nodes {
			if !child[i] {
				roots = append(roots, i)
			}
		}
	}
	type step struct {
		node int
		at   mat
	}
	var todo []step
	for _, r := range slices.Backward(roots) {
		todo = append(todo, step{r, gltf.DefaultMatrix})
	}
	var out []placed
	seen := 0
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen++; seen > len(d.Nodes) {
			return nil, malformed("glb: a scene shows a node twice")
		}
		n := d.Nodes[s.node]
		at := s.at.mul(local(n))
		for _, c := range slices.Backward(n.Children) {
			todo = append(todo, step{c, at})
		}
		if n.Mesh == nil {
			continue
		}
		if n.Skin != nil {
			at = gltf.DefaultMatrix // joints place it; at rest they leave it where it is
		}
		for _, p := range d.Meshes[*n.Mesh].Primitives {
			if _, ok := p.Attributes[gltf.POSITION]; !ok || p.Mode == gltf.PrimitivePoints ||
				p.Mode == gltf.PrimitiveLines || p.Mode == gltf.PrimitiveLineLoop || p.Mode == gltf.PrimitiveLineStrip {
				continue // no triangles
			}
			if out = append(out, placed{p, at}); len(out) > MaxParts {
				return nil, over("parts", int64(len(out)), MaxParts)
			}
		}
	}
	return out, nil
}

// corners is how many indices the triangles of a primitive become.
func (g *glb) corners(p *gltf.Primitive) int {
	n := g.doc.Accessors[p.Attributes[gltf.POSITION]].Count
	if p.Indices != nil {
		n = g.doc.Accessors[*p.Indices].Count
	}
	if p.Mode == gltf.PrimitiveTriangles {
		return n - n%3
	}
	return max(n-2, 0) * 3
}

// mesh puts everything that the scene shows into one mesh. What it will hold
// is counted before anything is allocated: nodes may repeat a mesh.
func (g *glb) mesh(ctx context.Context) (*Mesh, error) {
	parts, err := g.scene()
	if err != nil {
		return nil, err
	}
	vertices, corners := int64(0), int64(0)
	has := map[string]bool{}
	for _, p := range parts {
		vertices += int64(g.doc.Accessors[p.Attributes[gltf.POSITION]].Count)
		corners += int64(g.corners(p.Primitive))
		for _, name := range []string{gltf.NORMAL, gltf.TEXCOORD_0, gltf.COLOR_0} {
			if _, ok := p.Attributes[name]; ok {
				has[name] = true
			}
		}
	}
	if err := within("vertices", vertices, MaxVertices); err != nil {
		return nil, err
	}
	if err := within("indices", corners, MaxIndices); err != nil {
		return nil, err
	}
	m := &Mesh{Positions: make([]float32, 0, vertices*3), Indices: make([]uint32, 0, corners)}
	if has[gltf.NORMAL] {
		m.Normals = make([]float32, 0, vertices*3)
	}
	if has[gltf.TEXCOORD_0] {
		m.UVs = make([]float32, 0, vertices*2)
	}
	if has[gltf.COLOR_0] {
		m.Colors = make([]uint8, 0, vertices*4)
	}
	for _, p := range parts {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err := g.add(m, p); err != nil {
			return nil, err
		}
	}
	if err := g.looks(ctx, m); err != nil {
		return nil, err
	}
	return m, m.finish()
}

// add appends one primitive.
func (g *glb) add(m *Mesh, p placed) error {
	base := uint32(len(m.Positions) / 3)
	n := g.doc.Accessors[p.Attributes[gltf.POSITION]].Count
	_ = g.each(p.Attributes[gltf.POSITION], func(_ int, v []float64) error {
		a := &p.at
		for k := range 3 {
			m.Positions = append(m.Positions, float32(a[k]*v[0]+a[4+k]*v[1]+a[8+k]*v[2]+a[12+k]))
		}
		return nil
	})
	turn := normalMatrix(&p.at)
	if err := g.attribute(p, gltf.NORMAL, 3, 3, m.Normals != nil, n, func(v []float64) {
		x, y, z := turn[0]*v[0]+turn[3]*v[1]+turn[6]*v[2], turn[1]*v[0]+turn[4]*v[1]+turn[7]*v[2], turn[2]*v[0]+turn[5]*v[1]+turn[8]*v[2]
		l := math.Sqrt(x*x + y*y + z*z)
		if !(l > 0) || math.IsInf(l, 0) {
			x, y, z, l = 0, 0, 0, 1
		}
		m.Normals = append(m.Normals, float32(x/l), float32(y/l), float32(z/l))
	}); err != nil {
		return err
	}
	if err := g.attribute(p, gltf.TEXCOORD_0, 2, 2, m.UVs != nil, n, func(v []float64) {
		m.UVs = append(m.UVs, float32(v[0]), float32(v[1]))
	}); err != nil {
		return err
	}
	if err := g.attribute(p, gltf.COLOR_0, 3, 4, m.Colors != nil, n, func(v []float64) {
		if len(v) == 0 { // none here: white
			m.Colors = append(m.Colors, 255, 255, 255, 255)
			return
		}
		c := [4]uint8{3: 255}
		for k, f := range v {
			c[k] = uint8(min(max(f, 0), 1)*255 + 0.5)
		}
		m.Colors = append(m.Colors, c[:]...)
	}); err != nil {
		return err
	}
	first := uint32(len(m.Indices))
	g.triangles(m, p, base, n)
	material := uint32(NoIndex)
	if p.Material != nil {
		material = uint32(*p.Material)
	}
	if c := uint32(len(m.Indices)) - first; c > 0 {
		m.Parts = append(m.Parts, Part{First: first, Count: c, Material: material})
	}
	return nil
}

// attribute gives each value of an attribute of low to high components to put;
// zeros (no values at all for colours) when this primitive has none of it and
// the mesh wants it.
func (g *glb) attribute(p placed, name string, low, high int, wanted bool, n int, put func([]float64)) error {
	a, ok := p.Attributes[name]
	if !wanted {
		return nil
	}
	if !ok {
		none := make([]float64, high)
		if name == gltf.COLOR_0 {
			none = nil
		}
		for range n {
			put(none)
		}
		return nil
	}
	if values, _ := elements(g.doc.Accessors[a]); values < low || values > high {
		return malformed("glb: %s with %d values", name, values)
	}
	return g.each(a, func(_ int, v []float64) error { put(v); return nil })
}

// triangles appends the indices of a primitive as a list of triangles, turned
// round when the node mirrors.
func (g *glb) triangles(m *Mesh, p placed, base uint32, vertices int) {
	mirrored := determinant(&p.at) < 0
	var corner [3]uint32
	have := 0
	emit := func(a, b, c uint32) {
		if mirrored {
			b, c = c, b
		}
		m.Indices = append(m.Indices, base+a, base+b, base+c)
	}
	put := func(n int, i uint32) {
		switch {
		case p.Mode == gltf.PrimitiveTriangles:
			if corner[have] = i; have == 2 {
				emit(corner[0], corner[1], corner[2])
			}
			have = (have + 1) % 3
		case n < 2:
			corner[n] = i
		case p.Mode == gltf.PrimitiveTriangleFan:
			emit(corner[0], corner[1], i)
			corner[1] = i
		case n%2 == 0: // of a strip
			emit(corner[0], corner[1], i)
			corner[0], corner[1] = corner[1], i
		default:
			emit(corner[1], corner[0], i)
			corner[0], corner[1] = corner[1], i
		}
	}
	if p.Indices == nil {
		for i := range vertices {
			put(i, uint32(i))
		}
		return
	}
	_ = g.each(*p.Indices, func(n int, v []float64) error { put(n, uint32(v[0])); return nil })
}

func determinant(a *mat) float64 {
	return a[0]*(a[5]*a[10]-a[9]*a[6]) - a[4]*(a[1]*a[10]-a[9]*a[2]) + a[8]*(a[1]*a[6]-a[5]*a[2])
}

// normalMatrix is the matrix of cofactors of the upper 3 x 3, by columns: the
// inverse transpose but for its scale, and defined for flat ones too.
func normalMatrix(a *mat) [9]float64 {
	return [9]float64{
		a[5]*a[10] - a[9]*a[6], a[8]*a[6] - a[4]*a[10], a[4]*a[9] - a[8]*a[5],
		a[9]*a[2] - a[1]*a[10], a[0]*a[10] - a[8]*a[2], a[8]*a[1] - a[0]*a[9],
		a[1]*a[6] - a[5]*a[2], a[4]*a[2] - a[0]*a[6], a[0]*a[5] - a[4]*a[1],
	}
}
