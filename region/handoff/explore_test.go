package handoff

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// The explorer walks through every state that a few regions and objects can
// reach. The network is the worst there is: what was ever sent may arrive at
// any time from then on, in any order, any number of times, or never. That
// holds every loss, doubling, delay and reordering, four or a hundred. Ticks
// pass in each region at will, so every timer runs out at every moment.
//
// With disks, a region's inputs and the messages they make stay in memory until
// it syncs; a crash takes it back to what was synced. Without, every input is
// synced at once.

const (
	maxRegions = 3
	maxObjects = 2
	msgWords   = 8 // 512 messages
	noCore     = ^uint32(0)
)

type msgSet [msgWords]uint64

func (s *msgSet) add(i int) { s[i>>6] |= 1 << (i & 63) }
func (s *msgSet) each(f func(i int)) {
	for w, x := range s {
		for ; x != 0; x &= x - 1 {
			f(w<<6 + bits.TrailingZeros64(x))
		}
	}
}

// xstate is a state of the world. Cores are numbers of interned snapshots.
type xstate struct {
	live, disk, saved [maxRegions]uint32
	sent, held        msgSet
	begins, cancels   uint8 // that may still come
	crashes, raises   uint8
	given             [maxObjects]bool // the liar owned it once: what it makes of it is its affair
	gone              [maxObjects]bool // the log that took it over was lost
	has               [maxRegions]bool // what objects need is here
	drops             uint8            // times that a region may still forget what nothing needs
}

// xcore is one core state with what the checks want to know of it.
type xcore struct {
	snap    []byte
	owned   [maxObjects]uint64 // epochs
	known   [maxObjects]uint64
	leaving []xleaving
	took    []xtook
	ready   []base.ID // first objects of transfers that may be released
	open    []base.ID // and of all that may be cancelled
	needs   bool      // what objects need must not be forgotten
	busy    bool      // something waits for an answer that must come
}

// xleaving is an object released and not confirmed, xtook what a core
// remembers of one region's transfers to it.
type xleaving struct {
	Departure
	n uint64
}

type xtook struct {
	from     int
	floor    uint64
	accepted []uint64
}

// has: the core took the transfer over, by its number or by its epoch.
func (k *xcore) has(from, o int, d *xleaving) bool {
	for i := range k.took {
		if t := &k.took[i]; t.from == from && (d.n < t.floor || slices.Contains(t.accepted, d.n)) {
			return true
		}
	}
	return k.known[o] > d.Epoch
}

// xtrans is what one input does to one core.
type xtrans struct {
	core  uint32
	sends []uint16
}

type xmsg struct {
	from, to int
	msg      Msg
}

// exploration says what is explored.
type exploration struct {
	regions, objects int
	homes            []int // region of each object at first
	begins, cancels  uint8
	disks            bool
	crashes          uint8
	raises           uint8 // a region starts again from any older state, in a later life
	liar             bool  // the last region has no core and says anything
	lied             []int // to whom
	rounds           int   // numbers, floors and epochs that it uses: 1 to so many
	needs            bool  // objects need something that regions get, and forget, at any time
	drops            uint8
	forgets          bool // what left is forgotten at once, as when many others leave after it
	limit            int  // states; more is a failure
	enough           int  // states after which the walk ends, unfinished; 0: never
}

type explorer struct {
	exploration
	t        testing.TB
	cores    []xcore
	coreOf   map[string]uint32
	msgs     []xmsg
	msgOf    map[string]int
	trans    map[uint64]xtrans
	perms    []relabel
	coreHash [][]hash128 // by core, by permutation and place
	msgHash  [][]hash128 // by message, by permutation
	seen     hashSet
	settled  map[hash128]bool
	has      bool // what objects need is where the next input goes
	states   int
	visit    func(*xstate) // nil, or called for every state
	edges    int
	moves    int
	deepest  int
}

// explorerTimes make every timer matter and keep the number of states small.
var explorerTimes = Times{Offer: 2, Prepared: 3, Retry: 1, RetryMax: 1, Cool: 1, CoolMax: 1}

const xnow = base.Tick(1000) // the time in every interned core

func (x *explorer) config(r int) Config {
	c := Config{Self: rid(byte(r + 1)), Capacity: maxObjects, Times: explorerTimes}
	if x.needs {
		c.Needs = func([]base.ID) []uint64 { return []uint64{7} }
		c.Has = func([]uint64) bool { return x.has }
		c.Sound = func(base.ID, []Ref, []byte) Verdict {
			if !x.has {
				return NotYet
			}
			return Sound
		}
	}
	return c
}

