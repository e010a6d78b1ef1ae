package iface

import "slices"

// Type is a parameter or a result as a guest's author thinks of it.
type Type string

// typeRule says how a type is passed: letters of the WebAssembly parameters
// (i is i32, I is i64, F is f64), and the rule for people.
type typeRule struct {
	name   Type
	wasm   string
	param  bool
	result bool
	rule   string
}

// types is every type. The order is that of docs/interfaces/README.md.
var types = []typeRule{
	{"i32", "i", true, true, "a number"},
	{"u32", "i", true, true, "a number that is not negative"},
	{"i64", "I", true, true, "a number"},
	{"u64", "I", true, true, "a number that is not negative"},
	{"f64", "F", true, true, "a number"},
	{"bool", "i", true, true, "0 is false, all else true; 1 when the host gives it"},
	{"text", "ii", true, false, "pointer and length of UTF-8, which the host reads"},
	{"bytes", "ii", true, false, "pointer and length of bytes, which the host reads"},
	{"room", "ii", true, false, "pointer and size of a buffer, of which the host writes at most the first bytes; the rest stays as it was"},
	{"space", "ii", true, false, "pointer and length of a range, which the host writes whole"},
	{"point", "i", true, false, "pointer to 24 bytes, which the host writes: x, y, z as little-endian f64, metres, y up"},
	{"vec", "FFF", true, false, "x, y, z, y up"},
	{"i64s", "ii", true, false, "pointer to and number of i64, little-endian, which the host reads"},
	{"handle", "i", true, true, "a handle of mt:process, 1 or more; as a result it may be a code"},
	{"handles", "ii", true, false, "pointer to and number of handles (i32, little-endian), which the host reads"},
	{"ref", "I", true, true, "the number of a monitor or a timer; as a result it may be a code"},
	{"code", "i", false, true, "0, or a code"},
	{"count", "i", false, true, "a number that is not negative, or a code"},
	{"length", "i", false, true, "the whole length of what was asked for, or a code; above the room's size: ask again with more"},
}

func ruleOf(t Type) (typeRule, bool) {
	i := slices.IndexFunc(types, func(r typeRule) bool { return r.name == t })
	if i < 0 {
		return typeRule{}, false
	}
	return types[i], true
}

// Wasm gives the letters of the type's WebAssembly types.
func (t Type) Wasm() string {
	r, _ := ruleOf(t)
	return r.wasm
}

// Rule says how the type is passed, for people.
func (t Type) Rule() string {
	r, _ := ruleOf(t)
	return r.rule
}

// Types is every type.
func Types() []Type {
	all := make([]Type, len(types))
	for i, r := range types {
		all[i] = r.name
	}
	return all
}

// Code is what a host function gives instead of a result.
type Code struct {
	Number  int    `json:"number"`
	Name    string `json:"name"`
	Meaning string `json:"meaning"`
}

// codes is every code. Codes are only added, at the end.
var codes = []Code{
	{-1, "invalid", "not UTF-8, empty, control characters, not a finite number, a bad name, no such handle"},
	{-2, "too-large", "over a bound of the interface"},
	{-3, "not-found", "no such slot, thing, lump, argument; the process has ended"},
	{-4, "timeout", "nothing came in time"},
	{-5, "unavailable", "no world, no avatar, no lumps here now: try again later"},
	{-6, "refused", "the host or the region said no"},
	{-7, "full", "a bound on how many is reached"},
	{-8, "denied", "the capability has no such right"},
	{-9, "revoked", "the capability was taken back"},
	{-10, "taken", "somebody else has the name"},
}

// Codes is every code, from -1 down.
func Codes() []Code { return slices.Clone(codes) }

func codeOf(name string) (Code, bool) {
	for _, c := range codes {
		if c.Name == name {
			return c, true
		}
	}
	return Code{}, false
}

// Kinds of guest, and what an image is made in.
const (
	Handler = "handler"
	Process = "process"
	Loader  = "loader"
	Image   = "image"
)

var kinds = []string{Handler, Process, Loader, Image}
