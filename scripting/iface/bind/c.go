package bind

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

var cWords = map[iface.Type]word{
	"i32": one("int32_t "), "u32": one("uint32_t "), "i64": one("int64_t "), "u64": one("uint64_t "), "f64": one("double "), "bool": one("int32_t "),
	"text":   {{"%s", "const char *"}, {"%s_len", "uint32_t "}},
	"bytes":  {{"%s", "const void *"}, {"%s_len", "uint32_t "}},
	"room":   {{"%s", "void *"}, {"%s_size", "uint32_t "}},
	"space":  {{"%s", "void *"}, {"%s_len", "uint32_t "}},
	"point":  one("double *"),
	"vec":    {{"%s_x", "double "}, {"%s_y", "double "}, {"%s_z", "double "}},
	"i64s":   {{"%s", "const int64_t *"}, {"%s_len", "uint32_t "}},
	"handle": one("mt_handle "), "handles": {{"%s", "const mt_handle *"}, {"%s_len", "uint32_t "}},
	"ref": one("int64_t "),
}

var cResults = map[iface.Type]string{
	"": "void ", "i32": "int32_t ", "u32": "uint32_t ", "i64": "int64_t ", "u64": "uint64_t ", "f64": "double ", "bool": "int32_t ",
	"handle": "mt_handle ", "ref": "int64_t ", "code": "int32_t ", "count": "int32_t ", "length": "int32_t ",
}

var cKeywords = []string{"for", "register", "default", "int", "long", "short", "signed", "static", "union", "struct", "volatile", "return"}

func cFile(all []*iface.Interface) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "/* %s */\n/* %s */\n", madeFrom, license)
	b.WriteString(`#ifndef METATOPIA_IMPORTS_H
#define METATOPIA_IMPORTS_H

#include <stdint.h>

typedef int32_t mt_handle;

#define MT_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

`)
	for _, c := range iface.Codes() {
		fmt.Fprintf(&b, "#define MT_%s (%d) /* %s */\n", strings.ToUpper(strings.ReplaceAll(c.Name, "-", "_")), c.Number, c.Meaning)
	}
	for _, i := range all {
		for _, f := range i.Funcs {
			fmt.Fprintf(&b, "\n/* %s */\nMT_IMPORT(%q, %q)\n%smt_%s_%s(", strings.ReplaceAll(comment(f), "*/", "* /"), i.ID(), f.Name, cResults[f.Result], short(i), f.Name)
			ps := lower(f, cWords, cKeywords)
			for n, p := range ps {
				if n > 0 {
					b.WriteString(", ")
				}
				b.WriteString(p.typ + p.name)
			}
			if len(ps) == 0 {
				b.WriteString("void")
			}
			b.WriteString(");\n")
		}
	}
	b.WriteString("\n#endif\n")
	return []byte(b.String())
}
