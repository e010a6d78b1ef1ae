package compiler

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
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
	over := make(chan os.Signal, 1)
	signal.Notify(over, syscall.SIGXCPU)
	go func() {
		<-over
		os.Exit(exitTime)
	}()
	const rlimitCPU = 0 // RLIMIT_CPU, which the package does not name everywhere
	for what, most := range map[int]syscall.Rlimit{
		// The kernel counts in ticks for this limit, and exactly for what it
		// tells the parent, which can be less: so the child says itself why it
		// ended, and is killed a second later if it does not.
		rlimitCPU:            {Cur: uint64(l.CPU), Max: uint64(l.CPU) + 1},
		syscall.RLIMIT_AS:    both(pages*uint64(os.Getpagesize()) + uint64(l.Memory)),
		syscall.RLIMIT_FSIZE: both(uint64(l.File)),
		syscall.RLIMIT_CORE:  both(0),
	} {
		if err := syscall.Setrlimit(what, &most); err != nil {
			return fmt.Errorf("limit %d to %d: %w", what, most.Cur, err)
		}
	}
	return nil
}

// both is a limit that no signal comes before: the Go runtime heeds none.
func both(most uint64) syscall.Rlimit { return syscall.Rlimit{Cur: most, Max: most} }
