package guesttest

import "github.com/metatopia/metatopia/scripting/internal/asm"

// Family is a process that logs "quiet" as debug and "loud" as error, spawns two
// children that sleep, named "a" and "b", and waits for a message; then it exits
// with the message's tag.
func Family() []byte {
	const (
		quiet, loud, name, arg = 0, 16, 32, 48
		i32, i64               = asm.I32, asm.I64
	)
	c := asm.I32Const
	call := func(f uint64) []byte { return asm.Op(0x10, f) }
	drop := []byte{0x1a}
	var m asm.Module
	exit := m.Import("mt:process@1", "exit", []byte{i32}, nil)
	spawn := m.Import("mt:process@1", "spawn", []byte{i32, i32, i32, i32, i32, i64}, []byte{i32})
	args := m.Import("mt:process@1", "arg_count", nil, []byte{i32})
	sleep := m.Import("mt:time@1", "sleep", []byte{i32}, nil)
	receive := m.Import("mt:message@1", "receive", []byte{i32, i32, i64}, []byte{i32})
	tag := m.Import("mt:message@1", "tag", nil, []byte{i64})
	log := m.Import("mt:log@1", "log", []byte{i32, i32, i32}, nil)
	m.Memory(1, 1)
	m.Data(quiet, "quiet")
	m.Data(loud, "loud")
	m.Data(name, "ab")
	m.Data(arg, "child")
	child := func(i int32) []byte {
		return asm.Cat(c(arg), c(5), c(name+i), c(1), c(0), asm.I64Const(0), call(spawn), drop)
	}
	m.Export("run", asm.Func, m.Func(nil, nil, nil,
		call(args), []byte{0x04, 0x40}, c(-1), call(sleep), []byte{0x0b},
		c(0), c(quiet), c(5), call(log), c(3), c(loud), c(4), call(log),
		child(0), child(1),
		c(0), c(0), asm.I64Const(-1), call(receive), drop,
		call(tag), []byte{0xa7}, call(exit)))
	return m.Bytes()
}
