package disk

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Put implements lumps.Putter.
func (s *Store) Put(ctx context.Context, r lumps.Ref, b []byte) error {
	return s.store(ctx, r, b, true)
}

// PutCached implements lumps.Cacher.
func (s *Store) PutCached(ctx context.Context, r lumps.Ref, b []byte) error {
	return s.store(ctx, r, b, false)
}

func (s *Store) store(ctx context.Context, r lumps.Ref, b []byte, durable bool) error {
	if err := lumps.Check(r, b); err != nil {
		return wrap("put", r, err)
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return wrap("put", r, err)
	}
	defer leave()
	sh, dir := s.shardOf(r)
	sh.Lock()
	defer sh.Unlock()
	return wrap("put", r, s.put(sh, dir, r, b, durable))
}

func (s *Store) put(sh *shard, dir string, r lumps.Ref, b []byte, durable bool) error {
	if err := s.makeDir(sh, dir, durable); err != nil {
		return err
	}
	old, err := s.read(r)
	switch {
	case err == nil && bytes.Equal(old, b):
		s.touch(r)
		if !durable {
			return nil
		}
		// The file may stem from PutCached, or from a process that died
		// between rename and flush; what is acknowledged here must not rest
		// on that luck.
		if err := s.syncFile(s.path(r)); err != nil {
			return err
		}
		return s.syncDir(dir)
	case err == nil:
		if err := s.discard(r, int64(len(old))); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if err := s.reserve(int64(len(b))); err != nil {
		return err
	}
	if err := s.writeFile(s.path(r), b, durable); err != nil {
		s.release(int64(len(b)))
		return err
	}
	return nil
}

// makeDir makes the directory of a shard. The caller holds the shard.
func (s *Store) makeDir(sh *shard, dir string, durable bool) error {
	if !sh.made {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		sh.made = true
	}
	if durable && !sh.flushed {
		if err := s.syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
		sh.flushed = true
	}
	return nil
}

// writeFile makes path hold b: all of it or, when this process is killed, what
// was there before; durable, also when the power fails.
func (s *Store) writeFile(path string, b []byte, durable bool) error {
	f, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "put-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil && durable {
		err = s.cfg.Sync(f)
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if !durable {
		return nil
	}
	return s.syncDir(filepath.Dir(path))
}

// reserve counts n bytes against MaxBytes before they are written.
func (s *Store) reserve(n int64) error {
	if s.used.Add(n) > s.cfg.MaxBytes && s.cfg.MaxBytes > 0 {
		s.used.Add(-n)
		return lumps.ErrFull
	}
	return nil
}

func (s *Store) release(n int64) { s.used.Add(-n) }

// Delete implements lumps.Deleter.
func (s *Store) Delete(ctx context.Context, r lumps.Ref) error {
	_, err := s.remove(ctx, r, func(os.FileInfo) bool { return true })
	if err != nil || r.IsZero() {
		return err
	}
	_, dir := s.shardOf(r)
	if err := s.syncDir(dir); !errors.Is(err, os.ErrNotExist) {
		return wrap("delete", r, err)
	}
	return nil
}

// DeleteIdle implements lumps.Deleter. It does not flush: a lump that comes
// back after a crash is swept another time.
func (s *Store) DeleteIdle(ctx context.Context, r lumps.Ref, since time.Time) (int64, error) {
	return s.remove(ctx, r, func(st os.FileInfo) bool { return st.ModTime().Before(since) })
}

func (s *Store) remove(ctx context.Context, r lumps.Ref, may func(os.FileInfo) bool) (freed int64, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, wrap("delete", r, err)
	}
	defer leave()
	if r.IsZero() {
		return 0, nil
	}
	sh, _ := s.shardOf(r)
	sh.Lock()
	defer sh.Unlock()
	st, err := os.Stat(s.path(r))
	if errors.Is(err, os.ErrNotExist) || (err == nil && !may(st)) {
		return 0, nil
	}
	if err == nil {
		err = os.Remove(s.path(r))
	}
	if err != nil {
		return 0, wrap("delete", r, err)
	}
	s.release(st.Size())
	return st.Size(), nil
}
