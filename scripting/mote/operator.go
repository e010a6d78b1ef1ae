package mote

// operator is a binary one, with its instruction for each type, 0 for none.
type operator struct {
	binds           int // higher binds tighter
	codes           [3]byte
	compares, logic bool
}

func (o operator) code(t typ) byte {
	switch t {
	case i32:
		return o.codes[0]
	case i64:
		return o.codes[1]
	case f64:
		return o.codes[2]
	}
	return 0
}

var operators = map[string]operator{
	"||": {binds: 1, logic: true},
	"&&": {binds: 2, logic: true},
	"==": {binds: 3, codes: [3]byte{0x46, 0x51, 0x61}, compares: true},
	"!=": {binds: 3, codes: [3]byte{0x47, 0x52, 0x62}, compares: true},
	"<":  {binds: 3, codes: [3]byte{0x48, 0x53, 0x63}, compares: true},
	">":  {binds: 3, codes: [3]byte{0x4a, 0x55, 0x64}, compares: true},
	"<=": {binds: 3, codes: [3]byte{0x4c, 0x57, 0x65}, compares: true},
	">=": {binds: 3, codes: [3]byte{0x4e, 0x59, 0x66}, compares: true},
	"+":  {binds: 4, codes: [3]byte{0x6a, 0x7c, 0xa0}},
	"-":  {binds: 4, codes: [3]byte{0x6b, 0x7d, 0xa1}},
	"|":  {binds: 4, codes: [3]byte{0x72, 0x84}},
	"^":  {binds: 4, codes: [3]byte{0x73, 0x85}},
	"*":  {binds: 5, codes: [3]byte{0x6c, 0x7e, 0xa2}},
	"/":  {binds: 5, codes: [3]byte{0x6d, 0x7f, 0xa3}},
	"%":  {binds: 5, codes: [3]byte{0x6f, 0x81}},
	"&":  {binds: 5, codes: [3]byte{0x71, 0x83}},
	"<<": {binds: 5, codes: [3]byte{0x74, 0x86}},
	">>": {binds: 5, codes: [3]byte{0x75, 0x87}},
}

// cell is how a place of memory is read and written.
type cell struct {
	typ                typ
	load, store, align byte
}

var cells = map[string]cell{
	"i32": {i32, 0x28, 0x36, 2},
	"i64": {i64, 0x29, 0x37, 3},
	"f64": {f64, 0x2b, 0x39, 3},
	"u8":  {i32, 0x2d, 0x3a, 0},
	"u16": {i32, 0x2f, 0x3b, 1},
}

// Instructions that are named here.
const (
	opUnreachable = 0x00
	opBlock       = 0x02
	opLoop        = 0x03
	opIf          = 0x04
	opElse        = 0x05
	opEnd         = 0x0b
	opBr          = 0x0c
	opBrIf        = 0x0d
	opReturn      = 0x0f
	opCall        = 0x10
	opDrop        = 0x1a
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opGlobalGet   = 0x23
	opGlobalSet   = 0x24
	opI32Const    = 0x41
	opI64Const    = 0x42
	opF64Const    = 0x44
	opI32Eqz      = 0x45
	opI32Ne       = 0x47
	opI64Eqz      = 0x50
	opI32Mul      = 0x6c
	opI32Xor      = 0x73
	opI64Mul      = 0x7e
	opI64Xor      = 0x85
	opF64Neg      = 0x9a
)
