package durable

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// File is the file of a log: it grows at its end, and at times a shorter one takes
// its place, so that there is one at any time and it says everything. All but Sync
// is for one goroutine at a time; Sync may be called beside it.
type File struct {
	// Fsync brings a file to the disk; nil: (*os.File).Sync. It is for tests, and
	// stays as it is once the file is used.
	Fsync func(*os.File) error

	path string

	// syncing is held while the disk is waited for: who needs what is written
	// there may not go on while another still waits for it.
	syncing sync.Mutex

	mu    sync.Mutex
	file  *os.File
	dirty bool  // written and not synced
	lost  error // of a sync: what was written may not be on the disk, ever
}

// NewFile gives the file at a path, which is yet to be begun by Replace or gone on
// with by Continue.
func NewFile(path string) *File { return &File{path: path} }

// Continue opens the file to go on after its first length bytes; the rest is cut
// off.
func (f *File) Continue(length int64) error {
	file, err := os.OpenFile(f.path, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err = file.Truncate(length); err == nil {
		_, err = file.Seek(length, io.SeekStart)
	}
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.become(file)
	return nil
}

// Replace puts a file that holds b in the place of what is there. It is on the
// disk when Replace returns, and open to go on after b.
func (f *File) Replace(b []byte) error {
	file, err := Swap(f.path, b)
	if err != nil {
		return err
	}
	if err := SyncDir(filepath.Dir(f.path)); err != nil {
		return errors.Join(err, file.Close())
	}
	f.become(file)
	return nil
}

// become goes on with another file.
func (f *File) become(file *os.File) {
	f.mu.Lock()
	old := f.file
	f.file, f.dirty, f.lost = file, false, nil
	f.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

// Write adds at the end. kill -9 leaves what was written; Sync brings it to the
// disk.
func (f *File) Write(b []byte) (int, error) {
	n, err := f.file.Write(b)
	f.mu.Lock()
	f.dirty = true
	f.mu.Unlock()
	return n, err
}

// Sync brings to the disk what was written. It is there when Sync returns, whoever
// brought it. Once it fails it fails until the file is replaced: a system may forget
// what it could not write, and say of the next sync that all is well.
func (f *File) Sync() error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	f.mu.Lock()
	file, dirty, lost := f.file, f.dirty, f.lost
	f.dirty = false
	f.mu.Unlock()
	if lost != nil || !dirty {
		return lost
	}
	var err error
	if f.Fsync != nil {
		err = f.Fsync(file)
	} else {
		err = file.Sync()
	}
	if errors.Is(err, os.ErrClosed) {
		return nil // replaced meanwhile, by a file that is synced
	}
	if err != nil {
		f.mu.Lock()
		if f.file == file {
			f.lost = err
		}
		f.mu.Unlock()
	}
	return err
}

// Close closes the file. It does not sync it.
func (f *File) Close() error { return f.file.Close() }
