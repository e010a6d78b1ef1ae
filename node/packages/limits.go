package packages

const (
	// MaxEntries bounds the packages that a node remembers: a manifest may have
	// 64 KiB, and all are held in memory.
	MaxEntries = 1024
	// MaxAuthors bounds the histories that a node keeps: one is at most two
	// megabytes, and a stranger's is a few hundred bytes.
	MaxAuthors = 512
)
