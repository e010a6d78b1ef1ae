package process

// Handle names a capability within one process: a small number that means
// nothing elsewhere. 0 is never one.
type Handle uint32

// Handles are the capabilities of a process. Only the process itself uses them.
type Handles struct {
	rows []row
	own  [2]row // the first rows: many hold no more
	free []Handle
	by   map[Cap]Handle // equal capabilities have one handle; nil while there are few
}

// row holds one capability as often as it was given and not dropped.
type row struct {
	cap  *Cap
	uses int32
	lent bool // the process may cut the capability's leash
}

// few is up to how many handles a search beats a map.
const few = 8

func (h *Handles) find(c *Cap) Handle {
	if h.by != nil {
		return h.by[*c]
	}
	for i := range h.rows {
		if r := &h.rows[i]; r.cap != nil && *r.cap == *c {
			return Handle(i + 1)
		}
	}
	return 0
}

// Add gives the handle of a capability. ErrFull beyond MaxHandles.
func (h *Handles) Add(c *Cap) (Handle, error) {
	if k := h.find(c); k != 0 {
		if h.rows[k-1].uses == 1<<31-1 {
			return 0, ErrFull
		}
		h.rows[k-1].uses++
		return k, nil
	}
	var k Handle
	switch {
	case len(h.free) > 0:
		k = h.free[len(h.free)-1]
		h.free = h.free[:len(h.free)-1]
	case len(h.rows) >= MaxHandles:
		return 0, ErrFull
	default:
		if h.rows == nil {
			h.rows = h.own[:0]
		}
		h.rows = append(h.rows, row{})
		k = Handle(len(h.rows))
	}
	h.rows[k-1] = row{cap: c, uses: 1}
	switch {
	case h.by != nil:
		h.by[*c] = k
	case len(h.rows) > few:
		h.by = map[Cap]Handle{}
		for i := range h.rows {
			if c := h.rows[i].cap; c != nil {
				h.by[*c] = Handle(i + 1)
			}
		}
	}
	return k, nil
}

// Get gives the capability of a handle.
func (h *Handles) Get(k Handle) (*Cap, error) {
	if k == 0 || int(k) > len(h.rows) || h.rows[k-1].cap == nil {
		return nil, ErrNoHandle
	}
	return h.rows[k-1].cap, nil
}

// Lend gives the handle of a weaker capability that Revoke takes back. ErrFull,
// ErrNoHandle.
func (h *Handles) Lend(k Handle, keep Rights) (Handle, error) {
	c, err := h.Get(k)
	if err != nil {
		return 0, err
	}
	lent, _, err := c.Lend(keep)
	if err != nil {
		return 0, err
	}
	k, err = h.Add(lent)
	if err == nil {
		h.rows[k-1].lent = true
	}
	return k, err
}

// Revoke takes back what Lend gave, and all that came from it, wherever it is.
// ErrDenied for a handle that is not from Lend of this process.
func (h *Handles) Revoke(k Handle) error {
	c, err := h.Get(k)
	switch {
	case err != nil:
		return err
	case !h.rows[k-1].lent:
		return ErrDenied
	}
	c.leash.Cut()
	return nil
}

// Drop gives a handle back once.
func (h *Handles) Drop(k Handle) error {
	c, err := h.Get(k)
	if err != nil {
		return err
	}
	r := &h.rows[k-1]
	if r.uses--; r.uses > 0 {
		return nil
	}
	delete(h.by, *c)
	*r = row{}
	h.free = append(h.free, k)
	return nil
}

// Len is how many there are.
func (h *Handles) Len() int { return len(h.rows) - len(h.free) }
