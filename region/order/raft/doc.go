// Package raft agrees on the records of a region among several servers. It is
// a pure core around go.etcd.io/raft/v3: ticks, messages and finished writes
// go in, messages, writes and committed records come out. One raft entry is
// one order.Record or one change of the servers. docs/protocol/order.md has
// the rules and the layouts.
package raft
