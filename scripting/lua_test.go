package scripting

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	guests "github.com/metatopia/metatopia/scripting/guest"
)

// luaGas is enough for any program of these tests.
const luaGas = 1 << 34

// luaScript makes a script ready.
func luaScript(t testing.TB, e *Engine, name, text string) *Image {
	t.Helper()
	img, err := e.Image(admitGuest(t, e, shipped(t, guests.Lua)), []byte(name+"\n"+text), luaGas)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return img
}

// luaRun handles one event of a script.
func luaRun(t testing.TB, e *Engine, img *Image, name string, slots map[string]Value, gas uint64) (Effects, error) {
	t.Helper()
	ev := Event{Name: name, FromName: "Ada", Text: "hello"}
	ev.From[0] = 0xad
	return e.HandleImage(img, ev, func(n string) (Value, bool) { v, ok := slots[n]; return v, ok }, 42, gas)
}

// program makes a script that runs a whole file at an event.
func program(text string) string { return "function on_run() " + text + "\nend" }

// TestLuaPrograms runs programs that assert what Lua is.
func TestLuaPrograms(t *testing.T) {
	e := newEngine(t)
	files, _ := filepath.Glob("testdata/lua/*.lua")
	if len(files) < 6 {
		t.Fatalf("programs: %q", files)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		img := luaScript(t, e, filepath.Base(f), program(string(text)))
		if out, err := luaRun(t, e, img, "run", nil, luaGas); err != nil {
			t.Errorf("%s: %v\n%s", f, err, strings.Join(out.Log, "\n"))
		}
	}
}

// TestLuaThing: events, slots of every kind, lines.
func TestLuaThing(t *testing.T) {
	e := newEngine(t)
	img := luaScript(t, e, "thing.lua", `
		local greeting = "Good day, "
		function on_touch(who)
			self.n = (self.n or 0) + 1
			say(greeting .. who.name, self.n)
			print(who.id, self.flag, self.word, self.data, self.lump, self.none)
		end
		function on_heard(who, text)
			self.flag = not self.flag
			self.word = self.word .. "!"
			self.half = 0.5
			self.list = {1, {x = "y"}, 2.5, true, [-3] = "minus"}
			local l = self.list
			print(l[1], l[2].x, l[3], l[4], l[-3], #l, text, self.half + self.half)
			self.data = nil
			self.raw = "\xff\0"
			print(#self.raw, self.data)
		end
		function on_tick(who) every(40) print(who) end
	`)
	slots := map[string]Value{"n": Int(6), "flag": Bool(true), "word": Text("w"), "data": Bytes([]byte{1, 2}), "lump": Lump("bafk")}
	out, err := luaRun(t, e, img, "touch", slots, 500_000)
	if err != nil || fmt.Sprint(out.Say) != "[Good day, Ada 7]" || fmt.Sprint(out.Set) != "[{n {1 7 }}]" ||
		out.Log[0] != "ad"+strings.Repeat("0", 30)+"\ttrue\tw\t\ufffd\ufffd\tbafk\tnil" {
		t.Errorf("touch: %+v, %v", out, err)
	}
	out, err = luaRun(t, e, img, "heard", slots, 500_000)
	if err != nil || len(out.Set) != 6 || out.Set[0].Value != Bool(false) || out.Set[1].Value != Text("w!") || out.Set[4].Value.Kind != KindNone ||
		out.Set[5].Value != Bytes([]byte("\xff\x00")) || fmt.Sprintf("%q", out.Log) != `["1\ty\t2.5\ttrue\tminus\t4\thello\t1.0" "2\tnil"]` {
		t.Errorf("heard: %+v, %v", out, err)
	}
	if out, err = luaRun(t, e, img, "tick", slots, 500_000); err != nil || fmt.Sprint(out.Set) != "[{every {1 40 }}]" {
		t.Errorf("tick: %+v, %v", out, err)
	}
	if out, err = luaRun(t, e, img, "nothing-of-that-name", slots, 500_000); err != nil || len(out.Set)+len(out.Say)+len(out.Log) != 0 {
		t.Errorf("an event without a function: %+v, %v", out, err)
	}
	// What a script keeps in its own variables is gone with the event.
	img = luaScript(t, e, "thing.lua", `n = 0 function on_touch() n = n + 1 say(n) end`)
	for range 3 {
		if out, err := luaRun(t, e, img, "touch", nil, 500_000); err != nil || out.Say[0] != "1" {
			t.Errorf("variables: %+v, %v", out, err)
		}
	}
}

