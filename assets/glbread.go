package assets

import (
	"context"
	"encoding/binary"
	"math"

	"github.com/qmuntal/gltf"
)

var componentBytes = [...]int{
	gltf.ComponentFloat: 4, gltf.ComponentUint: 4, gltf.ComponentShort: 2, gltf.ComponentUshort: 2,
	gltf.ComponentByte: 1, gltf.ComponentUbyte: 1,
}

// componentKinds are the numbers of the specification.
var componentKinds = [...]int{
	gltf.ComponentFloat: 5126, gltf.ComponentUint: 5125, gltf.ComponentShort: 5122, gltf.ComponentUshort: 5123,
	gltf.ComponentByte: 5120, gltf.ComponentUbyte: 5121,
}

// elements tells how an accessor's values are laid out: values each, and bytes
// of one element. Columns of small matrices begin at multiples of 4 (glTF 2.0,
// section 3.6.2.4).
func elements(a *gltf.Accessor) (values, size int) {
	b := componentBytes[a.ComponentType]
	switch a.Type {
	case gltf.AccessorMat2:
		return 4, 2 * ((2*b + 3) &^ 3)
	case gltf.AccessorMat3:
		return 9, 3 * ((3*b + 3) &^ 3)
	case gltf.AccessorMat4:
		return 16, 16 * b
	}
	return int(a.Type) + 1, (int(a.Type) + 1) * b
}

// checkAccessors checks that every accessor stays in its view, and what all of
// them together read.
func (g *glb) checkAccessors(c *checker) {
	read := int64(0)
	for i, a := range g.doc.Accessors {
		kind := &g.kinds.Accessors[i]
		if componentKinds[a.ComponentType] != kind.ComponentType {
			c.fail("accessor %d: values of kind %d", i, kind.ComponentType)
			return
		}
		if a.Count < 1 || a.Count > MaxIndices {
			c.err = over("values of an accessor", int64(a.Count), MaxIndices)
			return
		}
		_, size := elements(a)
		read += int64(a.Count) * int64(size)
		if a.BufferView != nil {
			g.checkRange(c, i, *a.BufferView, a.ByteOffset, a.Count, size)
		} else if a.ByteOffset != 0 {
			c.fail("accessor %d: an offset without a view", i)
		}
		if s := a.Sparse; s != nil {
			if s.Count < 1 || s.Count > a.Count || kind.Sparse == nil {
				c.fail("accessor %d: %d of %d values replaced", i, s.Count, a.Count)
				return
			}
			if t := s.Indices.ComponentType; !unsigned(t) || componentKinds[t] != kind.Sparse.Indices.ComponentType {
				c.fail("accessor %d: its indices are no unsigned numbers", i)
				return
			}
			width := componentBytes[s.Indices.ComponentType]
			read += int64(s.Count) * int64(size+width)
			g.checkRange(c, i, s.Indices.BufferView, s.Indices.ByteOffset, s.Count, width)
			g.checkRange(c, i, s.Values.BufferView, s.Values.ByteOffset, s.Count, size)
			if c.err != nil {
				return
			}
			last := -1
			for _, at := range g.sparseIndices(s) {
				if at <= last || at >= a.Count {
					c.fail("accessor %d: replaces value %d of %d", i, at, a.Count)
					return
				}
				last = at
			}
		}
		if c.err == nil {
			c.err = within("bytes that accessors read", read, maxRead)
		}
		if c.err != nil {
			return
		}
	}
}

// checkRange checks that n elements from an offset of a view on are in it.
func (g *glb) checkRange(c *checker, i, view, offset, n, size int) {
	if c.index(view, len(g.doc.BufferViews), "accessor %d: view", i); c.err != nil {
		return
	}
	v := g.doc.BufferViews[view]
	stride := max(v.ByteStride, size)
	if v.ByteStride != 0 && v.ByteStride < size {
		c.fail("accessor %d: %d bytes in steps of %d", i, size, v.ByteStride)
		return
	}
	if offset < 0 || offset > v.ByteLength || int64(n-1)*int64(stride)+int64(size) > int64(v.ByteLength-offset) {
		c.fail("accessor %d: %d values beyond the end of view %d", i, n, view)
	}
}

// view gives the bytes from an offset of a view on, and the step.
func (g *glb) view(view, offset, size int) (b []byte, stride int) {
	v := g.doc.BufferViews[view]
	return g.doc.Buffers[v.Buffer].Data[v.ByteOffset:][offset:v.ByteLength], max(v.ByteStride, size)
}

