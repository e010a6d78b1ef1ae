package raft

import (
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// TestReplacedEntriesGoOutAgain: what a leader has put something else in the place
// of is submitted again, once, and what it has taken is not.
func TestReplacedEntriesGoOutAgain(t *testing.T) {
	m := mine{next: 1<<32 | 1}
	for _, s := range []string{"a", "b", "c", "d"} {
		m.list = append(m.list, submitted{true, []byte(s)})
		m.size += len(s) + 4
		m.next++
	}
	m.sent = 4
	first := m.first()
	m.settle(first, [][]byte{[]byte("a"), []byte("x"), []byte("")})
	if len(m.list) != 3 || string(m.list[0].body) != "d" || string(m.list[1].body) != "b" || string(m.list[2].body) != "c" || !m.list[1].sync {
		t.Fatalf("%v waits", m.list)
	}
	if m.first() != first+3 || m.next != first+6 || m.sent != 1 || m.size != 15 {
		t.Fatalf("from %d to %d, %d sent, %d bytes", m.first(), m.next, m.sent, m.size)
	}
	// A record of before, or of another opening, changes nothing.
	m.settle(first, [][]byte{[]byte("a")})
	m.settle(1, [][]byte{[]byte("a")})
	m.settle(first+3, [][]byte{[]byte("d"), []byte("b"), []byte("c")})
	if len(m.list) != 0 || m.size != 0 || m.sent != 0 {
		t.Fatalf("%v waits, %d bytes", m.list, m.size)
	}
}

// TestCountersAreBounded: however many servers a leader says that entries came
// from, the base stays one that others can begin with, and knows the members.
func TestCountersAreBounded(t *testing.T) {
	b, err := Found(1, 0, order.Sum{}, 1000, []base.Key{{1}, {2}, {3}})
	if err != nil {
		t.Fatal(err)
	}
	put := func(first uint64, n int, at uint64) error {
		r := order.Record{Epoch: 1, Tick: b.Tick + 1, Prev: b.Sum}
		for i := range n {
			r.Runs = append(r.Runs, order.Run{Server: first + uint64(i), First: at, Count: 1})
			r.Entries = append(r.Entries, []byte{1})
		}
		raw := r.AppendTo(nil)
		return b.advance(&slot{entry: &pb.Entry{Index: new(b.Index + 1), Term: new(uint64(1))}, record: &order.Encoded{Record: r, Bytes: raw, Sum: order.SumOf(raw)}})
	}
	if err := put(1000, 3, 1<<32|1); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(14) { // ids of servers that may have been once
		if err := put(1+i*order.MaxRuns, order.MaxRuns, 1<<32|1); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseBase(b.AppendTo(nil)); err != nil {
			t.Fatalf("after %d servers: %v", (i+1)*order.MaxRuns, err)
		}
	}
	if err := put(1000, 3, 1<<32|2); err != nil {
		t.Fatalf("a member is not known any more: %v", err)
	}
}