// TestLuaPush: a push is bounded, adds up, and is for things that move.
func TestLuaPush(t *testing.T) {
	e := newEngine(t)
	img := luaScript(t, e, "push.lua", `
		function on_touch() push(1, 2, 3) push(-3, 0, 0) print(pcall(push, 0, 9, 0)) print(pcall(push, 0/0, 0, 0)) print(pcall(push, 1/0, 0, 0)) end
	`)
	out, err := e.HandleImage(img, Event{Name: "touch", Loose: true}, nil, 1, 500_000)
	if err != nil || out.Push != [3]float64{-2, 2, 3} || !strings.Contains(out.Log[0], "too large") || !strings.Contains(out.Log[1], "not valid") || !strings.Contains(out.Log[2], "not valid") {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := e.HandleImage(img, Event{Name: "touch"}, nil, 1, 500_000); err == nil || !strings.Contains(err.Error(), "push: refused") {
		t.Errorf("a fixed thing: %v", err)
	}
}

// TestLuaSorts: what a thing may take for one event is enough to sort 200
// numbers; 4,000,000 is what a region gives.
func TestLuaSorts(t *testing.T) {
	e := newEngine(t)
	img := luaScript(t, e, "sort.lua", `
		function on_touch()
			local t = {}
			for i = 1, 200 do t[i] = (i * 7919) % 1009 end
			table.sort(t)
			for i = 2, #t do assert(t[i-1] <= t[i]) end
			self.least = t[1]
		end
	`)
	out, err := luaRun(t, e, img, "touch", nil, 4_000_000)
	if err != nil || len(out.Set) != 1 {
		t.Errorf("%+v, %v", out, err)
	}
	t.Logf("%d gas", out.Gas)
}

// TestLuaOthers: what a script asks of other things.
func TestLuaOthers(t *testing.T) {
	e := newEngine(t)
	img := luaScript(t, e, "others.lua", `
		local it = string.rep("01", 16)
		function on_message(who, text, tag)
			local n, v = look(it, "n")
			print(text, tag, me(), n, v, look(it, "t"), (look(it, "none")))
			send(it, "back", n)
			after(20, 4)
			propose(it, "n", "add", 5)
			propose(it, "list", "insert", "a line")
			propose(it, "gone", "delete")
			cas(it, "n", 7, 8)
			transact(9, {{it, "n", v}}, {{it, "n", 1}, {it, "t", "new"}, {it, "x"}})
			print(pcall(after, 0), (pcall(propose, "no id", "n", "add", 1)))
		end
	`)
	var id base.ID
	for i := range id {
		id[i] = 1
	}
	out, err := e.HandleImage(img, Event{Name: "message", Text: "hello", Tag: 41, Self: base.ID{2}, Peek: func(thing base.ID, slot string) (Value, uint64, bool) {
		switch {
		case thing != id || slot == "none":
			return Value{}, 0, thing == id
		case slot == "n":
			return Int(7), 77, true
		}
		return Text("text"), 78, true
	}}, nil, 1, 4_000_000)
	if err != nil {
		t.Fatal(err)
	}
	want := Effects{
		Log: []string{"hello\t41\t02000000000000000000000000000000\t7\t77\ttext\tnil", "false\tfalse"},
		Propose: []Proposal{{id, "n", 1, Int(5), Value{}}, {id, "list", 5, Text("a line"), Value{}}, {id, "gone", 8, Value{}, Value{}},
			{id, "n", 7, Int(8), Int(7)}},
		Txns:   []Txn{{9, []TxnRead{{id, "n", 77}}, []TxnWrite{{id, SlotWrite{"n", Int(1)}}, {id, SlotWrite{"t", Text("new")}}, {id, SlotWrite{Name: "x"}}}}},
		Send:   []Send{{id, 7, "back"}},
		Timers: []Timer{{20, 4}},
		Gas:    out.Gas,
	}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("got  %+v\nwant %+v", out, want)
	}
}

// TestLuaErrors: what goes wrong is told with file, line and stack, and voids
// the event.
func TestLuaErrors(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, shipped(t, guests.Lua))
	for text, want := range map[string]string{
		"x = = 1":                             "bad.lua:1: unexpected symbol near '='",
		"\n\nlocal function f() g() end\nf()": "bad.lua:3: attempt to call a nil value (global 'g')",
		"error({})":                           "an error that is a table",
		"say('too early')":                    "",
		"\x1bLua":                             "attempt to load a binary chunk",
		"while true do end":                   ErrOutOfGas.Error(),
	} {
		_, err := e.Image(m, []byte("bad.lua\n"+text), 50_000_000)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	img := luaScript(t, e, "bad.lua", `
		local function inner(x) return x.y.z end
		function on_touch()
			self.n = 1
			say("never said")
			print("on the way")
			inner({})
		end
		function on_slot() self.script = "x" end
		function on_name() self["Not A Name"] = 1 end
		function on_function() self.f = print end
		function on_loop() local t = {} t.t = t self.t = t end
		function on_large() self.t = ("x"):rep(5000) end
		function on_many() say(1) say(2) say(3) end
	`)
	out, err := luaRun(t, e, img, "touch", nil, 500_000)
	want := "bad.lua:2: attempt to index a nil value (field 'y') [bad.lua:2: in upvalue 'inner'; bad.lua:7: in function 'on_touch']"
	if !errors.Is(err, ErrRaised) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if len(out.Set)+len(out.Say) != 0 || len(out.Log) != 5 || out.Log[0] != "on the way" || !strings.Contains(out.Log[4], "bad.lua:7: in function 'on_touch'") {
		t.Errorf("effects %+v", out)
	}
	for event, want := range map[string]string{"slot": "self.script: refused", "name": "self.Not A Name: not valid", "function": "a function cannot be kept",
		"loop": "tables nested too deep", "large": "self.t: too large", "many": "say: full"} {
		if _, err := luaRun(t, e, img, event, nil, 5_000_000); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", event, err)
		}
	}
}

