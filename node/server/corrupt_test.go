package server

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// copyOf copies a region's file as a crash would leave it.
func copyOf(t *testing.T, from string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(from, "region.db"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "region.db"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// written makes a region with a checkpoint and some ticks after it.
func written(t *testing.T) (dir string, st Status) {
	cfg := Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Furnish: set("hearth")}
	h := start(t, cfg)
	ann := newPlayer(t, "ann").dial(h)
	ann.join(h, 0, 0)
	for range 5 {
		ann.do(h, region.Input{Kind: region.InSay, Text: "something to keep"})
		h.ticks(3)
	}
	ann.do(h, region.Input{Kind: region.InSay, Text: "the last"})
	h.until("the disk", func() bool { st := h.Status(); h.mu.Lock(); defer h.mu.Unlock(); return st.Durable > 10 })
	return copyOf(t, cfg.Dir), h.Status()
}

func edit(t *testing.T, dir string, f func(tx *bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "region.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
}

func reopen(dir string) (*Server, error) {
	return Open(Config{Region: regionConfig("hearth", 0), Dir: dir})
}

func TestCorruptLogIsRefused(t *testing.T) {
	dir, _ := written(t)
	if s, err := reopen(copyOf(t, dir)); err != nil {
		t.Fatalf("the sound file: %v", err)
	} else if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	flip := func(b []byte, at int) []byte {
		b = append([]byte{}, b...)
		b[at] ^= 1
		return b
	}
	for _, c := range []struct {
		what string
		f    func(tx *bolt.Tx) error
	}{
		{"a changed input", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketLog)
			k, v := longest(b)
			return b.Put(k, flip(v, len(v)-10))
		}},
		{"a record gone", func(tx *bolt.Tx) error { return tx.Bucket(bucketLog).Delete(tickKey(5)) }},
		{"the last record gone", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketLog)
			k, _ := b.Cursor().Last()
			return b.Delete(k)
		}},
		{"two records exchanged", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketLog)
			x, y := append([]byte{}, b.Get(tickKey(4))...), append([]byte{}, b.Get(tickKey(5))...)
			if err := b.Put(tickKey(4), y); err != nil {
				return err
			}
			return b.Put(tickKey(5), x)
		}},
		{"a record added", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketLog)
			_, v := b.Cursor().Last()
			return b.Put(tickKey(1<<20), append([]byte{}, v...))
		}},
		{"a changed checkpoint", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketCheckpoint)
			v := b.Get(keyLast)
			return b.Put(keyLast, flip(v, len(v)/2))
		}},
		{"a changed piece", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketPieces)
			k, v := b.Cursor().First()
			return b.Put(append([]byte{}, k...), flip(v, len(v)/2))
		}},
		{"a piece gone", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketPieces)
			k, _ := b.Cursor().Last()
			return b.Delete(k)
		}},
		{"no checkpoint", func(tx *bolt.Tx) error { return tx.Bucket(bucketCheckpoint).Delete(keyLast) }},
		{"another head", func(tx *bolt.Tx) error {
			b := tx.Bucket(bucketMeta)
			return b.Put(keyHead, flip(b.Get(keyHead), 50))
		}},
	} {
		d := copyOf(t, dir)
		edit(t, d, c.f)
		if s, err := reopen(d); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", c.what, err)
			if err == nil {
				s.Close()
			}
		}
	}
}

func longest(b *bolt.Bucket) (key, value []byte) {
	b.ForEach(func(k, v []byte) error {
		if len(v) > len(value) {
			key, value = append([]byte{}, k...), append([]byte{}, v...)
		}
		return nil
	})
	return key, value
}