func explore(t testing.TB, e exploration, visit func(*explorer, *xstate)) *explorer {
	x := &explorer{exploration: e, t: t, coreOf: map[string]uint32{}, msgOf: map[string]int{}, trans: map[uint64]xtrans{}, settled: map[hash128]bool{}}
	if visit != nil {
		x.visit = func(s *xstate) { visit(x, s) }
	}
	x.relabels()
	first := xstate{begins: e.begins, cancels: e.cancels, crashes: e.crashes, raises: e.raises, drops: e.drops}
	for r := range maxRegions {
		first.live[r], first.disk[r], first.saved[r] = noCore, noCore, noCore
	}
	for r := range x.honest() {
		c, err := New(x.config(r))
		if err != nil {
			t.Fatal(err)
		}
		for o, home := range e.homes {
			if home == r {
				if err := c.Own(oid(byte(o+1)), 1); err != nil {
					t.Fatal(err)
				}
				first.has[r] = e.needs
			}
		}
		first.live[r] = x.intern(r, c)
		first.disk[r] = first.live[r]
	}
	if e.liar {
		x.lies(&first)
	}
	level := []xstate{first}
	x.seen.add(x.key(&first))
	for depth := 0; len(level) > 0; depth++ {
		x.deepest = depth
		var next []xstate
		for i := range level {
			s := &level[i]
			x.states++
			if x.visit != nil {
				x.visit(s)
			}
			x.check(s)
			x.steps(s, func(n xstate) {
				x.edges++
				if x.seen.add(x.key(&n)) {
					next = append(next, n)
				}
			})
			if e.enough > 0 && x.states >= e.enough {
				return x
			}
			if e.limit > 0 && x.states >= e.limit {
				t.Fatalf("more than %d states: %d core states, depth %d", e.limit, len(x.cores), depth)
			}
		}
		level = next
	}
	return x
}

func (x *explorer) honest() int {
	if x.liar {
		return x.regions - 1
	}
	return x.regions
}

// intern gives the number of a core state. Its clock always shows xnow: only
// how far away a timer is makes a difference.
func (x *explorer) intern(r int, c *Core) uint32 {
	c.effects = nil
	normalise(c)
	if x.forgets {
		c.tombs, c.buried = map[base.ID]tomb{}, nil
	}
	snap := c.Snapshot([]byte{byte(r)})
	if n, ok := x.coreOf[string(snap)]; ok {
		return n
	}
	k := xcore{snap: snap[1:]}
	for o := range x.objects {
		k.owned[o], _ = c.Owns(oid(byte(o + 1)))
		k.known[o] = c.Known(oid(byte(o + 1)))
	}
	for _, peer := range c.peers() {
		l := c.links[peer]
		k.took = append(k.took, xtook{int(peer[15]) - 1, l.Floor, l.Accepted})
		for _, tr := range l.Out {
			for _, r := range tr.Items {
				if tr.Phase == released {
					k.leaving = append(k.leaving, xleaving{Departure{r, peer}, tr.N})
				}
			}
			if tr.Phase == ready {
				k.ready = append(k.ready, tr.Items[0].ID)
			}
			if tr.Phase != released {
				k.open = append(k.open, tr.Items[0].ID)
			}
			k.busy = k.busy || tr.Phase != released || int(peer[15]) <= x.honest()
		}
		k.busy = k.busy || len(l.Prepared) > 0 || (l.Doubt != nil && int(peer[15]) <= x.honest())
	}
	c.EachNeed(func(uint64) { k.needs = true })
	n := uint32(len(x.cores))
	x.cores = append(x.cores, k)
	x.coreOf[string(snap)] = n
	x.coreHash = append(x.coreHash, x.hashCore(r, c))
	return n
}

// normalise forgets how long ago a timer ran out, and the order of tombs.
func normalise(c *Core) {
	late := func(t *base.Tick) { *t = max(*t, xnow+1) } // the next tick is the first to look
	for id, o := range c.owned {
		if o.Rest <= xnow {
			o.Rest = 0
		}
		c.owned[id] = o
	}
	for _, l := range c.links {
		for i := range l.Out {
			late(&l.Out[i].Again)
			if l.Out[i].Phase != released {
				late(&l.Out[i].Deadline)
			}
		}
		for i := range l.Prepared {
			late(&l.Prepared[i].Again)
			late(&l.Prepared[i].Until)
		}
		if l.Coming != nil {
			late(&l.Coming.Until)
		}
		if l.Doubt != nil {
			late(&l.Doubt.Again)
		}
	}
	slices.SortFunc(c.buried, base.ID.Compare)
}

