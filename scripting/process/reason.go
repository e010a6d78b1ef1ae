package process

import "fmt"

// End says how a process has ended.
type End uint8

const (
	// Normal: it returned, or left with code 0. Links do not pass it on.
	Normal End = iota
	// Failed: it left with another code.
	Failed
	// Faulted: it trapped, ran out of its budget or could not be started.
	Faulted
	// Killed by somebody with the right, or with its node.
	Killed
	// Linked: one it was linked to ended otherwise than normally.
	Linked
	// Gone: it had ended before it was asked about, or there never was one.
	Gone
	// Unreachable: its node cannot be reached. It may be alive.
	Unreachable
)

var endNames = [...]string{"normal", "failed", "faulted", "killed", "linked", "gone", "unreachable"}

func (e End) String() string {
	if int(e) < len(endNames) {
		return endNames[e]
	}
	return "unknown"
}

// Reason is an End with what is known of it.
type Reason struct {
	End  End
	Code int32  // of Failed
	Text string // for people
	Err  error  // of Faulted, where it is of use to the node; never sent on
}

func (r Reason) String() string {
	switch {
	case r.End == Failed:
		return fmt.Sprintf("exit %d", r.Code)
	case r.Text != "":
		return r.Text
	}
	return r.End.String()
}

// passed is the reason of one that ends because of a link.
func (r Reason) passed() Reason {
	if r.End == Linked {
		return r
	}
	return Reason{End: Linked, Text: "linked: " + r.String()}
}
