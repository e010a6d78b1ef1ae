// Package p2p binds a node to libp2p: identity, transports, resource limits,
// relay and hole punching, the world's own DHT, gossip topics and framed
// message links. Outside lumps/exchange it is the only package that imports
// libp2p; the rest of the node speaks of keys, protocol names and bytes.
//
// Every method may be called from any goroutine.
package p2p
