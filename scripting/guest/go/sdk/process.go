//go:build wasip1

package sdk

import "unsafe"

func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// Levels of Log.
const (
	Debug = iota
	Info
	Warn
	Error
)

// Log writes to the process's log.
func Log(level int, text string) { mtLogLog(uint32(level), text) }

// Leave ends the process with a code.
func Leave(code int) { mtProcessExit(uint32(code)) }

// Args are the arguments it was spawned with.
func Args() []string {
	var all []string
	for i := range mtProcessArgCount() {
		a, err := read(func(b []byte) int32 { return mtProcessArg(i, ptr(b), int32(len(b))) })
		if err != nil {
			break
		}
		all = append(all, a)
	}
	return all
}

// ReadLump gives the content of a lump of at most 4 MiB.
func ReadLump(cid string) ([]byte, error) {
	n := mtLumpSize(cid)
	if n < 0 {
		return nil, Code(n)
	}
	b := make([]byte, n)
	if got := mtLumpRead(cid, 0, ptr(b), n); got != n {
		return nil, Code(min(got, int32(NotFound)))
	}
	return b, nil
}
