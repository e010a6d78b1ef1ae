package physics

import (
	"testing"

	"github.com/metatopia/metatopia/spatial/det"
)

// TestTouches: a box on the ground and a ball on the box are seen with places,
// normals and the impulses that carry their weight.
func TestTouches(t *testing.T) {
	w, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	cmds := []Command{add(crate(1, 0, 0.5, 0)), add(ball(2, 0.25, 0, 1.25, 0))}
	for range 20 {
		w.Step(cmds, nil)
		cmds = nil
	}
	see := func() (list []Touch) {
		w.EachTouch(func(t Touch) bool { list = append(list, t); return true })
		return list
	}
	list := see()
	if len(list) != 2 || list[0].A != Ground || list[0].B != 1 || list[1].A != 1 || list[1].B != 2 {
		t.Fatalf("touches %+v", list)
	}
	for i, want := range []struct {
		points int
		y      float32
		load   float32 // kg on it
	}{{4, 0, 2}, {1, 1, 1}} {
		x := list[i]
		sum := float32(0)
		for _, p := range x.Points[:x.Count] {
			sum += p.Impulse
			if det.Abs(p.Pos.Y-want.y) > 0.02 {
				t.Errorf("touch %d: point at %v", i, p.Pos)
			}
		}
		if !x.Placed || !x.Touching || x.Count != want.points || x.Normal.Y < 0.99 {
			t.Errorf("touch %d: %+v", i, x)
		}
		// A substep of 1/240 s carries that share of the weight.
		if weight := want.load * 9.81 / 240; sum < 0.8*weight || sum > 1.2*weight {
			t.Errorf("touch %d carries %g N·s, not %g", i, sum, weight)
		}
	}
	r, err := Restore(Config{}, w.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	r.EachTouch(func(x Touch) bool {
		if x.Placed || x.Points[0].Feature != list[n].Points[0].Feature || x.Points[0].Impulse != list[n].Points[0].Impulse {
			t.Errorf("restored %+v", x)
		}
		n++
		return true
	})
	if n != 2 {
		t.Errorf("%d touches restored", n)
	}
}
