//go:build wasip1

package sdk

import (
	"time"
	"unsafe"
)

//go:wasmimport mt:log@1 log
func mtLog(level int32, text string)

//go:wasmimport mt:message@1 receive
func mtReceive(buf unsafe.Pointer, size, timeout int32) int32

//go:wasmimport mt:message@1 sender
func mtSender() uint64

//go:wasmimport mt:message@1 send
func mtSend(pid uint64, data unsafe.Pointer, n int32) int32

//go:wasmimport mt:process@1 self
func mtSelf() uint64

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

// Message is one from the mailbox. From is a pid, 0 for the node.
type Message struct {
	From uint64
	Data []byte
}

// Forever is for Receive.
const Forever = time.Duration(-1)

var inbox = make([]byte, 64<<10) // as large as a message can be

// Receive waits for the next message; the error is Timeout.
func Receive(timeout time.Duration) (Message, error) {
	ms := int32(-1)
	if timeout >= 0 {
		ms = int32(min(timeout.Milliseconds(), 1<<31-1))
	}
	n := mtReceive(ptr(inbox), int32(len(inbox)), ms)
	if n < 0 {
		return Message{}, Code(n)
	}
	return Message{From: mtSender(), Data: append([]byte(nil), inbox[:n]...)}, nil
}

// Send puts a message into another process's mailbox on the same node.
func Send(pid uint64, data []byte) error { return check(mtSend(pid, ptr(data), int32(len(data)))) }

// Self is the process's own pid.
func Self() uint64 { return mtSelf() }

// Exit ends the process.
func Exit(code int) { mtExit(int32(code)) }

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
