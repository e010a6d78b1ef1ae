package iface

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	i, err := Parse(`# a comment
mt:test@2
about for tests
for   process image
codes timeout full
export run() or
export call(f: i32, at: u32) may

ask(what: text, tags: i64s, into: room) -> length
  asks
  on two lines
= more
tell(v: vec, by: handle) -> ref  for process since 3
  tells
`)
	if err != nil {
		t.Fatal(err)
	}
	if i.ID() != "mt:test@2" || i.Revision != 3 || len(i.Codes) != 2 || i.Codes[0].Number != -4 || len(i.Exports) != 2 {
		t.Errorf("%+v", i)
	}
	f, _ := i.Func("ask")
	if f.Wasm() != "iiiiii:i" || f.Does != "asks on two lines" || f.Text() != "ask(what: text, tags: i64s, into: room) -> length" || f.Group != "" || len(f.For) != 2 {
		t.Errorf("%+v %s", f, f.Wasm())
	}
	f, _ = i.Func("tell")
	if f.Wasm() != "FFFi:I" || f.Group != "more" || f.Since != 3 || len(f.For) != 1 {
		t.Errorf("%+v %s", f, f.Wasm())
	}
	b, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id":"mt:test@2"`, `"wasm":"FFFi:I"`, `"vec":{"wasm":"FFF"`, `"revision":3`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	top := "mt:test@1\nabout x\nfor process\n"
	for what, text := range map[string]string{
		"nothing":          "",
		"no mt":            "test@1\nabout x\nfor process\n",
		"no version":       "mt:test\nabout x\nfor process\n",
		"version 0":        "mt:test@0\nabout x\nfor process\n",
		"no about":         "mt:test@1\nfor process\n",
		"for nobody":       "mt:test@1\nabout x\nfor\n",
		"for whom":         "mt:test@1\nabout x\nfor people\n",
		"a code":           top + "codes bad-luck\n",
		"deprecated alone": top + "deprecated old\n",
		"instead alone":    top + "instead mt:test@2\n",
		"a word":           top + "whatever it is\n",
		"an export":        top + "export run()\n",
		"a type":           top + "f(x: i128)\n  does\n",
		"a result":         top + "f() -> text\n  does\n",
		"result type":      top + "f(x: code)\n  does\n",
		"no type":          top + "f(x)\n  does\n",
		"a name":           top + "F()\n  does\n",
		"two of a name":    top + "f(a: i32, a: i32)\n  does\n",
		"two functions":    top + "f()\n  does\nf()\n  does\n",
		"does nothing":     top + "f()\n",
		"does too early":   top + "  does\nf()\n",
		"since":            top + "f() since 0\n  does\n",
		"what follows":     top + "f() in time\n  does\n",
		"not closed":       top + "= g\nf(a: i32\n  does\n",
		"long":             top + strings.Repeat("#\n", maxText),
	} {
		if i, err := Parse(text); err == nil {
			t.Errorf("%s: taken: %+v", what, i)
		}
	}
}

func TestFind(t *testing.T) {
	for _, name := range []string{"log", "mt:log", "mt:log@1", "log@1"} {
		if i := Find(name); i == nil || i.ID() != "mt:log@1" {
			t.Errorf("%s: %+v", name, i)
		}
	}
	for _, name := range []string{"", "mt:log@2", "mt:", "lo", "mt:nothing@1"} {
		if i := Find(name); i != nil {
			t.Errorf("%q: %s", name, i.ID())
		}
	}
}

// TestInstead: what a deprecated version points to is offered.
func TestInstead(t *testing.T) {
	for _, i := range All() {
		if i.Instead != "" && (Find(i.Instead) == nil || Find(i.Instead).Deprecated != "") {
			t.Errorf("%s: instead %s", i.ID(), i.Instead)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, i := range All() {
		text, err := defs.ReadFile("def/" + strings.TrimPrefix(strings.Replace(i.ID(), "@", "_", 1), "mt:") + ".txt")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := Parse(text)
		if err != nil {
			return
		}
		if _, err := json.Marshal(i); err != nil {
			t.Error(err)
		}
		for _, fn := range i.Funcs {
			if !strings.Contains(fn.Wasm(), ":") {
				t.Errorf("%s: %s", fn.Name, fn.Wasm())
			}
		}
	})
}
