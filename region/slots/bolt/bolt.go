// Package bolt keeps slots in one file (go.etcd.io/bbolt): the engine of a
// region's owner who has one machine, and the default. One process at a time
// has the file open.
//
// A commit is on disk when it is answered; commits that wait for the disk at
// the same time share one write.
//
// The file holds, with versions and lengths big-endian:
//
//	meta  "head", "compacted": version u64; "format": u8
//	now   key -> version u64, value
//	past  key (escaped), version u64 -> 0: deleted, or 1, value
//	log   version u64 -> idempotency key 16, then of each key u16 length, key
//	done  idempotency key -> version u64
package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bbolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/metatopia/metatopia/region/slots"
)

var (
	bMeta = []byte("meta")
	bNow  = []byte("now")
	bPast = []byte("past")
	bLog  = []byte("log")
	bDone = []byte("done")

	kHead      = []byte("head")
	kCompacted = []byte("compacted")
	kFormat    = []byte("format")
)

const format = 1

// Options: the zero value is right for everything but tests.
type Options struct {
	// NoSync leaves out the wait for the disk: what a crash of the operating
	// system leaves is then not known.
	NoSync bool
}

// Engine is a file. It implements slots.Engine.
type Engine struct {
	db *bbolt.DB

	turn  sync.Mutex // who holds it writes
	mu    sync.Mutex
	queue []*request
	news  chan struct{} // closed at the next commit
	over  chan struct{} // closed with the engine
}

var _ slots.Engine = (*Engine)(nil)

// Open opens the file or makes it, with the directory that it is in.
func Open(path string, o Options) (*Engine, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("slots: open %s: %w", path, err)
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType, NoSync: o.NoSync})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("slots: open %s: another process has it open", path)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return nil, fmt.Errorf("slots: open %s: %w: %w", path, slots.ErrCorrupt, err)
	case err != nil:
		return nil, fmt.Errorf("slots: open %s: %w", path, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{bMeta, bNow, bPast, bLog, bDone} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		switch f := tx.Bucket(bMeta).Get(kFormat); {
		case f == nil:
			return tx.Bucket(bMeta).Put(kFormat, []byte{format})
		case len(f) != 1 || f[0] != format:
			return fmt.Errorf("%w: format %x, this program knows %d", slots.ErrCorrupt, f, format)
		}
		return nil
	})
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("slots: open %s: %w", path, err)
	}
	return &Engine{db: db, news: make(chan struct{}), over: make(chan struct{})}, nil
}

// Close implements slots.Engine.
func (e *Engine) Close() error {
	e.turn.Lock()
	defer e.turn.Unlock()
	select {
	case <-e.over:
	default:
		close(e.over)
	}
	return e.db.Close()
}

// About implements slots.Engine.
func (e *Engine) About(context.Context) (a slots.About, err error) {
	err = e.view(func(tx *bbolt.Tx) error {
		a = slots.About{Engine: "bolt", Server: "bbolt, in this process", Place: e.db.Path(), Isolation: "one writer",
			Head: meta(tx, kHead), Compacted: meta(tx, kCompacted)}
		return nil
	})
	return a, err
}

func (e *Engine) view(f func(*bbolt.Tx) error) error { return closed(e.db.View(f)) }

func closed(err error) error {
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return slots.ErrClosed
	}
	return err
}

func meta(tx *bbolt.Tx, key []byte) slots.Version {
	b := tx.Bucket(bMeta).Get(key)
	if len(b) != 8 {
		return 0
	}
	return slots.Version(binary.BigEndian.Uint64(b))
}

func be(v slots.Version) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }
