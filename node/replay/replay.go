// Package replay makes the ticks of a region again from a state and the records
// that followed it, and says where the outcome differs from what was recorded.
package replay

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// keptHashes is how many ticks a record may name the state of: its maker may
// have been so far behind the tick that it cut.
const keptHashes = 1024

// Start is the state that a replay begins with.
type Start struct {
	Tick     base.Tick
	Sum      order.Sum   // of the record of Tick
	Hash     region.Hash // of the state
	Snapshot []byte
	Still    *region.Still // in place of Snapshot: what costs nothing to keep
}

// Kept tells whether there is a state at all.
func (s *Start) Kept() bool { return s.Still != nil || s.Snapshot != nil }

// Bytes are the snapshot.
func (s *Start) Bytes() []byte {
	if s.Still != nil {
		return s.Still.Snapshot(nil)
	}
	return s.Snapshot
}

// Job says how to replay. Config is required.
type Job struct {
	Config region.Config
	// Load makes a module ready that the log counts as loaded; nil: all are.
	Load func(module string) error
	// Without leaves the inputs of these players out, in the ticks from Since on.
	// What comes out is another state than was recorded, and nothing is compared.
	Without func(player base.Key) bool
	Since   base.Tick
	// Output is told of every tick. nil: nobody.
	Output func(*region.Output)
}

// Differs is the error when a tick does not lead to the recorded state.
type Differs struct {
	Tick      base.Tick // the first tick whose state differs, as far as records tell
	Want, Got region.Hash
}

func (d *Differs) Error() string {
	return fmt.Sprintf("the state after tick %d has hash %s, recorded is %s", d.Tick, d.Got.Short(), d.Want.Short())
}

// ErrBroken: the records do not follow each other, or are none.
var ErrBroken = errors.New("the log is damaged")

// Replay is one under way. One goroutine at a time may use it.
type Replay struct {
	job    Job
	sim    *region.Sim
	tick   base.Tick
	sum    order.Sum
	hash   region.Hash
	hashes [keptHashes]region.Hash // of the last ticks, by tick
	from   base.Tick
}

// Begin restores the state.
func Begin(job Job, s Start) (*Replay, error) {
	sim, err := region.Restore(job.Config, s.Bytes())
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	if sim.Tick() != s.Tick {
		return nil, fmt.Errorf("replay: %w: a state of tick %d is called that of tick %d", ErrBroken, sim.Tick(), s.Tick)
	}
	if got := sim.Hash(); got != s.Hash {
		return nil, fmt.Errorf("replay: %w", &Differs{s.Tick, s.Hash, got})
	}
	r := &Replay{job: job, sim: sim, tick: s.Tick, sum: s.Sum, hash: s.Hash, from: s.Tick}
	r.hashes[r.tick%keptHashes] = s.Hash
	for _, m := range sim.Loaded() {
		if err := r.load(m); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Sim is the state reached.
func (r *Replay) Sim() *region.Sim { return r.sim }

// Tick is the last tick made, Sum the sum of its record, Hash that of the state
// after it.
func (r *Replay) Tick() base.Tick   { return r.tick }
func (r *Replay) Sum() order.Sum    { return r.sum }
func (r *Replay) Hash() region.Hash { return r.hash }

// Next makes the tick of the next record. The error is ErrBroken, a *Differs, or
// why a module could not be loaded; after one the replay is over.
func (r *Replay) Next(record []byte) error {
	rec, err := order.Parse(record)
	if err != nil {
		return fmt.Errorf("replay: %w: %w", ErrBroken, err)
	}
	if err := rec.Follows(r.tick, r.sum); err != nil {
		return fmt.Errorf("replay: %w: %w", ErrBroken, err)
	}
	if r.job.Without == nil && rec.At >= r.from && rec.At <= r.tick && rec.At+keptHashes > r.tick {
		if got := r.hashes[rec.At%keptHashes]; got != region.Hash(rec.State) {
			return fmt.Errorf("replay: %w", &Differs{rec.At, rec.State, got})
		}
	}
	b := Batch(&rec)
	b.Cut = region.CutOf(&rec, record)
	for _, m := range r.sim.Loads(&b) {
		if err := r.load(m); err != nil {
			return err
		}
	}
	if r.job.Without != nil && rec.Tick >= r.job.Since {
		r.sim.Without(r.job.Without)
	}
	out, err := r.sim.Step(b)
	if err != nil {
		return fmt.Errorf("replay: %w: %w", ErrBroken, err)
	}
	if r.job.Output != nil {
		r.job.Output(&out)
	}
	r.tick, r.sum, r.hash = rec.Tick, order.SumOf(record), out.Hash
	r.hashes[r.tick%keptHashes] = r.hash
	return nil
}

// Batch is what every server makes of a record: entries in their order, numbered
// by their place, without those that none can read.
func Batch(rec *order.Record) region.Batch {
	b := region.Batch{Tick: rec.Tick}
	size := 0
	for _, raw := range rec.Entries {
		e, err := region.ParseEntry(raw)
		if size += len(e.Body); err != nil || size > region.MaxBatchBytes || len(b.Entries) == region.MaxBatch {
			continue
		}
		e.Seq = uint64(len(b.Entries) + 1)
		b.Entries = append(b.Entries, e)
	}
	return b
}

func (r *Replay) load(module string) error {
	if r.job.Load == nil {
		return nil
	}
	if err := r.job.Load(module); err != nil {
		return fmt.Errorf("replay: module %s is needed: %w", module, err)
	}
	return nil
}
