// Package disk keeps lumps in files: one file each, verified when it is
// written and every time it is read.
//
// Layout of the directory (format 1):
//
//	format            the line "metatopia lumps 1"
//	lock              held (flock) by the process that has the store open
//	lumps/ab/<ref>    one lump; ab = first byte of its digest in hexadecimal
//	pins/<ref>        empty: the pin of that reference
//	tmp/              files being written; emptied at Open
//	corrupt/          files whose bytes did not match their name, for people
//
// A lump is written to tmp, flushed, renamed into place, and the directory is
// flushed: Put returns after that, so a crash at any moment leaves the lump
// whole or absent, and whole if Put had returned. PutCached leaves both flushes
// to Flush.
package disk

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/metatopia/metatopia/lumps"
)

// Config of a Store; the zero value is usable.
type Config struct {
	MaxBytes int64        // bound on the sum of all lumps; 0 = no bound but the disk's
	Log      *slog.Logger // tells of lumps set aside; nil: silent
	// Sync flushes a file or a directory; nil: (*os.File).Sync. Tests of
	// power cuts watch it.
	Sync func(*os.File) error
}

// Errors of Open.
var (
	// ErrLocked: another process (or another Store of this one) has the
	// directory open.
	ErrLocked = errors.New("store is in use")
	// ErrFormat: the directory was written by something else or by a later
	// version.
	ErrFormat = errors.New("unknown store format")
)

const formatLine = "metatopia lumps 1\n"

// Store is a directory of lumps. Every method may be called from any
// goroutine.
type Store struct {
	dir  string
	cfg  Config
	lock *os.File

	used  atomic.Int64 // bytes of lumps
	aside atomic.Int64 // files in corrupt/

	open   sync.RWMutex // read-held by every call in progress
	closed bool

	shards [256]shard
	seen   seen
}

// shard guards changes to the lumps whose digest begins with one byte.
// Readers do not take it.
type shard struct {
	sync.Mutex
	made    bool // its directory exists
	flushed bool // and so does it after a power cut: the parent was flushed since Open
}

var (
	_ lumps.Store  = (*Store)(nil)
	_ lumps.Lender = (*Store)(nil)
)

// Open opens the store in dir and makes it when it is absent. What a crash
// left half written is removed.
func Open(dir string, cfg Config) (*Store, error) {
	if cfg.Sync == nil {
		cfg.Sync = (*os.File).Sync
	}
	s := &Store{dir: dir, cfg: cfg}
	if err := s.prepare(); err != nil {
		if s.lock != nil {
			s.lock.Close()
		}
		return nil, fmt.Errorf("lumps/disk: open %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) prepare() error {
	for _, sub := range []string{"", "lumps", "pins", "tmp", "corrupt"} {
		if err := os.MkdirAll(filepath.Join(s.dir, sub), 0o700); err != nil {
			return err
		}
	}
	var err error
	if s.lock, err = lockFile(filepath.Join(s.dir, "lock")); err != nil {
		return err
	}
	// Only the holder of the lock may empty tmp.
	if err := s.clean(); err != nil {
		return err
	}
	if err := s.checkFormat(); err != nil {
		return err
	}
	set, err := os.ReadDir(filepath.Join(s.dir, "corrupt"))
	if err != nil {
		return err
	}
	s.aside.Store(int64(len(set)))
	for e, err := range s.List(context.Background()) {
		if err != nil {
			return err
		}
		s.used.Add(e.Size)
	}
	if err := s.syncDir(s.dir); err != nil {
		return err
	}
	return s.syncDir(filepath.Dir(s.dir))
}

func (s *Store) clean() error {
	tmp := filepath.Join(s.dir, "tmp")
	left, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.RemoveAll(filepath.Join(tmp, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) checkFormat() error {
	path := filepath.Join(s.dir, "format")
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return s.writeFile(path, []byte(formatLine), true)
	case err != nil:
		return err
	case string(b) != formatLine:
		return fmt.Errorf("%s: %q: %w", path, b[:min(len(b), 64)], ErrFormat)
	}
	return nil
}

// enter begins a call: it fails when the store is closed or ctx is over, and
// otherwise keeps Close waiting until leave is called.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.open.RLock()
	if s.closed {
		s.open.RUnlock()
		return nil, lumps.ErrClosed
	}
	return s.open.RUnlock, nil
}

// Bytes implements lumps.Store.
func (s *Store) Bytes() int64 { return s.used.Load() }

// Close waits for calls in progress and gives the directory free.
func (s *Store) Close() error {
	s.open.Lock()
	defer s.open.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.lock.Close()
}

func (s *Store) shardOf(r lumps.Ref) (*shard, string) {
	d := r.Digest()
	return &s.shards[d[0]], filepath.Join(s.dir, "lumps", hex.EncodeToString(d[:1]))
}

func (s *Store) path(r lumps.Ref) string {
	_, dir := s.shardOf(r)
	return filepath.Join(dir, r.String())
}

func wrap(op string, r lumps.Ref, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrNotExist) {
		err = lumps.ErrNotFound
	}
	return fmt.Errorf("lumps/disk: %s %s: %w", op, r, err)
}
