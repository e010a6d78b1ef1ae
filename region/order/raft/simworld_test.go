package raft

import (
	"bytes"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// world is a whole cluster with its network, disks, clocks and operators in
// one goroutine. Everything that happens follows from the seed. Times are in
// microseconds.
type world struct {
	r      *base.Rand
	now    int
	events events
	nextEv int

	servers []*srv
	blocked map[[2]int]bool // from, to: places in servers
	calm    bool            // no fault happens any more
	silent  bool            // nobody submits any more
	base    int             // one-way delay
	jitter  int
	loss    float64
	twice   float64
	voters  int

	token   uint64
	joining map[uint64]func(id uint64) // by token
	polity  *polity                    // nil: nobody administers this region

	// What must hold.
	agreed map[base.Tick]order.Sum
	state  map[base.Tick][32]byte
	tickOf map[string]base.Tick // of an entry
	leader map[uint64]uint64    // of a term
	acked  map[string]bool      // told to who submitted it
	top    base.Tick
	fails  []string
	counts map[string]int
	trace  []string
}

func (w *world) failf(f string, a ...any) {
	if len(w.fails) < 10 {
		w.fails = append(w.fails, fmt.Sprintf("%d µs: ", w.now)+fmt.Sprintf(f, a...))
	}
}

func (w *world) note(f string, a ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%8d ", w.now/1000)+fmt.Sprintf(f, a...))
}

type event struct {
	at, n int
	f     func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].at < e[j].at || e[i].at == e[j].at && e[i].n < e[j].n
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	x := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return x
}

func (w *world) after(d int, f func()) {
	w.nextEv++
	heap.Push(&w.events, event{w.now + d, w.nextEv, f})
}

func (w *world) run(until int) {
	for len(w.events) > 0 && w.events[0].at <= until && len(w.fails) == 0 {
		e := heap.Pop(&w.events).(event)
		w.now = e.at
		e.f()
	}
	w.now = until
}

func (w *world) chance(p float64) bool { return w.r.Float64() < p }

// srv is one server under one raft id, with a stand-in for the sim.
type srv struct {
	w     *world
	at    int // its place in world.servers
	id    uint64
	key   base.Key
	core  *Core
	life  int // events of an earlier life do nothing
	alive bool
	lost  bool // it will never come back under this id
	left  bool // it was taken out
	froze int  // until then it does nothing
	rate  float64
	slow  bool // its disk

	disk    []byte
	synced  int
	opened  uint32
	queue   []Write
	writing bool

	tick base.Tick
	hash [32]byte
	open map[string]bool // submitted in this life and not in a record yet
	n    int
	law  *succession.State // nil without a polity
	cp   checkpoint
}

type checkpoint struct {
	base Base
	hash [32]byte
	law  []byte
}

// resume goes on from the server's own checkpoint.
func (s *srv) resume() {
	s.tick, s.hash = s.cp.base.Tick, s.cp.hash
	if s.cp.law == nil {
		return
	}
	var err error
	if s.law, err = succession.Restore(s.cp.law, cheapVerify); err != nil {
		s.w.failf("%s: %v", s.place(), err)
	}
}

func (s *srv) place() string { return fmt.Sprintf("server %d", s.id) }

// later runs f in this life, and not while the server is frozen.
func (s *srv) later(d int, f func()) {
	life := s.life
	s.w.after(d, func() {
		if s.life != life || !s.alive {
			return
		}
		if s.froze > s.w.now {
			s.later(s.froze-s.w.now, f)
			return
		}
		f()
		s.see()
	})
}

