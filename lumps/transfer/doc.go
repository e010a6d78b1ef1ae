// Package transfer pushes contents to nodes whose owner agreed to take them,
// and takes them within a quota for each sender.
//
// Nothing is taken from anybody before the owner said so (Ledger.Accept). A
// content that was taken is whole, durable and pinned here, counts against its
// sender's quota until it is unpinned, and its sender has a receipt signed by
// this node's key.
//
// The package knows streams, not networks: the caller opens one, proves who is
// at its other end, and hands it over. docs/protocol/lumps.md is the page for
// the format on the wire, on disk, and of receipts.
package transfer

// Protocol is the name under which a stream is opened; one stream carries one
// content.
const Protocol = "/metatopia/lumps/send/1"
