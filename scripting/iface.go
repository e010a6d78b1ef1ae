package scripting

import (
	"errors"
	"strings"
	"sync"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/process"
)

// Codes that host functions give instead of a length or a count. They are
// part of every interface (docs/interfaces); only extended at the end.
const (
	codeInvalid     = -1 // not UTF-8, empty, not a number, out of its range
	codeTooLarge    = -2
	codeNotFound    = -3
	codeTimeout     = -4
	codeUnavailable = -5 // not now: no world, no avatar
	codeRefused     = -6 // the host or the region said no
	codeFull        = -7
	codeDenied      = -8  // the capability has no such right
	codeRevoked     = -9  // the capability was taken back
	codeTaken       = -10 // the name is taken
)

// codeOf maps an error of a World or a LumpReader.
func codeOf(err error) int32 {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, ErrUnavailable):
		return codeUnavailable
	case errors.Is(err, ErrNotFound), errors.Is(err, ErrNoProcess):
		return codeNotFound
	case errors.Is(err, ErrFull):
		return codeFull
	case errors.Is(err, ErrTooLarge):
		return codeTooLarge
	case errors.Is(err, process.ErrDenied):
		return codeDenied
	case errors.Is(err, process.ErrRevoked):
		return codeRevoked
	case errors.Is(err, process.ErrTaken):
		return codeTaken
	case errors.Is(err, process.ErrNoHandle):
		return codeInvalid
	case errors.Is(err, ErrClosed):
		return codeUnavailable
	}
	return codeRefused
}

// use says which kind of guest a function is offered to.
type use uint8

const (
	forHandler use = 1 << iota
	forProcess
	forLoader
	forImage // and while an image is made
	forBoth  = forHandler | forProcess
	forAll   = forBoth | forLoader
)

// hostFunc is one importable function. Its arguments arrive in stack, its
// result goes to stack[0].
type hostFunc struct {
	module, name string
	sig          admit.Signature
	to           use
	call         func(g *guest, stack []uint64)
}

// hostFuncs is every importable function.
var hostFuncs = sync.OnceValue(func() []hostFunc {
	var all []hostFunc
	for _, list := range [][]hostFunc{
		{fn(admit.MeterModule, admit.MeterImport, "i:", forImage, meterSpent)},
		logFuncs(), timeFuncs(), randomFuncs(), messageFuncs(), processFuncs(), abroadFuncs(),
		lumpFuncs(), sendFuncs(), putFuncs(), slotFuncs(), worldFuncs(), eventFuncs(), physicsFuncs(), othersFuncs(), storeFuncs(), httpFuncs(), textFuncs(), gfxFuncs(), inputFuncs(), audioFuncs(), assetFuncs(), faultFuncs(), libraryFuncsOffered(), wasiFuncs(), imageFuncs(),
	} {
		all = append(all, list...)
	}
	return all
})

var hostFuncIndex = func() map[admit.Import]hostFunc {
	index := map[admit.Import]hostFunc{}
	for _, f := range hostFuncs() {
		index[admit.Import{Module: f.module, Name: f.name}] = f
	}
	return index
}()

// signature is the admission policy's view of the interfaces.
func signature(module, name string) (admit.Signature, bool) {
	f, ok := hostFuncIndex[admit.Import{Module: module, Name: name}]
	return f.sig, ok && f.to&^forImage != 0
}

// fn makes a hostFunc; types are letters, "params:results": i and I are the
// integers of 32 and 64 bits, F is a float of 64.
func fn(module, name, types string, to use, call func(g *guest, stack []uint64)) hostFunc {
	params, results, _ := strings.Cut(types, ":")
	return hostFunc{module, name, admit.Signature{Params: valTypes(params), Results: valTypes(results)}, to, call}
}

func valTypes(letters string) []admit.ValType {
	var ts []admit.ValType
	for _, c := range letters {
		switch c {
		case 'i':
			ts = append(ts, admit.I32)
		case 'I':
			ts = append(ts, admit.I64)
		case 'F':
			ts = append(ts, admit.F64)
		default:
			panic("scripting: type letter " + string(c))
		}
	}
	return ts
}

// ret stores an i32 result.
func ret(stack []uint64, v int32) { stack[0] = uint64(uint32(v)) }

// clean makes a line fit for a terminal: no control characters but tabs, and
// valid UTF-8 of at most limit bytes.
func clean(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// printable reports whether a spoken line has no control characters.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}
