// Package udpnet is a UDP network in memory, for tests: sockets with any
// address, one-way latency, loss, and address translators (NAT) of the kinds
// that home routers are. It keeps time by package time, so that it runs under
// testing/synctest as fast as the machine can.
//
// Datagrams of one pair of sockets with equal latency arrive in order. Which
// of two datagrams of different senders comes first at the same instant is up
// to the scheduler: runs are alike, not identical.
package udpnet
