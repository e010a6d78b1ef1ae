package scripting

import (
	"strings"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
)

// What a handler does to other things than its own, and to itself later: a part
// of mt:slot@1, mt:message@1, mt:time@1 and mt:world@1. Bounds are those of the
// region, which would take more for a fault.
const (
	maxPosts     = 16
	maxProposals = 16
	maxTxns      = 4
	maxTxnReads  = 16
	maxTxnWrites = 8
	maxTimers    = 8
	maxTimer     = 1 << 24
	gasPeek      = 500

	opInsert = 5
	opClaim  = 6
	opCas    = 7
	opDelete = 8
)

func othersFuncs() []hostFunc {
	const slot = "mt:slot@1"
	peek := func(g *guest, s []uint64) (Value, uint64, int32) {
		id, name, code := g.slotOf(s)
		if code != 0 {
			return Value{}, 0, code
		}
		if g.h.ev.Peek == nil {
			return Value{}, 0, codeNotFound
		}
		g.charge(gasPeek)
		v, version, ok := g.h.ev.Peek(id, name)
		if !ok || v.Kind == KindNone {
			return Value{}, version, codeNotFound
		}
		g.charge(int64(len(v.Str) >> gasPerBytesShift))
		return v, version, 0
	}
	// propose reads thing, name and what make finds in the rest.
	propose := func(make func(g *guest, s []uint64, p *Proposal) int32) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			var p Proposal
			var code int32
			if p.Thing, p.Slot, code = g.slotOf(s); code == 0 {
				code = make(g, s[4:], &p)
			}
			switch {
			case code != 0:
			case len(g.h.out.Propose) >= maxProposals:
				code = codeFull
			default:
				g.h.out.Propose = append(g.h.out.Propose, p)
			}
			ret(s, code)
		}
	}
	write := func(make func(g *guest, s []uint64) (Value, int32)) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			id, name, code := g.slotOf(s)
			var v Value
			if code == 0 {
				v, code = make(g, s[4:])
			}
			t := g.h.txn()
			switch {
			case code != 0:
			case t == nil:
				code = codeNotFound
			case len(t.Writes) >= maxTxnWrites:
				code = codeFull
			default:
				t.Writes = append(t.Writes, TxnWrite{id, SlotWrite{Name: name, Value: v}})
			}
			ret(s, code)
		}
	}
	return []hostFunc{
		fn(slot, "get_int_of", "iiiiI:I", forHandler, func(g *guest, s []uint64) {
			otherwise := s[4]
			if v, _, code := peek(g, s); code == 0 && (v.Kind == KindInt || v.Kind == KindBool) {
				s[0] = uint64(v.Int)
				return
			}
			s[0] = otherwise
		}),
		fn(slot, "get_text_of", "iiiiii:i", forHandler, func(g *guest, s []uint64) {
			v, _, code := peek(g, s)
			switch {
			case code != 0:
				ret(s, code)
			case v.Kind == KindInt || v.Kind == KindBool:
				ret(s, codeInvalid)
			default:
				ret(s, g.give(s[4], s[5], v.Str))
			}
		}),
		fn(slot, "version_of", "iiii:I", forHandler, func(g *guest, s []uint64) { _, s[0], _ = peek(g, s) }),
		fn(slot, "propose_int", "iiiiiI:i", forHandler, propose(func(_ *guest, s []uint64, p *Proposal) int32 {
			p.Op, p.Value = int32(s[0]), Int(int64(s[1]))
			if p.Op < 1 || p.Op > opClaim || p.Op == opInsert {
				return codeInvalid
			}
			return 0
		})),
		fn(slot, "propose_text", "iiiiiii:i", forHandler, propose(func(g *guest, s []uint64, p *Proposal) (code int32) {
			p.Op = int32(s[0])
			p.Value, code = g.textValue(s[1:])
			if p.Op != opInsert && p.Op != opClaim || p.Op == opInsert && (p.Value.Str == "" || strings.Contains(p.Value.Str, "\n")) {
				return codeInvalid
			}
			return code
		})),
		fn(slot, "propose_delete", "iiii:i", forHandler, propose(func(_ *guest, _ []uint64, p *Proposal) int32 {
			p.Op = opDelete
			return 0
		})),
		fn(slot, "cas_int", "iiiiII:i", forHandler, propose(func(_ *guest, s []uint64, p *Proposal) int32 {
			p.Op, p.Expect, p.Value = opCas, Int(int64(s[0])), Int(int64(s[1]))
			return 0
		})),
		fn(slot, "txn", "I:i", forHandler, func(g *guest, s []uint64) {
			if len(g.h.out.Txns) >= maxTxns {
				ret(s, codeFull)
				return
			}
			g.h.out.Txns = append(g.h.out.Txns, Txn{Tag: int64(s[0])})
			ret(s, 0)
		}),
		fn(slot, "txn_read", "iiiiI:i", forHandler, func(g *guest, s []uint64) {
			id, name, code := g.slotOf(s)
			t := g.h.txn()
			switch {
			case code != 0:
			case t == nil:
				code = codeNotFound
			case len(t.Reads) >= maxTxnReads:
				code = codeFull
			default:
				t.Reads = append(t.Reads, TxnRead{id, name, s[4]})
			}
			ret(s, code)
		}),
		fn(slot, "txn_int", "iiiiI:i", forHandler, write(func(_ *guest, s []uint64) (Value, int32) { return Int(int64(s[0])), 0 })),
		fn(slot, "txn_text", "iiiiii:i", forHandler, write(func(g *guest, s []uint64) (Value, int32) { return g.textValue(s) })),
		fn(slot, "txn_delete", "iiii:i", forHandler, write(func(*guest, []uint64) (Value, int32) { return Value{}, 0 })),

		fn("mt:message@1", "post", "iiIii:i", forHandler, func(g *guest, s []uint64) {
			to, code := g.thing(s[0], s[1])
			switch {
			case code != 0:
			case uint32(s[4]) > MaxText:
				code = codeTooLarge
			case len(g.h.out.Send) >= maxPosts:
				code = codeFull
			default:
				g.h.out.Send = append(g.h.out.Send, Send{to, int64(s[2]), string(g.view(uint32(s[3]), uint32(s[4])))})
			}
			ret(s, code)
		}),
		fn("mt:time@1", "after", "iI:i", forHandler, func(g *guest, s []uint64) {
			n := uint32(s[0])
			switch {
			case n == 0 || n > maxTimer:
				ret(s, codeInvalid)
			case len(g.h.out.Timers) >= maxTimers:
				ret(s, codeFull)
			default:
				g.h.out.Timers = append(g.h.out.Timers, Timer{n, int64(s[1])})
				ret(s, 0)
			}
		}),
		fn(worldModule, "event_tag", ":I", forHandler, func(g *guest, s []uint64) { s[0] = uint64(g.h.ev.Tag) }),
		fn(worldModule, "event_self", "ii:i", forHandler, func(g *guest, s []uint64) { ret(s, g.give(s[0], s[1], g.h.ev.Self.String())) }),
	}
}

// txn is the transaction begun last, or nil.
func (h *handling) txn() *Txn {
	if n := len(h.out.Txns); n > 0 {
		return &h.out.Txns[n-1]
	}
	return nil
}

// thing reads the id of a thing: 32 hexadecimal digits.
func (g *guest) thing(ptr, n uint64) (id base.ID, code int32) {
	text, ok := g.text(ptr, n, 2*len(id))
	if !ok || id.UnmarshalText([]byte(text)) != nil {
		return id, codeInvalid
	}
	return id, 0
}

// slotOf reads a thing and the name of one of its slots in the first four
// arguments. Which slots others may change is for the region to say.
func (g *guest) slotOf(s []uint64) (id base.ID, name string, code int32) {
	if id, code = g.thing(s[0], s[1]); code == 0 {
		name, code = g.slotName(s[2:])
	}
	return id, name, code
}

func (g *guest) textValue(s []uint64) (Value, int32) {
	b := g.view(uint32(s[0]), uint32(s[1]))
	switch {
	case len(b) > maxSlotValue:
		return Value{}, codeTooLarge
	case !utf8.Valid(b):
		return Value{}, codeInvalid
	}
	return Text(string(b)), 0
}