// TestLuaBounded: nothing a script does takes more than its gas and memory.
func TestLuaBounded(t *testing.T) {
	e := newEngine(t)
	for name, c := range map[string]struct {
		text string
		want error // nil: it notices itself, and goes on
	}{
		"endless loop":        {"while true do end", ErrOutOfGas},
		"caught endlessly":    {"while true do pcall(function() while true do end end) end", ErrOutOfGas},
		"error loop":          {"while true do pcall(error) end", ErrOutOfGas},
		"recursion":           {"local function f() return 1 + f() end print(pcall(f)) say('on')", nil},
		"metamethods":         {"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end print(pcall(function() return t[1] end)) say('on')", nil},
		"huge string":         {"print(pcall(string.rep, 'x', 1 << 40)) print(pcall(string.rep, 'x', 1 << 28)) say('on')", nil},
		"doubling string":     {"print(pcall(function() local s = 'x' while true do s = s .. s end end)) say('on')", nil},
		"growing table":       {"print(pcall(function() local t = {} while true do t[#t + 1] = {} end end)) collectgarbage() say('on')", nil},
		"growing concat":      {"print(pcall(function() local t = {} for i = 1, 1e9 do t[i] = 'x' end return table.concat(t) end)) say('on')", nil},
		"pattern":             {"print(pcall(string.find, ('a'):rep(200), ('a?'):rep(200) .. ('a'):rep(200) .. 'b')) say('on')", nil},
		"nested pattern":      {"print(pcall(string.find, ('x'):rep(100000), ('.-'):rep(30) .. 'y'))", ErrOutOfGas},
		"deep pattern":        {"print(pcall(string.match, ('('):rep(200000), ('%('):rep(10000))) say('on')", nil},
		"format":              {"print(pcall(string.format, '%99.99f', 1e308)) print(pcall(string.format, '%1000d', 1)) say('on')", nil},
		"unpack":              {"print(pcall(table.unpack, {}, 1, 1e7)) say('on')", nil},
		"sort that lies":      {"local t = {} for i = 1, 500 do t[i] = i end print(pcall(table.sort, t, function() return true end)) say('on')", nil},
		"coroutine spiral":    {"local function f() coroutine.wrap(f)() end print(pcall(f)) say('on')", nil},
		"coroutine crowd":     {"local t = {} print(pcall(function() while true do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) t[#t + 1] = c end end)) t = nil say('on')", nil},
		"finalizers":          {"setmetatable({}, {__gc = function() while true do end end}) collectgarbage() while true do local t = {} end", ErrOutOfGas},
		"compiling":           {"print(load(('x='):rep(10000) .. '1')) print(load('return ' .. ('{'):rep(500))) say('on')", nil},
		"constants":           {"local t = {} for i = 1, 20000 do t[i] = i .. '.5,' end print(load('return {' .. table.concat(t) .. '}')) say('on')", nil},
		"close that throws":   {"local function f() local x <close> = setmetatable({}, {__close = function() f() end}) error('x') end print(pcall(f)) say('on')", nil},
		"handler that throws": {"print(xpcall(error, function() error('x') end)) say('on')", nil},
		"memory, then work":   {"for i = 1, 4 do pcall(string.rep, 'x', 1 << 20) collectgarbage() end say('on')", nil},
	} {
		img := luaScript(t, e, "bomb.lua", program(c.text))
		out, err := luaRun(t, e, img, "run", nil, 1_000_000_000)
		if c.want != nil && !errors.Is(err, c.want) || c.want == nil && (err != nil || len(out.Say) != 1) {
			t.Errorf("%s: %v, %q", name, err, out.Log)
		}
		if again, err2 := luaRun(t, e, img, "run", nil, 1_000_000_000); again.Gas != out.Gas || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Errorf("%s: %d gas and %v, then %d and %v", name, out.Gas, err, again.Gas, err2)
		}
	}
}
