// Package hostile makes guests that want to do harm: to run for ever, to take
// all memory, to be hard to compile, to forge what they were not given, to
// flood whoever listens. For each it says how it must end. Tests and `make
// soak` run them all against nodes that must stay as they are.
package hostile

import (
	"fmt"
	"strings"
)

// Kind is what a guest is run as.
type Kind uint8

const (
	Process Kind = iota // exports run
	Handler             // exports handle, for one event of a thing
	Loader              // exports load
)

// End is a set of ways in which a guest may end.
type End uint8

const (
	Refused  End = 1 << iota // not admitted
	Spent                    // out of gas, or killed when it has no budget
	Deep                     // calls nested too deep
	Trapped                  // did something undefined
	Done                     // ended by itself
	Waits                    // lives and does nothing, until it is killed
	Unusable                 // admitted, and not started
	anyEnd   = Spent | Deep | Trapped | Done | Waits
)

func (e End) String() string {
	var names []string
	for k, name := range []string{"refused", "spent", "too deep", "trapped", "done", "waits", "unusable"} {
		if e&(1<<k) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " or ")
}

// Guest is one of them.
type Guest struct {
	Name string
	Kind Kind
	Wasm []byte
	Want End
	// Exit is the code with which it must end when Want is Done and Checked is
	// set: the guest found by itself whether it got what it should not.
	Exit    int32
	Checked bool
}

// Guests gives all of them, always the same.
func Guests() []Guest {
	var all []Guest
	for _, list := range [][]Guest{loops(), depths(), memories(), bombs(), malformed(), forged(), floods(), faults(), tables(), floats(), calls()} {
		all = append(all, list...)
	}
	return all
}

// named gives the guests of a group their full names.
func named(group string, list []Guest) []Guest {
	seen := map[string]bool{}
	for k := range list {
		list[k].Name = group + ": " + list[k].Name
		if seen[list[k].Name] {
			panic(fmt.Sprintf("hostile: two guests are called %q", list[k].Name))
		}
		seen[list[k].Name] = true
	}
	return list
}
