package presence

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/presence/wire"
	"github.com/metatopia/metatopia/spatial"
)

func TestIndexIsAMap(t *testing.T) {
	var x index
	want := map[wire.ShortID]int{}
	r := base.NewRand(4, 4)
	for i := range 20000 {
		id := wire.ShortID(r.IntN(300))
		switch r.IntN(3) {
		case 0, 1:
			x.put(id, i)
			want[id] = i
		default:
			x.del(id)
			delete(want, id)
		}
		id = wire.ShortID(r.IntN(300))
		w, ok := want[id]
		if !ok {
			w = -1
		}
		if got := x.get(id); got != w || x.used != len(want) {
			t.Fatalf("step %d: id %d is at %d, want %d; %d of %d", i, id, got, w, x.used, len(want))
		}
	}
}

func TestRoot(t *testing.T) {
	for _, v := range []int64{0, 1, 2, 3, 4, 15, 16, 17, 1 << 40, 1<<62 - 1, 3037000499 * 3037000499} {
		if r := root(v); r*r > v || (r+1)*(r+1) > 0 && (r+1)*(r+1) <= v {
			t.Errorf("root(%d) = %d", v, r)
		}
	}
}

// Every direction has one sector, and the axis of a sector lies in it.
func TestSectors(t *testing.T) {
	for s := range wire.Sectors {
		if got := sectorOf(sectorAxis(s)); got != s {
			t.Errorf("the axis of sector %d is in %d", s, got)
		}
	}
	var n [wire.Sectors]int
	r := base.NewRand(1, 1)
	for range 24000 {
		d := ball(r, [3]float64{}, 1000)
		n[sectorOf(vec{int64(d[0]), int64(d[1]), int64(d[2])})]++
	}
	for s, k := range n {
		if k < 850 || k > 1150 {
			t.Errorf("sector %d has %d of 24000", s, k)
		}
	}
}

func TestAhead(t *testing.T) {
	p := wire.PointOf(spatial.At(1, 2, 3))
	v := wire.VelocityOf(spatial.Vec{X: 1.4, Y: -2, Z: 0})
	for _, c := range []struct {
		dt   int64
		want spatial.Pos
	}{{-second, spatial.At(1, 2, 3)}, {0, spatial.At(1, 2, 3)}, {second, spatial.At(2.4, 0, 3)}, {10 * second, spatial.At(4.5, -3, 3)}} {
		if got := ahead(p, v, c.dt); got.Dist2(wire.PointOf(c.want)) > 12 {
			t.Errorf("after %d ns at %v, want %v", c.dt, got.Pos(), c.want)
		}
	}
}

func TestMeets(t *testing.T) {
	m := func(v float64) int64 { return int64(v * 1024) }
	for _, c := range []struct {
		d, v vec
		want bool
	}{
		{vec{m(49), 0, 0}, vec{}, true},
		{vec{m(51), 0, 0}, vec{}, false},
		{vec{m(70), 0, 0}, vec{m(-9), 0, 0}, false},
		{vec{m(70), 0, 0}, vec{m(-10), 0, 0}, true},
		{vec{m(70), 0, 0}, vec{m(10), 0, 0}, false},
		{vec{m(60), 0, 0}, vec{m(-60), 0, 0}, true}, // through and out again
	} {
		if got := meets(c.d, c.v, m(50), 2*second); got != c.want {
			t.Errorf("%+v %+v: %v", c.d, c.v, got)
		}
	}
	// The farthest corners of the coordinate range must not overflow.
	a, b := wire.Point{X: spatial.MaxCoord, Y: spatial.MaxCoord, Z: spatial.MaxCoord}, wire.Point{X: -spatial.MaxCoord, Y: -spatial.MaxCoord, Z: -spatial.MaxCoord}
	if d := sub(a, b); d.len2() <= 0 || d.minus(sub(b, a)).len2() <= 0 {
		t.Error("a squared distance overflows")
	}
}

// FuzzStep feeds a node whatever messages its peers may send. Nothing panics,
// and the invariants hold.
func FuzzStep(f *testing.F) {
	var seed []byte
	for _, m := range []wire.Message{
		&wire.Sub{Class: wire.Full, Body: at(3, 1), Reach: 1 << 14, Sectors: 1<<24 - 1}, &wire.Pose{Body: at(3, 2)},
		&wire.Notice{Entries: []wire.Entry{{Key: key(9), Body: at(4, 1)}}}, &wire.Ask{Body: at(3, 3), Radius: 1 << 20},
		&wire.Who{IDs: []wire.ShortID{wire.ShortOf(key(2))}}, &wire.Digest{Marks: []wire.Mark{{ID: 5}}}, &wire.Busy{}, &wire.Bye{},
	} {
		for from := range byte(3) {
			b := wire.Append([]byte{from, 0}, m)
			b[1] = byte(len(b) - 2)
			seed = append(seed, b...)
		}
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, _ := Config{Full: 2, Subs: 4, MaxPeers: 8, MaxHearsay: 8}.Complete()
		n, _ := New(c, key(0), Start{AOI: 50, Epoch: 1, Seed: 1}, nil)
		var out Outbox
		now := int64(0)
		for len(b) >= 2 {
			k := min(int(b[1]), len(b)-2)
			now += int64(b[0]>>4) * 50 * millisecond
			n.Step(now, Recv{From: key(1 + int(b[0]&15)), Bytes: b[2 : 2+k]}, &out)
			if what := broken(n); what != "" {
				t.Fatal(what)
			}
			b = b[2+k:]
			out.Reset()
		}
		n.Step(now+second, Tick{}, &out)
		if what := broken(n); what != "" {
			t.Fatal(what)
		}
	})
}
