package server

import (
	"os"
	"path/filepath"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// TestLogDoesNotGrow: a checkpoint takes the records before it away, and the
// file uses their pages again.
func TestLogDoesNotGrow(t *testing.T) {
	st, err := openStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer st.db.Close()
	cfg := regionConfig("hearth", 0)
	sim, err := region.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.found(&cfg, sim.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	st.db.NoSync = true // it is the pages that count here
	ann := newPlayer(t, "ann")
	record := ann.signed(region.Input{Kind: region.InSteer, Vel: spatial.Vec{X: 1}})
	size := func() int64 {
		info, err := os.Stat(filepath.Join(filepath.Dir(st.db.Path()), "region.db"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	var after2 int64
	h := head{}
	for round := range 12 {
		for i := range checkpointTicks / groupTicks {
			var batch []job
			for range groupTicks {
				h.tick++
				batch = append(batch, job{head: h, record: record})
			}
			if i == checkpointTicks/groupTicks-1 {
				// Snapshots differ in length.
				batch[groupTicks-1].snapshot = make([]byte, 100<<10+round*4096)
			}
			if err := st.write(batch); err != nil {
				t.Fatal(err)
			}
		}
		st.db.View(func(tx *bolt.Tx) error {
			if k, _ := tx.Bucket(bucketLog).Cursor().First(); k != nil {
				t.Fatalf("round %d: a record is left after the checkpoint", round)
			}
			return nil
		})
		if round == 1 {
			after2 = size()
		}
	}
	if n := size(); n > 2*after2 {
		t.Fatalf("%d bytes after 2 checkpoints, %d after 12", after2, n)
	}
}

// TestFloodsAreTruncated: much that is logged in a few ticks makes the
// checkpoint come early.
func TestFloodsAreTruncated(t *testing.T) {
	h := start(t, Config{Region: regionConfig("hearth", 0), Dir: t.TempDir()})
	junk := make([]byte, region.MaxInputBytes)
	const ticks = 20
	for range ticks {
		for range 240 {
			if err := h.push(waiting{entry: region.Entry{Kind: region.EntryInput, Body: junk}}); err != nil {
				t.Fatal(err)
			}
		}
		h.ticks(1)
	}
	h.ticks(groupTicks)
	h.until("the disk", func() bool { return h.Status().Durable >= ticks })
	size := 0
	h.store.db.View(func(tx *bolt.Tx) error {
		return tx.Bucket(bucketLog).ForEach(func(_, v []byte) error { size += len(v); return nil })
	})
	if size == 0 || size > 2*checkpointBytes {
		t.Fatalf("%d bytes of log are kept of %d", size, ticks*240*len(junk))
	}
}
