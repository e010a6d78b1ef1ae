package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// The file region.db holds five buckets:
//
//	meta        "config": what the region is, as fixed at its founding
//	            "head": tick u64, record sum 32, state hash 32 of the last tick
//	checkpoint  "last": tick u64, record sum 32, state hash 32, then of each piece
//	            of the snapshot its SHA-256 and its length u32
//	pieces      SHA-256 -> bytes of a piece; what no checkpoint names is one
//	            that was not finished
//	log         tick, big-endian -> order.Record, from the checkpoint on
//	slots       thing id, slot name -> value: a copy for people and tools
//
// bbolt writes a transaction's pages, syncs, writes the meta page, syncs: a
// tick is either wholly there or not at all.
var (
	bucketMeta       = []byte("meta")
	bucketCheckpoint = []byte("checkpoint")
	bucketPieces     = []byte("pieces")
	bucketLog        = []byte("log")
	bucketSlots      = []byte("slots")

	buckets = [][]byte{bucketMeta, bucketCheckpoint, bucketPieces, bucketLog, bucketSlots}

	keyConfig = []byte("config")
	keyHead   = []byte("head")
	keyLast   = []byte("last")
)

const fileName = "region.db"

// head is where a log stands.
type head struct {
	tick base.Tick
	sum  order.Sum
	hash region.Hash // of the state after tick
}

const headBytes = 8 + 32 + 32

func (h head) appendTo(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(h.tick))
	b = append(b, h.sum[:]...)
	return append(b, h.hash[:]...)
}

func parseHead(b []byte) (h head, err error) {
	if len(b) < headBytes {
		return h, fmt.Errorf("%w: head of %d bytes", ErrCorrupt, len(b))
	}
	h.tick = base.Tick(binary.LittleEndian.Uint64(b))
	copy(h.sum[:], b[8:])
	copy(h.hash[:], b[40:])
	return h, nil
}

func tickKey(t base.Tick) []byte { return binary.BigEndian.AppendUint64(nil, uint64(t)) }

type store struct{ db *bolt.DB }

// openStore opens or makes the file. Another process that has it open is an
// error after two seconds.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("server: open region log: %w", err)
	}
	path := filepath.Join(dir, fileName)
	var db *bolt.DB
	err := guarded(func() (err error) {
		db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType})
		return err
	})
	if err != nil {
		if errors.Is(err, berrors.ErrInvalid) || errors.Is(err, berrors.ErrChecksum) || errors.Is(err, berrors.ErrVersionMismatch) {
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		return nil, fmt.Errorf("server: open %s: %w", path, err)
	}
	return &store{db}, nil
}

// guarded runs f and turns the faults that a damaged file causes inside bbolt
// (a page that is not one, a file cut short under its memory map) into
// ErrCorrupt.
func guarded(f func() error) (err error) {
	old := debug.SetPanicOnFault(true)
	defer debug.SetPanicOnFault(old)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrCorrupt, r)
		}
	}()
	return f()
}

// check walks all pages: a log that is not sound must not be written to.
func (s *store) check() error {
	return guarded(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			// The checker runs on a goroutine of bbolt's, where a page
			// beyond the end of the file could not be caught.
			if info, err := os.Stat(s.db.Path()); err != nil {
				return err
			} else if info.Size() < tx.Size() {
				return fmt.Errorf("%w: %d bytes, but the file was %d", ErrCorrupt, info.Size(), tx.Size())
			}
			if err := walk(tx); err != nil {
				return err
			}
			// Draining the channel lets the checker finish.
			var first error
			for err := range tx.Check() {
				if first == nil {
					first = fmt.Errorf("%w: %w", ErrCorrupt, err)
				}
			}
			return first
		})
	})
}

// walk goes along all keys: what would fault on the checker's goroutine faults
// here.
func walk(tx *bolt.Tx) error {
	most := tx.Size() / 16 // of keys, with their headers
	return tx.ForEach(func(_ []byte, b *bolt.Bucket) error {
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if most--; most < 0 {
				return fmt.Errorf("%w: pages that lead to each other", ErrCorrupt)
			}
		}
		return nil
	})
}

// fileVersion is the format of the file: which buckets there are, and what is in
// them.
const fileVersion = 2

