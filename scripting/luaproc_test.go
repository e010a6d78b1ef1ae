package scripting

import (
	"strings"
	"testing"

	guests "github.com/metatopia/metatopia/scripting/guest"
)

// luaProcess starts a script as a process.
func luaProcess(t testing.TB, ps *Processes, text string, spec SpawnSpec) uint64 {
	t.Helper()
	img, err := ps.cfg.Engine.ProcessImage(admitGuest(t, ps.cfg.Engine, shipped(t, guests.LuaProcess)), []byte("p.lua\n"+text), luaGas)
	if err != nil {
		t.Fatal(err)
	}
	spec.Image = img
	info, err := ps.Spawn(spec)
	if err != nil {
		t.Fatal(err)
	}
	return info.PID
}

// logged runs a process to its end and gives its log.
func logged(t testing.TB, ps *Processes, text string, spec SpawnSpec) ([]string, Info) {
	t.Helper()
	pid := luaProcess(t, ps, text, spec)
	info := wait(t, ps, pid)
	var got []string
	if err := ps.Tail(t.Context(), pid, "", false, func(l LogLine) error { got = append(got, l.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	return got, info
}

// TestLuaProcesses: spawn, letters with values and capabilities, monitors,
// links, timers, names, exits.
func TestLuaProcesses(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	for name, c := range map[string]struct{ text, log, exit string }{
		"arguments": {`function run() print(#arg, arg[1], arg[2], parent, type(self)) exit(3) end`, "2\tone\ttwo\tnil\tuserdata", "exit 3"},
		"values": {`
			function run()
				local s = tostring(self:send({x = {1, 2.5, "y"}, [true] = false}, 7))
				assert(self:send("plain", 8) and self:send(12, 9))
				local l = receive()
				print(s, l.kind, l.tag, l.data.x[2], l.data[true], l.node)
				print(receive(nil, 9).data + 1, receive().data, receive(0))
			end`, "true\tmessage\t7\t2.5\tfalse\tfalse|13\tplain\tnil", "exit 0"},
		"a child that answers": {`
			function run()
				if arg[1] == "child" then
					local l = receive()
					l.caps[1]:send("got " .. l.data, l.tag + 1)
					exit(4)
				end
				local child, ref = spawn("child", {monitor = true, tag = 99})
				assert(child:send("hello", 5, self))
				print(receive(10, 6).data)
				local down = receive(10)
				print(down.kind, down.tag, down.reason, down.code, down.text, down.ref == ref)
				print(child:send("more"))
			end`, "got hello|down\t99\tfailed\t4\texit 4\ttrue|nil\tnot found", "exit 0"},
		"rights": {`
			function run()
				local weak = self:demote("send")
				print(weak:rights().send, weak:rights().kill, weak:kill())
				local lent = self:lend("send", "monitor")
				assert(lent:send("x")) receive()
				print(lent:revoke(), lent:send("x"))
				weak:drop() print(pcall(weak.send, weak, "x"))
				print(pcall(self.send), pcall(self.demote, self, "fly"))
			end`, "true\tfalse\tnil\tnot allowed by the capability|true\tnil\ttaken back|false\tbad argument #1 to '?' (it was dropped)|", "exit 0"},
		"handlers": {`
			local n = 0
			function start() n = 10 end
			function on_message(l)
				n = n + 1
				if l.caps[1] then l.caps[1]:send(n) end
				if n == 13 then exit() end
			end
			function run()
				local h = spawn("", {handler = true, link = true})
				for i = 1, 3 do h:send("", 0, self) print(receive(10).data) end
			end`, "11|12|13", "exit 0"},
		"timers": {`function run() local t = timer(0.01) local l = receive(10) print(l.kind, l.ref == t) print(cancel(t), cancel(timer(9))) end`, "timer\ttrue|nil\ttrue", "exit 0"},
		"names": {`
			function run()
				if arg[1] then receive() end
				local a = spawn("x", {name = "store", get = true})
				local b = spawn("x", {name = "store", get = true})
				print(a == b, whereis("store") == a, whereis("nothing"))
				print(register("me", self), register("me", self), unregister("me"))
				a:kill()
			end`, "false\tfalse\tnil\tnot found|true\tnil\ttrue", "exit 0"},
		"links": {`
			function run()
				if arg[1] then error("child") end
				trap_exits(true)
				spawn("x", {link = true, tag = 5})
				local l = receive(10)
				print(l.kind, l.tag, l.reason, l.text)
			end`, "exit\t5\tfaulted\tp.lua:3: child [[C]: in function 'error'; p.lua:3: in function 'run']", "exit 0"},
		"the default loop": {`
			function on_message(l) print("letter", l.data) exit(l.tag) end
			function start() self:send("from start", 2) end`, "letter\tfrom start", "exit 2"},
		"clocks":    {`function run() local a, b = now(), clock() sleep(0.01) print(now() > a, clock() >= b + 0.01, a > 1e9) end`, "true\ttrue\ttrue", "exit 0"},
		"the world": {`function run() print(where()) print(say("x")) print(lump("bafk")) end`, "nil\tnot available now|nil\tnot available now|", "exit 0"},
		"an error":  {`function run() local x = nil + 1 end`, "p.lua:1: attempt to perform arithmetic on a nil value|stack traceback:|\tp.lua:1: in function 'run'", "p.lua:1: attempt to perform arithmetic on a nil value [p.lua:1: in function 'run']"},
		"catches":   {`function run() print(pcall(error, "x")) print(pcall(exit, 7)) end`, "false\tx", "exit 7"},
	} {
		got, info := logged(t, ps, c.text, SpawnSpec{Args: map[bool][]string{true: {"one", "two"}}[name == "arguments"]})
		if !strings.HasPrefix(strings.Join(got, "|"), c.log) || info.Exit != c.exit {
			t.Errorf("%s: %q, %s", name, strings.Join(got, "|"), info.Exit)
		}
	}
}

// TestLuaProcessKilled: a kill ends a script inside protected calls and
// coroutines, and a budget ends one that catches everything.
func TestLuaProcessKilled(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	for _, text := range []string{
		"function run() while true do pcall(function() while true do end end) end end",
		"function run() while true do coroutine.wrap(function() pcall(receive) end)() end end",
		"function run() while true do pcall(error) end end",
	} {
		pid := luaProcess(t, ps, "print('on')"+text+" local r = run function run() print('running') r() end", SpawnSpec{})
		lines(t, ps, pid, 1)
		if err := ps.Kill(pid); err != nil {
			t.Fatal(err)
		}
		if info := wait(t, ps, pid); info.Exit != "killed" {
			t.Errorf("%s: %+v", text, info)
		}
	}
	if _, info := logged(t, ps, "function run() while true do pcall(error) end end", SpawnSpec{Gas: 20_000_000}); info.Exit != "out of gas" {
		t.Errorf("%+v", info)
	}
	got, info := logged(t, ps, "function run() print(pcall(string.rep, 'x', 1 << 30)) print(pcall(function() local t = {} while true do t[#t + 1] = {} end end)) end", SpawnSpec{Memory: 8 << 20})
	if info.Exit != "exit 0" || len(got) != 2 || !strings.Contains(got[1], "not enough memory") {
		t.Errorf("%q, %+v", got, info)
	}
}
