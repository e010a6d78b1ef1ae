package scripting

import (
	"cmp"
	"strings"
)

// What a handler asks of its region's store, and what it was answered: mt:store@1.
// Bounds are those of the region, which would take more for a fault.
const (
	maxAsks     = 4
	maxSteps    = 8
	maxStoreKey = 128
	maxAskBytes = 8 << 10
	maxListed   = 64
	stepBytes   = 16 // counted for each step besides what it holds
	gasStep     = 500
)

// AskOp is a step of a request. Numbers are the region's.
type AskOp uint8

const (
	AskGet   AskOp = iota + 1
	AskPut         // KindNone: delete
	AskAdd         // Value is an int
	AskList        // Key is a prefix
	AskCheck       // KindNone: there is no such key
)

// AskStep is one step of a request.
type AskStep struct {
	Op    AskOp
	Key   string
	Start string
	Most  uint8
	Value Value
}

// Ask is a request to the region's store.
type Ask struct {
	Tag   int64
	Steps []AskStep // none: nothing is asked

	size int
	void bool // a step was refused
}

// Answer is what a request came to: why nothing was done, or the items of its
// steps.
type Answer struct {
	Error string
	Items []AnswerItem
}

// AnswerItem is a key and its value; KindNone: there is none.
type AnswerItem struct {
	Key   string
	Value Value
}

func storeFuncs() []hostFunc {
	const m = "mt:store@1"
	step := func(op AskOp, make func(g *guest, s []uint64, x *AskStep) int32) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			g.charge(gasStep)
			x := AskStep{Op: op}
			var code int32
			if x.Key, code = g.storeKey(s[0], s[1], op == AskList); code == 0 {
				code = make(g, s[2:], &x)
			}
			if code == codeInvalid && op == AskPut && x.Key != "" {
				ret(s, code) // what is no text may be put as bytes
				return
			}
			ret(s, g.h.step(&x, code))
		}
	}
	number := func(_ *guest, s []uint64, x *AskStep) int32 {
		x.Value = Int(int64(s[0]))
		return 0
	}
	text := func(g *guest, s []uint64, x *AskStep) (code int32) {
		x.Value, code = g.textValue(s)
		return code
	}
	nothing := func(*guest, []uint64, *AskStep) int32 { return 0 }
	item := func(g *guest, s []uint64) *AnswerItem {
		if a := g.h.ev.Answer; a != nil && uint64(uint32(s[0])) < uint64(len(a.Items)) {
			return &a.Items[uint32(s[0])]
		}
		return nil
	}
	return []hostFunc{
		fn(m, "ask", "I:i", forHandler, func(g *guest, s []uint64) {
			if len(g.h.out.Asks) >= maxAsks {
				g.h.unasked = true
				ret(s, codeFull)
				return
			}
			g.h.out.Asks = append(g.h.out.Asks, Ask{Tag: int64(s[0])})
			ret(s, 0)
		}),
		fn(m, "get", "ii:i", forHandler, step(AskGet, nothing)),
		fn(m, "put_int", "iiI:i", forHandler, step(AskPut, number)),
		fn(m, "put_text", "iiii:i", forHandler, step(AskPut, text)),
		fn(m, "put_bytes", "iiii:i", forHandler, step(AskPut, func(g *guest, s []uint64, x *AskStep) int32 {
			b := g.view(uint32(s[0]), uint32(s[1]))
			if len(b) > maxSlotValue {
				return codeTooLarge
			}
			x.Value = Value{Kind: KindBytes, Str: string(b)}
			return 0
		})),
		fn(m, "delete", "ii:i", forHandler, step(AskPut, nothing)),
		fn(m, "add", "iiI:i", forHandler, step(AskAdd, number)),
		fn(m, "list", "iiiii:i", forHandler, step(AskList, func(g *guest, s []uint64, x *AskStep) (code int32) {
			if x.Start, code = g.storeKey(s[0], s[1], true); code != 0 {
				return code
			}
			if uint32(s[2]) == 0 {
				return codeInvalid
			}
			x.Most = uint8(min(uint32(s[2]), maxListed))
			return 0
		})),
		fn(m, "check_int", "iiI:i", forHandler, step(AskCheck, number)),
		fn(m, "check_text", "iiii:i", forHandler, step(AskCheck, text)),
		fn(m, "check_none", "ii:i", forHandler, step(AskCheck, nothing)),

		fn(m, "error", "ii:i", forHandler, func(g *guest, s []uint64) {
			why := ""
			if a := g.h.ev.Answer; a != nil {
				why = a.Error
			}
			ret(s, g.give(s[0], s[1], why))
		}),
		fn(m, "count", ":i", forHandler, func(g *guest, s []uint64) {
			n := 0
			if a := g.h.ev.Answer; a != nil {
				n = len(a.Items)
			}
			ret(s, int32(n))
		}),
		fn(m, "kind", "i:i", forHandler, func(g *guest, s []uint64) {
			x := item(g, s)
			if x == nil {
				ret(s, codeNotFound)
				return
			}
			ret(s, int32(x.Value.Kind))
		}),
		fn(m, "key", "iii:i", forHandler, func(g *guest, s []uint64) {
			x := item(g, s)
			if x == nil {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.give(s[1], s[2], x.Key))
		}),
		fn(m, "int", "iI:I", forHandler, func(g *guest, s []uint64) {
			otherwise := s[1]
			if x := item(g, s); x != nil && x.Value.Kind == KindInt {
				s[0] = uint64(x.Value.Int)
				return
			}
			s[0] = otherwise
		}),
		fn(m, "text", "iii:i", forHandler, func(g *guest, s []uint64) {
			x := item(g, s)
			if x == nil || x.Value.Kind != KindText && x.Value.Kind != KindBytes {
				ret(s, codeNotFound)
				return
			}
			g.charge(int64(len(x.Value.Str) >> gasPerBytesShift))
			ret(s, g.give(s[1], s[2], x.Value.Str))
		}),
	}
}

// storeKey reads a key of the store; a prefix may be empty.
func (g *guest) storeKey(ptr, n uint64, prefix bool) (string, int32) {
	if uint32(n) > maxStoreKey {
		return "", codeTooLarge
	}
	key, ok := g.text(ptr, n, maxStoreKey)
	if !ok || key == "" && !prefix || !printable(key) {
		return "", codeInvalid
	}
	return strings.Clone(key), 0
}

// step adds a step to the request begun last. One that is refused takes the whole
// request with it: a check that is left out must not let the others through.
func (h *handling) step(x *AskStep, code int32) int32 {
	n := len(h.out.Asks)
	if n == 0 || h.unasked || h.out.Asks[n-1].void {
		return cmp.Or(code, codeNotFound)
	}
	a, size := &h.out.Asks[n-1], len(x.Key)+len(x.Start)+len(x.Value.Str)+stepBytes
	switch {
	case code != 0:
	case len(a.Steps) >= maxSteps:
		code = codeFull
	case a.size+size > maxAskBytes:
		code = codeTooLarge
	}
	if code != 0 {
		a.Steps, a.void = nil, true
		return code
	}
	a.Steps, a.size = append(a.Steps, *x), a.size+size
	return 0
}
