package replica

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region/order/raft"
)

// wal is the log's file, which a compaction replaces. write and begin are the
// writer's; the file may be synced beside them.
type wal struct {
	region base.ID
	self   uint64
	opened uint32
	boot   string
	file   *durable.File
	buf    []byte
}

const walName = "order.log"

// Begun tells whether a log was founded in a directory.
func Begun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, walName))
	return err == nil
}

// openWAL reads the log in cfg.Dir, or begins it.
func openWAL(cfg *Config, boot string) (*wal, raft.State, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, raft.State{}, err
	}
	path := filepath.Join(cfg.Dir, walName)
	w := &wal{region: cfg.Region, boot: boot, file: durable.NewFile(path)}
	b, err := os.ReadFile(path)
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
	if err := w.file.Continue(int64(d.Length)); err != nil {
		return nil, raft.State{}, err
	}
	if _, err = w.file.Write(raft.AppendOpened(nil, w.opened, boot)); err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		return nil, raft.State{}, errors.Join(err, w.file.Close())
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
	return w.file.Replace(raft.AppendWrite(b, first))
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
		return w.file.Sync()
	}
	return nil
}

// close notes a clean end, if all that was written is on the disk.
func (w *wal) close(clean bool) error {
	var err error
	if clean {
		err = w.file.Sync()
	}
	if clean && err == nil {
		if _, err = w.file.Write(raft.AppendClosed(nil)); err == nil {
			err = w.file.Sync()
		}
	}
	return errors.Join(err, w.file.Close())
}
