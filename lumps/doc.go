// Package lumps names, bounds and checks the immutable blobs of a world.
//
// A lump is at most MaxLump bytes, named by its Ref: a CIDv1 whose hash is
// sha2-256 and whose codec is raw (plain bytes) or dag-pb (an inner node of a
// larger content). Content of at most ChunkSize bytes is one raw lump, so
// Of(content) is its name; larger content is a UnixFS tree of lumps (package
// unixfs) named by its root.
//
// A Store holds lumps of one node. The interface is split by verb so that a
// consumer asks only for what it does. Every store checks the hash when a
// lump goes in and again when it comes out, and passes the suite in lumpstest.
// lumps/disk and lumps/mem are stores; lumps/exchange finds, fetches and
// serves content between nodes.
//
// docs/protocol/lumps.md is the page for the format on disk and on the wire.
package lumps
