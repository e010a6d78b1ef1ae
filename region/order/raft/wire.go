package raft

import (
	"errors"
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// ErrMessage: bytes that are not a message of this protocol.
var ErrMessage = errors.New("bad message")

const wireVersion = 1

// Kinds of messages.
const (
	kindRaft    = 1
	kindForward = 2 // entries for the leader
	kindWho     = 3 // asks who a server is
	kindRoster  = 4 // the members, as the sender knows them
	kindGone    = 5 // the receiver is no member any more
	kindStale   = 6 // the receiver's epoch is over
	kindPing    = 7
	kindPong    = 8
)

// message is what one server says to another.
//
// Layout: version u8 (1), epoch u64, from u64, to u64, kind u8, body.
type message struct {
	epoch    uint64
	from, to uint64
	kind     uint8

	raft    *pb.Message // kindRaft
	base    *Base       // kindRaft, in place of dropped records
	forward forward     // kindForward
	id      uint64      // kindWho: a server; kindPing, kindPong: any number
	members []Member    // kindRoster
}

// forward carries entries of one server, numbered from first on.
type forward struct {
	first   uint64
	entries []submitted
}

type submitted struct {
	sync bool
	body []byte
}

func (m *message) appendTo(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(wireVersion)
	e.U64(m.epoch)
	e.U64(m.from)
	e.U64(m.to)
	e.U8(m.kind)
	switch m.kind {
	case kindRaft:
		appendRaft(&e, m.raft, m.base)
	case kindForward:
		e.U64(m.forward.first)
		e.U32(uint32(len(m.forward.entries)))
		for _, x := range m.forward.entries {
			e.Bool(x.sync)
			e.Bytes(x.body)
		}
	case kindWho, kindPing, kindPong:
		e.U64(m.id)
	case kindRoster:
		appendMembers(&e, m.members)
	}
	return e.B
}

func parseMessage(b []byte) (m message, err error) {
	if len(b) > MaxMessage {
		return m, fmt.Errorf("raft: %w: %d bytes", ErrMessage, len(b))
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != wireVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	m = message{epoch: d.U64(), from: d.U64(), to: d.U64(), kind: d.U8()}
	if d.Err() == nil && (m.from == 0 || m.from > maxID || m.to > maxID) {
		d.Fail(fmt.Errorf("from %d to %d", m.from, m.to))
	}
	switch m.kind {
	case kindRaft:
		m.raft, m.base = parseRaft(d)
		m.raft.From, m.raft.To = new(m.from), new(m.to)
	case kindForward:
		m.forward.first = d.U64()
		for range d.Count(maxForward, 5) {
			m.forward.entries = append(m.forward.entries, submitted{d.Bool(), d.Bytes(order.MaxEntryBytes)})
		}
		if n := uint64(len(m.forward.entries)); d.Err() == nil && (n == 0 || m.forward.first == 0 || m.forward.first+n < n) {
			d.Fail(fmt.Errorf("%d entries from %d on", n, m.forward.first))
		}
	case kindWho, kindPing, kindPong:
		m.id = d.U64()
	case kindRoster:
		m.members = parseMembers(d)
	case kindGone, kindStale:
	default:
		d.Fail(fmt.Errorf("kind %d", m.kind))
	}
	if err := d.Done(); err != nil {
		return message{}, fmt.Errorf("raft: %w: %w", ErrMessage, err)
	}
	return m, nil
}

// fromPeers are the raft messages that a peer may send; the others are local
// to a server, or not used.
func fromPeers(t pb.MessageType) bool {
	switch t {
	case pb.MsgApp, pb.MsgAppResp, pb.MsgVote, pb.MsgVoteResp, pb.MsgSnap, pb.MsgHeartbeat, pb.MsgHeartbeatResp,
		pb.MsgTimeoutNow, pb.MsgPreVote, pb.MsgPreVoteResp:
		return true
	}
	return false
}

// Layout of a raft message: type u8 (the library's number), term u64, log term
// u64, index u64, commit u64, reject bool, hint u64, context bytes, base bytes
// (MsgSnap only), entries (count u32; MsgApp only).
func appendRaft(e *base.Encoder, m *pb.Message, b *Base) {
	e.U8(uint8(m.GetType()))
	e.U64(m.GetTerm())
	e.U64(m.GetLogTerm())
	e.U64(m.GetIndex())
	e.U64(m.GetCommit())
	e.Bool(m.GetReject())
	e.U64(m.GetRejectHint())
	e.Bytes(m.GetContext())
	switch m.GetType() {
	case pb.MsgSnap:
		e.Bytes(b.AppendTo(nil))
	case pb.MsgApp:
		e.U32(uint32(len(m.GetEntries())))
		for _, x := range m.GetEntries() {
			appendEntry(e, x)
		}
	}
}

func parseRaft(d *base.Decoder) (*pb.Message, *Base) {
	t := pb.MessageType(d.U8())
	m := &pb.Message{Type: t.Enum(), Term: new(d.U64()), LogTerm: new(d.U64()), Index: new(d.U64()), Commit: new(d.U64()),
		Reject: new(d.Bool()), RejectHint: new(d.U64()), Context: d.Bytes(maxContext)}
	if d.Err() != nil {
		return m, nil
	}
	if !fromPeers(t) {
		d.Fail(fmt.Errorf("raft message %d", t))
	}
	if m.GetTerm() > maxTerm || m.GetLogTerm() > maxTerm || m.GetIndex() > maxIndex || m.GetCommit() > maxIndex || m.GetRejectHint() > maxIndex {
		d.Fail(fmt.Errorf("term %d, index %d, commit %d", m.GetTerm(), m.GetIndex(), m.GetCommit()))
	}
	if m.GetTerm() == 0 { // the library takes those for its own
		d.Fail(errors.New("no term"))
	}
	if t != pb.MsgVote && t != pb.MsgPreVote && len(m.Context) > 0 {
		d.Fail(errors.New("a context that no server sends"))
	}
	switch t {
	case pb.MsgSnap:
		b, err := ParseBase(d.Bytes(MaxBaseBytes))
		if err != nil {
			d.Fail(err)
			return m, nil
		}
		m.Snapshot = b.snapshot(nil)
		return m, &b
	case pb.MsgApp:
		prev := m.GetLogTerm()
		for i := range d.Count(maxBatch, entryBytes) {
			x := parseEntry(d, m.GetIndex()+uint64(i)+1)
			if d.Err() == nil && (x.GetTerm() < prev || x.GetTerm() > m.GetTerm()) {
				d.Fail(fmt.Errorf("entry %d of term %d", x.GetIndex(), x.GetTerm()))
			}
			prev = x.GetTerm()
			m.Entries = append(m.Entries, x)
		}
	}
	return m, nil
}

// Layout of an entry: term u64, kind u8 (0 record or nothing, 2 change of the
// servers), data bytes. Its index is one above that of the entry before.
func appendEntry(e *base.Encoder, x *pb.Entry) {
	e.U64(x.GetTerm())
	e.U8(uint8(x.GetType()))
	e.Bytes(x.GetData())
}

const entryBytes = 8 + 1 + 4

func parseEntry(d *base.Decoder, index uint64) *pb.Entry {
	x := &pb.Entry{Index: new(index), Term: new(d.U64())}
	t := pb.EntryType(d.U8())
	x.Type = t.Enum()
	limit := order.MaxRecordBytes
	if t != pb.EntryNormal {
		limit = maxConfig
	}
	if d.Err() == nil && t != pb.EntryNormal && t != pb.EntryConfChangeV2 {
		d.Fail(fmt.Errorf("entry of kind %d", t))
	}
	// Nothing of the message stays: entries live as long as the log.
	if b := d.Bytes(limit); len(b) > 0 {
		x.Data = b
	}
	if d.Err() != nil {
		return x
	}
	if x.GetTerm() == 0 || x.GetTerm() > maxTerm || index > maxIndex {
		d.Fail(fmt.Errorf("entry %d of term %d", index, x.GetTerm()))
		return x
	}
	if _, _, err := read(x); err != nil {
		d.Fail(err)
	}
	return x
}
