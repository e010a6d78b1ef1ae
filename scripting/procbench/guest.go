package procbench

import (
	"encoding/binary"
	"strings"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// code puts together guests that are mostly calls of the host. Fragments are made
// first: an import must come before a function.
type code struct {
	m     asm.Module
	funcs map[string]uint64
}

func newCode() *code {
	c := &code{funcs: map[string]uint64{}}
	c.m.Memory(1, 1)
	return c
}

// do calls INTERFACE.FUNCTION, of types as in docs/interfaces.
func (c *code) do(name, types string, args ...[]byte) []byte {
	f, ok := c.funcs[name]
	if !ok {
		letters := map[rune]byte{'i': asm.I32, 'I': asm.I64}
		list := func(s string) (b []byte) {
			for _, l := range s {
				b = append(b, letters[l])
			}
			return b
		}
		module, fn, _ := strings.Cut(name, ".")
		params, results, _ := strings.Cut(types, ":")
		f = c.m.Import("mt:"+module+"@1", fn, list(params), list(results))
		c.funcs[name] = f
	}
	return asm.Cat(asm.Cat(args...), asm.Op(0x10, f))
}

// Opcodes: see the WebAssembly specification.
var (
	n32     = asm.I32Const
	n64     = asm.I64Const
	end     = []byte{0x0b}
	els     = []byte{0x05}
	drop    = []byte{0x1a}
	loop    = []byte{0x03, 0x40}
	onlyIf  = []byte{0x04, 0x40}
	eqz     = []byte{0x45}
	ne      = []byte{0x47}
	lt      = []byte{0x48}
	add     = []byte{0x6a}
	sub64   = []byte{0x7d}
	le64    = []byte{0x57}
	wrap64  = []byte{0xa7}
	get     = func(l uint64) []byte { return asm.Op(0x20, l) }
	set     = func(l uint64) []byte { return asm.Op(0x21, l) }
	tee     = func(l uint64) []byte { return asm.Op(0x22, l) }
	gget    = func(l uint64) []byte { return asm.Op(0x23, l) }
	gset    = func(l uint64) []byte { return asm.Op(0x24, l) }
	br      = func(l uint64) []byte { return asm.Op(0x0c, l) }
	brIf    = func(l uint64) []byte { return asm.Op(0x0d, l) }
	load32  = func(at uint64) []byte { return asm.Op(0x28, 2, at) }
	load64  = func(at uint64) []byte { return asm.Op(0x29, 3, at) }
	store32 = func(at uint64) []byte { return asm.Op(0x36, 2, at) }
	store64 = func(at uint64) []byte { return asm.Op(0x37, 3, at) }
)

// Places in memory.
const (
	atToken = 0  // 8 bytes: hops to go
	atCap   = 16 // a handle to send
	atOrder = 64 // what the boss was told
	atText  = 128
)

// ring is a guest of which many make a ring. The first, a blocking process, is
// their boss: told a number and flags it spawns so many, each with a capability
// of the next; told a number of hops it lets a token go round. It logs a line
// when the last one has answered, and when the token has made its hops.
func ring() []byte {
	c := newCode()
	const next = 0 // the first global: the member after this one
	send := func(h []byte, n int32) []byte {
		return asm.Cat(c.do("message.send", "iIii:i", h, n64(0), n32(atToken), n32(n)), drop)
	}
	give := func(h, what []byte) []byte {
		return asm.Cat(n32(0), what, store32(atCap),
			c.do("message.send_caps", "iIiiii:i", h, n64(0), n32(0), n32(0), n32(atCap), n32(1)), drop)
	}
	receive := asm.Cat(c.do("message.receive", "iiI:i", n32(0), n32(0), n64(-1)), drop)
	spawn := c.do("process.spawn", "iiiiiI:i", n32(atText), n32(1), n32(0), n32(0), gget(1), n64(0))
	done := c.do("log.log", "iii:", n32(1), n32(atText), n32(4))
	// Of a member: locals are 0 hops, as i64.
	member := asm.Cat(
		c.do("message.read", "ii:i", n32(atToken), n32(8)), eqz, onlyIf, // no token, but the next one
		c.do("message.cap", "i:i", n32(0)), gset(next), els,
		n32(0), n32(0), load64(atToken), n64(1), sub64, tee(0), store64(atToken),
		get(0), n64(0), le64, onlyIf,
		send(c.do("process.parent", ":i"), 0), els,
		send(gget(next), 8), end, end)
	count := c.do("process.arg_count", ":i")
	order := c.do("message.read", "ii:i", n32(atOrder), n32(16))
	chain, closed := give(get(3), get(2)), give(get(2), get(1))
	forget := asm.Cat(c.do("process.drop", "i:i", get(3)), drop)

	c.m.Global(asm.I32, 1, n32(0)) // next
	c.m.Global(asm.I32, 1, n32(0)) // 1: flags of spawn
	step := c.m.Func(nil, nil, []byte{asm.I64}, member)
	// Locals: 0 how many, 1 the first, 2 the one just made, 3 the one before it,
	// 4 made.
	c.m.Export("run", asm.Func, c.m.Func(nil, nil, []byte{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32},
		count, onlyIf, loop, receive, asm.Op(0x10, step), br(0), end, end,
		n32(0), n32(int32(binary.LittleEndian.Uint32([]byte("done")))), store32(atText), // no data: a member that waits has touched no page
		loop, receive,
		order, n32(16), ne, onlyIf, done, els, // a member has answered
		n32(0), load32(atOrder), tee(0), eqz, onlyIf,
		n32(0), n32(0), load64(atOrder+8), store64(atToken), send(get(1), 8), els,
		n32(0), load32(atOrder+4), gset(1),
		spawn, tee(1), set(2), n32(1), set(4),
		[]byte{0x02, 0x40}, loop, // block: the ring may be of one
		get(4), get(0), lt, eqz, brIf(1),
		get(2), set(3), spawn, set(2), chain,
		get(3), get(1), ne, onlyIf, forget, end,
		get(4), n32(1), add, set(4), br(0), end, end,
		closed,
		n32(0), n64(1), store64(atToken), send(get(2), 8), // to the last one, which answers
		end, end, br(0), end))
	c.m.Export("handle", asm.Func, step)
	return c.m.Bytes()
}

// spin never ends.
func spin() []byte {
	c := newCode()
	c.m.Export("run", asm.Func, c.m.Func(nil, nil, nil, loop, br(0), end))
	return c.m.Bytes()
}

// Places of the prober.
const (
	atTimes   = 1024
	times     = 8000 // buckets of a quarter of a microsecond: up to 2 ms
	perBucket = 250
)

// probe sends itself as many messages as it has arguments, times a thousand,
// through a handler that sends them back, and ends with the time in which 99 of
// 100 came back, in nanoseconds.
func probe() []byte {
	c := newCode()
	clock := c.do("time.monotonic", ":I")
	receive := asm.Cat(c.do("message.receive", "iiI:i", n32(0), n32(0), n64(-1)), drop)
	spawn := c.do("process.spawn", "iiiiiI:i", n32(0), n32(0), n32(0), n32(0), n32(4), n64(0))
	count := c.do("process.arg_count", ":i")
	parent := c.do("process.parent", ":i")
	to := func(h []byte) []byte {
		return asm.Cat(c.do("message.send", "iIii:i", h, n64(0), n32(0), n32(16)), drop)
	}
	exit := c.do("process.exit", "i:", get(2), n32(perBucket), []byte{0x6c})
	// Locals: 0 the echo, 1 rounds to go, 2 a bucket, 3 sum; 4 when it began.
	c.m.Export("run", asm.Func, c.m.Func(nil, nil, []byte{asm.I32, asm.I32, asm.I32, asm.I32, asm.I64},
		spawn, set(0), count, n32(1000), []byte{0x6c}, set(1),
		loop,
		clock, set(4), to(get(0)), receive,
		clock, get(4), sub64, n64(perBucket), []byte{0x80}, wrap64, tee(2), // i64.div_u
		n32(times-1), get(2), n32(times-1), []byte{0x49}, []byte{0x1b}, set(2), // i32.lt_u, select: the lesser
		get(2), n32(2), []byte{0x74}, tee(2), get(2), load32(atTimes), n32(1), add, store32(atTimes), // shl
		get(1), n32(-1), add, tee(1), brIf(0), end,
		n32(0), set(2),
		[]byte{0x02, 0x40}, loop,
		get(3), get(2), n32(2), []byte{0x74}, load32(atTimes), add, tee(3),
		count, n32(990), []byte{0x6c}, []byte{0x4e}, brIf(1), // i32.ge_s
		get(2), n32(1), add, set(2), br(0), end, end,
		exit))
	c.m.Export("handle", asm.Func, c.m.Func(nil, nil, []byte{asm.I32},
		gget(0), eqz, onlyIf, parent, gset(0), end, to(gget(0))))
	c.m.Global(asm.I32, 1, n32(0))
	return c.m.Bytes()
}
