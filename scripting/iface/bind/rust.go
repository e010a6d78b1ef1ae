package bind

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

var rustWords = map[iface.Type]word{
	"i32": one("i32"), "u32": one("u32"), "i64": one("i64"), "u64": one("u64"), "f64": one("f64"), "bool": one("i32"),
	"text":   {{"%s", "*const u8"}, {"%s_len", "usize"}},
	"bytes":  {{"%s", "*const u8"}, {"%s_len", "usize"}},
	"room":   {{"%s", "*mut u8"}, {"%s_size", "usize"}},
	"space":  {{"%s", "*mut u8"}, {"%s_len", "usize"}},
	"point":  one("*mut f64"),
	"vec":    {{"%s_x", "f64"}, {"%s_y", "f64"}, {"%s_z", "f64"}},
	"i64s":   {{"%s", "*const i64"}, {"%s_len", "usize"}},
	"handle": one("i32"), "handles": {{"%s", "*const i32"}, {"%s_len", "usize"}},
	"ref": one("i64"),
}

var rustResults = map[iface.Type]string{
	"i32": "i32", "u32": "u32", "i64": "i64", "u64": "u64", "f64": "f64", "bool": "i32",
	"handle": "i32", "ref": "i64", "code": "i32", "count": "i32", "length": "i32",
}

var rustKeywords = []string{"as", "in", "ref", "type", "move", "fn", "match", "mod", "self", "use", "where", "try", "loop", "impl", "let", "return"}

func rustFile(all []*iface.Interface) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "// %s\n// %s\n", madeFrom, license)
	for _, c := range iface.Codes() {
		fmt.Fprintf(&b, "\n/// %s\npub const %s: i32 = %d;\n", c.Meaning, strings.ToUpper(strings.ReplaceAll(c.Name, "-", "_")), c.Number)
	}
	for _, i := range all {
		fmt.Fprintf(&b, "\n#[link(wasm_import_module = %q)]\nextern \"C\" {\n", i.ID())
		for _, f := range i.Funcs {
			fmt.Fprintf(&b, "    /// %s\n    #[link_name = %q]\n    pub fn mt_%s_%s(", comment(f), f.Name, short(i), f.Name)
			for n, p := range lower(f, rustWords, rustKeywords) {
				if n > 0 {
					b.WriteString(", ")
				}
				b.WriteString(p.name + ": " + p.typ)
			}
			b.WriteString(")")
			if f.Result != "" {
				b.WriteString(" -> " + rustResults[f.Result])
			}
			b.WriteString(";\n")
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}
