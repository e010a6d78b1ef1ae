package guesttest

import "github.com/metatopia/metatopia/scripting/internal/asm"

// Echo is a handler that sends every message back to the first capability in it,
// with its tag. Without a capability it logs the message; the tag 99 makes it
// exit with 3.
func Echo() []byte {
	const (
		i32, i64 = asm.I32, asm.I64
		mail     = 1024
	)
	b := newBuilder()
	caps := b.m.Import("mt:message@1", "caps", nil, []byte{i32})
	capAt := b.m.Import("mt:message@1", "cap", []byte{i32}, []byte{i32})
	read := b.m.Import("mt:message@1", "read", []byte{i32, i32}, []byte{i32})
	tag := b.m.Import("mt:message@1", "tag", nil, []byte{i64})
	send := b.m.Import("mt:message@1", "send", []byte{i32, i64, i32, i32}, []byte{i32})
	drop := b.m.Import("mt:process@1", "drop", []byte{i32}, []byte{i32})
	exit := b.m.Import("mt:process@1", "exit", []byte{i32}, nil)
	log := b.m.Import("mt:log@1", "log", []byte{i32, i32, i32}, nil)
	b.m.Memory(2, 2)
	c, call, get, set := asm.I32Const, b.call, b.get, b.set
	b.m.Export("handle", asm.Func, b.m.Func(nil, nil, []byte{i32, i32},
		c(mail), c(64<<10), call(read), set(1),
		call(caps), []byte{0x04, 0x40}, // if
		c(0), call(capAt), set(0),
		get(0), call(tag), c(mail), get(1), call(send), []byte{0x1a},
		get(0), call(drop), []byte{0x1a},
		[]byte{0x05}, // else
		c(1), c(mail), get(1), call(log),
		call(tag), asm.I64Const(99), []byte{0x51, 0x04, 0x40}, c(3), call(exit), []byte{0x0b}, // i64.eq, if
		[]byte{0x0b}))
	return b.m.Bytes()
}

// Caller is a process that has the peer of its first argument run the module of
// its second (Echo) as a handler, linked and monitored, while it traps exits. It
// exits with the code, its sign changed, when that is refused; else it has a
// message echoed and logs it. With a third argument it then logs "ready", and
// exits with 40 and the reason of the first signal that comes. Without it makes
// the echo exit with 3, and exits with 0 when both signals say so.
func Caller() []byte {
	const (
		i32, i64       = asm.I32, asm.I64
		peer, cid      = 0, 128
		ping, handles  = 256, 320
		ready, die     = 264, 272
		mail           = 1024
		link, mon, hdl = 1, 2, 4
	)
	b := newBuilder()
	arg := b.m.Import("mt:process@1", "arg", []byte{i32, i32, i32}, []byte{i32})
	args := b.m.Import("mt:process@1", "arg_count", nil, []byte{i32})
	exit := b.m.Import("mt:process@1", "exit", []byte{i32}, nil)
	self := b.m.Import("mt:process@1", "self", nil, []byte{i32})
	trap := b.m.Import("mt:process@1", "trap_exits", []byte{i32}, nil)
	spawnOn := b.m.Import("mt:process@1", "spawn_on", []byte{i32, i32, i32, i32, i32, i32, i32, i64}, []byte{i32})
	receive := b.m.Import("mt:message@1", "receive", []byte{i32, i32, i64}, []byte{i32})
	read := b.m.Import("mt:message@1", "read", []byte{i32, i32}, []byte{i32})
	reason := b.m.Import("mt:message@1", "reason", nil, []byte{i32})
	code := b.m.Import("mt:message@1", "code", nil, []byte{i32})
	send := b.m.Import("mt:message@1", "send", []byte{i32, i64, i32, i32}, []byte{i32})
	sendCaps := b.m.Import("mt:message@1", "send_caps", []byte{i32, i64, i32, i32, i32, i32}, []byte{i32})
	log := b.m.Import("mt:log@1", "log", []byte{i32, i32, i32}, nil)
	b.m.Memory(2, 2)
	b.m.Data(ping, "ping")
	b.m.Data(ready, "ready")
	b.m.Data(die, "die")
	c, call, get, set := asm.I32Const, b.call, b.get, b.set
	// fail exits with a code unless the number on the stack is n.
	fail := func(n, code int32) []byte {
		return asm.Cat(c(n), []byte{0x47, 0x04, 0x40}, c(code), call(exit), []byte{0x0b}) // i32.ne, if
	}
	any := asm.Cat(c(0), c(0), asm.I64Const(-1), call(receive))
	signal := asm.Cat(any, []byte{0x1a}, call(reason), fail(1, 22), call(code), fail(3, 23))
	b.m.Export("run", asm.Func, b.m.Func(nil, nil, []byte{i32, i32, i32},
		c(1), call(trap),
		c(0), c(peer), c(128), call(arg), set(0),
		c(1), c(cid), c(128), call(arg), set(1),
		c(peer), get(0), c(cid), get(1), c(0), c(0), c(link|mon|hdl), asm.I64Const(7), call(spawnOn), set(2),
		get(2), c(0), []byte{0x48, 0x04, 0x40}, c(0), get(2), []byte{0x6b}, call(exit), []byte{0x0b}, // i32.lt_s, if, i32.sub
		c(handles), call(self), asm.Op(0x36, 2, 0), // i32.store
		get(2), asm.I64Const(5), c(ping), c(4), c(handles), c(1), call(sendCaps), fail(0, 20),
		any, fail(1, 21),
		c(1), c(mail), c(mail), c(mail), call(read), call(log),
		call(args), c(3), []byte{0x46, 0x04, 0x40}, // i32.eq, if
		c(1), c(ready), c(5), call(log),
		any, []byte{0x1a},
		c(40), call(reason), []byte{0x6a}, call(exit), // i32.add
		[]byte{0x0b},
		get(2), asm.I64Const(99), c(die), c(3), call(send), fail(0, 24),
		signal, signal,
		c(0), call(exit)))
	return b.m.Bytes()
}

type builder struct{ m asm.Module }

func newBuilder() *builder { return &builder{} }

func (*builder) call(f uint64) []byte { return asm.Op(0x10, f) }
func (*builder) get(l uint64) []byte  { return asm.Op(0x20, l) }
func (*builder) set(l uint64) []byte  { return asm.Op(0x21, l) }
