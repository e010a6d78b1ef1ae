package scripting

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/arena"
)

// Image is a module whose start has been run once: instances made from it go
// on from there. It is freed when nothing refers to it any more.
type Image struct {
	Log []string // the first lines that the guest logged while it was made
	Gas uint64   // what that took

	m       *Module
	mem     *arena.Image
	size    uint64   // bytes of memory
	globals []uint64 // in the order of m.res.Globals
	libs    []Library
}

// Module is what the image is of.
func (i *Image) Module() *Module { return i.m }

// Size is how many bytes of memory an instance starts with.
func (i *Image) Size() uint64 { return i.size }

// making is the run that makes an image.
type making struct {
	input []byte
	libs  []Library
	rand  io.Reader
	log   []string
	quiet bool  // it may not log
	drew  bool  // it asked for what differs from one instance to the next
	left  int64 // gas that was not given yet
}

// errNotFrozen stops a start that does something which belongs to one
// instance alone.
var errNotFrozen = fmt.Errorf("%w: its start asks for what an image has not", ErrNotUsable)

func newMaking(input []byte, gas uint64, sim bool) *making {
	i := &making{input: input, left: int64(min(gas, 1<<62)), rand: rand.Reader}
	if sim {
		i.rand = randReader{base.NewRand(imageSeed, 0)}
	}
	return i
}

// Image runs the start of a handler, _initialize and _warm, with input for the
// latter, and keeps what has become of it: a pure function of the module and
// the input, on every CPU. There is no event and there are no slots, and
// randomness is always the same. Errors wrap ErrNotUsable (the start does what
// it may not, or the module keeps state elsewhere than in memory and globals),
// ErrTooLarge, ErrOutOfGas, ErrTooDeep, ErrTrap, or ErrFailed with what the guest gave to
// fail. Runs that begin with the image have the libraries.
func (e *Engine) Image(m *Module, input []byte, gas uint64, libs ...Library) (*Image, error) {
	if m.handler != nil {
		return nil, fmt.Errorf("scripting: image: %w", m.handler)
	}
	return e.bind(m, newMaking(input, gas, true), libs, true)
}

func (e *Engine) bind(m *Module, i *making, libs []Library, sim bool) (img *Image, err error) {
	if i.libs, err = libraries(libs); err != nil {
		return nil, fmt.Errorf("scripting: image: %w", err)
	}
	if img, err = e.freeze(m, i, sim); err == nil {
		img.libs = i.libs
	}
	return img, err
}

// ProcessImage is Image for processes: the start may look at the clock, and
// its randomness is true. Every process made from the image sees the same. The
// error may also wrap ErrFull.
func (e *Engine) ProcessImage(m *Module, input []byte, gas uint64, libs ...Library) (*Image, error) {
	if err := m.IsProcess(); err != nil {
		return nil, fmt.Errorf("scripting: image: %w", err)
	}
	return e.bind(m, newMaking(input, gas, false), libs, false)
}

// freeze makes an image: in the surroundings of a handler, or of a process.
func (e *Engine) freeze(m *Module, i *making, sim bool) (*Image, error) {
	img, err := e.run(m, i, sim)
	if err != nil {
		return nil, fmt.Errorf("scripting: image: %w", err)
	}
	return img, nil
}

func (e *Engine) run(m *Module, i *making, sim bool) (*Image, error) {
	if m.res.Static != "" {
		return nil, fmt.Errorf("%w: it has %s", ErrNotUsable, m.res.Static)
	}
	limit, depth, budget := uint64(MaxMemory), uint64(admit.Depth), i.left
	if sim {
		limit, depth = maxHandlerPages<<16, m.handlerDepth()
	}
	g := &guest{Context: context.Background(), i: i, spent: (*guest).freezeSlice}
	if err := g.begin(e, m, m.plain, nil, limit, depth, sim); err != nil {
		return nil, err
	}
	defer g.stop()
	g.gas.Set(uint64(i.grant()))
	if err := g.warmUp(); err != nil {
		return nil, err
	}
	img, err := g.in.image(e)
	if err != nil {
		return nil, err
	}
	if n := img.mem.Content(); sim && n > maxHandlerImage {
		return nil, fmt.Errorf("%w: an image with %d bytes of contents, at most %d", ErrTooLarge, n, uint64(maxHandlerImage))
	}
	img.Log, img.Gas = i.log, uint64(budget-i.left-g.left())
	return img, nil
}

// image copies what the instance is now.
func (in *instance) image(e *Engine) (*Image, error) {
	img := &Image{m: in.m}
	if in.mem != nil {
		mem, err := e.arena.NewImage(in.mem.Bytes(), in.must, in.must)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFull, err)
		}
		img.mem, img.size = mem, uint64(len(in.mem.Bytes()))
	}
	for _, g := range in.bind() {
		img.globals = append(img.globals, g.Get())
	}
	return img, nil
}

// grant gives the next slice of gas.
func (i *making) grant() int64 {
	slice := min(gasSlice, i.left)
	i.left -= slice
	return slice
}

func (g *guest) freezeSlice() {
	if g.i.left <= 0 {
		panic(ErrOutOfGas)
	}
	runtime.Gosched()
	// What the last slice lacked is taken from this one.
	g.gas.Set(g.gas.Get() + uint64(g.i.grant()))
	if g.left() < 0 {
		g.freezeSlice()
	}
}

// frozen is the image that starts of one kind use when they bring no input;
// nil when they have to be run every time.
type frozen struct {
	mu   sync.Mutex
	done bool
	img  *Image
}

// forHandlers gives the image that Handle starts from. Whether there is one is
// the same on every node: it depends on the module alone.
func (e *Engine) forHandlers(m *Module) *Image { return e.implicit(&m.sim, m, true) }

// forProcesses gives the image that processes start from.
func (e *Engine) forProcesses(m *Module) *Image { return e.implicit(&m.node, m, false) }

// image is what the process starts from: nil when its start has to be run.
func (a *actor) image() *Image {
	if a.img != nil {
		return a.img
	}
	if img := a.table.cfg.Engine.forProcesses(a.module); img != nil && int64(img.size) <= a.tree.memory.Most() {
		return img
	}
	return nil
}

// implicit makes an image that nobody asked for: only where nobody can tell
// the difference, or the module says that it knows what it does.
func (e *Engine) implicit(f *frozen, m *Module, sim bool) *Image {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return f.img
	}
	switch {
	case m.res.Static != "" || m.plain == nil:
	case !m.exports(exportInit) && !m.exports(exportWarm):
		f.img = m.plain
	default:
		i := newMaking(nil, imageGas, sim)
		i.quiet = true
		img, err := e.freeze(m, i, sim)
		if errors.Is(err, ErrFull) {
			return nil // not for ever
		}
		if err == nil && (!i.drew || m.exports(exportThaw)) {
			f.img = img
		}
	}
	f.done = true
	return f.img
}

// randReader makes bytes of a seeded stream.
type randReader struct{ r *base.Rand }

func (r randReader) Read(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], r.r.Uint64())
		b = b[copy(b, word[:]):]
	}
	return n, nil
}
