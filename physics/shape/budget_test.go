package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// ground is a mesh of n by n squares of side cell, at the heights that y gives.
func ground(t testing.TB, n int, cell float32, y func(i, j int) float32) *Geometry {
	t.Helper()
	var corners []det.Vec
	var triangles [][3]int
	for j := range n + 1 {
		for i := range n + 1 {
			corners = append(corners, det.Vec{X: cell * (float32(i) - float32(n)/2), Y: y(i, j), Z: cell * (float32(j) - float32(n)/2)})
			if i < n && j < n {
				k := j*(n+1) + i
				triangles = append(triangles, [3]int{k, k + n + 1, k + n + 2}, [3]int{k, k + n + 2, k + 1})
			}
		}
	}
	g, err := NewMesh(corners, triangles)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestWideBoxOnFineMesh: a box that covers far more triangles than are looked at
// closely still lies on all of them.
func TestWideBoxOnFineMesh(t *testing.T) {
	for name, y := range map[string]func(i, j int) float32{
		"flat":  func(int, int) float32 { return 0 },
		"bumpy": func(i, j int) float32 { return 0.1 * float32((i*7+j*3)%5) / 4 },
	} {
		t.Run(name, func(t *testing.T) {
			const n, cell = 80, 0.5
			a := Shape{Kind: Mesh, Geometry: ground(t, n, cell, y)}
			b := Shape{Kind: Box, Half: det.Vec{X: 19, Y: 0.5, Z: 19}}
			at := Pose{Turn: det.Mat{A: det.Vec{X: 1}, B: det.Vec{Y: 1}, C: det.Vec{Z: 1}}}
			on := at
			on.Pos.Y = 0.59
			if name == "flat" {
				on.Pos.Y = 0.49
			}
			var lo, hi det.Vec
			low := float32(0)
			for _, m := range Collide(&a, &at, &b, &on, nil) {
				if m.Normal.Y < 0.5 {
					t.Errorf("normal %v", m.Normal)
				}
				for _, p := range m.Points[:m.Count] {
					low = min(low, p.Gap)
					lo.X, lo.Z, hi.X, hi.Z = min(lo.X, p.RB.X), min(lo.Z, p.RB.Z), max(hi.X, p.RB.X), max(hi.Z, p.RB.Z)
				}
			}
			if lo.X > -15 || lo.Z > -15 || hi.X < 15 || hi.Z < 15 {
				t.Errorf("lies on %v to %v only", lo, hi)
			}
			if low > -0.005 || low < -0.03 {
				t.Errorf("overlap of %g m, want 0.01", -low)
			}
		})
	}
}

func BenchmarkWideBoxOnFineMesh(b *testing.B) {
	a := Shape{Kind: Mesh, Geometry: ground(b, 140, 0.4, func(i, j int) float32 { return 0.1 * float32((i*7+j*3)%5) / 4 })}
	box := Shape{Kind: Box, Half: det.Vec{X: 30, Y: 0.5, Z: 30}}
	at := Pose{Turn: det.Mat{A: det.Vec{X: 1}, B: det.Vec{Y: 1}, C: det.Vec{Z: 1}}}
	on := at
	on.Pos.Y = 0.4
	turn := det.Quat{X: 0.01, Y: 0.3, Z: 0.01, W: 0.95}
	on.Rot, on.Turn = turn, turn.Unit().Matrix()
	var out []Manifold
	for b.Loop() {
		out = Collide(&a, &at, &box, &on, out[:0])
	}
}
