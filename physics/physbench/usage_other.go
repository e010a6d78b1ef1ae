//go:build !unix

package physbench

import "time"

// cpuTime is not known here: time goes by instead.
func cpuTime() time.Duration { return time.Since(start) }

var start = time.Now()
