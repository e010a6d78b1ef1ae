package raft

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// trio is three cores with a perfect network and disk between them.
type trio struct {
	t     *testing.T
	cores map[uint64]*Core
	got   map[uint64][]order.Encoded
	drop  func(from uint64, m Outgoing) bool
}

func newTrio(t *testing.T) *trio {
	b, err := Found(3, 4, order.Sum{1}, 0, []base.Key{label(1), label(2), label(3)})
	if err != nil {
		t.Fatal(err)
	}
	x := &trio{t: t, cores: map[uint64]*Core{}, got: map[uint64][]order.Encoded{}}
	for id := uint64(1); id <= 3; id++ {
		if x.cores[id], err = New(Config{Self: id, State: State{Base: b}, Opened: 1}); err != nil {
			t.Fatal(err)
		}
	}
	// The first in rank stands when the others say that somebody is lost.
	if err := x.cores[1].do(func() error { return x.cores[1].rn.Campaign() }); err != nil {
		t.Fatal(err)
	}
	x.settle()
	if !x.cores[1].Leading() {
		t.Fatal("no leader")
	}
	return x
}

// settle hands on messages and writes until there are none.
func (x *trio) settle() {
	for busy := true; busy; {
		busy = false
		for id := uint64(1); id <= 3; id++ {
			o := x.cores[id].Output()
			busy = busy || len(o.Messages)+len(o.Writes) > 0
			for _, w := range o.Writes {
				x.cores[id].Written(w.Number)
			}
			for _, m := range o.Messages {
				if x.drop == nil || !x.drop(id, m) {
					_ = x.cores[m.To].Receive(label(int(id)), m.Bytes)
				}
			}
			x.got[id] = append(x.got[id], o.Records...)
		}
	}
}

// TestEntriesOnceAndInOrder: what followers submit comes once and in order,
// though messages are sent twice.
func TestEntriesOnceAndInOrder(t *testing.T) {
	x := newTrio(t)
	var again []Outgoing
	x.drop = func(from uint64, m Outgoing) bool { again = append(again, m); return false }
	for i := range 10 {
		for id := uint64(1); id <= 3; id++ {
			if err := x.cores[id].Submit([]byte(fmt.Sprint(id, "-", i)), i == 5); err != nil {
				t.Fatal(err)
			}
		}
		x.settle()
		if i%2 == 1 {
			x.cores[1].Cut(4, [32]byte{})
			x.settle()
		}
	}
	x.drop = nil
	for _, m := range again {
		if c := x.cores[m.To]; m.To == 1 {
			for from := 2; from <= 3; from++ {
				_ = c.Receive(label(from), m.Bytes)
			}
		}
	}
	x.cores[1].Cut(4, [32]byte{})
	x.settle()
	for id := uint64(1); id <= 3; id++ {
		next := map[byte]int{}
		for _, r := range x.got[id] {
			if r.Sync != slices.ContainsFunc(r.Entries, func(b []byte) bool { return b[2] == '5' }) {
				t.Errorf("tick %d: sync %v", r.Tick, r.Sync)
			}
			for _, e := range r.Entries {
				if want := fmt.Sprint(string(e[0]), "-", next[e[0]]); string(e) != want {
					t.Fatalf("%s where %s was to come", e, want)
				}
				next[e[0]]++
			}
		}
		if next['1'] != 10 || next['2'] != 10 || next['3'] != 10 {
			t.Fatalf("server %d has %v", id, next)
		}
	}
}

