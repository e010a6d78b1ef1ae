package law

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// Book keeps the entries of a region's log of roles and its chain of
// certificates, in the file law.db: bucket "entries", index (big-endian) to
// Kept; bucket "chain", "chain" to succession.Chain.
type Book struct{ db *bolt.DB }

var (
	bucketEntries = []byte("entries")
	bucketChain   = []byte("chain")
)

// OpenBook opens or makes it; head is where the region's log stands: what the
// book has beyond it never came to be.
func OpenBook(dir string, head uint64) (*Book, error) {
	db, err := bolt.Open(filepath.Join(dir, "law.db"), 0o600, &bolt.Options{Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("law: open book: %w", err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketEntries, bucketChain} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		c := tx.Bucket(bucketEntries).Cursor()
		for k, _ := c.Seek(indexKey(head + 1)); k != nil; k, _ = c.Seek(indexKey(head + 1)) {
			if err := c.Delete(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("law: open book: %w", err)
	}
	return &Book{db}, nil
}

// Close is called once.
func (b *Book) Close() error { return b.db.Close() }

func indexKey(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// Add writes what became of entries, and syncs.
func (b *Book) Add(list []region.LawDone) error {
	err := b.db.Update(func(tx *bolt.Tx) error {
		t := tx.Bucket(bucketEntries)
		for i := range list {
			d := &list[i]
			k := Kept{Index: d.Index, Time: d.Time, Wall: d.Wall, Entry: d.Entry}
			if d.Why != nil {
				k.Why = clip(d.Why.Error(), maxWhy)
			}
			var e base.Encoder
			k.appendTo(&e)
			if err := t.Put(indexKey(d.Index), e.B); err != nil {
				return err
			}
			if d.Index > MaxKept {
				if err := t.Delete(indexKey(d.Index - MaxKept)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("law: book: %w", err)
	}
	return nil
}

// Page gives at most count entries with an index of from or less, the newest
// first; from 0 is the newest. Beats are left out.
func (b *Book) Page(from uint64, count int) (list []Kept, err error) {
	err = b.db.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketEntries).Cursor()
		k, v := c.Last()
		if from > 0 {
			if k, v = c.Seek(indexKey(from)); k == nil {
				k, v = c.Last()
			} else if !bytes.Equal(k, indexKey(from)) {
				k, v = c.Prev()
			}
		}
		for ; k != nil && len(list) < count; k, v = c.Prev() {
			d := base.NewDecoder(v)
			x := readKept(d)
			if err := d.Done(); err != nil {
				return err
			}
			if len(x.Entry) > 0 && succession.Kind(x.Entry[0]) == succession.Beat {
				continue
			}
			list = append(list, x)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("law: book: %w", err)
	}
	return list, nil
}

// Chain gives the chain as it was last kept.
func (b *Book) Chain() (c succession.Chain, err error) {
	err = b.db.View(func(tx *bolt.Tx) (err error) {
		if v := tx.Bucket(bucketChain).Get(bucketChain); v != nil {
			c, err = succession.ParseChain(v)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("law: book: %w", err)
	}
	return c, nil
}

// SetChain keeps a chain.
func (b *Book) SetChain(c succession.Chain) error {
	err := b.db.Update(func(tx *bolt.Tx) error { return tx.Bucket(bucketChain).Put(bucketChain, c.Bytes()) })
	if err != nil {
		return fmt.Errorf("law: book: %w", err)
	}
	return nil
}

var errClosed = errors.New("law: the court is closed")

// clip shortens a text to n bytes, at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
