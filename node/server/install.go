package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region"
)

// Install puts a checkpoint from elsewhere into a directory, in place of what
// is there, which nobody may have open: Open goes on from it. The caller has made
// sure that the region was in that state; that the snapshot has the state hash, if
// one is given, is checked here. After an error what was there is still there.
func Install(cfg region.Config, dir string, cp Checkpoint, snapshot []byte) error {
	sim, err := region.Restore(cfg, snapshot)
	if err != nil {
		return fmt.Errorf("server: install: %w", err)
	}
	state := sim.Hash()
	if sim.Tick() != cp.Tick || cp.State != (region.Hash{}) && state != cp.State {
		return fmt.Errorf("server: install: %w: the snapshot is of tick %d with state %s, not of %d with %s",
			ErrCorrupt, sim.Tick(), state.Short(), cp.Tick, cp.State.Short())
	}
	building := filepath.Join(dir, "install")
	if err := errors.Join(os.RemoveAll(building), build(cfg, building, head{tick: cp.Tick, sum: cp.Sum, hash: state}, sim.Still())); err != nil {
		return fmt.Errorf("server: install: %w", err)
	}
	if err := os.Rename(filepath.Join(building, fileName), filepath.Join(dir, fileName)); err != nil {
		return fmt.Errorf("server: install: %w", err)
	}
	// A log that goes on from the new file is begun next.
	if err := errors.Join(os.Remove(building), durable.SyncDir(dir)); err != nil {
		return fmt.Errorf("server: install: %w", err)
	}
	return nil
}

// build makes the file of a region that is in a state. It brings it to the disk
// some at a time, so that nobody else's sync waits for all of it.
func build(cfg region.Config, dir string, h head, still *region.Still) error {
	st, err := openStore(dir)
	if err != nil {
		return err
	}
	st.db.NoSync = true // nobody opens the file before it is whole
	err = st.found(&cfg, h, still)
	var j job
	size := 0
	flush := func() {
		if err == nil {
			err = st.db.Update(func(tx *bolt.Tx) error { return putSlots(tx.Bucket(bucketSlots), &j) })
		}
		if err == nil {
			err = st.db.Sync()
		}
		j.slots, size = j.slots[:0], 0
	}
	still.EachSlot(func(thing base.ID, w region.SlotWrite) {
		j.slots = append(j.slots, region.SlotChange{Thing: thing, SlotWrite: w})
		if size += len(w.Value.Text) + len(w.Value.Bytes) + 64; size > 4*batchBytes {
			flush()
		}
	})
	flush()
	return errors.Join(err, st.db.Sync(), st.db.Close())
}
