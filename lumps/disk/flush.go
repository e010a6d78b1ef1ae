package disk

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/metatopia/metatopia/lumps"
)

// flushers is how many files are flushed at a time: the file system writes its
// journal once for all that wait for it.
const flushers = 16

// Flush implements lumps.Cacher: the files first, then the directories that
// name them, each once.
func (s *Store) Flush(ctx context.Context, refs []lumps.Ref) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return wrap("flush", lumps.Ref{}, err)
	}
	defer leave()
	files, ctx := errgroup.WithContext(ctx)
	files.SetLimit(flushers)
	named := map[*shard]string{}
	for _, r := range refs {
		if r.IsZero() {
			return wrap("flush", r, errors.Join(lumps.ErrBadRef, files.Wait()))
		}
		sh, dir := s.shardOf(r)
		named[sh] = dir
		files.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return wrap("flush", r, s.syncFile(s.path(r)))
		})
	}
	if err := files.Wait(); err != nil {
		return err
	}
	var dirs errgroup.Group
	dirs.SetLimit(flushers)
	for _, dir := range named {
		dirs.Go(func() error { return s.syncDir(dir) })
	}
	if err := dirs.Wait(); err != nil {
		return wrap("flush", lumps.Ref{}, err)
	}
	return wrap("flush", lumps.Ref{}, s.flushParent(named))
}

// flushParent makes the names of the shards themselves durable.
func (s *Store) flushParent(named map[*shard]string) error {
	var young []*shard
	for sh := range named {
		sh.Lock()
		if !sh.flushed {
			young = append(young, sh)
		}
		sh.Unlock()
	}
	if len(young) == 0 {
		return nil
	}
	if err := s.syncDir(filepath.Join(s.dir, "lumps")); err != nil {
		return err
	}
	for _, sh := range young {
		sh.Lock()
		sh.flushed = true
		sh.Unlock()
	}
	return nil
}

// syncFile makes the bytes of a file durable. It is opened to write because
// some systems flush nothing else.
func (s *Store) syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(s.cfg.Sync(f), f.Close())
}
