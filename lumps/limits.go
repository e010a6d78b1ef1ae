package lumps

// The bounds of lumps and of the contents made of them. Everything that comes
// from another node is held to these before memory is set aside for it.
const (
	// MaxLump is the largest lump, in bytes. A bitswap message may be 4 MiB;
	// half of that leaves room for its framing, and other IPFS tools make no
	// larger blocks.
	MaxLump = 2 << 20

	// ChunkSize is the size of a leaf when content is cut, in bytes. One MiB
	// is what the unixfs-v1-2025 profile uses, and measured faster over
	// bitswap than 256 KiB (203 against 121 MB/s on loopback TCP).
	ChunkSize = 1 << 20

	// MaxLinks is the largest number of children of a node that a reader
	// accepts. Our own nodes have at most 1024 (the profile's width); other
	// tools have used up to 174.
	MaxLinks = 4096

	// MaxDepth is the largest number of node levels above a leaf. Width 174
	// and 256 KiB leaves reach 10^15 bytes in six.
	MaxDepth = 6

	// MaxContent is the largest content, in bytes: 1 TiB.
	MaxContent = 1 << 40

	// MinMeanLeaf bounds how many lumps content of a declared size may be cut
	// into, and how many links a node of that size may have:
	// size/MinMeanLeaf plus SpareBlocks. It stops a small content from costing
	// its reader a million fetches of one byte each.
	MinMeanLeaf = 4 << 10

	// SpareBlocks is what MinMeanLeaf does not cover in very small contents.
	SpareBlocks = 16

	// MaxRefText is the longest text Parse looks at, in bytes. A canonical
	// reference has 59.
	MaxRefText = 128
)
