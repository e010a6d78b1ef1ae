package scripting

import (
	"context"
	"fmt"
	"runtime"
)

// A loader is a module that turns the bytes of a lump into the encoding of an
// asset (docs/protocol/assets.md). It exports load, and may import mt:asset@1
// and mt:log@1 and nothing else: what it gives is a function of what it reads.

// LoadSpec is one run of a loader.
type LoadSpec struct {
	Input  []byte // not written to
	Class  uint8  // wanted, by its number in the encoding
	Gas    uint64 // budget
	Memory uint64 // bytes it may have, at most MaxMemory
	Output int    // bytes it may write
}

// LoadResult is what a run gave.
type LoadResult struct {
	Output []byte
	Log    []string // its first lines
	Gas    uint64   // charged
}

// loading is one run of a loader.
type loading struct {
	spec    LoadSpec
	ctx     context.Context
	granted uint64
	out     LoadResult
}

// failError is how a loader says that it cannot read the bytes.
type failError struct{ text string }

func (e *failError) Error() string { return ErrFailed.Error() + ": " + e.text }
func (e *failError) Unwrap() error { return ErrFailed }

// Load runs a loader in a fresh instance. It ends when ctx does, with
// ErrKilled. Other errors wrap ErrFailed (the loader said why), ErrOutOfGas,
// ErrTooDeep, ErrTrap, ErrTooLarge (its memory), ErrNotUsable; with each the
// result has Gas and Log alone.
func (e *Engine) Load(ctx context.Context, m *Module, spec LoadSpec) (LoadResult, error) {
	if m.loader != nil {
		return LoadResult{}, fmt.Errorf("scripting: load: %w", m.loader)
	}
	if need := uint64(m.res.MinPages) << 16; need > min(spec.Memory, MaxMemory) {
		return LoadResult{}, fmt.Errorf("scripting: load: %w: it wants %d bytes of memory, it may have %d", ErrTooLarge, need, spec.Memory)
	}
	l := &loading{spec: spec, ctx: ctx}
	g := &guest{Context: context.Background(), l: l, spent: (*guest).nextSlice}
	err := g.start(e, m, nil, nil, min(spec.Memory, MaxMemory), l.grant(0))
	defer g.stop()
	if err == nil && ctx.Err() == nil {
		err = g.call(exportLoad)
	}
	if g.mod != nil {
		l.out.Gas = l.used(g)
	}
	if ctx.Err() != nil {
		err = ErrKilled
	}
	if err != nil {
		l.out.Output = nil
		return l.out, fmt.Errorf("scripting: load: %w", err)
	}
	return l.out, nil
}

// grant gives the next slice after used gas, and remembers it.
func (l *loading) grant(used uint64) int64 {
	slice := min(gasSlice, l.spec.Gas-used)
	l.granted = used + slice
	return int64(slice)
}

func (l *loading) used(g *guest) uint64 { return l.granted - uint64(g.left()) } // left may be below zero

// nextSlice is called when a slice is used up.
func (g *guest) nextSlice() {
	used := g.l.used(g)
	if g.l.ctx.Err() != nil {
		panic(ErrKilled)
	}
	if used > g.l.spec.Gas {
		panic(ErrOutOfGas)
	}
	runtime.Gosched()
	g.gas.Set(uint64(g.l.grant(used)))
}

// IsLoader tells whether Load can run the module: nil, or why not, wrapping
// ErrNotUsable.
func (m *Module) IsLoader() error { return m.loader }

// mt:asset@1

func assetFuncs() []hostFunc {
	const m = "mt:asset@1"
	return []hostFunc{
		fn(m, "class", ":i", forLoader, func(g *guest, s []uint64) { ret(s, int32(g.l.spec.Class)) }),
		fn(m, "size", ":i", forLoader, func(g *guest, s []uint64) { ret(s, int32(len(g.l.spec.Input))) }),
		fn(m, "read", "iii:i", forLoader, func(g *guest, s []uint64) {
			dst, n := g.view(uint32(s[1]), uint32(s[2])), 0
			if at := uint64(uint32(s[0])); at < uint64(len(g.l.spec.Input)) {
				n = copy(dst, g.l.spec.Input[at:])
			}
			ret(s, int32(n))
		}),
		fn(m, "write", "ii:i", forLoader, func(g *guest, s []uint64) {
			b := g.view(uint32(s[0]), uint32(s[1]))
			if len(b) > g.l.spec.Output-len(g.l.out.Output) {
				ret(s, codeTooLarge)
				return
			}
			g.l.out.Output = append(g.l.out.Output, b...)
			ret(s, 0)
		}),
		fn(m, "fail", "ii:", forLoader, func(g *guest, s []uint64) {
			panic(&failError{clean(cut(g.view(uint32(s[0]), uint32(s[1])), maxLogText), maxLogText)})
		}),
	}
}
