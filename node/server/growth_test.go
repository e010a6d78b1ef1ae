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
	if err := st.found(&cfg, head{hash: sim.Hash()}, sim.Still()); err != nil {
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
	var cut region.Cutter
	for round := range 12 {
		for range checkpointTicks / groupTicks {
			var batch []job
			for range groupTicks {
				h.tick++
				batch = append(batch, job{head: h, record: record})
			}
			if err := st.write(batch); err != nil {
				t.Fatal(err)
			}
		}
		// Some pieces are new in every round, and of another length.
		c := region.ControlEntry{Kind: region.ControlCreate, Thing: region.ThingSpec{Kind: "stone", Name: "stone", Shape: region.Sphere, Size: spatial.Vec{X: 1, Y: 1, Z: 1},
			Fixed: true, Pos: spatial.Vec{X: float32(round)}, Slots: region.Slots{{Name: "text", Value: region.BytesSlot(make([]byte, 4000))}}}}
		if _, err := sim.Step(region.Batch{Tick: sim.Tick() + 1, Entries: []region.Entry{controlEntry(c)}}); err != nil {
			t.Fatal(err)
		}
		if _, err := st.checkpoint(h, cut.Cut(sim.Still())); err != nil {
			t.Fatal(err)
		}
		st.db.View(func(tx *bolt.Tx) error {
			named := tx.Bucket(bucketCheckpoint).Get(keyLast)[headBytes:]
			if n := tx.Bucket(bucketPieces).Stats().KeyN; n == 0 || n > len(named)/pieceBytes {
				t.Fatalf("round %d: %d pieces are kept, the checkpoint names %d", round, n, len(named)/pieceBytes)
			}
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
		for range 240 { // 2 MB
			if err := h.push(waiting{entry: region.Entry{Kind: region.EntryInput, Body: junk}}); err != nil {
				t.Fatal(err)
			}
		}
		h.taken()
	}
	h.ticks(groupTicks)
	// A checkpoint at the last of them would leave nothing to measure.
	if err := h.push(waiting{entry: region.Entry{Kind: region.EntryInput, Body: junk}}); err != nil {
		t.Fatal(err)
	}
	h.taken()
	last := h.Status().Tick
	h.ticks(groupTicks)
	h.until("the disk", func() bool { return h.Status().Durable >= last })
	// Checkpoints are written beside the ticks.
	h.until("the log to be cut", func() bool {
		size := 0
		h.store.db.View(func(tx *bolt.Tx) error {
			return tx.Bucket(bucketLog).ForEach(func(_, v []byte) error { size += len(v); return nil })
		})
		return size > 0 && size <= 2*checkpointBytes
	})
}

// taken makes ticks until what was pushed is in one of them.
func (h *harness) taken() {
	h.t.Helper()
	h.until("the inbox to be taken", func() bool {
		h.Server.mu.Lock()
		n := len(h.inbox)
		h.Server.mu.Unlock()
		if n > 0 {
			h.clock.advance(tickLength)
		}
		return n == 0
	})
}
