//go:build wasip1

package sdk

import (
	"time"
	"unsafe"
)

// Kind of a letter.
type Kind int32

const (
	Message Kind = 1 // from a process, or the node
	Down    Kind = 2 // one that was monitored has ended
	Exit    Kind = 3 // one that was linked has ended, for those that trap exits
	Timer   Kind = 4
)

// End says how a process has ended.
type End int32

const (
	Normal End = iota
	Failed
	Faulted
	Killed
	Linked
	Gone        // it had ended before it was asked about
	Unreachable // its node cannot be reached: it may be alive
)

// Letter is one from the mailbox.
type Letter struct {
	Kind     Kind
	Tag      int64 // of a message and an exit as it was chosen; of others Ref
	Data     []byte
	FromNode bool     // no process sent it
	Caps     []Handle // capabilities in it; Drop what is not needed

	Ref    int64  // of a down or a timer
	End    End    // of a down or an exit
	Code   int32  // when it Failed
	Reason string // for people
}

// Forever is for Receive.
const Forever = time.Duration(-1)

// Receive waits for the next letter with one of the tags, or any without; the
// error is Timeout. Only a process that exports run may.
func Receive(timeout time.Duration, tags ...int64) (Letter, error) {
	ms := int64(-1)
	if timeout >= 0 {
		ms = timeout.Milliseconds()
	}
	n := mtMessageReceive(unsafe.Pointer(unsafe.SliceData(tags)), int32(len(tags)), ms)
	if n < 0 {
		return Letter{}, Code(n)
	}
	return Current(), nil
}

// Current is the letter that handle was called for.
func Current() Letter {
	l := Letter{Kind: Kind(mtMessageKind()), Tag: mtMessageTag()}
	if l.Kind == Message {
		l.Data, l.FromNode = make([]byte, mtMessageSize()), mtMessageFromNode()
		mtMessageRead(ptr(l.Data), int32(len(l.Data)))
		for i := range mtMessageCaps() {
			if h := mtMessageCap(i); h > 0 {
				l.Caps = append(l.Caps, Handle(h))
			}
		}
		return l
	}
	l.Ref = mtMessageRef()
	if l.Kind != Timer {
		l.End, l.Code = End(mtMessageReason()), mtMessageCode()
		l.Reason, _ = read(func(b []byte) int32 { return mtMessageReasonText(ptr(b), int32(len(b))) })
	}
	return l
}

// After has a Timer letter come, and gives its number.
func After(d time.Duration) (ref int64, err error) {
	ref = mtMessageTimer(d.Milliseconds())
	if ref < 0 {
		return 0, Code(ref)
	}
	return ref, nil
}

// Cancel stops a timer; false when its letter is on its way.
func Cancel(ref int64) bool { return mtMessageCancel(ref) == 0 }
