package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// ShortID is the first 8 bytes of a key, little-endian. It names an avatar
// between nodes that can ask for the whole key.
type ShortID uint64

// ShortOf is the key's short id.
func ShortOf(k base.Key) ShortID { return ShortID(binary.LittleEndian.Uint64(k[:])) }

// Entry is what the sender knows of another avatar: a hint, no proof. Age is
// the time since the pose was made, in tenths of a second.
type Entry struct {
	Key  base.Key
	Body Body
	Age  uint8
}

// Notice names avatars that should interest the receiver. It also answers
// Ask and Who.
type Notice struct{ Entries []Entry }

func (m *Notice) Type() Type { return TypeNotice }
func (m *Notice) size() int  { return 1 + len(m.Entries)*EntrySize }
func (m *Notice) append(e *base.Encoder) {
	e.U8(uint8(len(m.Entries)))
	for i := range m.Entries {
		e.Key(m.Entries[i].Key)
		m.Entries[i].Body.appendTo(e)
		e.U8(m.Entries[i].Age)
	}
}
func (m *Notice) read(d *base.Decoder) {
	n := count(d, MaxEntries, EntrySize)
	if n == 0 {
		return
	}
	m.Entries = make([]Entry, n)
	for i := range m.Entries {
		m.Entries[i] = Entry{d.Key(), readBody(d), d.U8()}
	}
}

// Ask wants to hear of avatars within Radius (units) of the asker, or coming
// there, that are not among Known: 16 bits of a salted hash of each short id,
// ascending.
type Ask struct {
	Body   Body
	Radius uint32
	Salt   uint16
	Known  []uint16
}

func (m *Ask) Type() Type { return TypeAsk }
func (m *Ask) size() int  { return BodySize + 8 + 2*len(m.Known) }
func (m *Ask) append(e *base.Encoder) {
	m.Body.appendTo(e)
	e.U32(m.Radius)
	e.U16(m.Salt)
	e.U16(uint16(len(m.Known)))
	for _, k := range m.Known {
		e.U16(k)
	}
}
func (m *Ask) read(d *base.Decoder) {
	m.Body = readBody(d)
	m.Radius = d.U32()
	m.Salt = d.U16()
	n := checked(d, int(d.U16()), MaxKnown, 2)
	if n == 0 {
		return
	}
	m.Known = make([]uint16, n)
	for i := range m.Known {
		m.Known[i] = d.U16()
		if i > 0 && m.Known[i] <= m.Known[i-1] && d.Err() == nil {
			d.Fail(fmt.Errorf("%w: hashes are not ascending", ErrField))
			return
		}
	}
}

// Who asks for the keys of short ids that the receiver has named in a digest.
type Who struct{ IDs []ShortID }

func (m *Who) Type() Type { return TypeWho }
func (m *Who) size() int  { return 1 + 8*len(m.IDs) }
func (m *Who) append(e *base.Encoder) {
	e.U8(uint8(len(m.IDs)))
	for _, id := range m.IDs {
		e.U64(uint64(id))
	}
}
func (m *Who) read(d *base.Decoder) {
	n := count(d, MaxIDs, 8)
	if n == 0 {
		return
	}
	m.IDs = make([]ShortID, n)
	for i := range m.IDs {
		m.IDs[i] = ShortID(d.U64())
	}
}
