package disk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// maxAside bounds the files kept in corrupt/: they are for a person to look
// at, and a failing disk must not fill itself with them. Past it damaged
// files are removed.
const maxAside = 64

// Get implements lumps.Getter.
func (s *Store) Get(ctx context.Context, r lumps.Ref) ([]byte, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, wrap("get", r, err)
	}
	defer leave()
	b, used, err := s.readUsed(r, nil)
	if err != nil {
		return nil, wrap("get", r, err)
	}
	if r.Matches(b) {
		if time.Since(used) > lumps.UseGrain {
			s.touch(r)
		}
		return b, nil
	}
	b, err = s.setAside(r)
	return b, wrap("get", r, err)
}

// Lend implements lumps.Lender.
func (s *Store) Lend(ctx context.Context, r lumps.Ref, buf []byte) ([]byte, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, wrap("lend", r, err)
	}
	defer leave()
	now := time.Now()
	b, used, err := s.readUsed(r, buf)
	if err != nil {
		return nil, wrap("lend", r, err)
	}
	at := sight{size: len(b), used: used}
	if !s.seen.same(r, at, now) {
		if !r.Matches(b) {
			b, err = s.setAside(r)
			return b, wrap("lend", r, err)
		}
		s.seen.note(r, at, now)
	}
	if now.Sub(used) > lumps.UseGrain {
		s.touch(r)
	}
	return b, nil
}

// read gives the bytes of the file, unverified. A file longer than any lump
// is cut one byte past the bound, which no name matches.
func (s *Store) read(r lumps.Ref) ([]byte, error) {
	b, _, err := s.readUsed(r, nil)
	return b, err
}

// readUsed also tells when the lump was last used: a file's time of change is
// that of the last use, and its bytes never change. It reads into buf when that
// is large enough.
func (s *Store) readUsed(r lumps.Ref, buf []byte) ([]byte, time.Time, error) {
	if r.IsZero() {
		return nil, time.Time{}, lumps.ErrNotFound
	}
	f, err := os.Open(s.path(r))
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	size := int(min(st.Size(), lumps.MaxLump+1))
	b := buf
	if cap(b) < size {
		b = make([]byte, size)
	}
	b = b[:size]
	n, err := io.ReadFull(f, b)
	if err == io.ErrUnexpectedEOF || err == io.EOF {
		// It shrank since Stat: somebody cut the file. The name tells.
		err = nil
	}
	return b[:n], st.ModTime(), err
}

// touch notes a use. A lump whose use cannot be noted is swept earlier, which
// is no reason to fail a read.
func (s *Store) touch(r lumps.Ref) {
	now := time.Now()
	_ = os.Chtimes(s.path(r), now, now) // see above
}

// setAside takes a damaged file out of the way, after a second look under the
// shard's lock: a Put may have repaired it since. The outcome is the good
// bytes, ErrNotFound or ErrCorrupt.
func (s *Store) setAside(r lumps.Ref) ([]byte, error) {
	sh, dir := s.shardOf(r)
	sh.Lock()
	defer sh.Unlock()
	b, err := s.read(r)
	if err != nil {
		return nil, err
	}
	if r.Matches(b) {
		return b, nil
	}
	if err := s.discard(r, int64(len(b))); err != nil {
		return nil, errors.Join(lumps.ErrCorrupt, err)
	}
	if err := s.syncDir(dir); err != nil {
		return nil, errors.Join(lumps.ErrCorrupt, err)
	}
	return nil, lumps.ErrCorrupt
}

// discard moves the file of r to corrupt/, or removes it when there are
// enough. The caller holds the shard.
func (s *Store) discard(r lumps.Ref, size int64) error {
	var err error
	kept := ""
	if n := s.aside.Add(1); n <= maxAside {
		kept = filepath.Join(s.dir, "corrupt", fmt.Sprintf("%s.%02d", r, n))
		err = os.Rename(s.path(r), kept)
	} else {
		s.aside.Add(-1)
		err = os.Remove(s.path(r))
	}
	if err != nil {
		return err
	}
	s.release(size)
	if s.cfg.Log != nil {
		s.cfg.Log.Warn("lump set aside: its bytes do not match its name",
			slog.String("lump", r.String()), slog.Int64("bytes", size), slog.String("kept", kept))
	}
	return nil
}

// Has implements lumps.Haser.
func (s *Store) Has(ctx context.Context, r lumps.Ref) (bool, error) {
	return lumps.Found(s.Size(ctx, r))
}

// Size implements lumps.Haser.
func (s *Store) Size(ctx context.Context, r lumps.Ref) (int64, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, wrap("size", r, err)
	}
	defer leave()
	if r.IsZero() {
		return 0, wrap("size", r, lumps.ErrNotFound)
	}
	st, err := os.Stat(s.path(r))
	if err != nil {
		return 0, wrap("size", r, err)
	}
	return st.Size(), nil
}
