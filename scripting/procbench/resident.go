package procbench

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
)

// residentNow is the memory of this program that is not on disk or shared, in
// bytes: as Linux counts it, elsewhere as the Go runtime does.
func residentNow() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, ok := bytes.Cut(status, []byte("VmRSS:")); ok {
			var kb int64
			if _, err := fmt.Sscan(string(rest[:bytes.IndexByte(rest, 'k')]), &kb); err == nil {
				return kb << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}
