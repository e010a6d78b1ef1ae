package guesttest

import "github.com/metatopia/metatopia/scripting/internal/asm"

// Bell is a handler that says a word at every event.
func Bell(word string) []byte {
	var m asm.Module
	say := m.Import("mt:world@1", "say", []byte{asm.I32, asm.I32}, []byte{asm.I32})
	m.Memory(1, 1)
	m.Data(0, word)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, asm.I32Const(0), asm.I32Const(int32(len(word))), asm.Op(0x10, say), []byte{0x1a})) // drop
	return m.Bytes()
}

// Looker is a process that asks where its avatar is and exits with the code, its
// sign changed.
func Looker() []byte {
	var m asm.Module
	where := m.Import("mt:world@1", "where", []byte{asm.I32}, []byte{asm.I32})
	exit := m.Import("mt:process@1", "exit", []byte{asm.I32}, nil)
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, asm.I32Const(0), asm.I32Const(64), asm.Op(0x10, where), []byte{0x6b}, asm.Op(0x10, exit)))
	return m.Bytes()
}

// Walker is a process that asks where its avatar is and exits with n.
func Walker(n int32) []byte {
	var m asm.Module
	where := m.Import("mt:world@1", "where", []byte{asm.I32}, []byte{asm.I32})
	exit := m.Import("mt:process@1", "exit", []byte{asm.I32}, nil)
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, asm.I32Const(64), asm.Op(0x10, where), []byte{0x1a}, asm.I32Const(n), asm.Op(0x10, exit)))
	return m.Bytes()
}
