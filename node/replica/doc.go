// Package replica drives region/order/raft: streams to the other servers of a
// region, a write-ahead log on disk and raft's clock. A Log stands where
// order.Single stands in a region with one server.
package replica
