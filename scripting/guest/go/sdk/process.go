//go:build wasip1

package sdk

import "unsafe"

//go:wasmimport mt:log@1 log
func mtLog(level int32, text string)

//go:wasmimport mt:process@1 exit
func mtExit(code int32)

//go:wasmimport mt:process@1 arg_count
func mtArgCount() int32

//go:wasmimport mt:process@1 arg
func mtArg(i int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:lump@1 size
func mtLumpSize(cid string) int32

//go:wasmimport mt:lump@1 read
func mtLumpRead(cid string, offset int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:lump@1 send
func mtLumpSend(cid, peer, note string) int32

func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// Levels of Log.
const (
	Debug = iota
	Info
	Warn
	Error
)

// Log writes to the process's log.
func Log(level int, text string) { mtLog(int32(level), text) }

// Leave ends the process with a code.
func Leave(code int) { mtExit(int32(code)) }

// Args are the arguments it was spawned with.
func Args() []string {
	var all []string
	for i := range mtArgCount() {
		a, err := read(func(b []byte) int32 { return mtArg(i, ptr(b), int32(len(b))) })
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
