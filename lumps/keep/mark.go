package keep

import (
	"encoding/binary"
	"errors"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// marks are the lumps that stay, by the first bytes of their digest: two that
// share them both stay.
type marks struct {
	seen map[uint64]struct{}
	late []lumps.Ref // pinned since the sweep began; guarded by Store.mu
}

func print(r lumps.Ref) uint64 {
	d := r.Digest()
	return binary.LittleEndian.Uint64(d[:])
}

func (m *marks) has(r lumps.Ref) bool {
	_, ok := m.seen[print(r)]
	return ok
}

// mark marks a content: its root and all that is here below it. What is absent
// or damaged has nothing below it here.
func (w *sweeper) mark(root lumps.Ref) error {
	open := []lumps.Ref{root}
	for len(open) > 0 {
		r := open[len(open)-1]
		open = open[:len(open)-1]
		if w.m.has(r) {
			continue
		}
		w.m.seen[print(r)] = struct{}{}
		w.rep.Marked++
		if w.tell != nil && w.rep.Marked%tellEvery == 0 {
			w.tell(w.rep.Progress)
		}
		if !r.IsNode() {
			continue
		}
		b, err := w.s.Get(w.ctx, r)
		if errors.Is(err, lumps.ErrNotFound) || errors.Is(err, lumps.ErrCorrupt) {
			continue
		}
		if err != nil {
			return err
		}
		n, err := unixfs.Decode(b)
		if err != nil {
			continue // no content: nothing is read through it
		}
		for _, l := range n.Links {
			open = append(open, l.Ref)
		}
	}
	return nil
}
