package compiler

import "time"

// Limits is what one child may use.
type Limits struct {
	CPU    int   // seconds, of all its threads
	Memory int64 // bytes beyond what it has at its start
	File   int64 // bytes of one file
}

// Bounds from which LimitsFor computes. An honest module takes half a second
// of CPU for 2^20 units of work on a machine of 2020.
const (
	leastCPU  = 5  // seconds
	unitCPU   = 4  // seconds for 2^20 units: eight times that
	unitShift = 20 //
	wallTimes = 4  // seconds of the clock for one of CPU, for busy machines
	wallMore  = 20 // seconds besides
	mostMem   = 768 << 20
	mostFile  = 256 << 20
	sweepAge  = time.Hour // longer than any child may live
)

// LimitsFor is what a module of some complexity gets, see admit.MaxWork.
func LimitsFor(work uint64) Limits {
	return Limits{CPU: leastCPU + int(work>>unitShift)*unitCPU, Memory: mostMem, File: mostFile}
}

func (l Limits) wall() time.Duration {
	return time.Duration(l.CPU*wallTimes+wallMore) * time.Second
}
