//go:build !unix

package regionbench

func processorTime() float64 { return 0 }