// TestDamagedFileNeverLies flips bits of the raw file and cuts it short: Open
// refuses, or the state is the one that was written.
func TestDamagedFileNeverLies(t *testing.T) {
	dir, st := written(t)
	good, err := os.ReadFile(filepath.Join(dir, "region.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := base.NewRand(5, 5)
	refused := 0
	for i := range 80 {
		b := append([]byte{}, good...)
		if i%10 == 9 {
			b = b[:len(b)*(i+1)/100]
		} else {
			b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		}
		d := t.TempDir()
		if err := os.WriteFile(filepath.Join(d, "region.db"), b, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := reopen(d)
		if err != nil {
			refused++
			continue
		}
		// bbolt keeps the meta page before the last: a damaged last one shows
		// the state of one transaction earlier, which was durable too.
		if got := s.Status(); got.Tick > st.Tick {
			t.Errorf("damage %d: tick %d, but only %d were made", i, got.Tick, st.Tick)
		}
		s.stop()
		close(s.queue)
		<-s.written
		<-s.saved
		s.store.db.Close()
	}
	if refused == 0 {
		t.Error("no damage was noticed")
	}
	t.Logf("%d of 80 damaged files refused", refused)
}

func TestOtherRegionsLogIsRefused(t *testing.T) {
	dir, _ := written(t)
	cfg := regionConfig("hearth", 0)
	cfg.Seed++
	if _, err := Open(Config{Region: cfg, Dir: dir}); err == nil || errors.Is(err, ErrCorrupt) {
		t.Fatalf("another seed: %v", err)
	}
}

// TestOtherVersionsAreNoDamage: what another version of the program wrote is said
// to be that, with both versions, and is left alone.
func TestOtherVersionsAreNoDamage(t *testing.T) {
	dir, _ := written(t)
	for _, c := range []struct {
		what          string
		found, wanted uint8
		f             func(tx *bolt.Tx) error
	}{
		{"an older file", 1, fileVersion, func(tx *bolt.Tx) error {
			meta := tx.Bucket(bucketMeta)
			b := append([]byte{}, meta.Get(keyConfig)...)
			b[0] = 1
			return errors.Join(meta.Put(keyConfig, b), tx.DeleteBucket(bucketPieces))
		}},
		{"a newer file", fileVersion + 1, fileVersion, func(tx *bolt.Tx) error {
			meta := tx.Bucket(bucketMeta)
			b := append([]byte{}, meta.Get(keyConfig)...)
			b[0]++
			return meta.Put(keyConfig, b)
		}},
		{"an older state", snapshotAt(t, dir) - 1, snapshotAt(t, dir), func(tx *bolt.Tx) error {
			// The first piece of the checkpoint, under the name of what it is now.
			last, pieces := tx.Bucket(bucketCheckpoint), tx.Bucket(bucketPieces)
			list := append([]byte{}, last.Get(keyLast)...)
			b := append([]byte{}, pieces.Get(list[headBytes:headBytes+32])...)
			b[0]--
			sum := sha256.Sum256(b)
			copy(list[headBytes:], sum[:])
			return errors.Join(pieces.Put(sum[:], b), last.Put(keyLast, list))
		}},
		{"an older record", 2, 3, func(tx *bolt.Tx) error {
			b := append([]byte{}, tx.Bucket(bucketLog).Get(tickKey(5))...)
			b[0] = 2
			return tx.Bucket(bucketLog).Put(tickKey(5), b)
		}},
	} {
		d := copyOf(t, dir)
		edit(t, d, c.f)
		before, err := os.ReadFile(filepath.Join(d, fileName))
		if err != nil {
			t.Fatal(err)
		}
		s, err := reopen(d)
		var v *base.VersionError
		if s != nil || !errors.As(err, &v) || errors.Is(err, ErrCorrupt) || v.Found != c.found || v.Wanted != c.wanted || v.Older() != (c.found < c.wanted) {
			t.Errorf("%s: %v", c.what, err)
		}
		if after, err := os.ReadFile(filepath.Join(d, fileName)); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed (%v)", c.what, err)
		}
	}
}

// snapshotAt is the version of the state in the checkpoint.
func snapshotAt(t *testing.T, dir string) (v uint8) {
	t.Helper()
	edit(t, copyOf(t, dir), func(tx *bolt.Tx) error {
		sum := tx.Bucket(bucketCheckpoint).Get(keyLast)[headBytes:][:32]
		v = tx.Bucket(bucketPieces).Get(sum)[0]
		return nil
	})
	return v
}
