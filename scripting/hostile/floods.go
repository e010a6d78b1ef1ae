package hostile

import (
	"strings"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// floods make much of what the host keeps for them.
func floods() []Guest {
	const m = "mt:process@1"
	spawnTypes := cat(rep(i32, 5), i64)
	// spawns can start itself, as both kinds.
	spawns := func(code func(spawn uint64) []byte) []byte {
		var mod asm.Module
		spawn := mod.Import(m, "spawn", spawnTypes, i32)
		mod.Memory(1, 1)
		mod.Data(0, "name")
		f := mod.Func(nil, nil, rep(i32, 4), code(spawn))
		mod.Export("run", asm.Func, f)
		mod.Export("handle", asm.Func, f)
		return mod.Bytes()
	}
	one := func(flags int32) func(spawn uint64) []byte {
		return func(spawn uint64) []byte {
			return cat(c32(0), c32(4), c32(0), c32(4), c32(flags), c64(0), call(spawn), drop)
		}
	}
	self := func(name string, params, results []byte, code func(self, f uint64) []byte) []byte {
		var mod asm.Module
		s := mod.Import(m, "self", nil, i32)
		module := m
		if i := strings.IndexByte(name, '.'); i >= 0 {
			module, name = name[:i], name[i+1:]
		}
		f := mod.Import(module, name, params, results)
		mod.Memory(1, 1)
		mod.Data(0, "name")
		mod.Export("run", asm.Func, mod.Func(nil, nil, rep(i32, 4), code(s, f)))
		return mod.Bytes()
	}
	supervise := func(spec string) []byte {
		var mod asm.Module
		f := mod.Import(m, "supervise", cat(i32, i32), i32)
		mod.Memory(1, 1)
		mod.Data(0, spec)
		run := mod.Func(nil, nil, nil, c32(0), c32(int32(len(spec))), call(f), drop)
		mod.Export("run", asm.Func, run)
		return mod.Bytes()
	}
	list := []Guest{
		{Name: "letters to itself", Want: Spent, Wasm: self("mt:message@1.send", cat(i32, i64, i32, i32), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), c64(1), c32(0), c32(60000), call(f), drop))
		})},
		{Name: "empty letters to itself", Want: Spent, Wasm: self("mt:message@1.send", cat(i32, i64, i32, i32), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), c64(1), c32(0), c32(0), call(f), drop))
		})},
		{Name: "handles of itself", Want: Spent, Wasm: with(m, "self", nil, i32, forever(call(0), drop))},
		{Name: "lent handles", Want: Spent, Wasm: self("lend", cat(i32, i32), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), c32(15), call(f), drop))
		})},
		{Name: "lent handles of lent handles", Want: Spent, Wasm: self("lend", cat(i32, i32), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), c32(15), call(f), tee(1), c32(0), []byte{0x4a}, iff, get(1), set(0), end))
		})},
		{Name: "monitors of itself", Want: Spent | Done, Wasm: self("monitor", i32, i64, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), call(f), drop))
		})},
		{Name: "links to itself", Want: anyEnd, Wasm: self("link", cat(i32, i64), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(get(0), c64(1), call(f), drop))
		})},
		{Name: "names for itself", Want: Spent, Wasm: self("register", cat(i32, i32, i32), i32, func(s, f uint64) []byte {
			return cat(call(s), set(0), forever(c32(0), get(1), []byte{0x36, 0, 0}, c32(0), c32(4), get(0), call(f), drop, get(1), c32(1), add, set(1)))
		})},
		{Name: "timers", Want: Spent, Wasm: with("mt:message@1", "timer", i64, i64, forever(c64(1_000_000), call(0), drop))},
		{Name: "timers that are over", Want: Spent, Wasm: with("mt:message@1", "timer", i64, i64, forever(c64(0), call(0), drop))},
		{Name: "timers of the last day", Want: Spent, Wasm: with("mt:message@1", "timer", i64, i64, forever(c64(1<<62), call(0), drop))},
		{Name: "log lines", Want: Spent, Wasm: with("mt:log@1", "log", cat(i32, i32, i32), nil, forever(c32(1), c32(0), c32(4), call(0)))},
		{Name: "long log lines", Want: Spent, Wasm: with("mt:log@1", "log", cat(i32, i32, i32), nil, forever(c32(1), c32(0), c32(65536), call(0)))},
		{Name: "printed lines", Want: Spent, Wasm: with("wasi_snapshot_preview1", "fd_write", rep(i32, 4), i32,
			c32(0), c32(10), c32(65536), fill(), // line feeds
			c32(0), c32(64), []byte{0x36, 0, 0}, c32(4), c32(60000), []byte{0x36, 0, 0}, forever(c32(1), c32(0), c32(1), c32(32), call(0), drop))},
		{Name: "printed ranges", Want: Spent | Trapped, Wasm: with("wasi_snapshot_preview1", "fd_write", rep(i32, 4), i32,
			forever(c32(1), c32(0), c32(8000), c32(32), call(0), drop))},
		{Name: "randomness", Want: Spent | Trapped, Wasm: with("wasi_snapshot_preview1", "random_get", cat(i32, i32), i32, forever(c32(0), c32(65536), call(0), drop))},
		{Name: "children", Want: Spent | Done, Wasm: spawns(func(s uint64) []byte { return forever(one(0)(s)) })},
		{Name: "children of children", Want: Spent | Done, Wasm: spawns(func(s uint64) []byte { return cat(one(0)(s), one(0)(s)) })},
		{Name: "linked children", Want: anyEnd, Wasm: spawns(func(s uint64) []byte { return cat(one(1)(s), one(3)(s)) })},
		{Name: "children that react", Want: Spent | Done, Wasm: spawns(func(s uint64) []byte { return forever(one(4)(s)) })},
		{Name: "children with every flag", Want: anyEnd, Wasm: spawns(func(s uint64) []byte { return forever(one(-1)(s)) })},
		{Name: "children of one name", Want: anyEnd, Wasm: spawns(func(s uint64) []byte { return forever(one(32)(s)) })},
		{Name: "children that spin", Want: Spent, Wasm: spawns(func(s uint64) []byte { return cat(times(20, one(0)(s)), forever()) })},
		{Name: "a supervisor of nonsense", Want: Done | Trapped, Wasm: supervise("all\x00\xff the things {}")},
		{Name: "a supervisor of a long text", Want: Done | Trapped, Wasm: supervise(strings.Repeat("child ", 5000))},
		{Name: "a supervisor that restarts for ever", Want: anyEnd, Wasm: supervise("one-for-one 1000000000 1\nchild a permanent\n")},
		{Name: "waits for nothing", Want: Waits, Wasm: with("mt:message@1", "receive", cat(i32, i32, i64), i32, c32(0), c32(0), c64(-1), call(0), drop)},
		{Name: "waits for many tags", Want: anyEnd, Wasm: with("mt:message@1", "receive", cat(i32, i32, i64), i32, c32(0), c32(-1), c64(-1), call(0), drop)},
		{Name: "sleeps for ever", Want: Waits, Wasm: with("mt:time@1", "sleep", i32, nil, c32(0x7fffffff), call(0))},
		{Name: "does not wait", Want: Spent, Wasm: with("mt:message@1", "receive", cat(i32, i32, i64), i32, forever(c32(0), c32(0), c64(0), call(0), drop))},
		{Name: "a handler that writes slots", Kind: Handler, Want: Done | Spent, Wasm: func() []byte {
			var mod asm.Module
			f := mod.Import("mt:slot@1", "set_int", cat(i32, i32, i64), i32)
			mod.Memory(1, 1)
			mod.Export("handle", asm.Func, mod.Func(nil, nil, rep(i32, 4), c32(0), c32(97), c32(4096), fill(), times(4000, get(3), c32(4), c64(1), call(f), drop)))
			return mod.Bytes()
		}()},
		{Name: "a handler that talks", Kind: Handler, Want: Done | Spent, Wasm: func() []byte {
			var mod asm.Module
			f := mod.Import("mt:world@1", "say", cat(i32, i32), i32)
			mod.Memory(1, 1)
			mod.Data(0, "name")
			mod.Export("handle", asm.Func, mod.Func(nil, nil, rep(i32, 4), times(4000, c32(0), c32(4), call(f), drop)))
			return mod.Bytes()
		}()},
		{Name: "a loader that gives all", Kind: Loader, Want: Done | Spent | Trapped, Wasm: func() []byte {
			var mod asm.Module
			f := mod.Import("mt:asset@1", "write", cat(i32, i32), i32)
			mod.Memory(1, 1)
			mod.Export("load", asm.Func, mod.Func(nil, nil, rep(i32, 4), forever(c32(0), c32(65536), call(f), drop)))
			return mod.Bytes()
		}()},
	}
	return named("flood", list)
}
