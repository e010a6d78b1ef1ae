package demo

import (
	"runtime"
	"syscall"
)

// procAttr gives a node its own process group, so that Ctrl-C reaches only
// the supervisor, which then ends the nodes in order; and ties its life to
// ours, so that no node is left over when the supervisor is killed.
func procAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func lockThread() { runtime.LockOSThread() }
