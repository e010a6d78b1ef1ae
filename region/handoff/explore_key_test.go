package handoff

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

type hash128 [2]uint64

func (h *hash128) add(o hash128) { h[0] += o[0]; h[1] += o[1] }

func (h hash128) less(o hash128) bool { return h[0] < o[0] || (h[0] == o[0] && h[1] < o[1]) }

func hashOf(b []byte) hash128 {
	s := sha256.Sum256(b)
	return hash128{binary.LittleEndian.Uint64(s[:]), binary.LittleEndian.Uint64(s[8:])}
}

// relabel gives regions and objects other names. Nothing depends on names but
// the order of effects, so states that differ only in names are one.
type relabel struct{ region, object []int }

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{nil}
	}
	var out [][]int
	for _, p := range permutations(n - 1) {
		for i := range n {
			out = append(out, slices.Insert(slices.Clone(p), i, n-1))
		}
	}
	return out
}

func (x *explorer) relabels() {
	for _, r := range permutations(x.honest()) {
		for len(r) < x.regions {
			r = append(r, len(r)) // a liar stays what it is
		}
		for _, o := range permutations(x.objects) {
			x.perms = append(x.perms, relabel{r, o})
		}
	}
}

func (p *relabel) rid(id base.ID) base.ID {
	if id.IsZero() {
		return id
	}
	return rid(byte(p.region[id[15]-1] + 1))
}

func (p *relabel) oid(id base.ID) base.ID { return oid(byte(p.object[id[15]-1] + 1)) }

func (p *relabel) refs(list []Ref) []Ref {
	out := slices.Clone(list)
	for i := range out {
		out[i].ID = p.oid(out[i].ID)
	}
	sortRefs(out)
	return out
}

// rename gives a core as it would be under other names.
func (p *relabel) rename(c *Core) *Core {
	n := &Core{cfg: c.cfg, life: c.life, owned: map[base.ID]object{}, links: map[base.ID]*link{}, tombs: map[base.ID]tomb{}, doubts: map[base.ID]mention{}}
	for id, m := range c.doubts {
		n.doubts[p.oid(id)] = m
	}
	for id, o := range c.owned {
		o.To = p.rid(o.To)
		n.keep(p.oid(id), o)
	}
	for id, t := range c.tombs {
		t.To = p.rid(t.To)
		n.tombs[p.oid(id)] = t
		n.buried = append(n.buried, p.oid(id))
	}
	slices.SortFunc(n.buried, base.ID.Compare)
	for _, w := range c.wishes {
		v := wish{To: p.rid(w.To), Size: w.Size}
		for _, id := range w.IDs {
			v.IDs = append(v.IDs, p.oid(id))
		}
		slices.SortFunc(v.IDs, base.ID.Compare)
		n.wishes = append(n.wishes, v)
	}
	slices.SortFunc(n.wishes, func(a, b wish) int { return a.IDs[0].Compare(b.IDs[0]) })
	for id, l := range c.links {
		k := *l
		k.Out, k.Prepared = slices.Clone(l.Out), slices.Clone(l.Prepared)
		for i := range k.Out {
			k.Out[i].Items = p.refs(k.Out[i].Items)
		}
		for i := range k.Prepared {
			k.Prepared[i].Items = p.refs(k.Prepared[i].Items)
		}
		if l.Doubt != nil {
			d := *l.Doubt
			d.Items = p.refs(d.Items)
			k.Doubt = &d
		}
		n.links[p.rid(id)] = &k
	}
	return n
}

func (x *explorer) hashCore(r int, c *Core) []hash128 {
	out := make([]hash128, len(x.perms))
	for i := range x.perms {
		p := &x.perms[i]
		out[i] = hashOf(p.rename(c).Snapshot([]byte{1, byte(p.region[r])}))
	}
	return out
}

func (x *explorer) hashMsg(from, to int, m Msg) []hash128 {
	out := make([]hash128, len(x.perms))
	for i := range x.perms {
		p := &x.perms[i]
		n := m
		n.Items = p.refs(m.Items)
		n.Mask = 0
		for k, r := range m.Items {
			if m.Mask>>k&1 != 0 {
				to := slices.IndexFunc(n.Items, func(y Ref) bool { return y.ID == p.oid(r.ID) })
				n.Mask |= 1 << to
			}
		}
		e := base.Encoder{B: []byte{2, byte(p.region[from]), byte(p.region[to])}}
		n.AppendTo(&e)
		out[i] = hashOf(e.B)
	}
	return out
}

// spread makes two uses of one hash different.
func (h hash128) spread(role uint64) hash128 {
	return hash128{(h[0] ^ role) * 0x9e3779b97f4a7c15, (h[1] + role) * 0xc2b2ae3d27d4eb4f}
}

// key names a state whatever its regions and objects are called: the least of
// the hashes under all names.
func (x *explorer) key(s *xstate) hash128 {
	least := hash128{^uint64(0), ^uint64(0)}
	var sent, held []int
	s.sent.each(func(i int) { sent = append(sent, i) })
	s.held.each(func(i int) { held = append(held, i) })
	for p := range x.perms {
		h := hash128{uint64(s.begins)<<24 | uint64(s.cancels)<<16 | uint64(s.crashes)<<8 | uint64(s.raises), 0}
		h[1] = uint64(s.drops)
		h = h.spread(1)
		for r := range x.honest() {
			if n := uint64(x.perms[p].region[r]); s.has[r] {
				h.add(hash128{17 + n, 1}.spread(17))
			}
			h.add(x.coreHash[s.live[r]][p])
			if x.disks {
				h.add(x.coreHash[s.disk[r]][p].spread(3))
			}
			if s.saved[r] != noCore {
				h.add(x.coreHash[s.saved[r]][p].spread(5))
			}
		}
		for o := range x.objects {
			if n := uint64(x.perms[p].object[o]); s.given[o] {
				h.add(hash128{11 + n, 1}.spread(11))
			}
			if n := uint64(x.perms[p].object[o]); s.gone[o] {
				h.add(hash128{13 + n, 1}.spread(13))
			}
		}
		for _, i := range sent {
			h.add(x.msgHash[i][p])
		}
		for _, i := range held {
			h.add(x.msgHash[i][p].spread(7))
		}
		if h.less(least) {
			least = h
		}
	}
	return least
}

// coresKey names the cores alone.
func (x *explorer) coresKey(cores *[maxRegions]uint32) hash128 {
	least := hash128{^uint64(0), ^uint64(0)}
	for p := range x.perms {
		var h hash128
		for r := range x.honest() {
			h.add(x.coreHash[cores[r]][p])
		}
		if h.less(least) {
			least = h
		}
	}
	return least
}

// hashSet is an open-addressed set.
type hashSet struct {
	slots []hash128
	n     int
}

func (s *hashSet) add(h hash128) bool {
	if 3*s.n >= 2*len(s.slots) {
		old := s.slots
		s.slots, s.n = make([]hash128, max(1024, 2*len(old))), 0
		for _, o := range old {
			if o != (hash128{}) {
				s.add(o)
			}
		}
	}
	mask := uint64(len(s.slots) - 1)
	for i := h[0] & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case h:
			return false
		case hash128{}:
			s.slots[i] = h
			s.n++
			return true
		}
	}
}
