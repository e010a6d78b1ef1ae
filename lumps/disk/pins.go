package disk

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/metatopia/metatopia/lumps"
)

func (s *Store) pinPath(r lumps.Ref) string { return filepath.Join(s.dir, "pins", r.String()) }

// Pin implements lumps.Pinner.
func (s *Store) Pin(ctx context.Context, r lumps.Ref) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return wrap("pin", r, err)
	}
	defer leave()
	if r.IsZero() {
		return wrap("pin", r, lumps.ErrBadRef)
	}
	f, err := os.OpenFile(s.pinPath(r), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return wrap("pin", r, err)
	}
	if err := errors.Join(s.cfg.Sync(f), f.Close()); err != nil {
		return wrap("pin", r, err)
	}
	return wrap("pin", r, s.syncDir(filepath.Dir(s.pinPath(r))))
}

// Unpin implements lumps.Pinner.
func (s *Store) Unpin(ctx context.Context, r lumps.Ref) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return wrap("unpin", r, err)
	}
	defer leave()
	if r.IsZero() {
		return nil
	}
	if err := os.Remove(s.pinPath(r)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return wrap("unpin", r, err)
	}
	return wrap("unpin", r, s.syncDir(filepath.Dir(s.pinPath(r))))
}

// Pinned implements lumps.Pinner.
func (s *Store) Pinned(ctx context.Context, r lumps.Ref) (bool, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return false, wrap("pinned", r, err)
	}
	defer leave()
	if r.IsZero() {
		return false, nil
	}
	_, err = os.Stat(s.pinPath(r))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, wrap("pinned", r, err)
}

// Pins implements lumps.Pinner.
func (s *Store) Pins(ctx context.Context) iter.Seq2[lumps.Ref, error] {
	return func(yield func(lumps.Ref, error) bool) {
		for e, err := range s.walk(ctx, filepath.Join(s.dir, "pins")) {
			if err != nil {
				yield(lumps.Ref{}, wrap("pins", lumps.Ref{}, err))
				return
			}
			if !yield(e.ref, nil) {
				return
			}
		}
	}
}

// List implements lumps.Lister, one shard's directory after the other.
func (s *Store) List(ctx context.Context) iter.Seq2[lumps.Entry, error] {
	return func(yield func(lumps.Entry, error) bool) {
		for i := range s.shards {
			for e, err := range s.walk(ctx, filepath.Join(s.dir, "lumps", hexByte(i))) {
				if err != nil {
					yield(lumps.Entry{}, wrap("list", lumps.Ref{}, err))
					return
				}
				st, err := e.Info()
				if err != nil {
					continue // deleted meanwhile
				}
				if !yield(lumps.Entry{Ref: e.ref, Size: st.Size(), Used: st.ModTime()}, nil) {
					return
				}
			}
		}
	}
}

func hexByte(i int) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[i>>4&15], digits[i&15]})
}

type named struct {
	os.DirEntry
	ref lumps.Ref
}

// walkBatch is how many directory entries are in memory at a time.
const walkBatch = 256

// walk yields the files of dir that are named by a reference; others are not
// ours and are passed over. The store may be closed between two yields.
func (s *Store) walk(ctx context.Context, dir string) iter.Seq2[named, error] {
	return func(yield func(named, error) bool) {
		leave, err := s.enter(ctx)
		if err != nil {
			yield(named{}, err)
			return
		}
		d, err := os.Open(dir)
		leave()
		if errors.Is(err, os.ErrNotExist) {
			return
		}
		if err != nil {
			yield(named{}, err)
			return
		}
		defer d.Close()
		for {
			if leave, err = s.enter(ctx); err != nil {
				yield(named{}, err)
				return
			}
			batch, err := d.ReadDir(walkBatch)
			leave()
			for _, e := range batch {
				r, bad := lumps.Parse(e.Name())
				if bad == nil && !yield(named{e, r}, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(named{}, err)
				return
			}
		}
	}
}
