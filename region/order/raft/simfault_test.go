package raft

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// newWorld founds a cluster.
func newWorld(seed uint64) *world {
	w := &world{r: base.NewRand(seed, 1), blocked: map[[2]int]bool{}, agreed: map[base.Tick]order.Sum{}, state: map[base.Tick][32]byte{},
		tickOf: map[string]base.Tick{}, leader: map[uint64]uint64{}, acked: map[string]bool{}, counts: map[string]int{}, joining: map[uint64]func(uint64){}}
	w.voters = []int{1, 2, 3, 3, 3, 4, 5, 5, 7}[w.r.IntN(9)]
	w.base = []int{100, 300, 2000, 10000, 30000}[w.r.IntN(5)]
	w.jitter = w.base * (1 + w.r.IntN(4)) / 2
	if w.chance(0.7) {
		w.loss, w.twice = 0.05*w.r.Float64(), 0.05*w.r.Float64()
	}
	var keys []base.Key
	for i := range w.voters {
		keys = append(keys, label(i+1))
	}
	b, err := Found(3, 0, order.Sum{}, 0, keys)
	if err != nil {
		panic(err)
	}
	for i := range w.voters {
		w.begin(uint64(i+1), keys[i], checkpoint{base: b})
	}
	w.after(100000, w.faults)
	w.after(500000, w.operate)
	return w
}

// begin starts a server with an empty disk from a checkpoint.
func (w *world) begin(id uint64, k base.Key, cp checkpoint) {
	s := &srv{w: w, at: len(w.servers), id: id, key: k, cp: cp, rate: 0.7 + 0.6*w.r.Float64(), slow: w.chance(0.1)}
	s.disk = AppendBegin(nil, base.ID{1}, id, &cp.base)
	s.synced = len(s.disk)
	w.servers = append(w.servers, s)
	s.boot()
}

func (w *world) cutOff(from, to *srv) bool { return w.blocked[[2]int{from.at, to.at}] }

// asksAndLeaves is the driver's part when most of those whom a server knows have
// left: it asks the voters of now, once somebody has said that it was removed.
func (w *world) asksAndLeaves(s *srv) bool {
	if s.core.saidGone() == 0 {
		return false
	}
	newest := s.core
	for _, o := range w.servers {
		if o.alive && o.core.Applied().Index > newest.Applied().Index {
			newest = o.core
		}
	}
	voters, without := 0, 0
	for _, m := range newest.Applied().Members {
		if !m.Voter() {
			continue
		}
		voters++
		for _, o := range w.servers {
			if o.id != m.ID || !o.alive || w.cutOff(s, o) || w.cutOff(o, s) {
				continue
			}
			if _, in := byID(o.core.Applied().Members, s.id); !in {
				without++
			}
		}
	}
	return 2*without > voters
}

// carry takes a message to the server with the key that is there now.
func (w *world) carry(from *srv, m Outgoing) {
	i := -1
	for k, s := range w.servers {
		if s.key == m.Key && !s.lost {
			i = k
		}
	}
	if i < 0 {
		return
	}
	to := w.servers[i]
	if w.cutOff(from, to) || w.chance(w.loss) {
		return
	}
	n := 1
	if w.chance(w.twice) {
		n = 2
	}
	for range n {
		life := to.life
		w.after(w.base+w.r.IntN(w.jitter+1), func() {
			if !to.alive || to.life != life || w.cutOff(from, to) {
				return
			}
			to.later(0, func() { _ = to.core.Receive(from.key, m.Bytes) })
		})
	}
}

