package arena

import "fmt"

// Spec describes a memory to Get.
type Spec struct {
	Size  uint64 // bytes at the start, at least those of the image
	Limit uint64 // bytes it may ever have, at least Size, at most MaxSlot
	Image *Image // what it starts with; nil for zeros
	// Again says that it will be reset often. A page that is mapped again and
	// copied when it is touched costs more than ten that are written over.
	Again bool
	// Must takes it also when the budget is used up: for what has to come out
	// the same on every node, however full it is. Where the system refuses
	// too, it is taken from the program's heap.
	Must bool
}

// Memory is the linear memory of one guest. Its bytes stay where they are but
// for Grow.
type Memory struct {
	a     *Arena
	c     *class // nil when it is on the heap
	slot  []byte
	size  uint64 // bytes given to the guest
	top   uint64 // bytes of the slot that may not be what they were at first
	limit uint64
	must  bool
	img   *state // mapped into the slot
}

// Get gives a memory. Errors wrap ErrBudget or ErrRefused.
func (a *Arena) Get(s Spec) (*Memory, error) {
	if s.Size > s.Limit || s.Limit > MaxSlot || s.Size < s.Image.Size() {
		return nil, fmt.Errorf("arena: memory of %d bytes, at most %d, image of %d", s.Size, s.Limit, s.Image.Size())
	}
	a.live.Add(1)
	m := &Memory{a: a, size: s.Size, top: s.Size, limit: s.Limit, must: s.Must}
	err := a.charge(s.Size, s.Must)
	if err == nil {
		if err = m.place(s); err == nil {
			return m, nil
		}
		a.refund(s.Size)
	}
	a.live.Add(-1)
	return nil, fmt.Errorf("arena: %w", err)
}

// place finds a slot and puts the image into it.
func (m *Memory) place(s Spec) error {
	if m.a.closed.Load() {
		return fmt.Errorf("%w: the arena is closed", ErrRefused)
	}
	if !slots {
		m.slot = make([]byte, s.Size)
		s.Image.copyTo(m.slot)
		return nil
	}
	m.c = m.a.class(s.Limit)
	if s.Size <= smallSlot && s.Limit > smallSlot {
		m.c = m.a.class(s.Size)
	}
	mapped := s.Image.mapped() && (!s.Again || s.Image.content() > discardAbove)
	if mapped {
		if m.slot = s.Image.state.take(m.c); m.slot != nil {
			m.img = s.Image.state
			return nil
		}
	}
	var err error
	if m.slot, err = m.c.take(); err != nil {
		if !s.Must {
			return err
		}
		m.c, m.slot = nil, make([]byte, s.Size)
	}
	if m.c != nil && mapped {
		switch mapped, intact := s.Image.state.mapInto(m.slot); {
		case mapped:
			m.img = s.Image.state
			return nil
		case !intact:
			m.c, m.slot = nil, make([]byte, s.Size)
		}
	}
	s.Image.copyTo(m.slot)
	return nil
}

// Bytes is the memory, as long as it is now.
func (m *Memory) Bytes() []byte { return m.slot[:m.size:m.size] }

// Grow makes the memory size bytes long, never shorter, and gives it; the new
// bytes are zero. nil when that is over its limit, the budget or what the
// system gives: then nothing has changed. Slices got before may be of what
// was, not of what is.
func (m *Memory) Grow(size uint64) []byte {
	if size <= m.size {
		return m.Bytes()
	}
	if size > m.limit || m.a.charge(size-m.size, m.must) != nil {
		return nil
	}
	if size > uint64(len(m.slot)) && !m.move(size) {
		m.a.refund(size - m.size)
		return nil
	}
	m.size, m.top = size, max(m.top, size)
	return m.Bytes()
}

// move copies the memory into a slot that suffices for its limit.
func (m *Memory) move(size uint64) bool {
	var c *class
	var slot []byte
	if slots {
		var err error
		c = m.a.class(m.limit)
		if slot, err = c.take(); err != nil {
			if !m.must {
				return false
			}
			c = nil
		}
	}
	if c == nil { // doubling keeps the copies linear in what the guest asks for
		slot = make([]byte, min(max(size, 2*m.size), m.limit))
	}
	copy(slot, m.slot[:m.size])
	m.drop()
	m.c, m.slot, m.img, m.top = c, slot, nil, m.size
	return true
}

// Reset makes the contents those of the image, or zeros when that is nil. It
// gives false when it cannot, because the memory is longer than a new one
// would be or has another image mapped into it.
func (m *Memory) Reset(img *Image, size uint64) bool {
	if m.size != size || img.Size() > size {
		return false
	}
	used := m.slot[:m.top]
	switch {
	case m.img != nil:
		// The file shows again where the memory is given back.
		if img == nil || m.img != img.state || !rewrite(used, img.state.view) && discard(used) != nil {
			return false
		}
	case img.mapped() && img.content() > discardAbove:
		return false // a memory with the image mapped into it is cheaper
	case m.c == nil || m.top <= discardAbove:
		img.fill(used)
	default:
		if !rewrite(used, nil) && discard(used) != nil {
			return false
		}
		img.copyTo(m.slot)
	}
	m.top = m.size
	return true
}

// Free gives the memory back; its bytes must not be used any more.
func (m *Memory) Free() {
	m.a.refund(m.size)
	m.drop()
	m.slot, m.img, m.c, m.size = nil, nil, nil, 0
	m.a.live.Add(-1)
}

// drop returns the slot to where it came from.
func (m *Memory) drop() {
	switch {
	case m.c == nil:
	case m.img == nil:
		m.c.putUsed(m.slot, m.top)
	case discard(m.slot[:m.top]) == nil: // cannot fail with these arguments; the slot would be lost
		m.img.put(m.c, m.slot)
	}
}