// earlier moves all timers by one tick, after a tick has passed.
func earlier(c *Core) {
	for id, o := range c.owned {
		if o.Rest > 0 {
			o.Rest--
		}
		c.owned[id] = o
	}
	for _, l := range c.links {
		for i := range l.Out {
			l.Out[i].Again--
			if l.Out[i].Phase != released {
				l.Out[i].Deadline--
			}
		}
		for i := range l.Prepared {
			l.Prepared[i].Again--
			l.Prepared[i].Until--
		}
		if l.Doubt != nil {
			l.Doubt.Again--
		}
	}
}

// Inputs of a core, in a word: kind, and what it is about.
const (
	inTick = iota
	inDeliver
	inBegin // objects as a mask, and the receiver
	inRelease
	inCancel
	inRaise

	inHas = 0x80 // flag: what objects need is here
)

// run applies an input to a core, once for ever.
func (x *explorer) run(r int, core uint32, kind, a, b int) xtrans {
	if x.has {
		kind |= inHas
	}
	key := uint64(core)<<32 | uint64(kind)<<24 | uint64(a)<<8 | uint64(b)
	if tr, ok := x.trans[key]; ok {
		return tr
	}
	c, err := Restore(x.config(r), x.cores[core].snap)
	if err != nil {
		x.t.Fatal(err)
	}
	switch kind &^ inHas {
	case inTick:
		c.Tick(xnow + 1)
		earlier(c)
	case inDeliver:
		before := x.cores[core].owned
		m := x.msgs[a]
		_ = c.Handle(xnow, rid(byte(m.from+1)), m.msg)
		x.whole(c, before, &m)
	case inBegin:
		var ids []base.ID
		for o := range x.objects {
			if a>>o&1 != 0 {
				ids = append(ids, oid(byte(o+1)))
			}
		}
		_ = c.Begin(xnow, rid(byte(b+1)), 0, ids...)
	case inRelease:
		if err := c.Release(xnow, oid(byte(a)), nil); err != nil {
			x.t.Fatal(err)
		}
	case inCancel:
		c.Cancel(xnow, oid(byte(a)))
	case inRaise:
		var all []base.ID
		for n := range x.regions {
			all = append(all, rid(byte(n+1)))
		}
		if err := c.Raise(xnow, uint64(a), all...); err != nil {
			x.t.Fatal(err)
		}
	}
	var tr xtrans
	for _, e := range c.Effects() {
		if x.needs && !x.has && (e.Kind == DoAccept || e.Kind == DoSend && e.Msg.Kind == Prepared) {
			x.t.Fatalf("region %d prepares for or takes what it lacks the needs of: %+v", r, e)
		}
		if e.Kind == DoSend && int(e.Peer[15]) <= x.honest() { // a liar needs no answers
			n := x.message(r, int(e.Peer[15])-1, e.Msg)
			if !slices.Contains(tr.sends, uint16(n)) {
				tr.sends = append(tr.sends, uint16(n))
			}
		}
	}
	tr.core = x.intern(r, c)
	x.trans[key] = tr
	return tr
}

// whole: what a message brings, it brings altogether or not at all.
func (x *explorer) whole(c *Core, before [maxObjects]uint64, m *xmsg) {
	came := 0
	for o := range x.objects {
		if e, ok := c.Owns(oid(byte(o + 1))); ok && e != before[o] {
			came++
		}
	}
	if x.raises == 0 && came != 0 && came != len(m.msg.Items) {
		x.t.Fatalf("%d of %d objects came", came, len(m.msg.Items))
	}
}

func (x *explorer) message(from, to int, m Msg) int {
	var e base.Encoder
	e.U8(uint8(from))
	e.U8(uint8(to))
	m.AppendTo(&e)
	if n, ok := x.msgOf[string(e.B)]; ok {
		return n
	}
	n := len(x.msgs)
	if n >= msgWords*64 {
		x.t.Fatalf("more than %d messages", n)
	}
	x.msgs = append(x.msgs, xmsg{from, to, m})
	x.msgOf[string(e.B)] = n
	x.msgHash = append(x.msgHash, x.hashMsg(from, to, m))
	return n
}

// trace tells how a state was reached.
func (x *explorer) trace(s *xstate) string {
	var out strings.Builder
	for r := range x.honest() {
		fmt.Fprintf(&out, "region %d: owns %v, knows %v, leaving %v\n", r, x.cores[s.live[r]].owned, x.cores[s.live[r]].known, x.cores[s.live[r]].leaving)
	}
	s.sent.each(func(i int) {
		if m := &x.msgs[i]; m.from < x.honest() {
			fmt.Fprintf(&out, "sent %d to %d: %v n=%d floor=%d life=%d of=%d %v\n", m.from, m.to, m.msg.Kind, m.msg.N, m.msg.Floor, m.msg.Life, m.msg.Of, m.msg.Items)
		}
	})
	return out.String()
}
