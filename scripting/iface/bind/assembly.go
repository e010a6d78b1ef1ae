package bind

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

var asWords = map[iface.Type]word{
	"i32": one("i32"), "u32": one("u32"), "i64": one("i64"), "u64": one("u64"), "f64": one("f64"), "bool": one("bool"),
	"text":   {{"%s", "usize"}, {"%sLen", "i32"}},
	"bytes":  {{"%s", "usize"}, {"%sLen", "i32"}},
	"room":   {{"%s", "usize"}, {"%sSize", "i32"}},
	"space":  {{"%s", "usize"}, {"%sLen", "i32"}},
	"point":  one("usize"),
	"vec":    {{"%sX", "f64"}, {"%sY", "f64"}, {"%sZ", "f64"}},
	"i64s":   {{"%s", "usize"}, {"%sLen", "i32"}},
	"handle": one("i32"), "handles": {{"%s", "usize"}, {"%sLen", "i32"}},
	"ref": one("i64"),
}

var asResults = map[iface.Type]string{
	"": "void", "i32": "i32", "u32": "i32", "i64": "i64", "u64": "u64", "f64": "f64", "bool": "bool",
	"handle": "i32", "ref": "i64", "code": "i32", "count": "i32", "length": "i32",
}

var asKeywords = []string{"in", "of", "from", "as", "get", "set", "type", "function", "import", "export", "default", "delete", "new", "this", "var", "let", "const", "return"}

func asFile(all []*iface.Interface) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "// %s\n// %s\n", madeFrom, license)
	for _, i := range all {
		for _, f := range i.Funcs {
			fmt.Fprintf(&b, "\n/** %s */\n// @ts-ignore: decorator\n@external(%q, %q)\nexport declare function mt_%s_%s(", comment(f), i.ID(), f.Name, short(i), f.Name)
			for n, p := range lower(f, asWords, asKeywords) {
				if n > 0 {
					b.WriteString(", ")
				}
				b.WriteString(p.name + ": " + p.typ)
			}
			fmt.Fprintf(&b, "): %s;\n", asResults[f.Result])
		}
	}
	return []byte(b.String())
}