// configBytes is what must not change between two openings.
func configBytes(c *region.Config) []byte {
	var e base.Encoder
	e.U8(fileVersion)
	e.ID(c.ID)
	e.Str(c.World)
	e.Key(c.Owner)
	c.Site.AppendTo(&e)
	c.Min.AppendTo(&e)
	c.Max.AppendTo(&e)
	e.U64(c.Seed)
	return e.B
}

// load reads what is there: nil when the region is new.
type loaded struct {
	at       head // of the checkpoint
	snapshot []byte
	end      head
}

func (s *store) load(cfg *region.Config) (l *loaded, err error) {
	err = guarded(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			meta, last := tx.Bucket(bucketMeta), tx.Bucket(bucketCheckpoint)
			if meta == nil || meta.Get(keyConfig) == nil {
				return nil
			}
			// Before anything else: another version has other buckets.
			if got := meta.Get(keyConfig); len(got) > 0 && got[0] != fileVersion {
				return &base.VersionError{What: fileName, Found: got[0], Wanted: fileVersion}
			}
			if last == nil || tx.Bucket(bucketPieces) == nil || tx.Bucket(bucketLog) == nil || tx.Bucket(bucketSlots) == nil {
				return fmt.Errorf("%w: a bucket is missing", ErrCorrupt)
			}
			if got := meta.Get(keyConfig); !bytes.Equal(got, configBytes(cfg)) {
				return errors.New("the log belongs to a region with another id, world, owner, site, box or seed")
			}
			l = &loaded{}
			b := last.Get(keyLast)
			if l.at, err = parseHead(b); err != nil {
				return err
			}
			if l.snapshot, err = readPieces(tx, b[headBytes:]); err != nil {
				return err
			}
			l.end, err = parseHead(meta.Get(keyHead))
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

// unread says of what cannot be read that it is damaged, unless another version of
// the program wrote it.
func unread(err error) error {
	if v := (*base.VersionError)(nil); errors.As(err, &v) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// replay gives the records after a checkpoint, in order, to f.
func (s *store) replay(from base.Tick, f func(order.Record, order.Sum) error) error {
	return guarded(func() error {
		return s.db.View(func(tx *bolt.Tx) error {
			c := tx.Bucket(bucketLog).Cursor()
			for k, v := c.Seek(tickKey(from + 1)); k != nil; k, v = c.Next() {
				r, err := order.Parse(v)
				if err != nil {
					return unread(err)
				}
				if !bytes.Equal(k, tickKey(r.Tick)) {
					return fmt.Errorf("%w: record of tick %d under another key", ErrCorrupt, r.Tick)
				}
				if err := f(r, order.SumOf(v)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// found writes the state that a region begins with here.
func (s *store) found(cfg *region.Config, h head, still *region.Still) error {
	err := s.db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var cut region.Cutter
	if _, err := s.checkpoint(h, cut.Cut(still)); err != nil {
		return err
	}
	// Last: a file without it is that of a region that was never founded.
	return s.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put(keyConfig, configBytes(cfg)) })
}

// write makes ticks durable: their records and the slots they changed.
func (s *store) write(jobs []job) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		log, slots := tx.Bucket(bucketLog), tx.Bucket(bucketSlots)
		log.FillPercent = 0.95 // keys only rise
		var last *head         // nil while the log is kept elsewhere
		for i := range jobs {
			j := &jobs[i]
			if j.record != nil {
				if err := log.Put(tickKey(j.head.tick), j.record); err != nil {
					return err
				}
				last = &j.head
			}
			if err := putSlots(slots, j); err != nil {
				return err
			}
		}
		if last == nil {
			return nil
		}
		return tx.Bucket(bucketMeta).Put(keyHead, last.appendTo(nil))
	})
}

func putSlots(b *bolt.Bucket, j *job) error {
	for _, id := range j.gone {
		c := b.Cursor()
		for k, _ := c.Seek(id[:]); bytes.HasPrefix(k, id[:]); k, _ = c.Seek(id[:]) {
			if err := c.Delete(); err != nil {
				return err
			}
		}
	}
	for _, w := range j.slots {
		key := append(bytes.Clone(w.Thing[:]), w.Name...)
		if w.Value.Type == region.SlotNone {
			if err := b.Delete(key); err != nil {
				return err
			}
			continue
		}
		var e base.Encoder
		region.AppendSlotWrite(&e, w.SlotWrite)
		if err := b.Put(key, e.B); err != nil {
			return err
		}
	}
	return nil
}
