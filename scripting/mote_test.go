package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	guests "github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/mote"
)

func compiled(t testing.TB, src string) []byte {
	t.Helper()
	wasm, err := mote.Compile([]byte(src))
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	return wasm
}

// TestMoteMeans runs expressions: each is 1.
func TestMoteMeans(t *testing.T) {
	const before = `import "mt:process@1" exit(code: i32)
var g: i64 = -7
const big: i64 = 0x7fffffffffffffff
const tenth: f64 = 0.1
fn never() i32 { trap }
fn seven() i32 { return 7 }
fn sum(n: i32) i32 { let s = 0 while 1 { if n == 0 { break } n -= 1 if n % 2 == 0 { continue } s += n } return s }
`
	ps := newProcesses(t, ProcessesConfig{})
	for _, x := range []string{
		"2 + 3 * 4 == 14", "(2 + 3) * 4 == 20", "10 - 3 - 2 == 5", "-7 / 2 == -3", "-7 % 2 == -1", "1 << 33 == 2", "-8 >> 1 == -4",
		"(6 & 3 | 8) == 10", "(6 ^ 3) == 5", "~0 == -1", "!5 == 0", "- -5 == 5", "-seven() == -7", "- -2147483648 == -2147483648",
		"g == -7", "g / 2 == -3", "big + 1 == -big - 1", "i32(big) == -1", "i64(seven()) == 7", "i64(-1) == -1",
		"tenth + 0.2 != 0.3", "tenth * 3 > 0.3", "i32(-3.9) == -3", "i32(1e99) == 2147483647", "i32(0.0 / 0.0) == 0", "f64(seven()) / 2 == 3.5",
		"0 && never() || 1", "1 || never()", "(7 && 9) == 1", "!(0 || 0)", "sum(10) == 25",
		"sqrt(2.25) == 1.5", "nearest(2.5) == 2.0", "floor(-0.5) == -1.0", "min(1, 2) == 1.0", "copysign(3, -0.0) == -3.0", "from_bits(bits(tenth)) == tenth",
		"clz(1) == 31", "ctz(g) == i64(0)", "popcnt(g - 0) == i64(62)", "div_u(-1, 2) == 2147483647", "lt_u(1, -1)", "ge_u(g, big)", "shr_u(-1, 28) == 15", "rotl(1, 33) == 2",
		`len("a\x00\"b") == 4`, `u8[ptr("xyz") + 1] == 'y'`, `ptr("xyz") == ptr("xyz")`, "heap() % 8 == 0", "pages() == 1", "grow(1) == 1",
		"u16[heap()] == 0", "i32(\n1 // one\n) == 1",
	} {
		pid := spawn(t, ps, compiled(t, before+"export fn run() { exit("+x+") }"), SpawnSpec{})
		if info := wait(t, ps, pid); info.Exit != "exit 1" {
			t.Errorf("%s: %s", x, info.Exit)
		}
	}
	for x, want := range map[string]string{
		"trap": "trap: ", "let x = 1 / 0": "trap: ", "i64[-8] = 1": "trap: ", "copy(0, 65536, 1)": "trap: ",
		"while 1 { }": "out of gas", "i32[heap()] = -2 exit(-i32[heap()])": "exit 2", "f64[heap() + 1] = 6.0 exit(i32(f64[heap() + 1]))": "exit 6",
		"if g > 0 { exit(1) } else if g < 0 { exit(2) } else { exit(3) }": "exit 2", "g *= 2 exit(i32(-g))": "exit 14",
		"let x: f64 = 5 exit(i32(x - 2))": "exit 3", "seven()": "exit 0",
	} {
		pid := spawn(t, ps, compiled(t, before+"memory 1 export fn run() { "+x+" }"), SpawnSpec{Gas: 1_000_000})
		if info := wait(t, ps, pid); !strings.HasPrefix(info.Exit, want) {
			t.Errorf("%s: %s", x, info.Exit)
		}
	}
}

// TestMotePage runs the examples of docs/mote.md.
func TestMotePage(t *testing.T) {
	page, err := os.ReadFile("../docs/mote.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```mote\n(.*?)```\n\n```text\n(.*?)```").FindAllSubmatch(page, -1)
	if n := strings.Count(string(page), "```mote\n"); len(examples) != n || n < 4 {
		t.Fatalf("%d of %d examples have an outcome", len(examples), n)
	}
	e := newEngine(t)
	ps := newProcesses(t, ProcessesConfig{Engine: e})
	for _, x := range examples {
		m := admitGuest(t, e, compiled(t, string(x[1])))
		s := slots{}
		var out strings.Builder
		for line := range strings.Lines(string(x[2])) {
			if strings.HasPrefix(line, "  ") {
				continue
			}
			out.WriteString(line)
			word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			switch {
			case word == "run":
				info, err := ps.Spawn(SpawnSpec{Module: m, Args: []string{rest}})
				if err != nil {
					t.Fatal(err)
				}
				info = wait(t, ps, info.PID)
				if err := ps.Tail(t.Context(), info.PID, "", false, func(l LogLine) error { fmt.Fprintf(&out, "  logs %s\n", l.Text); return nil }); err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "  ends %s\n", info.Exit)
			case word == "touch":
				tell(&out, s.run(t, e, m, touched), nil)
			default: // Lua that calls it
				img, err := e.Image(admitGuest(t, e, shipped(t, guests.Lua)), []byte("p.lua\nlocal m = require 'm' function on_run() print("+strings.TrimSpace(line)+") end"), luaGas, Library{Name: "m", Module: m})
				if err != nil {
					t.Fatal(err)
				}
				got, err := luaRun(t, e, img, "run", nil, 10_000_000)
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&out, "  %s\n", strings.Join(got.Log, "\n"))
			}
		}
		if out.String() != string(x[2]) {
			t.Errorf("%s\ngives\n%s", x[0], out.String())
		}
	}
}

