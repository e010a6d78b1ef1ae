package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/region"
)

// batchBytes bounds the pieces that one transaction writes: a tick that has to
// be on the disk waits for one of them at most.
const batchBytes = 2 << 20

const pieceBytes = 32 + 4

// checkpoint writes those pieces of a state that the file does not have, some at
// a time, and then, at once, that they are the checkpoint; what no longer counts
// goes. It tells how many bytes were written. Ticks may be written meanwhile.
func (s *store) checkpoint(h head, pieces []region.Piece) (wrote int, err error) {
	list := h.appendTo(nil)
	named := make(map[[32]byte]struct{}, len(pieces))
	fresh := make([]*region.Piece, 0, len(pieces))
	err = s.db.View(func(tx *bolt.Tx) error {
		have := tx.Bucket(bucketPieces)
		for i := range pieces {
			p := &pieces[i]
			list = append(list, p.Sum[:]...)
			list = binary.LittleEndian.AppendUint32(list, uint32(p.Size))
			if _, twice := named[p.Sum]; !twice && have.Get(p.Sum[:]) == nil {
				fresh = append(fresh, p)
			}
			named[p.Sum] = struct{}{}
		}
		return nil
	})
	most := batchBytes
	if s.db.NoSync { // nobody waits for this file
		most *= 4
	}
	for err == nil && len(fresh) > 0 {
		n, size := 0, 0
		for n < len(fresh) && (n == 0 || size+fresh[n].Size <= most) {
			size += fresh[n].Size
			n++
		}
		if err = s.putPieces(fresh[:n]); err == nil && s.db.NoSync {
			err = s.db.Sync() // data alone, and that is what takes long
		}
		fresh, wrote = fresh[n:], wrote+size
	}
	if err != nil {
		return wrote, err
	}
	return wrote, s.db.Update(func(tx *bolt.Tx) error {
		if err := tx.Bucket(bucketCheckpoint).Put(keyLast, list); err != nil {
			return err
		}
		if err := dropPieces(tx.Bucket(bucketPieces), named); err != nil {
			return err
		}
		return dropLog(tx, h)
	})
}

func (s *store) putPieces(list []*region.Piece) error {
	return s.db.Update(func(tx *bolt.Tx) error {
		for _, p := range list {
			if err := tx.Bucket(bucketPieces).Put(p.Sum[:], p.AppendTo(make([]byte, 0, p.Size))); err != nil {
				return err
			}
		}
		return nil
	})
}

// dropPieces deletes the pieces that are not named.
func dropPieces(b *bolt.Bucket, named map[[32]byte]struct{}) error {
	var gone [][]byte
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if _, ok := named[[32]byte(k)]; !ok {
			gone = append(gone, bytes.Clone(k))
		}
	}
	for _, k := range gone {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// dropLog deletes the records up to a checkpoint. The log may be further than
// that, but not behind it.
func dropLog(tx *bolt.Tx, h head) error {
	c := tx.Bucket(bucketLog).Cursor()
	for k, _ := c.First(); k != nil && bytes.Compare(k, tickKey(h.tick)) <= 0; k, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
	}
	meta := tx.Bucket(bucketMeta)
	if b := meta.Get(keyHead); b != nil {
		now, err := parseHead(b)
		if err != nil || now.tick > h.tick {
			return err
		}
	}
	return meta.Put(keyHead, h.appendTo(nil))
}

// readPieces gives the snapshot that a list names.
func readPieces(tx *bolt.Tx, list []byte) ([]byte, error) {
	if len(list)%pieceBytes != 0 {
		return nil, fmt.Errorf("%w: a list of pieces of %d bytes", ErrCorrupt, len(list))
	}
	total := 0
	for at := 0; at < len(list); at += pieceBytes {
		if total += int(binary.LittleEndian.Uint32(list[at+32:])); total > region.MaxSnapshot {
			return nil, fmt.Errorf("%w: a checkpoint of more than %d bytes", ErrCorrupt, region.MaxSnapshot)
		}
	}
	out := make([]byte, 0, total)
	for at := 0; at < len(list); at += pieceBytes {
		sum := [32]byte(list[at:])
		b := tx.Bucket(bucketPieces).Get(sum[:])
		if len(b) != int(binary.LittleEndian.Uint32(list[at+32:])) || sha256.Sum256(b) != sum {
			return nil, fmt.Errorf("%w: piece %x of the checkpoint is not what was written", ErrCorrupt, sum[:6])
		}
		out = append(out, b...)
	}
	return out, nil
}
