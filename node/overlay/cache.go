package overlay

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

// keptMagic begins the file of remembered nodes: what it is, and its version.
// Each node follows as: Unix time in seconds when it was last known to be
// there u32, length u16, and the entry as wire.AppendEntry writes it; newest
// first, all little-endian.
const keptMagic = "metatopia raynet nodes 1\n"

const keptHead = 4 + 2

// kept is one remembered node.
type kept struct {
	seen  uint32 // Unix seconds
	entry wire.Entry
}

// cache remembers the nodes seen last. It is not safe for concurrent use.
type cache struct{ nodes map[base.Key]kept }

func newCache() cache { return cache{nodes: map[base.Key]kept{}} }

// add notes that a node was there at a time. Of two records the newer stays;
// an entry without an address does not replace one that has it.
func (c *cache) add(seen uint32, e wire.Entry) {
	k := e.Record.Key
	if len(e.Addr) == 0 {
		return // nobody could dial it
	}
	if old, ok := c.nodes[k]; ok {
		seen = max(seen, old.seen)
		if e.Record.Stamp.Compare(old.entry.Record.Stamp) < 0 {
			e = old.entry
		}
	}
	c.nodes[k] = kept{seen, e}
}

// newest lists at most limit nodes, those seen last first.
func (c *cache) newest(limit int) []kept {
	all := make([]kept, 0, len(c.nodes))
	for _, n := range c.nodes { //lint:sorted below
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(cmp.Compare(b.seen, a.seen), a.entry.Record.Key.Compare(b.entry.Record.Key))
	})
	return all[:min(len(all), limit)]
}

// trim forgets all but the maxKept seen last.
func (c *cache) trim() {
	if len(c.nodes) <= maxKept {
		return
	}
	keep := c.newest(maxKept)
	clear(c.nodes)
	for _, n := range keep {
		c.nodes[n.entry.Record.Key] = n
	}
}

// encode writes the file.
func (c *cache) encode() []byte {
	b := []byte(keptMagic)
	for _, n := range c.newest(maxKept) {
		e := wire.AppendEntry(nil, n.entry)
		b = binary.LittleEndian.AppendUint32(b, n.seen)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(e)))
		b = append(b, e...)
	}
	return b
}

// decode reads what encode wrote. A file that is damaged gives the nodes that
// can be read: each record is signed, so the core takes none that was changed.
// damaged counts what was left out; a file of another kind is one damage.
func (c *cache) decode(b []byte) (damaged int) {
	b, ok := bytes.CutPrefix(b, []byte(keptMagic))
	if !ok {
		return 1
	}
	for len(b) > 0 && len(c.nodes) < maxKept {
		if len(b) < keptHead {
			return damaged + 1
		}
		seen, n := binary.LittleEndian.Uint32(b), int(binary.LittleEndian.Uint16(b[4:]))
		b = b[keptHead:]
		if n > len(b) {
			return damaged + 1
		}
		e, err := wire.ParseEntry(b[:n])
		b = b[n:]
		if err != nil || len(e.Addr) == 0 {
			damaged++
			continue
		}
		c.add(seen, e)
	}
	return damaged
}

func unixNow() uint32 { return uint32(time.Now().Unix()) }
