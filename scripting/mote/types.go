package mote

// typ is a type of values, by its number in WebAssembly; 0 is none.
type typ byte

const (
	none  typ = 0
	i32   typ = 0x7f
	i64   typ = 0x7e
	f64   typ = 0x7c
	texts typ = 1 // of parameters of imports: a pointer and a length
)

var types = map[string]typ{"i32": i32, "i64": i64, "f64": f64}

func (t typ) String() string {
	switch t {
	case i32:
		return "i32"
	case i64:
		return "i64"
	case f64:
		return "f64"
	case texts:
		return "text"
	}
	return "nothing"
}

// function is one that is declared.
type function struct {
	index  int
	params []typ
	result typ
	names  []token // of the parameters; none for imports

	module string // of an import
	name   string
	export bool
	body   int // token after the opening brace
}

// variable is a global, a constant or a local.
type variable struct {
	typ   typ
	index int
	local bool
	fixed bool   // a constant
	value []byte // instruction that gives it, of a global and a constant
}

// keywords and builtins are names that a program cannot declare.
var keywords = map[string]bool{
	"fn": true, "let": true, "if": true, "else": true, "while": true, "return": true, "break": true, "continue": true,
	"import": true, "export": true, "var": true, "const": true, "memory": true, "trap": true, "text": true,
	"i32": true, "i64": true, "f64": true, "u8": true, "u16": true,
}
