package physbench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/crew"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
)

// workers measures how much sooner two workers have made steps of a pile than
// one, by the time that goes by, in turns. Both must come to the same state.
func (b *bench) workers(context.Context) error {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Tell("one processor: two workers are not measured")
		return nil
	}
	s := scenes.Pile()
	w, _, err := settle(s, warm)
	if err != nil {
		return err
	}
	start := w.AppendSnapshot(nil)
	var ratios, limits []float64
	for i := range b.Repeat {
		var took [2]time.Duration
		var hash [2]uint64
		for k := range 2 {
			if i%2 == 1 {
				k = 1 - k
			}
			if took[k], hash[k], err = spell(s.Config, start, 1+k); err != nil {
				return err
			}
		}
		if hash[0] != hash[1] {
			return fmt.Errorf("two workers come to the state %016x, one to %016x", hash[1], hash[0])
		}
		ratios = append(ratios, took[0].Seconds()/took[1].Seconds())
		both, err := apart(s.Config, start)
		if err != nil {
			return err
		}
		limits = append(limits, 2*took[0].Seconds()/both.Seconds())
	}
	b.report.Set("workers2_ratio", median(ratios))
	b.report.Refer("two_worlds_ratio", median(limits))
	return nil
}

// apart makes the steps of spell in two worlds that have nothing to do with each
// other, each on its own thread at the same time: no workers can do better on
// this machine than that.
func apart(cfg physics.Config, start []byte) (time.Duration, error) {
	var took [2]time.Duration
	var errs [2]error
	var group sync.WaitGroup
	for k := range took {
		group.Go(func() { took[k], _, errs[k] = spell(cfg, start, 1) })
	}
	group.Wait()
	return max(took[0], took[1]), errors.Join(errs[:]...)
}

// spell makes steps from a state with so many workers.
func spell(cfg physics.Config, start []byte, workers int) (took time.Duration, hash uint64, err error) {
	const steps = 300
	w, err := physics.Restore(cfg, start)
	if err != nil {
		return 0, 0, err
	}
	c := crew.New(workers)
	defer c.Close()
	if workers > 1 {
		w.SetParallel(c.Run)
	}
	var ev []physics.Event
	for range 10 { // what has to be allocated
		ev, _ = w.Step(nil, ev[:0])
	}
	began := time.Now()
	for range steps {
		ev, _ = w.Step(nil, ev[:0])
	}
	return time.Since(began), w.Hash(), nil
}
