// Package wire is the protocol between a region's server and a player's node,
// libp2p protocol /metatopia/region/client/1. It only parses and appends.
//
// A stream carries frames: u32 length (of what follows), u8 kind, body. All
// integers are little-endian; strings and byte strings have a u32 length.
//
//	1 Hello         client: world, region, key, view
//	2 Welcome       server: the region, its tick, what it knows of the player
//	3 Input         client: one signed input (package region)
//	4 Ack           server: outcome of one input
//	5 View          client: where the viewer is and how far it sees
//	6 Delta         server: what appeared, moved, went
//	7 Said          server: a line the player's avatar heard
//	8 Moved         server: the avatar belongs to another region now
//	9 Inspect       client: all about one thing
//	10 InspectReply server
//	11 Refused      server: why it is about to close the stream
//
// A body has exactly one encoding: what parses re-encodes to the same bytes.
package wire
