package handoff

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// tomb is what is remembered of an object that left: the highest epoch known,
// and who owns or owned it at that one. To is zero when it ceased to be here.
type tomb struct {
	Epoch uint64
	To    base.ID
}

// bury remembers an object that is not here.
func (c *Core) bury(id base.ID, t tomb) {
	c.stir()
	if old, ok := c.tombs[id]; ok {
		if t.Epoch >= old.Epoch {
			c.tombs[id] = t
		}
		return
	}
	if len(c.buried) >= MaxTombs {
		delete(c.tombs, c.buried[0])
		c.buried = slices.Delete(c.buried, 0, 1)
	}
	c.tombs[id] = t
	c.buried = append(c.buried, id)
}

func (c *Core) unbury(id base.ID) {
	c.stir()
	if _, ok := c.tombs[id]; ok {
		delete(c.tombs, id)
		i := slices.Index(c.buried, id)
		c.buried = slices.Delete(c.buried, i, i+1)
	}
}

// stir says that the tombs are not what they were.
func (c *Core) stir() {
	if c.roots != nil {
		c.roots.buried = false
	}
}
