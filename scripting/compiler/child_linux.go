package compiler

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// apart gives a child a process group of its own, which is killed as a whole.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// polite lets everything else go first. Best effort.
func polite(pid int) {
	_ = syscall.Setpriority(syscall.PRIO_PGRP, pid, 10)
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("1000"), 0)
}

// apply takes the limits upon this process. The limit of addresses is relative
// to what the process has: the Go runtime reserves much that it never uses.
func (l Limits) apply() error {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	var pages uint64
	if _, err := fmt.Sscan(string(b), &pages); err != nil {
		return fmt.Errorf("limits: %w", err)
	}
	const rlimitCPU = 0 // RLIMIT_CPU, which the package does not name everywhere
	for what, most := range map[int]uint64{
		rlimitCPU:            uint64(l.CPU),
		syscall.RLIMIT_AS:    pages*uint64(os.Getpagesize()) + uint64(l.Memory),
		syscall.RLIMIT_FSIZE: uint64(l.File),
		syscall.RLIMIT_CORE:  0,
	} {
		// The Go runtime does not heed the signals of the soft limits.
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("limit %d to %d: %w", what, most, err)
		}
	}
	return nil
}
