package luabench

import (
	"syscall"
	"time"
)

// cpu is the time that this thread has computed: other load on the machine
// counts less than with the clock.
func cpu() time.Duration {
	const thread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
