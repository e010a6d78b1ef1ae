package scripting

import (
	"context"
	"slices"
)

// LumpStore keeps what a process makes, and gives its CID. ctx ends when the
// process is killed.
type LumpStore interface {
	StoreLump(ctx context.Context, data []byte) (cid string, err error)
}

// mt:lump@1 put. What a tree has stored is counted for its whole life, also
// what was there before: else the count would tell what the node has.
func putFuncs() []hostFunc {
	return []hostFunc{fn("mt:lump@1", "put", "iiii:i", forProcess, func(g *guest, s []uint64) {
		cid, code := g.put(uint32(s[0]), uint32(s[1]))
		if code == 0 {
			code = g.give(s[2], s[3], cid)
		}
		ret(s, code)
	})}
}

func (g *guest) put(ptr, n uint32) (string, int32) {
	t, store := g.p.tree, g.p.table.cfg.Store
	switch {
	case store == nil:
		return "", codeUnavailable
	case !t.grants.Put:
		return "", codeRefused
	case n == 0:
		return "", codeInvalid
	case n > maxPut:
		return "", codeTooLarge
	}
	b := g.view(ptr, n)
	if left := t.stored.Add(int64(n) + putWeight); left > maxStored {
		t.stored.Add(-int64(n) - putWeight)
		return "", codeFull
	}
	b = slices.Clone(b)
	var cid string
	var err error
	g.outside(gasWorld, func() { cid, err = store.StoreLump(lifetime{g.p.proc}, b) })
	return cid, codeOf(err)
}
