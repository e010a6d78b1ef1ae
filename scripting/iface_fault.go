package scripting

import (
	"errors"

	"github.com/metatopia/metatopia/scripting/admit"
)

// mt:fault@1: how languages with exceptions have them, and how a guest says
// why it gives up. The engine miscompiles WebAssembly's own exceptions.

// exportTry is what try calls: (function, a, b i32), the three as given to it.
const exportTry = "try_call"

var trySignature = admit.Signature{Params: []admit.ValType{admit.I32, admit.I32, admit.I32}}

// errThrown unwinds to the innermost try. The guest never sees it.
var errThrown = errors.New("thrown")

// raisedError is a guest's own word for why its run is void.
type raisedError struct{ text string }

func (e *raisedError) Error() string { return e.text }
func (e *raisedError) Unwrap() error { return ErrRaised }

func faultFuncs() []hostFunc {
	const m = "mt:fault@1"
	return []hostFunc{
		fn(m, "try", "iii:i", forAll|forImage, try),
		fn(m, "throw", ":", forAll|forImage, func(g *guest, _ []uint64) {
			if g.tries == 0 {
				trapf("throw without a try")
			}
			panic(errThrown)
		}),
		fn(m, "fail", "ii:", forAll|forImage, func(g *guest, s []uint64) {
			panic(&raisedError{clean(cut(g.view(uint32(s[0]), uint32(s[1])), MaxText), MaxText)})
		}),
	}
}

// try calls the guest's try_call on a stack of its own; it gives 0 when that
// returned and 1 when something in it has thrown. Whatever else ends the call
// (gas, a kill, an exit, a trap) ends the guest. The stack budget is the one of
// the whole run.
func try(g *guest, s []uint64) {
	if g.tries >= maxTries {
		panic(ErrTooDeep)
	}
	f := g.in.take(exportTry)
	if f == nil {
		trapf("try without an export %q", exportTry)
	}
	depth := g.in.depth.Get()
	args := [3]uint64{s[0], s[1], s[2]}
	g.tries++
	err := f.CallWithStack(g, args[:])
	g.tries--
	g.in.give(exportTry, f)
	switch {
	case err == nil:
		ret(s, 0)
	case errors.Is(err, errThrown):
		g.in.depth.Set(depth) // the frames that were left gave nothing back
		ret(s, 1)
	default:
		rethrow(err)
	}
}

// rethrow goes on unwinding with the error of a nested call.
func rethrow(err error) {
	var exit *exitError
	if errors.As(err, &exit) {
		panic(exit)
	}
	panic(fault(err))
}