// alive are the members that are up, for choosing among.
func (w *world) pick(f func(*srv) bool) *srv {
	var list []*srv
	for _, s := range w.servers {
		if f(s) {
			list = append(list, s)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[w.r.IntN(len(list))]
}

func up(s *srv) bool { return s.alive }

// downAllowed tells whether one more voter may be lost for good: a majority
// of those that vote, as anybody knows them, must be able to come back.
func (w *world) downAllowed() bool {
	for _, s := range w.servers {
		if s.lost || s.left {
			continue
		}
		if s.changing() {
			return false
		}
		b := s.core.Applied()
		voters, lost := 0, 0
		for _, m := range b.Members {
			if m.Learner {
				continue
			}
			voters++
			for _, o := range w.servers {
				if o.id == m.ID && o.lost {
					lost++
				}
			}
		}
		if len(b.Outgoing) > 0 || 2*(lost+1) >= voters {
			return false
		}
	}
	return true
}

// changing tells whether a change of the servers is in a log and not applied:
// it may yet come into force.
func (s *srv) changing() bool {
	for i := s.core.Applied().Index + 1; i <= s.core.store.lastIndex(); i++ {
		if s.core.store.at(i).change != nil {
			return true
		}
	}
	return false
}

// faults does something bad, again and again.
func (w *world) faults() {
	if w.calm {
		return
	}
	w.after(50000+w.r.IntN(900000), w.faults)
	switch w.r.IntN(12) {
	case 0, 1: // a process dies, and comes back
		if s := w.pick(up); s != nil {
			w.note("kill -9 of %d", s.id)
			w.counts["kills"]++
			s.kill()
			w.hearOf(s)
			w.after(w.r.IntN(1500000), func() {
				if !s.alive && !s.lost && !s.left {
					w.note("%d is back", s.id)
					s.boot()
				}
			})
		}
	case 2: // the leader dies
		if s := w.pick(func(s *srv) bool { return s.alive && s.core.Leading() }); s != nil {
			w.note("kill -9 of the leader %d", s.id)
			w.counts["leader kills"]++
			s.kill()
			w.hearOf(s)
			w.after(300000+w.r.IntN(1500000), func() {
				if !s.alive && !s.lost && !s.left {
					w.note("%d is back", s.id)
					s.boot()
				}
			})
		}
	case 3: // a machine dies
		if s := w.pick(up); s != nil && w.downAllowed() && w.lone(s) {
			w.note("power cut at %d", s.id)
			w.counts["power cuts"]++
			s.powerCut()
			w.hearOf(s)
		}
	case 4, 5, 6: // the network is cut in some shape
		w.partition()
	case 7, 8: // and mended
		w.note("the network is whole")
		clear(w.blocked)
	case 9: // a process is stopped for a while
		if s := w.pick(up); s != nil {
			s.froze = w.now + w.r.IntN(1500000)
			w.note("%d freezes", s.id)
			w.counts["freezes"]++
		}
	case 10: // a clock jumps ahead
		if s := w.pick(up); s != nil {
			w.counts["clock jumps"]++
			n := 1 + w.r.IntN(60)
			s.later(0, func() {
				for range n {
					s.core.Tick()
					s.see()
				}
			})
		}
	case 11: // a disk becomes slow, or quick; or a server loses sight of another
		if s := w.pick(up); s != nil {
			s.slow = !s.slow
			if o := w.pick(up); o != s {
				s.later(0, func() { s.core.Lost(o.key, w.r.IntN(4)) })
			}
		}
	}
}

// lone tells whether a power cut at s still leaves its disk's place to others.
func (w *world) lone(s *srv) bool { return w.voters >= 3 }

// hearOf lets some of the others notice at once that a server's connections
// have closed.
func (w *world) hearOf(dead *srv) {
	for _, s := range w.servers {
		if s.alive && s != dead && w.chance(0.7) {
			s.later(w.base+w.r.IntN(w.jitter+1), func() { s.core.Lost(dead.key, 1+2*w.base/20000) })
		}
	}
}

// partition cuts links: two halves, one way only, all but a bridge, one alone,
// or links at random.
func (w *world) partition() {
	clear(w.blocked)
	n := len(w.servers)
	side := make([]bool, n)
	for i := range side {
		side[i] = w.chance(0.5)
	}
	kind := w.r.IntN(5)
	bridge, alone := w.r.IntN(n), w.r.IntN(n)
	w.note("partition of kind %d", kind)
	w.counts[fmt.Sprint("partitions ", kind)]++
	for i := range n {
		for j := range n {
			if i == j {
				continue
			}
			var cut bool
			switch kind {
			case 0:
				cut = side[i] != side[j]
			case 1:
				cut = side[i] && !side[j]
			case 2:
				cut = side[i] != side[j] && i != bridge && j != bridge
			case 3:
				cut = i == alone || j == alone
			case 4:
				cut = w.chance(0.3)
			}
			if cut {
				w.blocked[[2]int{i, j}] = true
			}
		}
	}
}

// operate is the person, or the rule, that keeps the servers many: it adds,
// promotes, replaces, removes and hands the lead over.
func (w *world) operate() {
	w.after(300000+w.r.IntN(500000), w.operate)
	l := w.pick(func(s *srv) bool { return s.alive && s.froze <= w.now && s.core.Leading() })
	if l == nil {
		return
	}
	b := l.core.Applied()
	var dead, learner uint64
	for _, m := range b.Members {
		i := slices.IndexFunc(w.servers, func(s *srv) bool { return s.id == m.ID })
		switch {
		case i < 0 || w.servers[i].lost:
			dead = m.ID
		case m.Learner:
			learner = m.ID
		}
	}
	voters := len(slices.DeleteFunc(slices.Clone(b.Members), func(m Member) bool { return !m.Voter() }))
	var err error
	switch {
	case dead != 0 && learner != 0:
		if m, _ := byID(b.Members, dead); m.Learner {
			err = l.core.Remove(0, dead)
			w.note("leader %d removes learner %d: %v", l.id, dead, err)
		} else {
			err = l.core.Replace(0, dead, learner)
		}
	case dead != 0 && len(b.Members) < 9:
		if m, _ := byID(b.Members, dead); m.Learner {
			err = l.core.Remove(0, dead)
			w.note("leader %d removes learner %d: %v", l.id, dead, err)
		} else {
			w.join(l, b, dead)
		}
	case learner != 0 && (voters < w.voters || w.chance(0.3)):
		err = l.core.Promote(0, learner)
	case w.calm:
	case w.chance(0.2) && len(b.Members) < 8:
		w.join(l, b, 0)
	case w.chance(0.2) && voters > 3 && dead == 0:
		if s := w.pick(func(s *srv) bool { return s.alive && s != l }); s != nil {
			err = l.core.Remove(0, s.id)
			w.note("remove %d: %v", s.id, err)
		}
	case w.chance(0.3):
		w.note("the lead goes from %d to %d", l.id, l.core.Transfer(0))
		w.counts["transfers"]++
	}
	if err == nil {
		w.counts["changes"]++
	}
	l.see()
}

// join adds a server in place of one that lost its log, or a new one.
func (w *world) join(l *srv, b *Base, instead uint64) {
	id := b.NextID
	k := label(100 + len(w.servers))
	for _, s := range w.servers {
		if s.id == instead && !slices.ContainsFunc(w.servers, func(o *srv) bool { return o.key == s.key && !o.lost }) {
			k = s.key // the same node, under a new id
		}
		if s.id == id {
			return // under way already
		}
	}
	w.token++
	token := w.token
	if l.core.AddLearner(token, k) != nil {
		return
	}
	w.joining[token] = func(id uint64) {
		if slices.ContainsFunc(w.servers, func(o *srv) bool { return o.key == k && !o.lost }) {
			return // the node has joined under another id meanwhile
		}
		w.note("server %d joins", id)
		w.counts["joins"]++
		w.begin(id, k, l.cp)
	}
}
