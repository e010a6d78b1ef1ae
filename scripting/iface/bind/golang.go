package bind

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

var goWords = map[iface.Type]word{
	"i32": one("int32"), "u32": one("uint32"), "i64": one("int64"), "u64": one("uint64"), "f64": one("float64"), "bool": one("bool"),
	"text":   one("string"), // lowered by the compiler
	"bytes":  {{"%s", "unsafe.Pointer"}, {"%sLen", "int32"}},
	"room":   {{"%s", "unsafe.Pointer"}, {"%sSize", "int32"}},
	"space":  {{"%s", "unsafe.Pointer"}, {"%sLen", "int32"}},
	"point":  one("unsafe.Pointer"),
	"vec":    {{"%sX", "float64"}, {"%sY", "float64"}, {"%sZ", "float64"}},
	"i64s":   {{"%s", "unsafe.Pointer"}, {"%sLen", "int32"}},
	"handle": one("Handle"), "handles": {{"%s", "unsafe.Pointer"}, {"%sLen", "int32"}},
	"ref": one("int64"),
}

var goResults = map[iface.Type]string{
	"i32": "int32", "u32": "uint32", "i64": "int64", "u64": "uint64", "f64": "float64", "bool": "bool",
	"handle": "int32", "ref": "int64", "code": "int32", "count": "int32", "length": "int32",
}

var goKeywords = []string{"type", "func", "range", "map", "var", "go", "select", "default", "import", "package", "interface", "return"}

func goFile(all []*iface.Interface) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "//go:build wasip1\n\n// %s\n// %s\n\npackage sdk\n\nimport \"unsafe\"\n", madeFrom, license)
	for _, i := range all {
		for _, f := range i.Funcs {
			fmt.Fprintf(&b, "\n// %s\n//\n//go:wasmimport %s %s\nfunc mt%s%s(", comment(f), i.ID(), f.Name, camel(short(i)), camel(f.Name))
			for n, p := range lower(f, goWords, goKeywords) {
				if n > 0 {
					b.WriteString(", ")
				}
				b.WriteString(p.name + " " + p.typ)
			}
			b.WriteString(")")
			if f.Result != "" {
				b.WriteString(" " + goResults[f.Result])
			}
			b.WriteString("\n")
		}
	}
	return []byte(b.String())
}

// camel turns reason_text into ReasonText.
func camel(s string) string {
	var b strings.Builder
	for _, w := range strings.Split(s, "_") {
		if w != "" {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}
