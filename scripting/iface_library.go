package scripting

import (
	"encoding/binary"

	"github.com/metatopia/metatopia/scripting/admit"
)

// mt:library@1: how a driver gives its script the libraries that it is bound
// to. Numbers are passed as they are; bytes through a buffer of the library.

// exportBuffer gives room for n bytes in a library's memory: (n i32) -> i32.
const exportBuffer = "buffer"

var bufferSignature = admit.Signature{Params: []admit.ValType{admit.I32}, Results: []admit.ValType{admit.I32}}

func libraryFuncsOffered() []hostFunc {
	const m = "mt:library@1"
	const to = forBoth | forImage
	return []hostFunc{
		fn(m, "find", "ii:i", to, func(g *guest, s []uint64) {
			name, _ := g.text(s[0], s[1], maxProcName)
			for i, l := range g.bound() {
				if l.Name == name {
					ret(s, int32(i))
					return
				}
			}
			ret(s, codeNotFound)
		}),
		fn(m, "source", "iii:i", to, withLibrary(func(g *guest, l *Library, s []uint64) int32 {
			if l.Text == nil {
				return codeNotFound
			}
			return g.give(s[1], s[2], string(l.Text))
		})),
		fn(m, "function", "iiii:i", to, withLibrary(func(g *guest, l *Library, s []uint64) int32 {
			if i := uint32(s[1]); i < uint32(len(l.funcs)) {
				return g.give(s[2], s[3], l.funcs[i].describe())
			}
			return codeNotFound
		})),
		fn(m, "call", "iiii:i", to, withModule(func(g *guest, l *Library, s []uint64) int32 {
			i := uint32(s[1])
			if i >= uint32(len(l.funcs)) {
				return codeNotFound
			}
			f := l.funcs[i]
			var stack [maxLibraryParams]uint64
			args := g.view(uint32(s[2]), uint32(8*len(f.sig.Params)))
			for k := range f.sig.Params {
				stack[k] = binary.LittleEndian.Uint64(args[8*k:])
			}
			g.library(l).run(g, f.name, stack[:max(len(f.sig.Params), 1)])
			if len(f.sig.Results) > 0 {
				binary.LittleEndian.PutUint64(g.view(uint32(s[3]), 8), stack[0])
			}
			return 0
		})),
		fn(m, "write", "iiii:i", to, withModule(func(g *guest, l *Library, s []uint64) int32 {
			b := g.view(uint32(s[1]), uint32(s[2]))
			if !l.Module.res.Memory || !l.Module.res.Funcs[exportBuffer].Equal(bufferSignature) {
				return codeRefused
			}
			c := g.library(l)
			stack := [1]uint64{uint64(len(b))}
			c.run(g, exportBuffer, stack[:])
			dst, ok := c.mod.Memory().Read(uint32(stack[0]), uint32(len(b)))
			if !ok {
				return codeTooLarge
			}
			copy(dst, b)
			binary.LittleEndian.PutUint64(g.view(uint32(s[3]), 8), uint64(uint32(stack[0])))
			return 0
		})),
		fn(m, "read", "iiii:i", to, withModule(func(g *guest, l *Library, s []uint64) int32 {
			dst := g.view(uint32(s[2]), uint32(s[3]))
			if !l.Module.res.Memory {
				return codeRefused
			}
			src, ok := g.library(l).mod.Memory().Read(uint32(s[1]), uint32(len(dst)))
			if !ok {
				return codeInvalid
			}
			copy(dst, src)
			return 0
		})),
	}
}

// withLibrary finds the library whose number is the first argument.
func withLibrary(do func(g *guest, l *Library, s []uint64) int32) func(*guest, []uint64) {
	return func(g *guest, s []uint64) {
		libs := g.bound()
		if i := uint32(s[0]); i < uint32(len(libs)) {
			ret(s, do(g, &libs[i], s))
			return
		}
		ret(s, codeNotFound)
	}
}

// withModule is withLibrary for what runs: not while an image is made, for
// what a library has computed is not in it.
func withModule(do func(g *guest, l *Library, s []uint64) int32) func(*guest, []uint64) {
	return withLibrary(func(g *guest, l *Library, s []uint64) int32 {
		switch {
		case l.Text != nil:
			return codeNotFound
		case g.i != nil:
			return codeUnavailable
		}
		return do(g, l, s)
	})
}