// TestRefusals: another epoch, another's id, strangers and nonsense are
// refused with the error that says so.
func TestRefusals(t *testing.T) {
	x := newTrio(t)
	c := x.cores[2]
	say := func(from base.Key, m message) error { return c.Receive(from, m.appendTo(nil)) }
	beat := &pb.Message{Type: pb.MsgHeartbeat.Enum(), Term: new(uint64(9)), Commit: new(uint64(1))}
	m := message{epoch: 2, from: 1, to: 2, kind: kindRaft, raft: beat}
	if err := say(label(1), m); !errors.Is(err, order.ErrEpoch) {
		t.Errorf("an old epoch: %v", err)
	}
	if o := c.Output(); len(o.Messages) != 1 || o.Messages[0].Key != label(1) {
		t.Errorf("whoever is in an old epoch is not told: %+v", o.Messages)
	}
	m.epoch = 8
	if err := say(label(5), m); !errors.Is(err, order.ErrEpoch) || c.NewerEpoch() != 0 {
		t.Errorf("a stranger's epoch: %v, %d", err, c.NewerEpoch())
	}
	if err := say(label(1), m); !errors.Is(err, order.ErrEpoch) || c.NewerEpoch() != 8 {
		t.Errorf("a new epoch: %v, %d", err, c.NewerEpoch())
	}
	m.epoch = 3
	if err := say(label(3), m); !errors.Is(err, ErrForged) {
		t.Errorf("server 3 speaks for 1: %v", err)
	}
	m.from = 2
	if err := say(label(3), m); !errors.Is(err, ErrForged) {
		t.Errorf("server 3 speaks for the receiver: %v", err)
	}
	m.from = 9
	if err := say(label(9), m); !errors.Is(err, ErrStranger) {
		t.Errorf("a stranger: %v", err)
	}
	if o := c.Output(); len(o.Messages) != 2 {
		t.Errorf("members are not asked who it is: %+v", o.Messages)
	}
	m.from = 1
	beat.Commit = new(uint64(1000))
	if err := say(label(1), m); !errors.Is(err, ErrMessage) || c.Err() != nil {
		t.Errorf("a commit beyond the log: %v, %v", err, c.Err())
	}
	for _, b := range [][]byte{nil, {1}, make([]byte, MaxMessage+1)} {
		if err := c.Receive(label(1), b); !errors.Is(err, ErrMessage) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

// TestChainIsChecked: a leader that makes a record which does not follow halts
// every replica, and each says why.
func TestChainIsChecked(t *testing.T) {
	for what, f := range map[string]func(*order.Record){ //lint:sorted each on its own
		"a tick left out":   func(r *order.Record) { r.Tick++ },
		"another past":      func(r *order.Record) { r.Prev[0]++ },
		"another epoch":     func(r *order.Record) { r.Epoch-- },
		"entries of nobody": func(r *order.Record) { r.Entries = [][]byte{{1}} },
		"an entry left out": func(r *order.Record) {
			r.Runs, r.Entries = []order.Run{{Server: 2, First: 1<<32 | 2, Count: 1}}, [][]byte{{1}}
		},
		"an entry of long gone": func(r *order.Record) { r.Runs, r.Entries = []order.Run{{Server: 2, First: 7, Count: 1}}, [][]byte{{1}} },
	} {
		x := newTrio(t)
		l := x.cores[1]
		tick, sum := l.store.tail()
		r := order.Record{Epoch: 3, Tick: tick + 1, Prev: sum}
		f(&r)
		if err := l.do(func() error { return l.rn.Propose(r.AppendTo(nil)) }); err != nil {
			t.Fatal(err)
		}
		x.settle()
		want := order.ErrChain
		if what == "another epoch" {
			want = order.ErrEpoch
		}
		// A halted leader may halt before the others hear of the commit.
		if err := l.Err(); !errors.Is(err, ErrHalted) || !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		for id, g := range x.got { //lint:sorted each on its own
			if len(g) != 0 {
				t.Errorf("%s: server %d handed out %d records", what, id, len(g))
			}
		}
	}
}

// TestCutIsBounded: a leader whom nobody answers stops cutting.
func TestCutIsBounded(t *testing.T) {
	x := newTrio(t)
	x.drop = func(uint64, Outgoing) bool { return true }
	n := 0
	for x.cores[1].Cut(4, [32]byte{}) {
		n++
		x.settle()
	}
	if n != MaxAhead {
		t.Fatalf("%d ticks", n)
	}
	if x.cores[1].Submit(make([]byte, order.MaxEntryBytes+1), false) == nil {
		t.Fatal("an entry without bound")
	}
	for i := 0; ; i++ {
		err := x.cores[2].Submit(make([]byte, 1000), false)
		if errors.Is(err, order.ErrFull) {
			break
		}
		if err != nil || i > maxMine {
			t.Fatal(i, err)
		}
	}
}

// TestNext: who stands first, and in what order, when the leader is lost.
func TestNext(t *testing.T) {
	x := newTrio(t)
	x.drop = func(from uint64, m Outgoing) bool { return from == 1 || m.To == 1 }
	x.cores[3].Lost(label(1), 2)
	x.cores[2].Lost(label(1), 2)
	x.settle()
	if !x.cores[2].Leading() {
		t.Fatal("the first in rank does not lead")
	}
	if x.cores[3].Leader() != 2 {
		t.Fatal("the other does not follow")
	}
}

// TestOneSaysThatThisServerIsGone: a server stops when more than half of the other
// voters say that it was removed, and goes on for any fewer.
func TestOneSaysThatThisServerIsGone(t *testing.T) {
	x := newTrio(t)
	c := x.cores[2]
	tell := func(c *Core, by uint64, m message) error {
		m.epoch, m.to = 3, c.self
		return c.Receive(label(int(by)), m.appendTo(nil))
	}
	gone := func(c *Core, from uint64) error { return tell(c, from, message{from: from, kind: kindGone}) }
	for range 5 {
		if err := gone(c, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := tell(c, 1, message{from: 3, kind: kindGone}); !errors.Is(err, ErrForged) {
		t.Fatal("one speaks for another:", err)
	}
	if err := gone(c, 9); !errors.Is(err, ErrStranger) {
		t.Fatal("a stranger:", err)
	}
	// Those whom one member vouches for are no voters of this log.
	more := []Member{{ID: 4, Key: label(4)}, {ID: 5, Key: label(5)}, {ID: 6, Key: label(6)}}
	if err := tell(c, 1, message{from: 1, kind: kindRoster, members: more}); err != nil {
		t.Fatal(err)
	}
	for id := uint64(4); id <= 6; id++ {
		if err := gone(c, id); err != nil {
			t.Fatal(err)
		}
	}
	if c.Gone() || c.Status().SaidGone != 1 {
		t.Fatalf("one of two others: %v, %d", c.Gone(), c.Status().SaidGone)
	}
	before := len(x.got[2])
	x.cores[1].Cut(x.cores[1].Applied().Tick, [32]byte{})
	x.settle()
	if len(x.got[2]) == before {
		t.Fatal("it does not go on")
	}
	if err := gone(c, 3); err != nil {
		t.Fatal(err)
	}
	if !c.Gone() {
		t.Fatal("both others say so")
	}

	// A learner hears it of more than half of the voters; who has one other voter
	// cannot ask anybody else.
	b, err := Found(3, 4, order.Sum{1}, 0, []base.Key{label(1), label(2), label(3), label(4)})
	if err != nil {
		t.Fatal(err)
	}
	b.Members[3].Learner = true
	for _, w := range []struct {
		self uint64
		by   []uint64
		want bool
	}{{4, []uint64{1}, false}, {4, []uint64{1, 3}, true}, {1, []uint64{4}, false}, {1, []uint64{4, 2}, false}} {
		c, err := New(Config{Self: w.self, State: State{Base: b}, Opened: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range w.by {
			if err := gone(c, id); err != nil {
				t.Fatal(err)
			}
		}
		if c.Gone() != w.want {
			t.Errorf("server %d by %v: %v", w.self, w.by, c.Gone())
		}
	}
	if b, err = Found(3, 4, order.Sum{1}, 0, []base.Key{label(1), label(2)}); err != nil {
		t.Fatal(err)
	}
	if c, err = New(Config{Self: 2, State: State{Base: b}, Opened: 1}); err != nil {
		t.Fatal(err)
	}
	if err := gone(c, 1); err != nil || !c.Gone() {
		t.Fatal("the only other one:", err, c.Gone())
	}
}
