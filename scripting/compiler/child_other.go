//go:build !linux

package compiler

import "os/exec"

// Elsewhere a child has a bound of time alone, and what the Go runtime keeps
// by GOMEMLIMIT.
func apart(*exec.Cmd) {}

func polite(int) {}

func (l Limits) apply() error { return nil }
