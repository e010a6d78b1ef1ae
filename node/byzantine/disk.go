package byzantine

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
)

// The file is frames: u32 length of what follows the check, CRC-32C over it,
// kind u8, body.
const (
	frameBegin    = iota + 1 // first and only there: version u8 (1), region 16, base bytes
	frameVote                // what the library must not forget: whether what it wrote before is void u8, bytes
	frameDecision            // a decision
	frameOpened              // the start of the machine, str
	frameClosed              // a clean end, if nothing follows
)

const (
	diskName    = "byzantine.log"
	diskVersion = 1
	// maxFrame bounds a frame that is read: a proposal as the library keeps it.
	maxFrame = 2*maxRecord + 64<<10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// disk is the log's file. append and rewrite are called under the log's lock or
// by the library; the file may be synced beside them.
type disk struct {
	region base.ID
	boot   string
	file   *durable.File

	mu    sync.Mutex // held by whoever writes
	votes [][]byte   // those since the last that voids others
}

// found is what was on disk.
type found struct {
	base      Base
	decisions [][]byte
	saved     [][]byte
}

// Begun tells whether a log was founded in a directory.
func Begun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, diskName))
	return err == nil
}

func appendFrame(b []byte, kind uint8, body []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(1+len(body)))
	at := len(b)
	b = append(b, 0, 0, 0, 0, kind)
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[at:], crc32.Checksum(b[at+4:], castagnoli))
	return b
}

// openDisk reads the log in cfg.Dir, or begins it from cfg.Base.
func openDisk(cfg *Config, boot string) (*disk, found, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, found{}, err
	}
	path := filepath.Join(cfg.Dir, diskName)
	d := &disk{region: cfg.Region, boot: boot, file: durable.NewFile(path)}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if cfg.Base == nil {
			return nil, found{}, fmt.Errorf("no log in %s, and nothing to begin one from: %w", cfg.Dir, err)
		}
		return d, found{base: *cfg.Base}, d.rewrite(cfg.Base, nil)
	}
	if err != nil {
		return nil, found{}, err
	}
	s, err := scan(b)
	switch {
	case err != nil:
		return nil, found{}, err
	case s.region != cfg.Region:
		return nil, found{}, fmt.Errorf("%w: it belongs to region %s", ErrCorrupt, s.region)
	case !s.clean && (boot == "" || s.boot != boot):
		return nil, found{}, ErrUnsure
	}
	if err := d.file.Continue(int64(s.length)); err != nil {
		return nil, found{}, err
	}
	d.votes = s.saved
	if err := d.append(frameOpened, []byte(boot), true); err != nil {
		return nil, found{}, errors.Join(err, d.file.Close())
	}
	return d, s.found, nil
}

// scanned is a file that was read.
type scanned struct {
	found
	region base.ID
	boot   string
	clean  bool
	length int // of the whole frames
}

// scan reads a file. A frame that is cut short ends it; one that does not fit
// its check, or its place, is ErrCorrupt.
func scan(b []byte) (s scanned, err error) {
	for n := 0; ; n++ {
		rest := b[s.length:]
		if len(rest) < 9 {
			break
		}
		size := int(binary.LittleEndian.Uint32(rest))
		if size < 1 || size > maxFrame {
			return s, fmt.Errorf("%w: frame of %d bytes at byte %d", ErrCorrupt, size, s.length)
		}
		if len(rest) < 8+size {
			break
		}
		if crc32.Checksum(rest[8:8+size], castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			return s, fmt.Errorf("%w: at byte %d of %d", ErrCorrupt, s.length, len(b))
		}
		kind, body := rest[8], rest[9:8+size]
		if (n == 0) != (kind == frameBegin) {
			return s, fmt.Errorf("%w: frame %d is of kind %d", ErrCorrupt, n, kind)
		}
		s.clean = kind == frameClosed
		switch kind {
		case frameBegin:
			err = s.begin(body)
		case frameVote:
			if len(body) == 0 {
				err = errors.New("an empty vote")
			} else if body[0] != 0 {
				s.saved = nil
			}
			if err == nil {
				s.saved = append(s.saved, bytes.Clone(body[1:]))
			}
		case frameDecision:
			s.decisions = append(s.decisions, bytes.Clone(body))
		case frameOpened:
			s.boot = string(body)
		case frameClosed:
		default:
			err = fmt.Errorf("kind %d", kind)
		}
		if err != nil {
			return s, fmt.Errorf("%w: at byte %d: %w", ErrCorrupt, s.length, err)
		}
		s.length += 8 + size
	}
	if s.length == 0 {
		return s, fmt.Errorf("%w: it does not begin", ErrCorrupt)
	}
	return s, nil
}

func (s *scanned) begin(body []byte) error {
	d := base.NewDecoder(body)
	if v := d.U8(); d.Err() == nil && v != diskVersion {
		d.Fail(&base.VersionError{What: "a byzantine log", Found: v, Wanted: diskVersion})
	}
	s.region = d.ID()
	enc := d.Bytes(4 << 10)
	if err := d.Done(); err != nil {
		return err
	}
	var err error
	s.base, err = ParseBase(enc)
	return err
}

// rewrite puts a new file in place of the old one.
func (d *disk) rewrite(from *Base, list []held) error {
	e := base.Encoder{}
	e.U8(diskVersion)
	e.ID(d.region)
	e.Bytes(from.AppendTo(nil))
	b := appendFrame(nil, frameBegin, e.B)
	b = appendFrame(b, frameOpened, []byte(d.boot))
	for i := range list {
		b = appendFrame(b, frameDecision, list[i].bytes)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range d.votes {
		b = appendFrame(b, frameVote, append([]byte{0}, v...))
	}
	return d.file.Replace(b)
}

// append adds a frame. kill -9 leaves it; with barrier it is on the disk proper
// when append returns, and all before it.
func (d *disk) append(kind uint8, body []byte, barrier bool) error {
	d.mu.Lock()
	_, err := d.file.Write(appendFrame(nil, kind, body))
	d.mu.Unlock()
	if err == nil && barrier {
		err = d.file.Sync()
	}
	return err
}

// vote keeps what the library must not forget; with void, nothing before it is
// needed any more.
func (d *disk) vote(b []byte, void, barrier bool) error {
	body := make([]byte, 1, 1+len(b))
	if void {
		body[0] = 1
	}
	d.mu.Lock()
	if void {
		d.votes = nil
	}
	d.votes = append(d.votes, b)
	d.mu.Unlock()
	return d.append(frameVote, append(body, b...), barrier)
}

// close notes a clean end, if all that was written is on the disk.
func (d *disk) close(clean bool) error {
	var err error
	if clean {
		err = d.file.Sync()
	}
	if clean && err == nil {
		err = d.append(frameClosed, nil, true)
	}
	return errors.Join(err, d.file.Close())
}
