package mote

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// everything is a program with one of everything.
const everything = `import "mt:log@1" log(level: i32, text)
memory 2
const limit: i64 = 0xffff
var seen: i32 = -1
fn fib(n: i32) i32 { if n < 2 { return n } return fib(n - 1) + fib(n - 2) }
fn half(x: f64) f64 { let y = x / 2 return sqrt(abs(-y)) }
export fn run() {
  let i: i64 = 0
  while i < limit && (seen != 0 || !0) {
    i += 1
    if i % 2 == 0 { continue } else if i > 100 { break }
    u8[heap() + i32(i)] = 'x'
    seen = i32(half(f64(i))) ^ ~3
  }
  log(0, "done\n")
  log(0, text(heap(), len("abc")))
  fill(heap(), 0, 8)
  if i == 7 { trap }
}
`

func TestErrors(t *testing.T) {
	in := func(body string) string { return "export fn run() {\n" + body + "\n}" }
	for src, want := range map[string]string{
		"":                               "1:1: nothing is exported: write export fn",
		"fn f() {}":                      "1:10: nothing is exported: write export fn",
		"export run() {}":                `1:8: "fn" is missing before "run"`,
		"hello":                          `1:1: here begins import, memory, const, var, fn or export fn, not "hello"`,
		"export fn f(":                   "1:13: a name is missing before the end of the program",
		"export fn f() {":                "1:16: the body of f has no end",
		"export fn f() i32 {}":           "1:20: f may end here without its result, i32",
		"export fn if() {}":              `1:11: "if" is a word of the language`,
		"export fn sqrt() {}":            `1:11: "sqrt" is a word of the language`,
		"fn f() {} fn f() {}":            `1:14: "f" is declared twice`,
		"var x: i32 = 1.5":               "1:14: i32 is wanted, this is f64",
		"var x: i32 = y":                 `1:14: here is a literal, not "y"`,
		"memory 65":                      "1:8: memory wants a number of pages, 1 to 64",
		"fn f() {} import \"m\" g()":     "1:22: imports stand before functions",
		in("let x = 1 let x = 2"):        `2:15: "x" is declared twice`,
		in("let é = 1"):                  `2:5: 'é' has no meaning here`,
		in("let s = \"é\" + 1"):          "2:9: a text stands where an import wants one, or in ptr() and len()",
		in("let y = run()"):              "2:9: this has no value",
		in("x = 1"):                      `2:1: "x" is not declared`,
		in("let x = 1 x = 2.0"):          "2:15: i32 is wanted, this is f64",
		in("let x: i64 = 1 let y = 1+x"): `2:25: "+" between i32 and i64`,
		in("let x = 1.0 % 2.0"):          `2:13: "%" is not for f64`,
		in("let x = 1 < 2 < 3"):          "2:15: comparisons are not chained: write &&",
		in("let x = 1.0 && 1"):           `2:13: "&&" between conditions, which are i32, not f64`,
		in("let x = 2147483648"):         "2:9: the number is too large for an integer of 32 bits",
		in("let x = 010"):                "2:9: a number begins with one 0 at most",
		in("let x = 1x"):                 "2:9: a letter follows the number",
		in("break"):                      `2:1: "break" outside a loop`,
		in("return let x = 1"):           "2:8: this is never reached",
		in("run(1)"):                     "2:5: run wants 0 arguments",
		in("go()"):                       `2:1: there is no function "go"`,
		in("u7[0] = 1"):                  `2:1: memory is i32[], i64[], f64[], u8[] or u16[], not "u7"`,
		in(`let x = ptr("a`):             "2:13: the literal does not end on its line",
		in(`let x = '\q'`):               `2:10: known are \n \t \\ \" \' \xHH`,
		in("let x = " + strings.Repeat("(", 100)): "2:72: nested deeper than 64",
	} {
		b, err := Compile([]byte(src))
		var e *Error
		if b != nil || !errors.As(err, &e) || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", src, err, want)
		}
	}
	if _, err := Compile(make([]byte, MaxSource+1)); err == nil {
		t.Error("too large")
	}
}

// digest is SHA-256 of the module made of everything, on every CPU.
const digest = "c7dfa8a2dc2d9e87e897ae8ce0c4d03f3b55f16136c47cd6754d2a00f2118acf"

// TestSame: the same text gives the same bytes, each time and everywhere.
func TestSame(t *testing.T) {
	first, err := Compile([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(first)); got != digest {
		t.Errorf("digest %s", got)
	}
	for range 20 {
		if again, err := Compile([]byte(everything)); err != nil || !bytes.Equal(first, again) {
			t.Fatal("other bytes", err)
		}
	}
}

// FuzzCompile: whatever the text, there is a module within the bound, or an
// error with a place inside the text. That modules are valid is tested where the
// engine is.
func FuzzCompile(f *testing.F) {
	f.Add([]byte(everything))
	f.Add([]byte("export fn f(a: f64, b: i64) i64 { return b << 63 ^ bits(a) }"))
	f.Fuzz(func(t *testing.T, src []byte) {
		m, err := Compile(src)
		var e *Error
		switch {
		case err == nil && (len(m) > MaxModule || !bytes.HasPrefix(m, []byte("\x00asm"))):
			t.Errorf("%d bytes", len(m))
		case err != nil && !errors.As(err, &e):
			t.Error(err)
		case err != nil && (e.Line < 1 || e.Line > bytes.Count(src, []byte("\n"))+1 || e.Column < 1):
			t.Errorf("%v", e)
		}
	})
}
