// Package node assembles a Metatopia node: identity, network, lumps, scripts,
// the overlay, the regions it serves and the avatar of its person. It owns
// the goroutines, clocks, sockets and the data directory that the cores below
// it do without. Only cmd imports it; clients speak to node/control.
package node
