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

// watch follows some nodes for a time, which passes meanwhile. between runs
// after each second, for what else the scenario does.
func (w *World) watch(nodes []int32, d int64, between func()) Interest {
	// For each watcher: since when somebody is inside who is not known yet,
	// and who is inside.
	entered := make([]map[int32]int64, len(nodes))
	inside := make([]map[int32]bool, len(nodes))
	for n := range nodes {
		entered[n], inside[n] = map[int32]int64{}, map[int32]bool{}
	}
	first := true
	var aware, drift, ages []float64
	var in Interest
	truly, known, heard, claimed, right, unseen := 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
	r := int64(AOI * spatial.Unit)
	for end := w.Now() + d; w.Now() < end; {
		w.Pass(lookEvery)
		g := w.Grid()
		for n, i := range nodes {
			m, ok := w.Machine(i).(Watcher)
			if !ok {
				continue
			}
			in.Measurable = true
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
				if !inside[n][j] {
					inside[n][j] = true
					if !first {
						entered[n][j] = w.Now()
					}
				}
				if t, waits := entered[n][j]; waits && sees {
					aware = append(aware, float64(w.Now()-t)/float64(Second))
					delete(entered[n], j)
				}
			})
			for j := range inside[n] {
				if here[j] {
					continue
				}
				delete(inside[n], j)
				if t, waits := entered[n][j]; waits {
					// Not known as long as it was there.
					aware = append(aware, float64(w.Now()-t)/float64(Second))
					unseen++
					delete(entered[n], j)
				}
			}
			in.Watches++
		}
		first = false
		if between != nil && w.Now()%Second < lookEvery {
			between()
		}
	}
	for n := range entered {
		for _, t := range entered[n] {
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
