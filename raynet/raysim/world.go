package raysim

import (
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// WorldConfig is a world before it is made.
type WorldConfig struct {
	Protocol Protocol
	Nodes    int // that start within the first second
	Spare    int // numbers for those that come later
	Seed     uint64
	Shards   int
	Layout   Layout
	Link     Link
	// Seeds is how many nodes everybody bootstraps from; 0 gives each node
	// bootKeys random ones.
	Seeds int
	// Remembered gives each node so many of those closest to its place, and
	// as many random ones, as it would have kept from an earlier run.
	Remembered int
}

// bootKeys is how many random nodes a newcomer knows the address of.
const bootKeys = 3

// World is nodes of one protocol at places in a box, and what is measured of
// them. It is used by one goroutine.
type World struct {
	*Engine
	Box spatial.Box

	cfg    WorldConfig
	rng    *base.Rand
	pos    []spatial.Pos // of those that stand
	epoch  []uint32
	evil   []bool // corrupted
	lying  bool   // the corrupted say they are elsewhere: the oracle leaves them out
	walk   *walkers
	grid   *grid // snapshot; nil when it is out of date
	asks   []*Batch
	token  uint64
	joined int
	recall func(i int32) []Memory // while the world starts again
}

// NewWorld makes a world at time 0: everybody starts within the first second.
func NewWorld(cfg WorldConfig) (*World, error) {
	all := cfg.Nodes + cfg.Spare
	e, err := NewEngine(EngineConfig{Nodes: all, Seed: cfg.Seed, Shards: cfg.Shards, Link: cfg.Link})
	if err != nil {
		return nil, err
	}
	w := &World{Engine: e, Box: cfg.Layout.boxOf(cfg.Nodes), cfg: cfg, rng: base.NewRand(cfg.Seed, 0x77),
		epoch: make([]uint32, all), evil: make([]bool, all)}
	w.pos = append(cfg.Layout.place(cfg.Nodes, w.Box, w.rng), make([]spatial.Pos, cfg.Spare)...)
	if cfg.Remembered > 0 {
		w.grid = newGrid(w.Box, w.pos, func(i int32) bool { return int(i) < cfg.Nodes })
		w.recall = w.remembered
	}
	for i := range int32(cfg.Nodes) {
		if cfg.Remembered > 0 {
			w.epoch[i]++ // the run that is over
			w.Join(i, int64(w.rng.Float64()*float64(restartSpan)), nil)
			continue
		}
		var keys []int32
		for k := range max(cfg.Seeds, bootKeys) {
			if cfg.Seeds > 0 {
				keys = append(keys, int32(k%cfg.Nodes))
			} else {
				keys = append(keys, int32(w.rng.IntN(cfg.Nodes)))
			}
		}
		w.Enter(i, w.pos[i], int64(w.rng.Float64()*float64(Second)), keys)
	}
	return w, nil
}

// Enter starts a node that is not there.
func (w *World) Enter(i int32, at spatial.Pos, when int64, keys []int32) {
	w.grid, w.recall = nil, nil
	w.pos[i] = at
	w.evil[i] = false
	w.Join(i, when, keys)
}

// Join starts a node where it stands.
func (w *World) Join(i int32, when int64, keys []int32) {
	w.epoch[i]++
	w.Add(i, w.cfg.Protocol.New(w.start(i)), when, keys)
}

func (w *World) start(i int32) Start {
	s := Start{Node: i, Shard: w.ShardOf(i), Pos: w.pos[i], Box: w.Box, Epoch: w.epoch[i],
		Seed: hash(w.cfg.Seed, uint64(i), uint64(w.epoch[i]))}
	s.Remembers = w.recall
	return s
}

// Strangers gives k random living honest nodes, for a newcomer to start from.
func (w *World) Strangers(k int) (keys []int32) {
	for range 100 * k {
		if i := int32(w.rng.IntN(w.Nodes())); w.Honest(i) && !slices.Contains(keys, i) {
			if keys = append(keys, i); len(keys) == k {
				break
			}
		}
	}
	return keys
}

// Kill ends a node without a word.
func (w *World) Kill(i int32) { w.Crash(i); w.grid = nil }

// Jump puts a node elsewhere at once.
func (w *World) Jump(i int32, at spatial.Pos) {
	w.pos[i] = at
	w.grid = nil
	w.SetPose(i, w.Now(), Pose{Pos: at})
}

// Honest says that a node is alive and was not corrupted.
func (w *World) Honest(i int32) bool { return w.Alive(i) && !w.evil[i] }

// Living lists the honest living nodes.
func (w *World) Living() (is []int32) {
	for i := range int32(w.Nodes()) {
		if w.Honest(i) {
			is = append(is, i)
		}
	}
	return is
}

// Sample draws k different honest living nodes, all when there are fewer.
func (w *World) Sample(k int) []int32 {
	is := w.Living()
	k = min(k, len(is))
	for i := range k {
		j := i + w.rng.IntN(len(is)-i)
		is[i], is[j] = is[j], is[i]
	}
	return slices.Clone(is[:k])
}

// At is where a node truly is at time t, which is at most a second ago.
func (w *World) At(i int32, t int64) spatial.Pos {
	if w.walk != nil {
		return w.walk.at(i, t)
	}
	return w.pos[i]
}

// Grid is the snapshot of the living now.
func (w *World) Grid() *grid {
	if w.grid == nil || w.walk != nil {
		if w.walk != nil {
			for i := range w.pos {
				w.pos[i] = w.walk.at(int32(i), w.Now())
			}
		}
		there := w.Alive
		if w.lying {
			there = w.Honest
		}
		w.grid = newGrid(w.Box, w.pos, there)
	}
	return w.grid
}

// Pass lets time go by and collects the answers to questions.
func (w *World) Pass(d int64) {
	for end := w.Now() + d; w.Now() < end; {
		w.Run(min(w.Now()+Second, end))
		w.collect()
	}
}

// Cycles is Pass in cycles.
func (w *World) Cycles(n int) { w.Pass(int64(n) * Cycle) }

// Parallel calls f(k) for k in [0, n) on all processors.
func parallel(n int, f func(k int)) {
	var done sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), n)
	for g := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			for k := g; k < n; k += workers {
				f(k)
			}
		}()
	}
	done.Wait()
}

// mean, quantile and largest of a list; 0 for an empty one.
func meanOf(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

// quantileOf sorts v.
func quantileOf(v []float64, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[min(int(math.Ceil(q*float64(len(v))))-1+btoi(q == 0), len(v)-1)]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
