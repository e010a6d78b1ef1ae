package scripting

import (
	"sync"

	"github.com/tetratelabs/wazero/api"
)

// hotFunc is a handler's export with the stack to call it with, which the engine
// makes anew for every look-up: some 12 KB, and some microseconds. Handlers that
// were called last keep theirs.
type hotFunc struct{ api.Function }

// hotSet is who keeps one: in a ring, so that the oldest loses it.
type hotSet struct {
	mu   sync.Mutex
	ring []*actor
	at   int
	most int
}

// takeFunc gives what to call. While it is taken nobody can take it away.
func (a *actor) takeFunc() *hotFunc {
	if f := a.fn.Swap(nil); f != nil {
		return f
	}
	if !a.hot.Load() {
		a.table.hot.admit(a)
	}
	return &hotFunc{a.g.in.take(exportHandle)}
}

// keepFunc puts it back, if a is still among the hot.
func (a *actor) keepFunc(f *hotFunc) {
	if !a.hot.Load() {
		return
	}
	a.fn.Store(f)
	if !a.hot.Load() { // just now
		a.fn.Store(nil)
	}
}

// loseFunc is for one that ends.
func (a *actor) loseFunc() {
	if a.hot.Load() {
		a.table.hot.remove(a)
	}
	a.fn.Store(nil)
}

func (h *hotSet) admit(a *actor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.ring) < h.most {
		h.ring = append(h.ring, nil)
	}
	if len(h.ring) == 0 {
		return
	}
	h.at = (h.at + 1) % len(h.ring)
	if old := h.ring[h.at]; old != nil {
		old.hot.Store(false)
		old.fn.Store(nil)
	}
	h.ring[h.at] = a
	a.hotAt = h.at
	a.hot.Store(true)
}

func (h *hotSet) remove(a *actor) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.hot.Load() {
		h.ring[a.hotAt] = nil
		a.hot.Store(false)
	}
}
