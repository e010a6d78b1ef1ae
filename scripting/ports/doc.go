// Package ports joins the process table of a node with those of others: for
// each peer a port with the pure core of scripting/far, the streams, proxies
// for processes there and numbers for those here that the peer was given. It
// knows nothing of libp2p and of WebAssembly.
//
// A message to a third node's process goes through the node that gave the
// capability (docs/decisions/0020-how-does-a-capability-reach-a-third-node.md).
//
// Locks: port.run orders what a peer's packets do; port.mu guards a port's core
// and maps, and is never held while a process is told something, so that
// processes may call proxies of any port at any time.
package ports
