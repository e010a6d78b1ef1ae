package transfer

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// Content is one that a peer has sent and that is here.
type Content struct {
	Root lumps.Ref
	Size int64 // bytes, as they count against the quota
	Time time.Time
	Note string

	pinning bool // its pin is being written
}

// account is what is known of one peer. Its fields are guarded by Ledger.mu.
type account struct {
	peer     base.Key
	agreed   bool
	quota    int64 // bytes
	since    time.Time
	contents []Content // the oldest first

	coming map[lumps.Ref]*coming // not on disk
}

// coming is room for a content that comes, or came and was interrupted.
type coming struct {
	size   int64 // bytes that count; 0 when the content is here and counts already
	active bool
	last   time.Time // when it was interrupted
}

// used is what counts against the quota, in bytes.
func (a *account) used() int64 {
	sum := int64(0)
	for i := range a.contents {
		sum += a.contents[i].Size
	}
	for _, c := range a.coming { //lint:sorted a sum has no order
		sum += c.size
	}
	return sum
}

func (a *account) find(r lumps.Ref) int {
	for i := range a.contents {
		if a.contents[i].Root == r {
			return i
		}
	}
	return -1
}

// The file of an account: version u8, peer key 32, agreed u8, quota u64, since
// i64 (unix milliseconds), contents (u32 count; each root 36, size u64, time
// i64, note u32 length), and sha2-256 of all before it.
const (
	accountVersion = 1
	minContent     = refLen + 8 + 8 + 4
	maxAccount     = 1 + 32 + 1 + 8 + 8 + 4 + MaxContents*(minContent+MaxNote) + sha256.Size
)

func (a *account) encode() []byte {
	var e base.Encoder
	e.U8(accountVersion)
	e.Key(a.peer)
	e.Bool(a.agreed)
	e.I64(a.quota)
	e.I64(a.since.UnixMilli())
	e.U32(uint32(len(a.contents)))
	for _, c := range a.contents {
		e.Raw(c.Root.Bytes())
		e.I64(c.Size)
		e.I64(c.Time.UnixMilli())
		e.Str(c.Note)
	}
	sum := sha256.Sum256(e.B)
	return append(e.B, sum[:]...)
}

// decodeAccount reads what encode writes. Errors wrap ErrDamaged.
func decodeAccount(b []byte) (*account, error) {
	a, err := parseAccount(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return a, nil
}

func parseAccount(b []byte) (*account, error) {
	if len(b) > maxAccount || len(b) < sha256.Size {
		return nil, fmt.Errorf("%d bytes", len(b))
	}
	body := b[:len(b)-sha256.Size]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], b[len(body):]) {
		return nil, fmt.Errorf("its sum is wrong")
	}
	d := base.NewDecoder(body)
	if v := d.U8(); d.Err() == nil && v != accountVersion {
		return nil, fmt.Errorf("version %d is not known here", v)
	}
	a := &account{peer: d.Key(), agreed: d.Bool(), quota: d.I64(), since: time.UnixMilli(d.I64()), coming: map[lumps.Ref]*coming{}}
	seen := map[lumps.Ref]bool{}
	for n := d.Count(MaxContents, minContent); n > 0 && d.Err() == nil; n-- {
		ref, err := lumps.FromBytes(d.Raw(refLen))
		c := Content{Root: ref, Size: d.I64(), Time: time.UnixMilli(d.I64()), Note: d.Str(MaxNote)}
		switch {
		case d.Err() != nil:
		case err != nil:
			return nil, err
		case c.Size < 0 || c.Size > lumps.MaxContent || !CleanNote(c.Note) || seen[ref]:
			return nil, fmt.Errorf("entry of %s", ref)
		}
		seen[ref] = true
		a.contents = append(a.contents, c)
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	if a.quota < 0 || a.quota > MaxQuota {
		return nil, fmt.Errorf("quota of %d bytes", a.quota)
	}
	return a, nil
}
