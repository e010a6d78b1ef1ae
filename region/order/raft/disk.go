package raft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// ErrDisk: bytes that are not a log on disk.
var ErrDisk = errors.New("bad log on disk")

// Kinds of frames of a log on disk.
const (
	frameBegin  = 1 // version u8, region 16, self u64, base bytes: the first frame
	frameHard   = 2 // term u64, vote u64, commit u64
	frameEntry  = 3 // index u64, entry; drops what stood at the index and after
	frameOpened = 4 // count u32, boot str
	frameClosed = 5 // nothing: a clean end
)

const (
	diskVersion = 1
	frameHead   = 4 + 4
	maxFrame    = order.MaxRecordBytes + 1<<10
	maxBoot     = 64
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Disk is what a log on disk says. A frame is length u32 (of what follows the
// check), CRC-32C u32 over what follows, kind u8, body.
type Disk struct {
	Region base.ID
	Self   uint64
	State  State
	Opened uint32 // how often
	Boot   string // the machine's start during which it was opened last
	Clean  bool   // it ends with a clean end
	Length int    // of the frames that are sound
	Torn   bool   // a frame begins at Length that does not end
	Broken bool   // a whole frame at Length is damaged
}

func appendFrame(b []byte, kind uint8, body func(*base.Encoder)) []byte {
	at := len(b)
	e := base.Encoder{B: append(b, make([]byte, frameHead)...)}
	e.U8(kind)
	body(&e)
	binary.LittleEndian.PutUint32(e.B[at:], uint32(len(e.B)-at-frameHead))
	binary.LittleEndian.PutUint32(e.B[at+4:], crc32.Checksum(e.B[at+frameHead:], castagnoli))
	return e.B
}

// AppendBegin begins a log on disk.
func AppendBegin(b []byte, region base.ID, self uint64, from *Base) []byte {
	return appendFrame(b, frameBegin, func(e *base.Encoder) {
		e.U8(diskVersion)
		e.ID(region)
		e.U64(self)
		e.Bytes(from.AppendTo(nil))
	})
}

// AppendOpened notes that a server goes on with a log; boot tells one start of
// the machine from another.
func AppendOpened(b []byte, count uint32, boot string) []byte {
	return appendFrame(b, frameOpened, func(e *base.Encoder) { e.U32(count); e.Str(boot) })
}

// AppendClosed notes a clean end.
func AppendClosed(b []byte) []byte { return appendFrame(b, frameClosed, func(*base.Encoder) {}) }

// AppendWrite appends what a write is, but for its Base: that begins a new
// file.
func AppendWrite(b []byte, w *Write) []byte {
	for _, x := range w.Entries {
		b = appendFrame(b, frameEntry, func(e *base.Encoder) {
			e.U64(x.GetIndex())
			appendEntry(e, x)
		})
	}
	if h := w.Hard; h != nil {
		b = appendFrame(b, frameHard, func(e *base.Encoder) { e.U64(h.Term); e.U64(h.Vote); e.U64(h.Commit) })
	}
	return b
}

// ReadDisk reads a log on disk up to its end or the first frame that is not
// sound. The error is ErrDisk when there is no sound begin, or when sound
// frames contradict each other.
func ReadDisk(b []byte) (d Disk, err error) {
	for d.Length < len(b) {
		rest := b[d.Length:]
		n := 0
		if len(rest) >= frameHead {
			n = int(binary.LittleEndian.Uint32(rest))
			if n == 0 || n > maxFrame {
				d.Broken = true
				break
			}
		}
		if len(rest) < frameHead+n || n == 0 {
			d.Torn = true
			break
		}
		body := rest[frameHead : frameHead+n]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			d.Broken = true
			break
		}
		if err := d.frame(body[0], body[1:]); err != nil {
			return Disk{}, fmt.Errorf("raft: %w: at byte %d: %w", ErrDisk, d.Length, err)
		}
		d.Length += frameHead + n
	}
	if d.Length == 0 {
		return d, fmt.Errorf("raft: %w: it does not begin", ErrDisk)
	}
	return d, nil
}

func (d *Disk) frame(kind uint8, body []byte) error {
	r := base.NewDecoder(body)
	if (d.Length == 0) != (kind == frameBegin) {
		return fmt.Errorf("frame of kind %d", kind)
	}
	d.Clean = kind == frameClosed
	switch kind {
	case frameBegin:
		if v := r.U8(); r.Err() == nil && v != diskVersion {
			return &base.VersionError{What: "a shared log", Found: v, Wanted: diskVersion}
		}
		d.Region, d.Self = r.ID(), r.U64()
		from, err := ParseBase(r.Bytes(MaxBaseBytes))
		if err != nil {
			return err
		}
		d.State.Base = from
	case frameHard:
		d.State.Hard = Hard{r.U64(), r.U64(), r.U64()}
	case frameEntry:
		i := r.U64()
		first, next := d.State.Base.Index+1, d.State.Base.Index+1+uint64(len(d.State.Entries))
		if r.Err() == nil && (i < first || i > next) {
			return fmt.Errorf("entry %d, the log has %d to %d", i, first, next-1)
		}
		x := parseEntry(r, i)
		if r.Err() == nil {
			d.State.Entries = append(d.State.Entries[:i-first], x)
		}
	case frameOpened:
		d.Opened, d.Boot = r.U32(), r.Str(maxBoot)
	case frameClosed:
	default:
		return fmt.Errorf("frame of kind %d", kind)
	}
	return r.Done()
}