// boot starts a process on what the disk holds.
func (s *srv) boot() {
	w := s.w
	d, err := ReadDisk(s.disk)
	if err != nil || d.Broken {
		w.failf("%s: disk: %v, broken %v", s.place(), err, d.Broken)
		return
	}
	s.opened = d.Opened + 1
	s.disk = AppendOpened(s.disk[:d.Length], s.opened, "boot")
	s.synced = len(s.disk)
	c, err := New(Config{Self: s.id, State: d.State, Opened: s.opened, Keep: 12})
	if err != nil {
		w.failf("%s: %v", s.place(), err)
		return
	}
	s.life++
	s.core, s.alive, s.queue, s.writing, s.froze = c, true, nil, false, 0
	s.resume()
	s.open = map[string]bool{}
	s.later(w.r.IntN(20000), s.clock)
	s.later(w.r.IntN(50000), s.cut)
	s.later(w.r.IntN(80000), s.submit)
	s.see()
}

func (s *srv) clock() {
	s.later(int(20000*s.rate), s.clock)
	s.core.Tick()
}

func (s *srv) cut() {
	s.later(50000, s.cut)
	if s.core.Leading() {
		s.core.Cut(s.tick, s.hash)
	}
}

func (s *srv) submit() {
	s.later(20000+s.w.r.IntN(120000), s.submit)
	if s.w.silent {
		return
	}
	for range 1 + s.w.r.IntN(3) {
		s.n++
		body := fmt.Sprintf("%d.%d.%d", s.id, s.opened, s.n)
		if s.law != nil && s.w.chance(0.4) {
			body += " " + string(s.w.enact(s))
		}
		if s.core.Submit([]byte(body), s.w.chance(0.1)) == nil {
			s.open[body] = true
		}
	}
}

// see takes what the core put out.
func (s *srv) see() {
	w := s.w
	for range 2 {
		o := s.core.Output()
		for _, m := range o.Messages {
			w.carry(s, m)
		}
		s.queue = append(s.queue, o.Writes...)
		size := 0
		for _, r := range o.Records {
			size += len(r.Bytes)
			s.step(r)
		}
		s.core.Took(size)
		for _, r := range o.Results {
			if f := w.joining[r.Token]; f != nil && r.Err == nil {
				delete(w.joining, r.Token)
				f(r.ID)
			}
		}
	}
	if err := s.core.Err(); err != nil {
		w.failf("%s: %v", s.place(), err)
	}
	if s.core.Leading() {
		t := s.core.Status().Term
		if l, ok := w.leader[t]; ok && l != s.id {
			w.failf("servers %d and %d lead in term %d", l, s.id, t)
		}
		w.leader[t] = s.id
	}
	if s.alive && (s.core.Gone() || w.asksAndLeaves(s)) {
		w.note("server %d hears that it was removed", s.id)
		s.left, s.alive = true, false
		return
	}
	s.write()
	if b := s.core.Need(); b != nil {
		s.restore(b)
	}
}

// step is the sim: its state depends on all records so far.
func (s *srv) step(r order.Encoded) {
	w := s.w
	if have, ok := w.agreed[r.Tick]; ok && have != r.Sum {
		w.failf("%s: tick %d has two records", s.place(), r.Tick)
	}
	w.agreed[r.Tick] = r.Sum
	w.top = max(w.top, r.Tick)
	for _, e := range r.Entries {
		body := string(e)
		if t, ok := w.tickOf[body]; ok && t != r.Tick {
			w.failf("%s: entry %s is in ticks %d and %d", s.place(), body, t, r.Tick)
		}
		w.tickOf[body] = r.Tick
		if s.open[body] {
			delete(s.open, body)
			w.acked[body] = true
		}
	}
	if r.Tick <= s.tick {
		return // the checkpoint has it
	}
	if err := r.Agrees(s.tick, s.hash); err != nil || r.Tick != s.tick+1 {
		w.failf("%s: at %d: tick %d: %v", s.place(), s.tick, r.Tick, err)
	}
	if st, ok := w.state[r.At]; ok && r.State != st {
		w.failf("%s: tick %d names another state of %d", s.place(), r.Tick, r.At)
	}
	s.tick = r.Tick
	s.hash = sha256.Sum256(append(s.hash[:], r.Sum[:]...))
	for _, e := range r.Entries {
		if _, entry, ok := bytes.Cut(e, []byte(" ")); ok && s.law != nil {
			s.rule(slices.Clone(entry))
		}
	}
	if st, ok := w.state[s.tick]; ok && st != s.hash {
		w.failf("%s: another state after tick %d", s.place(), s.tick)
	}
	w.state[s.tick] = s.hash
	if s.tick%32 == 0 {
		b, err := s.core.BaseAt(s.tick)
		if err != nil {
			w.failf("%s: %v", s.place(), err)
			return
		}
		s.cp = checkpoint{b, s.hash, nil}
		if s.law != nil {
			s.cp.law = s.law.Snapshot(nil)
		}
		if w.chance(0.8) {
			if err := s.core.Compact(s.tick); err != nil {
				w.failf("%s: %v", s.place(), err)
			}
		}
	}
}

