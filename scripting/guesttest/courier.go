// Package guesttest has hand-made guests for the tests of packages that run
// guests and do not build any.
package guesttest

import "github.com/metatopia/metatopia/scripting/internal/asm"

// Courier is a process that sends the lump of its first argument to the peer of
// its second with the note "hi". It exits with the code, its sign changed, when
// that is refused at once; else it waits for a message, logs it, and exits
// with 0.
func Courier() []byte {
	const (
		i32        = asm.I32
		cid, peer  = 0, 128
		note, mail = 256, 1024
	)
	params := func(n int) []byte {
		p := make([]byte, n)
		for i := range p {
			p[i] = i32
		}
		return p
	}
	c := asm.I32Const
	call := func(f uint64) []byte { return asm.Op(0x10, f) }
	get := func(l uint64) []byte { return asm.Op(0x20, l) }
	set := func(l uint64) []byte { return asm.Op(0x21, l) }
	var m asm.Module
	arg := m.Import("mt:process@1", "arg", params(3), params(1))
	exit := m.Import("mt:process@1", "exit", params(1), nil)
	send := m.Import("mt:lump@1", "send", params(6), params(1))
	receive := m.Import("mt:message@1", "receive", []byte{i32, i32, asm.I64}, params(1))
	read := m.Import("mt:message@1", "read", params(2), params(1))
	log := m.Import("mt:log@1", "log", params(3), nil)
	m.Memory(1, 1)
	m.Data(note, "hi")
	m.Export("run", asm.Func, m.Func(nil, nil, params(3),
		c(0), c(cid), c(128), call(arg), set(0),
		c(1), c(peer), c(128), call(arg), set(1),
		c(cid), get(0), c(peer), get(1), c(note), c(2), call(send), set(2),
		get(2), c(0), []byte{0x48, 0x04, 0x40}, // i32.lt_s, if
		c(0), get(2), []byte{0x6b}, call(exit), // i32.sub
		[]byte{0x0b},
		c(0), c(0), asm.I64Const(-1), call(receive), []byte{0x1a},
		c(1), c(mail), c(mail), c(mail), call(read), call(log)))
	return m.Bytes()
}
