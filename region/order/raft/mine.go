package raft

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/region/order"
)

// mine holds the entries submitted on this server that no committed record has
// yet. They go to whoever leads, in order, and again when that changes or
// nothing comes of it.
type mine struct {
	next uint64 // number of the next entry
	list []submitted
	size int
	sent int // so many of list are on their way
	wait int // ticks since something of list was agreed on or sent
}

// Submit takes an entry. With sync its record counts as agreed once a majority
// has it on disk. The error is order.ErrFull while too much waits.
func (c *Core) Submit(entry []byte, sync bool) error {
	switch {
	case c.err != nil:
		return c.err
	case len(entry) > order.MaxEntryBytes:
		return fmt.Errorf("raft: submit: %w: entry of %d bytes", order.ErrRecord, len(entry))
	case len(c.mine.list) >= maxMine || c.mine.size+len(entry)+4 > maxMineBytes:
		return fmt.Errorf("raft: submit: %w", order.ErrFull)
	}
	c.mine.list = append(c.mine.list, submitted{sync, entry})
	c.mine.size += len(entry) + 4
	c.mine.next++
	return nil
}

// first is the number of the oldest entry that waits.
func (m *mine) first() uint64 { return m.next - uint64(len(m.list)) }

// agreed forgets the entries up to a number.
func (m *mine) agreed(number uint64) {
	if len(m.list) == 0 || number < m.first() {
		return
	}
	n := int(min(number-m.first()+1, uint64(len(m.list))))
	for _, x := range m.list[:n] {
		m.size -= len(x.body) + 4
	}
	clear(m.list[:n])
	m.list = m.list[n:]
	m.sent = max(0, m.sent-n)
	m.wait = 0
}

// settle takes note of a record that was agreed on: own is what it holds under the
// numbers of this server from first on. What a leader has put something else in the
// place of goes out again, under a new number: it is in no record.
func (m *mine) settle(first uint64, own [][]byte) {
	var lost []submitted
	for i, b := range own {
		n := first + uint64(i)
		if n < m.first() || n >= m.next {
			continue
		}
		if x := m.list[n-m.first()]; !bytes.Equal(x.body, b) {
			lost = append(lost, x)
		}
	}
	m.agreed(first + uint64(len(own)) - 1)
	for _, x := range lost {
		m.list = append(m.list, x)
		m.size += len(x.body) + 4
		m.next++
	}
}

// again makes all that waits go out anew.
func (m *mine) again() { m.sent, m.wait = 0, 0 }

func (m *mine) tick() {
	if m.sent == 0 {
		return
	}
	if m.wait++; m.wait >= resendTicks {
		m.again()
	}
}

// flush hands what waits to the leader, within the window.
func (c *Core) flush() {
	m := &c.mine
	if m.sent == len(m.list) || c.err != nil {
		return
	}
	if c.lead.on {
		c.accept(c.self, forward{m.first() + uint64(m.sent), m.list[m.sent:]})
		m.sent = len(m.list)
		return
	}
	to := c.Leader()
	if to == 0 || to == c.self {
		return
	}
	under := 0
	for _, x := range m.list[:m.sent] {
		under += len(x.body)
	}
	for m.sent < len(m.list) && under < forwardWindow {
		f := forward{first: m.first() + uint64(m.sent)}
		size := 0
		for _, x := range m.list[m.sent:] {
			if len(f.entries) == maxForward || len(f.entries) > 0 && size+len(x.body) > forwardBytes {
				break
			}
			f.entries = append(f.entries, x)
			size += len(x.body) + 5
		}
		m.sent += len(f.entries)
		under += size
		c.tell(to, message{kind: kindForward, forward: f})
	}
}
