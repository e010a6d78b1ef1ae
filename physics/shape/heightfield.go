package shape

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial/det"
)

// The bytes of a heightfield:
//
//	u8 kind = 5
//	u16 nx, u16 nz   samples along x and z, 2 to 512 each
//	f32 cell         m between two samples
//	nx·nz × f32      heights, x running fastest
//
// Its centre is the middle of the grid at height 0. A cell is two triangles
// that share the edge from its corner of least x and z.

// heightfield is solid below its triangles.
type heightfield struct {
	nx, nz  int32
	cell    float32
	heights []float32
}

// NewHeightfield makes a heightfield of nx by nz samples, cell metres apart.
func NewHeightfield(nx, nz int, cell float32, heights []float32) (*Geometry, error) {
	if nx < 2 || nz < 2 || nx > MaxSamples || nz > MaxSamples || len(heights) != nx*nz {
		return nil, fmt.Errorf("shape: heightfield: %w: %d by %d samples, %d heights", ErrCount, nx, nz, len(heights))
	}
	e := base.Encoder{B: []byte{byte(Heightfield)}}
	e.U16(uint16(nx))
	e.U16(uint16(nz))
	e.F32(cell)
	for _, h := range heights {
		e.F32(h + 0)
	}
	return Parse(e.B)
}

func (g *Geometry) readHeightfield(d *base.Decoder) error {
	f := &heightfield{nx: int32(d.U16()), nz: int32(d.U16()), cell: d.F32()}
	if d.Err() != nil {
		return nil
	}
	if f.nx < 2 || f.nz < 2 || f.nx > MaxSamples || f.nz > MaxSamples {
		return fmt.Errorf("%w: %d by %d samples", ErrCount, f.nx, f.nz)
	}
	if !(f.cell >= MinCell && float32(f.cell*float32(max(f.nx, f.nz)-1)) <= 2*MaxCoord) {
		return fmt.Errorf("%w: cell of %g m", ErrRange, f.cell)
	}
	n := int(f.nx) * int(f.nz)
	if d.Len() != 4*n {
		return base.ErrTruncated
	}
	f.heights = make([]float32, n)
	for i := range f.heights {
		f.heights[i] = readFloat(d)
	}
	if d.Err() != nil {
		return nil
	}
	lo, hi := f.heights[0], f.heights[0]
	for _, h := range f.heights {
		lo, hi = min(lo, h), max(hi, h)
	}
	g.lo, g.hi = f.corner(0, 0), f.corner(f.nx-1, f.nz-1)
	g.lo.Y, g.hi.Y = lo, hi
	g.field = f
	return nil
}

// corner is sample i, j.
func (f *heightfield) corner(i, j int32) det.Vec {
	return det.Vec{
		X: float32(f.cell * (float32(i) - float32(0.5*float32(f.nx-1)))),
		Y: f.heights[j*f.nx+i],
		Z: float32(f.cell * (float32(j) - float32(0.5*float32(f.nz-1)))),
	}
}

// column is the cell of coordinate x along an axis of n samples, within it.
func (f *heightfield) column(x float32, n int32) int32 {
	c := det.Clamp(x/f.cell+float32(0.5*float32(n-1)), 0, float32(n-2))
	return min(int32(c), n-2) //lint:clamped on the line above
}

func (f *heightfield) start(c *cursor) {
	c.i0, c.i1 = f.column(c.lo.X, f.nx), f.column(c.hi.X, f.nx)
	c.j, c.j1 = f.column(c.lo.Z, f.nz), f.column(c.hi.Z, f.nz)
	c.i, c.half = c.i0, 0
}

// next walks over the cells row by row.
func (f *heightfield) next(c *cursor, t *facet) bool {
	for c.j <= c.j1 {
		if c.i > c.i1 {
			c.i, c.j = c.i0, c.j+1
			continue
		}
		if c.half == 2 || c.half == 0 && !f.tall(c) {
			c.i, c.half = c.i+1, 0
			continue
		}
		f.triangle(c.i, c.j, c.half, t)
		c.half++
		if lo, hi := t.bounds(); boxesMeet(lo, hi, c.lo, c.hi) && t.setNormal() {
			return true
		}
	}
	return false
}

// tall reports whether the heights of the cell at hand reach into the box.
func (f *heightfield) tall(c *cursor) bool {
	k := c.j*f.nx + c.i
	a, b, x, y := f.heights[k], f.heights[k+1], f.heights[k+f.nx], f.heights[k+f.nx+1]
	return min(a, b, x, y) <= c.hi.Y && max(a, b, x, y) >= c.lo.Y
}

// triangle fills t with half 0 or 1 of cell i, j.
func (f *heightfield) triangle(i, j, half int32, t *facet) {
	t.id = uint32((j*f.nx+i)*2 + half)
	t.p[0], t.joined[0], t.joined[1], t.joined[2] = f.corner(i, j), true, true, true
	far := f.corner(i+1, j+1)
	if half == 0 {
		t.p[1], t.p[2] = f.corner(i, j+1), far
		t.beyond[2] = f.corner(i+1, j)
		f.join(t, 0, i-1, j)
		f.join(t, 1, i+1, j+2)
		return
	}
	t.p[1], t.p[2] = far, f.corner(i+1, j)
	t.beyond[0] = f.corner(i, j+1)
	f.join(t, 1, i+2, j+1)
	f.join(t, 2, i, j-1)
}

// join sets the neighbour over edge k, whose third corner is sample i, j.
func (f *heightfield) join(t *facet, k int, i, j int32) {
	t.joined[k] = i >= 0 && j >= 0 && i < f.nx && j < f.nz
	if t.joined[k] {
		t.beyond[k] = f.corner(i, j)
	}
}
