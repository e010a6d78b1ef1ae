package spatial

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/metatopia/metatopia/internal/base"
)

func id(n byte) base.ID { return base.ID{15: n} }

func drawPos(t *rapid.T, name string, limit int64) Pos {
	c := rapid.Int64Range(-limit, limit)
	return Pos{c.Draw(t, name+"x"), c.Draw(t, name+"y"), c.Draw(t, name+"z")}
}

// drawLimit makes most positions crowd together, so that ties happen, and some
// use the whole range.
func drawLimit(t *rapid.T) int64 {
	return rapid.SampledFrom([]int64{3, 100, 96 * Unit, MaxCoord}).Draw(t, "limit")
}

func TestBox(t *testing.T) {
	b := Box{At(-96, 0, -96), At(160, 64, 96)}
	for _, c := range []struct {
		p  Pos
		in bool
	}{
		{b.Min, true}, {b.Max, true}, {b.Center(), true},
		{Pos{b.Min.X - 1, 0, 0}, false}, {Pos{0, b.Max.Y + 1, 0}, false}, {At(0, -1, 500), false},
	} {
		if b.Contains(c.p) != c.in {
			t.Errorf("Contains(%v) = %v", c.p, !c.in)
		}
		if q := b.Clamp(c.p); !b.Contains(q) {
			t.Errorf("Clamp(%v) = %v is outside", c.p, q)
		}
	}
	if !b.Valid() || (Box{b.Max, b.Min}).Valid() || (Box{b.Min, Pos{X: MaxCoord + 1}}).Valid() {
		t.Error("Valid")
	}
	if b.Center() != At(32, 32, 0) {
		t.Error("Center", b.Center())
	}
}

// TestOwner against the definition: the least (distance, id).
func TestOwner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t)
		var list []Site
		for i := range rapid.IntRange(1, 12).Draw(t, "sites") {
			list = append(list, Site{id(byte(i*37 + 1)), drawPos(t, "s", limit)})
		}
		sites, err := NewSites(list)
		if err != nil {
			t.Skip(err) // two at one place
		}
		p := drawPos(t, "p", limit)
		got, ok := sites.Owner(p)
		if !ok {
			t.Fatal("no owner")
		}
		for _, s := range list {
			d, e := p.Dist2(s.Pos), p.Dist2(got.Pos)
			if d < e || (d == e && s.ID.Compare(got.ID) < 0) {
				t.Fatalf("%v is nearer than the owner %v", s, got)
			}
			if s.ID != got.ID && Border(got, s).Owner(p) != got {
				t.Fatalf("the border with %v gives the place to the other", s)
			}
		}
	})
}

func TestNewSitesRefuses(t *testing.T) {
	a, b := Site{id(1), At(0, 0, 0)}, Site{id(2), At(64, 0, 0)}
	for name, list := range map[string][]Site{
		"zero id":    {{Pos: At(1, 1, 1)}},
		"twice":      {a, b, a},
		"same place": {a, {id(3), a.Pos}},
		"far out":    {{id(1), Pos{X: MaxCoord + 1}}},
		"too many":   make([]Site, MaxSites+1),
	} {
		if _, err := NewSites(list); !errors.Is(err, ErrSite) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := NewSites([]Site{b, a})
	if err != nil || s.Len() != 2 || s.All()[0] != a {
		t.Error(s, err)
	}
	if _, ok := (Sites{}).Owner(Pos{}); ok {
		t.Error("an empty set owns a place")
	}
	if err := s.CheckSpacing(64 * Unit); err != nil {
		t.Error(err)
	}
	if err := s.CheckSpacing(64*Unit + 1); !errors.Is(err, ErrSpacing) {
		t.Error(err)
	}
}

func TestNeighbours(t *testing.T) {
	s, _ := NewSites([]Site{{id(5), At(0, 0, 0)}, {id(1), At(64, 0, 0)}, {id(2), At(-64, 0, 0)}, {id(3), At(0, 0, 32)}})
	var got []byte
	for _, n := range s.Neighbours(id(5)) {
		got = append(got, n.ID[15])
	}
	if string(got) != "\x03\x01\x02" {
		t.Errorf("neighbours %v", got)
	}
	if s.Neighbours(id(9)) != nil {
		t.Error("a stranger has neighbours")
	}
}

// TestBorder: the side is exact and the distance right to a relative 1e-12,
// against arithmetic without rounding.
func TestBorder(t *testing.T) {
	pl := Border(Site{id(1), At(0, 0, 0)}, Site{id(2), At(64, 0, 0)})
	for x, want := range map[float64]float64{0: -32, 32: 0, 33.5: 1.5, 160: 128} {
		if got := pl.Distance(At(x, 5, -70)); got != want {
			t.Errorf("distance at x=%g: %g, want %g", x, got, want)
		}
	}
	if pl.Normal() != (Vec{X: 1}) {
		t.Error("normal", pl.Normal())
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t)
		a, b, p := drawPos(t, "a", limit), drawPos(t, "b", limit), drawPos(t, "p", limit)
		if a == b {
			t.Skip()
		}
		pl := Border(Site{id(1), a}, Site{id(2), b})
		diff := new(big.Int).Sub(exact2(p, a), exact2(p, b))
		if pl.Side(p) != diff.Sign() {
			t.Fatalf("side %d, want %d", pl.Side(p), diff.Sign())
		}
		got := pl.Distance(p)
		num, _ := new(big.Float).SetInt(diff).Float64()
		span, _ := new(big.Float).SetInt(exact2(a, b)).Float64()
		want := num / (2 * math.Sqrt(span)) / Unit
		if math.Abs(got-want) > 1e-12*math.Abs(want) || (got > 0) != (diff.Sign() > 0) || (got < 0) != (diff.Sign() < 0) {
			t.Fatalf("distance %g, want %g", got, want)
		}
		if back := Border(pl.B, pl.A).Distance(p); back != -got {
			t.Fatalf("from the other side %g, want %g", back, -got)
		}
	})
}

func exact2(a, b Pos) *big.Int {
	sum := new(big.Int)
	for _, d := range []int64{a.X - b.X, a.Y - b.Y, a.Z - b.Z} {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(d), big.NewInt(d)))
	}
	return sum
}

func TestHeadings(t *testing.T) {
	for _, h := range []float32{0, 0.5, 1.5, 3, -0.5, -3} {
		v := Yaw(h).Rotate(Vec{Z: 1})
		if d := math.Abs(float64(v.Heading() - h)); d > 1e-6 || !Yaw(h).Valid() {
			t.Errorf("heading %g comes back as %g", h, v.Heading())
		}
	}
	if (Quat{}).Valid() || !Identity.Valid() || (Quat{W: 2}).Valid() || (Quat{}).Unit() != Identity {
		t.Error("Valid")
	}
}
