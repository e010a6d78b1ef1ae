package witness

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// errNoState: nothing is kept to go back to.
var errNoState = errors.New("no state is kept to begin again from")

// Back makes the state of the last tick with a certificate again, from the
// records; it is for after Applied has told this server to halt. Before the first
// certificate it is the oldest state kept, and certified is false.
func (w *Witness) Back() (s replay.Start, certified bool, err error) {
	w.mu.Lock()
	bases, records := append([]replay.Start(nil), w.bases...), append([]kept(nil), w.records...)
	certs := append([]agree.Certificate(nil), w.certs...)
	tick := w.event.Tick
	w.mu.Unlock()
	if tick == 0 {
		return s, false, fmt.Errorf("witness: nothing to go back from")
	}
	if len(bases) == 0 {
		return s, false, fmt.Errorf("witness: %w", errNoState)
	}
	for i := len(certs) - 1; i >= 0; i-- {
		c := &certs[i]
		if c.Tick >= tick || c.Tick < bases[0].Tick {
			continue
		}
		for k := len(bases) - 1; k >= 0; k-- {
			if bases[k].Tick > c.Tick {
				continue
			}
			if s, err = w.reach(bases[k], records, c); err == nil {
				return s, true, nil
			}
		}
		return s, false, err // an older one is not better: what is kept is damaged
	}
	return bases[0], false, nil
}

// reach makes the ticks from a state to a certificate's.
func (w *Witness) reach(from replay.Start, records []kept, c *agree.Certificate) (s replay.Start, err error) {
	run, err := Again(w.cfg.Region, w.cfg.Load, from, nil)
	for i := 0; i < len(records) && err == nil; i++ {
		if t := records[i].tick; t > from.Tick && t <= c.Tick {
			err = run.Next(records[i].bytes)
		}
	}
	if err == nil && (run.Tick() != c.Tick || run.Hash() != region.Hash(c.State) || run.Sum() != c.Last) {
		err = fmt.Errorf("tick %d does not lead to what is certified when it is made again", c.Tick)
	}
	if err != nil {
		return s, fmt.Errorf("witness: %w", err)
	}
	return replay.Start{Tick: run.Tick(), Sum: run.Sum(), Hash: run.Hash(), Snapshot: run.Sim().Snapshot(nil)}, nil
}

// Again makes the ticks of records after a state. What the records say of states
// is not compared: their makers may have been wrong.
func Again(cfg region.Config, load func(string) error, from replay.Start, records [][]byte) (*replay.Replay, error) {
	run, err := replay.Begin(replay.Job{Config: cfg, Load: load, Without: func(base.Key) bool { return false }, Since: ^base.Tick(0)}, from)
	for i := 0; i < len(records) && err == nil; i++ {
		err = run.Next(records[i])
	}
	return run, err
}

// Signed is the last tick for which this server has signed.
func (w *Witness) Signed() base.Tick {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.core.Signed()
}

// Remind sends the others the votes of the tick of a split again: one who has lost
// some of them goes on alone.
func (w *Witness) Remind() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, v := range w.core.Votes(w.event.Tick) {
		m := message{Vote: &v}
		w.tell(m.bytes())
	}
}

// Recalls tells whether this witness can answer another server's question.
func (w *Witness) Recalls(q []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	x, err := parseQuestion(q)
	if err != nil {
		return false
	}
	if x.Kind == kindParts {
		return w.point(x.Tick) != nil
	}
	_, ok := w.hash(x.Tick)
	return ok
}
