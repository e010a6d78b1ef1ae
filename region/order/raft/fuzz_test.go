package raft

import (
	"bytes"
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

func seedBase() Base {
	return Base{Epoch: 3, Index: 9, Term: 2, Tick: 5, Sum: order.Sum{1}, NextID: 5,
		Members:  []Member{{ID: 1, Key: label(1)}, {ID: 2, Key: label(2), Leaving: true}, {ID: 4, Key: label(4), Learner: true}},
		Outgoing: []uint64{1, 2}, Becoming: []uint64{2}, Counters: []Counter{{1, 1<<32 | 7}, {3, 2<<32 | 1}}}
}

func seedEntries(t testing.TB) []*pb.Entry {
	r := order.Record{Epoch: 3, Tick: 6, Prev: order.Sum{1}, At: 4, Sync: true, Runs: []order.Run{{Server: 1, First: 1<<32 | 8, Count: 1}}, Entries: [][]byte{[]byte("x")}}
	x := &change{conf: conf1(pb.ConfChangeAddLearnerNode, 5), added: []Member{{ID: 5, Key: label(5), Learner: true}}}
	data, err := x.encode()
	if err != nil {
		t.Fatal(err)
	}
	return []*pb.Entry{
		{Index: new(uint64(10)), Term: new(uint64(2)), Type: pb.EntryNormal.Enum(), Data: r.AppendTo(nil)},
		{Index: new(uint64(11)), Term: new(uint64(2)), Type: pb.EntryConfChangeV2.Enum(), Data: data},
		{Index: new(uint64(12)), Term: new(uint64(3)), Type: pb.EntryNormal.Enum()},
	}
}

func seedMessages(t testing.TB) (list []message) {
	b := seedBase()
	raft := func(typ pb.MessageType, f func(*pb.Message)) {
		m := &pb.Message{Type: typ.Enum(), Term: new(uint64(3)), LogTerm: new(uint64(2)), Index: new(uint64(9)), Commit: new(uint64(9))}
		if f != nil {
			f(m)
		}
		list = append(list, message{epoch: 3, from: 1, to: 2, kind: kindRaft, raft: m, base: &b})
	}
	raft(pb.MsgApp, func(m *pb.Message) { m.Entries = seedEntries(t) })
	raft(pb.MsgAppResp, func(m *pb.Message) { m.Reject, m.RejectHint = new(true), new(uint64(7)) })
	raft(pb.MsgPreVote, func(m *pb.Message) { m.Context = []byte("CampaignTransfer") })
	raft(pb.MsgHeartbeat, nil)
	raft(pb.MsgSnap, nil)
	return append(list,
		message{epoch: 3, from: 1, to: 2, kind: kindForward, forward: forward{1 << 32, []submitted{{true, []byte("a")}, {false, nil}}}},
		message{epoch: 3, from: 1, to: 2, kind: kindWho, id: 7},
		message{epoch: 3, from: 1, to: 2, kind: kindRoster, members: b.Members},
		message{epoch: 3, from: 1, to: 2, kind: kindGone},
		message{epoch: 4, from: 1, to: 2, kind: kindStale})
}

func FuzzMessage(f *testing.F) {
	for _, m := range seedMessages(f) {
		f.Add(m.appendTo(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMessage(b)
		if err != nil {
			return
		}
		if got := m.appendTo(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
	})
}

func FuzzBase(f *testing.F) {
	b := seedBase()
	f.Add(b.AppendTo(nil))
	f.Fuzz(func(t *testing.T, p []byte) {
		b, err := ParseBase(p)
		if err != nil {
			return
		}
		if got := b.AppendTo(nil); !bytes.Equal(got, p) {
			t.Fatalf("%x re-encodes to %x", p, got)
		}
	})
}

// FuzzDisk: what is sound of a file reads the same when written again.
func FuzzDisk(f *testing.F) {
	b := seedBase()
	p := AppendOpened(AppendBegin(nil, base.ID{1}, 1, &b), 1, "boot")
	p = AppendWrite(p, &Write{Hard: &Hard{3, 1, 9}, Entries: seedEntries(f)})
	f.Add(p)
	f.Add(AppendClosed(p))
	f.Add(p[:len(p)-3])
	f.Fuzz(func(t *testing.T, p []byte) {
		d, err := ReadDisk(p)
		if err != nil {
			return
		}
		again, err := ReadDisk(p[:d.Length])
		if err != nil || again.Length != d.Length || again.Torn || again.Broken || len(again.State.Entries) != len(d.State.Entries) {
			t.Fatalf("%+v is then %+v, %v", d, again, err)
		}
		q := AppendOpened(AppendBegin(nil, d.Region, d.Self, &d.State.Base), d.Opened, d.Boot)
		q = AppendWrite(q, &Write{Hard: &d.State.Hard, Entries: d.State.Entries})
		whole, err := ReadDisk(q)
		if err != nil || whole.State.Hard != d.State.Hard || len(whole.State.Entries) != len(d.State.Entries) {
			t.Fatalf("written anew: %+v, %v", whole, err)
		}
	})
}

// FuzzReceive: whatever a member sends, a core neither panics nor stops
// without saying so.
func FuzzReceive(f *testing.F) {
	for _, m := range seedMessages(f) {
		f.Add(m.appendTo(nil), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, member bool) {
		from, err := Found(3, 4, order.Sum{1}, 0, []base.Key{label(1), label(2), label(3)})
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(Config{Self: 2, State: State{Base: from}, Opened: 1})
		if err != nil {
			t.Fatal(err)
		}
		k := label(1)
		if !member {
			k = label(77)
		}
		for range 2 {
			_ = c.Receive(k, b)
			c.Tick()
			for _, w := range c.Output().Writes {
				c.Written(w.Number)
			}
		}
		if !member && c.Err() != nil {
			t.Fatalf("a stranger stopped it: %v", c.Err())
		}
	})
}
