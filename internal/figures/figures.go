// Package figures holds what a benchmark has measured, in the form that
// `metatopia bench` prints, with what it should have been.
package figures

import (
	"fmt"
	"runtime"
)

// Report is the result of a benchmark. Figures are ours; the reference is what
// others, or the machine itself, reached in the same run.
type Report struct {
	Kind      string             `json:"kind"`
	Machine   string             `json:"machine"`
	Seed      uint64             `json:"seed"`
	Figures   map[string]float64 `json:"figures"`
	Reference map[string]float64 `json:"reference"`

	Order []string       `json:"-"` // of the names, as they were measured
	Aims  map[string]Aim `json:"-"` // of the figures that have one
}

// New makes a report without figures.
func New(kind string, seed uint64, aims map[string]Aim) *Report {
	return &Report{Kind: kind, Seed: seed, Aims: aims,
		Machine: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version()),
		Figures: map[string]float64{}, Reference: map[string]float64{}}
}

// Set adds a figure.
func (r *Report) Set(name string, v float64) {
	r.Figures[name] = v
	r.Order = append(r.Order, name)
}

// Refer adds a figure of somebody else.
func (r *Report) Refer(name string, v float64) {
	r.Reference[name] = v
	r.Order = append(r.Order, name)
}

// Aim is what a figure should be: at least or at most Value.
type Aim struct {
	Value float64
	Least bool
}

// Reached tells whether v is good enough.
func (a Aim) Reached(v float64) bool { return v == a.Value || v > a.Value == a.Least }

// AtLeast and AtMost make aims.
func AtLeast(v float64) Aim { return Aim{Value: v, Least: true} }
func AtMost(v float64) Aim  { return Aim{Value: v} }