func (g *glb) sparseIndices(s *gltf.Sparse) []int {
	width := componentBytes[s.Indices.ComponentType]
	b, stride := g.view(s.Indices.BufferView, s.Indices.ByteOffset, width)
	out := make([]int, s.Count)
	for i := range out {
		out[i] = int(component(b[i*stride:], s.Indices.ComponentType))
	}
	return out
}

// component reads one value.
func component(b []byte, t gltf.ComponentType) float64 {
	switch t {
	case gltf.ComponentByte:
		return float64(int8(b[0]))
	case gltf.ComponentUbyte:
		return float64(b[0])
	case gltf.ComponentShort:
		return float64(int16(binary.LittleEndian.Uint16(b)))
	case gltf.ComponentUshort:
		return float64(binary.LittleEndian.Uint16(b))
	case gltf.ComponentUint:
		return float64(binary.LittleEndian.Uint32(b))
	}
	return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
}

// normal maps an integer that stands for a fraction to it (glTF 2.0, section
// 3.11).
func normal(v float64, t gltf.ComponentType) float64 {
	switch t {
	case gltf.ComponentByte:
		return max(v/127, -1)
	case gltf.ComponentUbyte:
		return v / 255
	case gltf.ComponentShort:
		return max(v/32767, -1)
	case gltf.ComponentUshort:
		return v / 65535
	}
	return v
}

// each calls do with every element of an accessor of scalars or vectors, with
// the replaced values put in. The slice is good until do returns.
func (g *glb) each(i int, do func(n int, v []float64) error) error {
	a := g.doc.Accessors[i]
	n, size := elements(a)
	width := componentBytes[a.ComponentType]
	matrix := a.Type >= gltf.AccessorMat2
	values := make([]float64, n)
	read := func(b []byte) {
		for k := range values {
			at := k * width
			if matrix { // columns are padded
				rows := int(a.Type-gltf.AccessorMat2) + 2
				at = k/rows*(size/rows) + k%rows*width
			}
			if values[k] = component(b[at:], a.ComponentType); a.Normalized {
				values[k] = normal(values[k], a.ComponentType)
			}
		}
	}
	var base []byte
	stride := 0
	if a.BufferView != nil {
		base, stride = g.view(*a.BufferView, a.ByteOffset, size)
	}
	var swap []int
	var with []byte
	swapStride := 0
	if s := a.Sparse; s != nil {
		swap = g.sparseIndices(s)
		with, swapStride = g.view(s.Values.BufferView, s.Values.ByteOffset, size)
	}
	for e, next := 0, 0; e < a.Count; e++ {
		switch {
		case next < len(swap) && swap[next] == e:
			read(with[next*swapStride:])
			next++
		case base != nil:
			read(base[e*stride:])
		default:
			clear(values)
		}
		if err := do(e, values); err != nil {
			return err
		}
	}
	return nil
}

// scanValues looks at every float of every accessor, used or not: the whole
// file goes to clients as an Avatar.
func (g *glb) scanValues(ctx context.Context) error {
	for i, a := range g.doc.Accessors {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if a.ComponentType != gltf.ComponentFloat {
			continue
		}
		if err := g.each(i, func(n int, v []float64) error {
			for _, f := range v {
				if f-f != 0 {
					return malformed("glb: accessor %d: value %d is not finite", i, n)
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return g.scanIndices(ctx)
}

// scanIndices checks that indices of vertices and joints lead somewhere.
func (g *glb) scanIndices(ctx context.Context) error {
	joints := map[int]int{} // of the smallest skin that a mesh is worn with
	for _, n := range g.doc.Nodes {
		if n.Mesh != nil && n.Skin != nil {
			have := len(g.doc.Skins[*n.Skin].Joints)
			if old, ok := joints[*n.Mesh]; ok {
				have = min(have, old)
			}
			joints[*n.Mesh] = have
		}
	}
	for i, m := range g.doc.Meshes {
		for _, p := range m.Primitives {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if at, ok := p.Attributes[gltf.POSITION]; ok && p.Indices != nil {
				if err := g.below(*p.Indices, g.doc.Accessors[at].Count, "mesh %d: index", i); err != nil {
					return err
				}
			}
			if at, ok := p.Attributes[gltf.JOINTS_0]; ok {
				if most, worn := joints[i]; worn {
					if err := g.below(at, most, "mesh %d: joint", i); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// below checks that all values of an accessor are whole numbers below n.
func (g *glb) below(accessor, n int, format string, a ...any) error {
	return g.each(accessor, func(_ int, v []float64) error {
		for _, f := range v {
			if f < 0 || f >= float64(n) || f != math.Trunc(f) {
				c := checker{}
				c.index(int(f), n, format, a...)
				return c.err
			}
		}
		return nil
	})
}
