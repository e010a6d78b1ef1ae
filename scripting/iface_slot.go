package scripting

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// provenance says whose code a thing runs; only its owner changes these.
var provenance = []string{"author", "language", "license", "script", "source"}

// mt:slot@1

func slotFuncs() []hostFunc {
	const m = "mt:slot@1"
	set := func(make func(g *guest, s []uint64) (Value, int32)) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			name, code := g.slotName(s)
			if code == 0 && slices.Contains(provenance, name) {
				code = codeRefused
			}
			var v Value
			if code == 0 {
				v, code = make(g, s)
			}
			if code == 0 {
				code = g.h.set(name, v)
			}
			ret(s, code)
		}
	}
	str := func(kind ValueKind) func(g *guest, s []uint64) (Value, int32) {
		return func(g *guest, s []uint64) (Value, int32) {
			b := g.view(uint32(s[2]), uint32(s[3]))
			switch {
			case len(b) > maxSlotValue || kind == KindLump && len(b) > 128:
				return Value{}, codeTooLarge
			case kind == KindText && !utf8.Valid(b),
				kind == KindLump && bytes.ContainsFunc(b, func(r rune) bool { return r <= ' ' || r > '~' }):
				return Value{}, codeInvalid
			}
			return Value{Kind: kind, Str: string(b)}, 0
		}
	}
	return []hostFunc{
		fn(m, "kind", "ii:i", forHandler, func(g *guest, s []uint64) {
			v, code := g.slotValue(s)
			if code == 0 {
				code = int32(v.Kind)
			}
			ret(s, code)
		}),
		fn(m, "get_int", "iiI:I", forHandler, func(g *guest, s []uint64) {
			otherwise := s[2]
			if v, code := g.slotValue(s); code == 0 && (v.Kind == KindInt || v.Kind == KindBool) {
				s[0] = uint64(v.Int)
				return
			}
			s[0] = otherwise
		}),
		fn(m, "get_text", "iiii:i", forHandler, func(g *guest, s []uint64) {
			v, code := g.slotValue(s)
			switch {
			case code != 0:
				ret(s, code)
			case v.Kind == KindInt || v.Kind == KindBool:
				ret(s, codeInvalid)
			default:
				ret(s, g.give(s[2], s[3], v.Str))
			}
		}),
		fn(m, "set_int", "iiI:i", forHandler, set(func(g *guest, s []uint64) (Value, int32) {
			return Int(int64(s[2])), 0
		})),
		fn(m, "set_bool", "iii:i", forHandler, set(func(g *guest, s []uint64) (Value, int32) {
			return Bool(uint32(s[2]) != 0), 0
		})),
		fn(m, "set_text", "iiii:i", forHandler, set(str(KindText))),
		fn(m, "set_bytes", "iiii:i", forHandler, set(str(KindBytes))),
		fn(m, "set_lump", "iiii:i", forHandler, set(str(KindLump))),
		fn(m, "delete", "ii:i", forHandler, set(func(*guest, []uint64) (Value, int32) { return Value{}, 0 })),
	}
}

// slotName reads the name in the first two arguments: 1-32 of a-z 0-9 _ -,
// starting with a letter.
func (g *guest) slotName(s []uint64) (string, int32) {
	name, ok := g.text(s[0], s[1], maxSlotName)
	if !ok || name == "" || name[0] < 'a' || name[0] > 'z' {
		return "", codeInvalid
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return "", codeInvalid
		}
	}
	return name, 0
}

func (g *guest) slotValue(s []uint64) (Value, int32) {
	name, code := g.slotName(s)
	if code != 0 {
		return Value{}, code
	}
	v, ok := g.h.slot(name)
	if !ok {
		return Value{}, codeNotFound
	}
	g.charge(int64(len(v.Str) >> gasPerBytesShift)) // reading may copy
	return v, 0
}
