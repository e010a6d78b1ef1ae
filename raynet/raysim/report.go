package raysim

import (
	"fmt"
	"math"
	"runtime"
)

// Report is the result of a benchmark in the form that `metatopia bench`
// prints.
type Report struct {
	Kind      string             `json:"kind"`
	Machine   string             `json:"machine"`
	Seed      uint64             `json:"seed"`
	Figures   map[string]float64 `json:"figures"`
	Reference map[string]float64 `json:"reference"`

	// Order is the names of Figures as they were measured; Plots is what
	// there is to draw of each scenario.
	Order []string `json:"-"`
	Plots []*Plot  `json:"-"`

	tell func(name string, v float64) // may be nil
}

// NewReport is a report of nothing.
func NewReport(seed uint64) *Report {
	return &Report{Kind: "overlay", Seed: seed,
		Machine: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version()),
		Figures: map[string]float64{}, Reference: map[string]float64{}}
}

// set files a figure; what is not a number was not measured.
func (r *Report) set(name string, v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	if _, known := r.Figures[name]; !known {
		r.Order = append(r.Order, name)
	}
	r.Figures[name] = v
	if r.tell != nil {
		r.tell(name, v)
	}
}

// unset takes back all figures but the first n.
func (r *Report) unset(n int) {
	for _, name := range r.Order[n:] {
		delete(r.Figures, name)
	}
	r.Order = r.Order[:n]
}

// Plot is the curves of one scenario over its cycles and the hops of its
// routes.
type Plot struct {
	Scenario string
	Protocol string
	Curves   []*Curve
	Hops     []int32
	Marks    []Mark
}

// Mark names a moment of a plot.
type Mark struct {
	At   float64 // cycles
	Text string
}

// Curve is one figure over time; values are parts of one.
type Curve struct {
	Name string
	T, V []float64
}

// Curve is the one of that name, made when it is not there.
func (p *Plot) curve(name string) *Curve {
	for _, c := range p.Curves {
		if c.Name == name {
			return c
		}
	}
	c := &Curve{Name: name}
	p.Curves = append(p.Curves, c)
	return c
}

func (c *Curve) add(t, v float64) { c.T, c.V = append(c.T, t), append(c.V, v) }
