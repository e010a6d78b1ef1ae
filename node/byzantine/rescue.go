package byzantine

import (
	"reflect"
	"unsafe"

	"github.com/hyperledger-labs/SmartBFT/pkg/consensus"
)

// The library hands a decision from one goroutine to another in two steps, and
// the second waits for ever when the view ended between them: in its
// Controller.decide and Controller.Decide, and in the same way in
// ViewChanger.Decide and ViewChanger.Sync after a timeout. Nothing is lost when
// somebody else takes that second step; nothing goes on when nobody does, not
// even its Stop. The channels are not exported.

// rescueAfter is how long that may take before it counts as for ever: whoever is
// to take the step is waiting for it already.
const rescueAfter = 10 * beat

// steps are the channels where the library may wait for ever.
type steps []chan struct{}

// stepsOf finds them. The library's version is fixed; a test tells when they
// have other names.
func stepsOf(c *consensus.Consensus) (list steps) {
	for _, at := range [][2]string{{"controller", "deliverChan"}, {"viewChanger", "inFlightDecideChan"}, {"viewChanger", "inFlightSyncChan"}} {
		part := reflect.ValueOf(c).Elem().FieldByName(at[0])
		if !part.IsValid() || part.Kind() != reflect.Pointer || part.IsNil() {
			continue
		}
		f := part.Elem().FieldByName(at[1])
		if f.IsValid() && f.Type() == reflect.TypeFor[chan struct{}]() {
			list = append(list, *(*chan struct{})(unsafe.Pointer(f.UnsafeAddr())))
		}
	}
	return list
}

// release ends the wait for what is in flight to be decided on, if the library
// waits for that now.
func (s steps) release() bool {
	if len(s) < 3 {
		return false
	}
	select {
	case s[2] <- struct{}{}:
		return true
	default:
		return false
	}
}

// take takes the steps that are waited for now, and tells whether there were
// any.
func (s steps) take() (some bool) {
	for _, c := range s {
		select {
		case <-c:
			some = true
		default:
		}
	}
	return some
}
