//go:build !unix

package raysim

// Figures of processor time and memory read 0 where they are not known.
func cpuTime() int64    { return 0 }
func peakMemory() int64 { return 0 }
