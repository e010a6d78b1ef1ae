// Package unixfs cuts content into lumps and puts it together again, in the
// form IPFS tools use: a tree of dag-pb nodes over raw leaves. It holds no
// goroutine and does no input or output.
//
// What Builder writes is the unixfs-v1-2025 profile (IPIP-499): leaves of
// 1 MiB with codec raw, nodes of up to 1024 links, balanced, CIDv1, sha2-256.
// `ipfs add --profile=unixfs-v1-2025` gives the same names.
//
// Bytes of a node (protobuf, fields in exactly this order, varints shortest):
//
//	each link:  12 len | 0a 24 <36 bytes of Ref> | 12 00 | 18 <bytes of all lumps below>
//	data:       0a len | 08 <2 = file, 0 = raw> | [12 len <inline bytes>] | 18 <content bytes> | each child: 20 <content bytes below>
//
// Reader accepts any tree of such nodes, inline bytes included, and holds it
// to the bounds of package lumps. Directories, symlinks, modes and times are
// no content and are refused.
package unixfs

import "errors"

// ErrBadNode: the bytes of an inner node are not a canonical UnixFS file node,
// or the tree breaks a promise it made (sizes, depth, number of lumps). The
// name matched, so whoever published the content made it so; no other source
// will have better bytes.
var ErrBadNode = errors.New("bad content node")
