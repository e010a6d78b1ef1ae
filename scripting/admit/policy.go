package admit

import "slices"

// ValType is a WebAssembly value type, in its binary encoding.
type ValType byte

const (
	I32     ValType = 0x7f
	I64     ValType = 0x7e
	F32     ValType = 0x7d
	F64     ValType = 0x7c
	FuncRef ValType = 0x70
)

// Signature is the type of a function.
type Signature struct{ Params, Results []ValType }

// Equal compares two signatures.
func (s Signature) Equal(o Signature) bool {
	return slices.Equal(s.Params, o.Params) && slices.Equal(s.Results, o.Results)
}

// Policy says what a module may import and how much memory it may have.
type Policy struct {
	// Import gives the signature of a host function, false when there is none.
	Import func(module, name string) (Signature, bool)
	// MaxPages caps the memory, in pages of 64 KiB; 0 means MaxPages.
	MaxPages uint32
}

// Import is a host function that a module uses.
type Import struct{ Module, Name string }

// Result is an admitted module.
type Result struct {
	Wasm     []byte // rewritten, without the data of Data
	Data     []Segment
	Size     int // bytes of both
	Globals  []Global
	Imports  []Import
	Funcs    map[string]Signature // exported functions
	Memory   bool                 // whether it has one
	MinPages uint32               // of memory, at the start
	Table    uint32               // entries of all tables, at the start
	Work     uint64               // complexity, see MaxWork: time and room of the native code
	// Static is "" when memory and the globals listed are all that running
	// the module can change of an instance, else what changes more.
	Static string
}

// What the rewriting adds to a module. Guests may neither import from
// MeterModule nor export a name that starts with "mt:".
const (
	MeterModule = "mt:meter"
	MeterImport = "spent"    // (what i32): the gas or the depth counter is below zero
	GasGlobal   = "mt:gas"   // i64
	DepthGlobal = "mt:depth" // i64

	SpentGas   = 0
	SpentDepth = 1
)