// restore takes another's checkpoint, if anybody has one that is new enough.
func (s *srv) restore(need *Base) {
	for _, o := range s.w.servers {
		if o.alive && o.cp.base.Tick >= need.Tick && o.cp.base.Index > s.core.Applied().Index && !s.w.cutOff(o, s) {
			s.w.note("server %d goes on from %d's checkpoint of tick %d", s.id, o.id, o.cp.base.Tick)
			s.w.counts["installs"]++
			s.cp = o.cp
			s.resume()
			if err := s.core.Install(s.cp.base); err != nil {
				s.w.failf("%s: %v", s.place(), err)
				return
			}
			for body := range s.open { //lint:sorted each on its own
				if t, ok := s.w.tickOf[body]; ok && t <= s.tick {
					delete(s.open, body)
				}
			}
			s.see()
			return
		}
	}
}

// write is the disk: one write after the other, each taking its time.
func (s *srv) write() {
	if s.writing || len(s.queue) == 0 {
		return
	}
	s.writing = true
	x := s.queue[0]
	d := 20 + s.w.r.IntN(200)
	if x.Sync {
		d += 500 + s.w.r.IntN(5000)
	}
	if s.slow {
		d *= 40
	}
	s.later(d, func() {
		if len(s.queue) == 0 {
			return
		}
		s.queue = s.queue[1:]
		s.writing = false
		s.disk = s.after(&x)
		if x.Sync {
			s.synced = len(s.disk)
		}
		s.core.Written(x.Number)
	})
}

// after is the disk after a write.
func (s *srv) after(x *Write) []byte {
	if x.Base != nil {
		b := AppendBegin(nil, base.ID{1}, s.id, x.Base)
		return AppendWrite(AppendOpened(b, s.opened, "boot"), x)
	}
	return AppendWrite(s.disk, x)
}

// kill ends the process: what it wrote is there, and perhaps a part of what it
// was writing.
func (s *srv) kill() {
	if len(s.queue) > 0 && s.queue[0].Base == nil && s.w.chance(0.5) {
		full := s.after(&s.queue[0])
		s.disk = full[:len(s.disk)+s.w.r.IntN(len(full)-len(s.disk)+1)]
	}
	s.alive = false
	s.life++
}

// powerCut ends the machine: what was not synced is lost or damaged, and the
// server must not come back under its id.
func (s *srv) powerCut() {
	s.kill()
	s.lost = true
	n := s.synced + s.w.r.IntN(len(s.disk)-s.synced+1)
	s.disk = slices.Clone(s.disk[:n])
	if n > s.synced && s.w.chance(0.3) {
		s.disk[s.synced+s.w.r.IntN(n-s.synced)] ^= 1 << s.w.r.IntN(8)
	}
	// What the disk said it had is there.
	d, err := ReadDisk(s.disk)
	if err != nil || d.Length < s.synced {
		s.w.failf("%s: %d bytes were on disk, %d are sound: %v", s.place(), s.synced, d.Length, err)
	}
}

func label(n int) (k base.Key) {
	binary.LittleEndian.PutUint32(k[:], uint32(n))
	return k
}
