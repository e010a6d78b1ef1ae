package scripting

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	guests "github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// TestLuaPage runs the examples of docs/lua.md: a block of Lua, and below it
// the events that come to it with what it does.
func TestLuaPage(t *testing.T) {
	page, err := os.ReadFile("../docs/lua.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```lua\n(.*?)```\n\n```text\n(.*?)```").FindAllSubmatch(page, -1)
	if n := strings.Count(string(page), "```lua\n"); len(examples) != n || n < 6 {
		t.Fatalf("%d of %d examples have an outcome", len(examples), n)
	}
	e := newEngine(t)
	for _, x := range examples {
		if strings.HasPrefix(string(x[1]), "-- process") {
			log, info := logged(t, newProcesses(t, ProcessesConfig{Engine: e}), string(x[1]), SpawnSpec{})
			if got := "  logs " + strings.Join(log, "\n  logs ") + "\n  ends " + info.Exit + "\n"; got != string(x[2]) {
				t.Errorf("%s\ngives\n%s", x[0], got)
			}
			continue
		}
		for _, libs := range noises(t, e, string(x[1])) {
			example(t, e, string(x[1]), string(x[2]), libs)
		}
	}
}

// noises are the libraries with which an example is run: one in Lua, and one
// that takes its place.
func noises(t *testing.T, e *Engine, text string) [][]Library {
	if !strings.Contains(text, `require "noise"`) {
		return [][]Library{nil}
	}
	var m asm.Module
	mul := []byte{0x7e}
	m.Export("at", asm.Func, m.Func(asm.Cat(i64, i64), i64, nil, get(0), get(0), mul, get(1), get(1), mul, add64))
	return [][]Library{
		{{Name: "noise", Text: []byte("return {at = function(x, y) return x * x + y * y end}")}},
		{{Name: "noise", Module: admitGuest(t, e, m.Bytes())}},
	}
}

// example runs one against its outcome.
func example(t *testing.T, e *Engine, text, outcome string, libs []Library) {
	img, err := e.Image(admitGuest(t, e, shipped(t, guests.Lua)), []byte("example.lua\n"+text), luaGas, libs...)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	slots := map[string]Value{}
	var out strings.Builder
	for line := range strings.Lines(outcome) {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line)
		w := strings.SplitN(strings.TrimSpace(line), " ", 3)
		ev := Event{Name: w[0], Tick: 100, At: [3]float64{1.5, 0.5, -2}, Vel: [3]float64{1, 0, 0}, Loose: true}
		if w[0] == "answer" {
			ev.Tag, ev.Answer = answerOf(t, w[1:])
		} else if len(w) > 1 {
			ev.FromName, ev.From = w[1], base.ID{1}
		}
		if len(w) > 2 && ev.Answer == nil {
			ev.Text = w[2]
		}
		did, err := e.HandleImage(img, ev, func(n string) (Value, bool) { v, ok := slots[n]; return v, ok }, 1, 500_000)
		if err != nil {
			fmt.Fprintf(&out, "  fails %v\n", err)
		}
		tell(&out, did, err)
		for _, w := range did.Set {
			slots[w.Name] = w.Value
		}
	}
	if out.String() != outcome {
		t.Errorf("%s\ngives\n%s", text, out.String())
	}
}

// answerOf reads "TAG KEY=VALUE ..." or "TAG why".
func answerOf(t *testing.T, w []string) (tag int64, a *Answer) {
	a = &Answer{}
	if _, err := fmt.Sscan(w[0], &tag); err != nil {
		t.Fatal(err)
	}
	for f := range strings.FieldsSeq(strings.Join(w[1:], " ")) {
		key, value, ok := strings.Cut(f, "=")
		var n int64
		switch _, err := fmt.Sscan(value, &n); {
		case !ok:
			a.Error = f
		case value == "":
			a.Items = append(a.Items, AnswerItem{Key: key})
		case err == nil:
			a.Items = append(a.Items, AnswerItem{key, Int(n)})
		default:
			a.Items = append(a.Items, AnswerItem{key, Text(value)})
		}
	}
	return tag, a
}

// tell writes what an event did; of the log of one that failed only what came
// before the message, and of slots only the one that the page is about.
func tell(out *strings.Builder, did Effects, err error) {
	for _, l := range did.Say {
		fmt.Fprintf(out, "  says %s\n", l)
	}
	for _, l := range did.Log {
		if err != nil && strings.HasPrefix(err.Error(), l) {
			break
		}
		fmt.Fprintf(out, "  logs %s\n", l)
	}
	if p := did.Push; p != [3]float64{} {
		fmt.Fprintf(out, "  pushes %.1f %.1f %.1f\n", p[0], p[1], p[2]+0)
	}
	for _, a := range did.Asks {
		fmt.Fprintf(out, "  asks %d", a.Tag)
		for _, s := range a.Steps {
			fmt.Fprintf(out, " %s %s", []string{"", "get", "put", "add", "list", "check"}[s.Op], s.Key)
			if s.Value.Kind == KindInt {
				fmt.Fprintf(out, " %d", s.Value.Int)
			}
		}
		fmt.Fprintln(out)
	}
	for _, w := range did.Set {
		if w.Name != "every" {
			continue
		}
		value := "nil"
		if w.Value.Kind == KindInt {
			value = fmt.Sprint(w.Value.Int)
		}
		fmt.Fprintf(out, "  slot every = %s\n", value)
	}
}