// FuzzMoteIsValid: what is compiled is a module; refused it is only for what it
// imports, for what it exports, or because it is too much.
func FuzzMoteIsValid(f *testing.F) {
	page, err := os.ReadFile("../docs/mote.md")
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range regexp.MustCompile("(?s)```mote\n(.*?)```").FindAllSubmatch(page, -1) {
		f.Add(x[1])
	}
	f.Add([]byte("fn f(a: i64, b: f64) f64 { while 1 { if a > 2 { break } else { continue } } return b } export fn g(a: i32) i32 { let x: i64 = -9 let y = f(x, 1) if y == 2.0 || a { trap } return a && 3 }"))
	e := newEngine(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		wasm, err := mote.Compile(src)
		if err != nil {
			return
		}
		_, err = e.Admit(wasm)
		if err != nil && !errors.Is(err, admit.ErrForbidden) && !errors.Is(err, admit.ErrLimit) && !strings.Contains(err.Error(), "neither a handler") {
			t.Errorf("%v\n%s", err, src)
		}
	})
}

// shelf is a LumpStore and a LumpReader.
type shelf struct{ has map[string][]byte }

func (s shelf) StoreLump(_ context.Context, data []byte) (string, error) {
	cid := fmt.Sprint("cid", len(s.has))
	s.has[cid] = data
	return cid, nil
}

func (s shelf) ReadLump(_ context.Context, cid string, _ int64) ([]byte, error) {
	if b, ok := s.has[cid]; ok {
		return b, nil
	}
	return nil, ErrNotFound
}

// TestCompilerGuest: what the guest makes of a program is what the library
// makes of it here, byte for byte; so are the errors.
func TestCompilerGuest(t *testing.T) {
	page, err := os.ReadFile("../docs/mote.md")
	if err != nil {
		t.Fatal(err)
	}
	e := newEngine(t)
	wasm := shipped(t, "compiler")
	s := shelf{map[string][]byte{}}
	ps := newProcesses(t, ProcessesConfig{Engine: e, Lumps: s, Store: s})
	pid := spawn(t, ps, wasm, SpawnSpec{Grants: Grants{Put: true}})
	var programs []string
	for _, x := range regexp.MustCompile("(?s)```mote\n(.*?)```").FindAllSubmatch(page, -1) {
		programs = append(programs, string(x[1]), string(x[1][:len(x[1])/2]), string(bytes.ReplaceAll(x[1], []byte("+"), []byte("-"))), string(x[1])+"\nfn é")
	}
	for i, src := range programs {
		if err := ps.Send(pid, 0, []byte(src)); err != nil {
			t.Fatal(err)
		}
		got := lines(t, ps, pid, i+1)[i]
		want, err := mote.Compile([]byte(src))
		if err != nil {
			if got != "error "+err.Error() {
				t.Errorf("%s, want %v", got, err)
			}
			continue
		}
		var cid string
		var size int
		if _, err := fmt.Sscanf(got, "ok %s %d", &cid, &size); err != nil || size != len(want) || !bytes.Equal(s.has[cid], want) {
			t.Errorf("%q for %d bytes: %v", got, len(want), err)
		}
	}
	for _, c := range []struct {
		grants Grants
		args   []string
		exit   string
		log    string
	}{
		{Grants{}, []string{"cid0"}, "exit 1", "error 1:1:"}, // a module is no program
		{Grants{}, []string{"src"}, "exit 1", "error the module was not stored: refused"},
		{Grants{Put: true}, []string{"none"}, "exit 1", "error the lump was not read: not found"},
		{Grants{Put: true}, []string{"src", "src"}, "exit 0", "ok cid"},
	} {
		s.has["src"] = []byte("export fn run() {}")
		pid := spawn(t, ps, wasm, SpawnSpec{Grants: c.grants, Args: c.args})
		if info := wait(t, ps, pid); info.Exit != c.exit {
			t.Errorf("%q: %s", c.args, info.Exit)
		}
		if got := lines(t, ps, pid, len(c.args)); !strings.HasPrefix(got[0], c.log) {
			t.Errorf("%q: %q", c.args, got)
		}
	}
}

// TestPutIsBounded: a tree stores so much and no more; the bounds of one lump.
func TestPutIsBounded(t *testing.T) {
	const src = `import "mt:lump@1" put(at: i32, len: i32, into: i32, room: i32) i32
import "mt:process@1" exit(code: i32)
memory 18
export fn run() {
  if put(0, 0, 16, 64) != -1 || put(0, 1048577, 16, 64) != -2 { exit(99) }
  let n = 0
  while put(0, 1048576, 16, 64) > 0 { n += 1 }
  if put(0, 1048576, 16, 64) != -7 || put(0, 1, 16, 64) < 1 { exit(98) }
  exit(n)
}`
	s := shelf{map[string][]byte{}}
	for want, cfg := range map[string]struct {
		p ProcessesConfig
		g Grants
	}{
		"exit 15": {ProcessesConfig{Store: s}, Grants{Put: true}},
		"exit 99": {ProcessesConfig{Store: s}, Grants{}},
	} {
		ps := newProcesses(t, cfg.p)
		if info := wait(t, ps, spawn(t, ps, compiled(t, src), SpawnSpec{Grants: cfg.g})); info.Exit != want {
			t.Errorf("%s, want %s", info.Exit, want)
		}
	}
	if len(s.has) != 16 {
		t.Errorf("%d lumps", len(s.has))
	}
}
