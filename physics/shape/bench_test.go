package shape

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// BenchmarkCollide measures pairs that lie on each other, as in a heap at rest.
func BenchmarkCollide(b *testing.B) {
	d := newDraw(20)
	sphere := Shape{Kind: Sphere, Half: det.Vec{X: 0.5, Y: 0.5, Z: 0.5}}
	box := Shape{Kind: Box, Half: det.Vec{X: 0.5, Y: 0.5, Z: 0.5}}
	capsule := Shape{Kind: Capsule, Half: det.Vec{X: 0.3, Y: 0.5, Z: 0.3}}
	cube, rock := cubeHull(b, 0.5).Shape(), d.hull(b, 24, 0.7).Shape()
	land := field(b, 64, 64, 0.4, make([]float32, 64*64)).Shape()
	for _, p := range []struct {
		name string
		a, b *Shape
	}{
		{"sphere-sphere", &sphere, &sphere}, {"box-sphere", &box, &sphere}, {"box-box", &box, &box},
		{"capsule-capsule", &capsule, &capsule}, {"box-capsule", &box, &capsule}, {"box-cube", &box, &cube},
		{"rock-sphere", &rock, &sphere}, {"rock-capsule", &rock, &capsule}, {"rock-rock", &rock, &rock},
		{"field-sphere", &land, &sphere}, {"field-capsule", &land, &capsule}, {"field-box", &land, &box}, {"field-rock", &land, &rock},
	} {
		b.Run(p.name, func(b *testing.B) {
			pa, pb := At(det.Vec{}, det.Identity), At(det.Vec{X: 0.1, Z: 0.05}, det.AxisAngle(det.Vec{Y: 1}, 0.3))
			_, ha := p.a.Bounds(&pa)
			lb, _ := p.b.Bounds(&pb)
			pb.Pos.Y = ha.Y - lb.Y - 0.005
			out := make([]Manifold, 0, 64)
			met := 0
			for b.Loop() {
				out = Collide(p.a, &pa, p.b, &pb, out[:0])
				met += len(out)
			}
			if met == 0 && p.a != &rock {
				b.Error("they do not meet")
			}
		})
	}
}
