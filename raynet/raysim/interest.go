package raysim

import (
	"math"

	"github.com/metatopia/metatopia/spatial"
)

// AOI is the radius of interest, metres: some 65 people where they are even.
const AOI = 25

// staleAfter is the age from which a pose counts as not known.
const staleAfter = 2 * Second

// lookEvery is how often the watchers are looked at.
const lookEvery = 200 * Millisecond

// Interest is what people know of those near them.
type Interest struct {
	Recall     float64 // part of those truly within AOI that are known, pose younger than 2 s
	AnyAge     float64 // the same with poses of any age
	Precision  float64 // part of those known within AOI that are truly there
	Aware50    float64 // seconds from entering to being known
	Aware95    float64
	Aware99    float64
	Unseen     float64 // part of those who entered and left without being known
	Drift      float64 // mean error of the poses known, metres
	Drift95    float64
	Age        float64 // mean age of the poses known, seconds
	People     float64 // mean number truly within AOI
	Measurable bool
	Watches    int
}

// watched is one whose knowledge is compared with the truth.
type watched struct {
	entered map[int32]int64 // since when somebody is inside who is not known yet
	inside  map[int32]bool
	look    int // the last one at it
}

// watch follows some nodes for a time, which passes meanwhile; who says which,
// before each look. between runs after each second, for what else the scenario
// does.
func (w *World) watch(who func() []int32, d int64, between func()) Interest {
	all := map[int32]*watched{}
	look := 0
	var aware, drift, ages []float64
	var in Interest
	truly, known, heard, claimed, right, unseen := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	r := int64(AOI * spatial.Unit)
	for end := w.Now() + d; w.Now() < end; {
		w.Pass(lookEvery)
		g := w.Grid()
		look++
		for _, i := range who() {
			m, ok := w.Machine(i).(Watcher)
			if !ok {
				continue
			}
			in.Measurable = true
			n := all[i]
			first := n == nil || n.look != look-1
			if first {
				n = &watched{entered: map[int32]int64{}, inside: map[int32]bool{}}
				all[i] = n
			}
			n.look = look
			at := w.pos[i]
			for _, k := range m.Sees(w.Now(), AOI, nil) {
				if k.AgeNs >= staleAfter {
					continue
				}
				if !w.Alive(k.Node) {
					claimed++
					continue
				}
				miss := math.Sqrt(float64(w.pos[k.Node].Dist2(k.Pos))) / spatial.Unit
				drift = append(drift, miss)
				ages = append(ages, float64(k.AgeNs)/float64(Second))
				if k.Pos.Dist2(at) <= uint64(r*r) {
					claimed++
					if w.pos[k.Node].Dist2(at) <= uint64(r*r) {
						right++
					}
				}
			}
			here := map[int32]bool{}
			g.within(at, r, func(j int32, _ uint64) {
				if j == i {
					return
				}
				here[j] = true
				truly++
				k, ever := m.Knows(w.Now(), j)
				sees := ever && k.AgeNs < staleAfter
				if sees {
					known++
				}
				if ever {
					heard++
				}
				if !n.inside[j] {
					n.inside[j] = true
					if !first {
						n.entered[j] = w.Now()
					}
				}
				if t, waits := n.entered[j]; waits && sees {
					aware = append(aware, float64(w.Now()-t)/float64(Second))
					delete(n.entered, j)
				}
			})
			for j := range n.inside { //lint:sorted counts only
				if here[j] {
					continue
				}
				delete(n.inside, j)
				if t, waits := n.entered[j]; waits {
					// Not known as long as it was there.
					aware = append(aware, float64(w.Now()-t)/float64(Second))
					unseen++
					delete(n.entered, j)
				}
			}
			in.Watches++
		}
		if between != nil && w.Now()%Second < lookEvery {
			between()
		}
	}
	for _, n := range all { //lint:sorted quantiles only
		for _, t := range n.entered { //lint:sorted quantiles only
			if n.look != look {
				break // nobody has looked lately
			}
			// Waiting still: as long as it has been, at least.
			aware = append(aware, float64(w.Now()-t)/float64(Second))
		}
	}
	ratio := func(a, b float64) float64 {
		if b == 0 {
			return 1
		}
		return a / b
	}
	in.Recall, in.AnyAge, in.Precision = ratio(known, truly), ratio(heard, truly), ratio(right, claimed)
	in.Unseen = unseen / math.Max(float64(len(aware)), 1)
	in.Aware50, in.Aware95, in.Aware99 = quantileOf(aware, 0.5), quantileOf(aware, 0.95), quantileOf(aware, 0.99)
	in.Drift, in.Drift95, in.Age = meanOf(drift), quantileOf(drift, 0.95), meanOf(ages)
	in.People = truly / math.Max(float64(in.Watches), 1)
	return in
}
