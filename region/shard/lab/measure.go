package lab

import (
	"fmt"
	"math"
	"slices"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// Result is a scene over a border beside the same scene in one shard.
type Result struct {
	Scene  string
	Lag    int // ticks of 60 Hz
	Method shard.Method

	// MomentumError is the largest difference of the momentum of all bodies
	// from the single shard's over time, as a share of the largest momentum
	// there. It says something where nothing else takes momentum away.
	MomentumError float64
	// EnergyRatio is the largest ratio of the energy of all bodies to the
	// single shard's at the same tick.
	EnergyRatio float64
	// Rise is the largest growth of energy over what it had been before, as a
	// share of that of the start; RiseOne that of the single shard. Scenes
	// are closed: nothing in them should make energy.
	Rise, RiseOne float64
	TopDrop       float64 // m by which the highest body of the scene is lower at the end than in the single shard
	Apart         float64 // m, root of the mean square of the distance of bodies to those of the single shard at the end
	Centre        float64 // m, distance of the centres of mass at the end
	Speed         float64 // m/s, fastest body at the end
	Jump          float64 // m, largest at a hand-off
	SpeedError    float64 // largest error of a body's speed in the tick of its hand-off, as a share
	Doubled       int     // body-ticks with two owners
	Bytes         float64 // on the wire for each body told of and tick
	Counts        shard.Counts
}

func (r Result) String() string {
	return fmt.Sprintf("%-18s lag %2d method %2d  momentum %.5f energy %.5f rise %.5f of %.5f drop %.4f apart %.3f centre %.3f speed %.3f jump %.4f speed error %.5f bytes %.1f  %+v",
		r.Scene, r.Lag, r.Method, r.MomentumError, r.EnergyRatio, r.Rise, r.RiseOne, r.TopDrop, r.Apart, r.Centre, r.Speed, r.Jump, r.SpeedError, r.Bytes, r.Counts)
}

// Run plays a scene over a border with a lag in ticks of 60 Hz, and in one
// shard. c gives the network and the method; its lag and steps count only when
// lag is negative.
func Run(s Scene, lag int, c Config) (Result, error) {
	if lag >= 0 {
		c.Steps, c.Lag = 1, lag
	}
	if c.Steps == 0 {
		c.Steps = 3
	}
	c.Physics, c.Pinned = s.Physics, s.Pinned
	if c.Regions == 0 {
		c.Regions = 2
	}
	two, err := New(c)
	if err != nil {
		return Result{}, err
	}
	one := c
	one.Regions = 1
	single, err := New(one)
	if err != nil {
		return Result{}, err
	}
	return play(s, s, two, single)
}

// Floor plays a scene in one shard, and once more with its last body moved by
// a millimetre: what a difference means where everything hangs on everything.
func Floor(s Scene) (Result, error) {
	var labs [2]*Lab
	for i := range labs {
		l, err := New(Config{Regions: 1, Steps: 1, Physics: s.Physics})
		if err != nil {
			return Result{}, err
		}
		labs[i] = l
	}
	moved := s
	moved.Things = slices.Clone(s.Things)
	moved.Things[len(moved.Things)-1].Body.Pos.X += 0.001
	return play(moved, s, labs[0], labs[1])
}

// play steps a scene in one lab and beside it the reference in another.
func play(s, ref Scene, two, single *Lab) (Result, error) {
	c := two.Config
	// The clocks agree before the bodies come.
	warm := 4*(c.Lag+c.Jitter) + 120
	for range warm {
		two.Step()
		single.Step()
	}
	two.Know(s.Forms...)
	single.Know(s.Forms...)
	for i := range s.Things {
		if err := two.Add(Name(i), s.Things[i].Body, s.Things[i].Owner); err != nil {
			return Result{}, err
		}
		if err := single.Add(Name(i), ref.Things[i].Body, 0); err != nil {
			return Result{}, err
		}
	}
	r := Result{Scene: s.Name, Lag: c.Lag * c.Steps, Method: c.Method}
	var gap, most, first, low, lowOne float64
	owner := map[int]int{}
	for n := range s.Ticks / c.Steps {
		for _, k := range s.Kicks {
			if k.At/c.Steps == n {
				two.Kick(Name(k.Thing), k.Impulse)
				single.Kick(Name(k.Thing), k.Impulse)
			}
		}
		two.Step()
		single.Step()
		a, doubled := two.States()
		b, _ := single.States()
		r.Doubled += doubled
		if len(a) != len(b) {
			return r, fmt.Errorf("lab: %s: %d bodies of %d", s.Name, len(a), len(b))
		}
		pa, ea := sum(a, s.gravity())
		pb, eb := sum(b, s.gravity())
		gap = max(gap, length(pa[0]-pb[0], pa[1]-pb[1], pa[2]-pb[2]))
		most = max(most, length(pb[0], pb[1], pb[2]))
		if first == 0 {
			first, low, lowOne = eb, ea, eb
		}
		low, lowOne = min(low, ea), min(lowOne, eb)
		r.Rise, r.RiseOne = max(r.Rise, (ea-low)/first), max(r.RiseOne, (eb-lowOne)/first)
		if eb > 0 {
			r.EnergyRatio = max(r.EnergyRatio, ea/eb)
		}
		for i := range a {
			if was, ok := owner[i]; ok && was != a[i].Owner && a[i].Owner >= 0 {
				va, vb := velocity(&a[i].Body), velocity(&b[i].Body)
				if n := length(vb[0], vb[1], vb[2]); n > 0.5 {
					r.SpeedError = max(r.SpeedError, length(va[0]-vb[0], va[1]-vb[1], va[2]-vb[2])/n)
				}
			}
			owner[i] = a[i].Owner
		}
	}
	if most > 0 {
		r.MomentumError = gap / most
	}
	a, _ := two.States()
	b, _ := single.States()
	r.finish(a, b)
	r.Jump = float64(two.Jump)
	r.Counts = two.Total
	if two.Total.Told > 0 {
		r.Bytes = float64(two.Total.BodyBytes) / float64(two.Total.Told)
	}
	return r, nil
}

func (s *Scene) gravity() float64 {
	if s.Physics.Gravity == 0 {
		return 9.81
	}
	return -float64(s.Physics.Gravity)
}

func (r *Result) finish(a, b []State) {
	topA, topB := math.Inf(-1), math.Inf(-1)
	var ca, cb [3]float64
	mass, square := 0.0, 0.0
	for i := range a {
		x, y := place(&a[i].Body), place(&b[i].Body)
		d := length(x[0]-y[0], x[1]-y[1], x[2]-y[2])
		square += float64(d * d)
		topA, topB = max(topA, x[1]), max(topB, y[1])
		m := float64(a[i].Body.Mass)
		mass += m
		for k := range 3 {
			ca[k] += float64(m * x[k])
			cb[k] += float64(m * y[k])
		}
		v := velocity(&a[i].Body)
		r.Speed = max(r.Speed, length(v[0], v[1], v[2]))
	}
	r.TopDrop = topB - topA
	r.Apart = math.Sqrt(square / float64(len(a)))
	r.Centre = length(ca[0]-cb[0], ca[1]-cb[1], ca[2]-cb[2]) / mass
}

// sum is the momentum and the energy of all bodies.
func sum(list []State, g float64) (p [3]float64, energy float64) {
	for i := range list {
		b := &list[i].Body
		m, v, w := float64(b.Mass), velocity(b), b.Spin
		for k := range 3 {
			p[k] += float64(m * v[k])
		}
		energy += float64(0.5 * float64(m*squared(v)))
		// A sphere's, or near enough a box's: what matters is that both runs
		// are summed alike.
		r := float64(b.Shape.Half.X)
		energy += float64(0.2 * float64(float64(m*r)*float64(r*squared(three(w)))))
		energy += float64(float64(m*g) * float64(b.Pos.Y))
	}
	return p, energy
}

func velocity(b *physics.Body) [3]float64 { return three(b.Vel) }
func place(b *physics.Body) [3]float64    { return three(b.Pos) }

func three(v spatial.Vec) [3]float64 { return [3]float64{float64(v.X), float64(v.Y), float64(v.Z)} }

func squared(v [3]float64) float64 {
	return float64(v[0]*v[0]) + float64(v[1]*v[1]) + float64(v[2]*v[2])
}

func length(x, y, z float64) float64 {
	return math.Sqrt(float64(x*x) + float64(y*y) + float64(z*z))
}
