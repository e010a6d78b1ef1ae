package raft

import (
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/region/order"
)

// A server that is far behind gets as many records of empty ticks in one message
// as the leader's bound in bytes lets in: all of them must be read.
func TestManyEmptyTicksInOneMessage(t *testing.T) {
	m := &pb.Message{Type: pb.MsgApp.Enum(), Term: new(uint64(1)), LogTerm: new(uint64(1)), Index: new(uint64(1)), Commit: new(uint64(1)), From: new(uint64(1)), To: new(uint64(2))}
	data := order.Record{Tick: 1}.AppendTo(nil)
	for n := 0; n < batchBytes; n += len(data) {
		m.Entries = append(m.Entries, &pb.Entry{Term: new(uint64(1)), Index: new(uint64(len(m.Entries) + 2)), Type: pb.EntryNormal.Enum(), Data: data})
	}
	x := message{epoch: 1, from: 1, to: 2, kind: kindRaft, raft: m}
	got, err := parseMessage(x.appendTo(nil))
	if err != nil || len(got.raft.Entries) != len(m.Entries) {
		t.Fatalf("%d records: %v", len(m.Entries), err)
	}
}
