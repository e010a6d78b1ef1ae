package raft

import "github.com/metatopia/metatopia/region/order"

// Bounds of what comes from a peer and of what waits for one.
const (
	// MaxMessage bounds one message: a record with its header.
	MaxMessage = order.MaxRecordBytes + 64<<10
	// batchBytes is what a leader puts into one message, or one entry.
	batchBytes = 512 << 10
	// maxBatch bounds the entries of one raft message: the records of empty
	// ticks, of some hundred bytes each, fill one with thousands.
	maxBatch = batchBytes / 64
	// maxContext bounds the mark that a campaign after a transfer carries.
	maxContext = 32
	// maxConfig bounds an entry that changes the servers.
	maxConfig = 8 << 10
	// maxChanges bounds the steps of one change.
	maxChanges = 8
	// MaxBaseBytes bounds an encoded Base.
	MaxBaseBytes = 16 << 10
	// inflight messages and bytes are on their way to one follower at most.
	inflight      = 256
	inflightBytes = 16 << 20
	// uncommittedBytes bounds what a leader proposes before it is agreed on.
	uncommittedBytes = 24 << 20
	// MaxAhead bounds the ticks that a leader cuts before they are agreed on:
	// 3.2 s at 20 Hz.
	MaxAhead = 64
	// applyBytes bounds the committed entries that raft hands out at once.
	applyBytes = 8 << 20

	// Of submitted entries: those of this server that no record holds yet, and
	// on a leader those of all servers.
	maxMine      = 8192
	maxMineBytes = 8 << 20
	maxPool      = 4 * maxMine
	maxPoolBytes = 4 * maxMineBytes
	// forwardBytes is what one message to the leader carries, and
	// forwardWindow what may be under way before anything of it is agreed on.
	forwardBytes  = 256 << 10
	forwardWindow = 2 << 20
	maxForward    = 2048

	// maxVouched bounds servers known only by what other members say.
	maxVouched = MaxMembers
	// maxTermJump bounds how far a message's term may be above ours: every
	// term is an election that a majority had begun.
	maxTermJump = 1 << 32
	// resendTicks without progress, and entries are sent to the leader again.
	resendTicks = 8
	// keepEntries, but no more than keepBytes of them, is what Compact leaves
	// for servers that are a little behind.
	keepEntries = 256
	keepBytes   = 4 << 20
)
