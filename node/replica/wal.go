package replica

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order/raft"
)

// wal is the log's file. A compaction writes a new one and puts it in the old
// one's place, so that there is one file at any time and it says everything.
// write and begin are the writer's; sync may be called beside them.
type wal struct {
	dir    string
	region base.ID
	self   uint64
	opened uint32
	boot   string

	// syncing is held while the disk is waited for: who needs what is written
	// there may not go on while another still waits for it.
	syncing sync.Mutex
	fsync   func(*os.File) error // (*os.File).Sync, but for tests

	mu    sync.Mutex
	file  *os.File
	dirty bool // written and not synced
	buf   []byte
}

const walName = "order.log"

// Begun tells whether a log was founded in a directory.
func Begun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, walName))
	return err == nil
}

// bootID tells one start of the machine from another; "" where nothing does.
func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// openWAL reads the log in cfg.Dir, or begins it.
func openWAL(cfg *Config, boot string) (*wal, raft.State, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, raft.State{}, err
	}
	w := &wal{dir: cfg.Dir, region: cfg.Region, boot: boot, fsync: (*os.File).Sync}
	b, err := os.ReadFile(filepath.Join(w.dir, walName))
	if errors.Is(err, fs.ErrNotExist) {
		if cfg.Base == nil || cfg.Self == 0 {
			return nil, raft.State{}, fmt.Errorf("no log in %s, and nothing to begin one from: %w", cfg.Dir, err)
		}
		w.self, w.opened = cfg.Self, 1
		first := raft.Write{Base: cfg.Base}
		return w, raft.State{Base: *cfg.Base}, w.begin(&first)
	}
	if err != nil {
		return nil, raft.State{}, err
	}
	d, err := raft.ReadDisk(b)
	switch {
	case err != nil:
		return nil, raft.State{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case d.Region != cfg.Region:
		return nil, raft.State{}, fmt.Errorf("%w: it belongs to region %s", ErrCorrupt, d.Region)
	}
	same := boot != "" && d.Boot == boot
	switch {
	case d.Clean && (d.Torn || d.Broken), same && d.Broken:
		return nil, raft.State{}, fmt.Errorf("%w: at byte %d of %d", ErrCorrupt, d.Length, len(b))
	case !d.Clean && !same && !alone(&d):
		// What kill -9 leaves is whole; what a power cut leaves need not be.
		return nil, raft.State{}, ErrUnsure
	}
	w.self, w.opened = d.Self, d.Opened+1
	f, err := os.OpenFile(filepath.Join(w.dir, walName), os.O_RDWR, 0o600)
	if err != nil {
		return nil, raft.State{}, err
	}
	w.file = f
	if err = f.Truncate(int64(d.Length)); err == nil {
		_, err = f.Seek(int64(d.Length), 0)
	}
	if err == nil {
		_, err = f.Write(raft.AppendOpened(nil, w.opened, boot))
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		f.Close()
		return nil, raft.State{}, err
	}
	return w, d.State, nil
}

// alone tells whether a log has one voter and this is it: then nobody else
// knows better, and what is on disk is the truth.
func alone(d *raft.Disk) bool {
	n, me := 0, false
	for _, m := range d.State.Base.Members {
		if !m.Learner {
			n++
			me = me || m.ID == d.Self
		}
	}
	for _, x := range d.State.Entries {
		if raft.ChangesServers(x) {
			return false
		}
	}
	return n == 1 && me
}

// begin writes a new file and puts it in place of the old one.
func (w *wal) begin(first *raft.Write) error {
	b := raft.AppendBegin(nil, w.region, w.self, first.Base)
	b = raft.AppendOpened(b, w.opened, w.boot)
	b = raft.AppendWrite(b, first)
	path := filepath.Join(w.dir, walName)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(w.dir)
	}
	if err != nil {
		f.Close()
		return err
	}
	w.mu.Lock()
	old := w.file
	w.file, w.dirty = f, false
	w.mu.Unlock()
	if old != nil {
		old.Close()
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// write writes a group; kill -9 leaves it whole, and the disk has it when it
// says so, which a sync barrier in the group waits for.
func (w *wal) write(list []raft.Write) error {
	b := w.buf[:0]
	barrier := false
	flush := func() error {
		if len(b) == 0 {
			return nil
		}
		_, err := w.file.Write(b)
		b = b[:0]
		w.mu.Lock()
		w.dirty = true
		w.mu.Unlock()
		return err
	}
	for i := range list {
		x := &list[i]
		if x.Base != nil {
			// It says everything again.
			b, barrier = b[:0], false
			if err := w.begin(x); err != nil {
				return err
			}
			continue
		}
		b = raft.AppendWrite(b, x)
		barrier = barrier || x.Sync
		if len(b) > 1<<20 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	w.buf = b
	if cap(w.buf) > 4<<20 {
		w.buf = nil
	}
	if barrier {
		return w.sync()
	}
	return nil
}

// sync brings to the disk what was written. It is there when it returns, whoever
// brought it.
func (w *wal) sync() error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	w.mu.Lock()
	f, dirty := w.file, w.dirty
	w.dirty = false
	w.mu.Unlock()
	if !dirty {
		return nil
	}
	err := w.fsync(f)
	if errors.Is(err, os.ErrClosed) {
		return nil // replaced meanwhile, by a file that is synced
	}
	return err
}

// close notes a clean end.
func (w *wal) close(clean bool) error {
	var err error
	if clean {
		if _, err = w.file.Write(raft.AppendClosed(nil)); err == nil {
			err = w.file.Sync()
		}
	}
	return errors.Join(err, w.file.Close())
}
