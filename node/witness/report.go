package witness

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// Verdict says what a divergence comes from, as far as making the ticks again
// tells.
type Verdict string

const (
	// Memory: made again, the ticks lead to what the others have. What was here
	// was changed by something that is not in the log: memory, or a data race.
	Memory Verdict = "memory"
	// Program: made again, they lead to the same wrong state. This server runs
	// another program, on a machine that computes otherwise, or with another
	// module.
	Program Verdict = "program"
	// Log: the records are not the same. The leader, or the log, lied.
	Log Verdict = "log"
	// Unknown: no state is kept from which the ticks could be made again.
	Unknown Verdict = "unknown"
)

// Report is what is written into divergence-TICK.json.
type Report struct {
	Region      string      `json:"region"`
	Server      string      `json:"server"`               // this one, which is wrong
	Tick        base.Tick   `json:"tick"`                 // of the votes
	FirstTick   base.Tick   `json:"first_tick,omitempty"` // whose state differs; 0: not found
	Here        string      `json:"here"`                 // state hash
	Certified   string      `json:"certified"`
	Certificate string      `json:"certificate"` // hex
	Asked       string      `json:"asked,omitempty"`
	Part        string      `json:"part,omitempty"` // the first that differs
	Parts       []Differing `json:"parts,omitempty"`
	// Servers says of a split how each other server differs from this one.
	Servers []Other   `json:"servers,omitempty"`
	Back    base.Tick `json:"back,omitempty"` // the last tick with a certificate
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"` // what could not be found out
	From    base.Tick `json:"from,omitempty"`
	To      base.Tick `json:"to,omitempty"` // the records and states kept beside this report
	Time    string    `json:"time"`
	File    string    `json:"-"`
}

// Investigate finds out what is wrong with this server, after Applied has told it
// to halt, and writes it down. Of a split it writes down how each of the other
// servers differs from this one.
func (w *Witness) Investigate(ctx context.Context) (*Report, error) {
	w.mu.Lock()
	if w.halt == nil {
		w.mu.Unlock()
		return nil, errors.New("witness: nothing to investigate")
	}
	e, wrong := w.event, w.wrong
	hashes := w.hashes
	p := w.point(e.Tick)
	var mine []Part
	if p != nil {
		mine = p.parts
	}
	start, records := w.since(e.Tick)
	w.mu.Unlock()

	r := &Report{Region: w.cfg.Region.ID.String(), Server: w.cfg.Agree.Self.String(), Tick: e.Tick, Verdict: Unknown,
		Time: time.Now().UTC().Format(time.RFC3339)}
	here := func(t base.Tick) (region.Hash, bool) { h := hashes[t%keepHashes]; return h.hash, h.tick == t }
	if h, ok := here(e.Tick); ok {
		r.Here = h.String()
	}
	var failed error
	if e.Kind == agree.Minority {
		failed = w.compare(ctx, r, &e, mine, here)
	} else {
		r.Why, r.Back = ErrSplit.Error(), e.Back
		w.compareAll(ctx, r, e.Tick, mine, here)
	}
	w.twice(ctx, e.Tick)
	if start != nil {
		r.From, r.To = start.Tick, e.Tick
		again(r, w.cfg.Region, w.cfg.Load, start, records, e.Certificate, here)
	}
	if failed != nil {
		r.Why = failed.Error()
	}
	return r, w.write(r, start, records, wrong)
}

// since gives the newest state kept that is certified or as old, and the records
// from there to a tick. mu is held.
func (w *Witness) since(tick base.Tick) (*replay.Start, []kept) {
	agreed := base.Tick(0)
	for i := range w.certs {
		if h, ok := w.hash(w.certs[i].Tick); ok && w.certs[i].Tick < tick && h == region.Hash(w.certs[i].State) {
			agreed = max(agreed, w.certs[i].Tick)
		}
	}
	for i := len(w.bases) - 1; i >= 0; i-- {
		if w.bases[i].Tick > agreed {
			continue
		}
		s := w.bases[i]
		var list []kept
		for _, k := range w.records {
			if k.tick > s.Tick && k.tick <= tick {
				list = append(list, k)
			}
		}
		return &s, list
	}
	return nil, nil
}

// compare asks those who signed the certificate where this server differs.
func (w *Witness) compare(ctx context.Context, r *Report, e *agree.Event, mine []Part, here func(base.Tick) (region.Hash, bool)) (err error) {
	c := e.Certificate
	var x base.Encoder
	c.AppendTo(&x)
	r.Certified, r.Certificate = region.Hash(c.State).String(), hex.EncodeToString(x.B)
	for _, s := range c.Signed {
		if s.Server == w.cfg.Agree.Self {
			continue
		}
		a := &asker{net: w.cfg.Net, to: s.Server, left: asks}
		r.Parts, err = a.parts(ctx, e.Tick, mine)
		if err != nil {
			continue
		}
		r.Asked = s.Server.String()
		if len(r.Parts) > 0 {
			r.Part = r.Parts[0].Part
		}
		r.FirstTick, err = a.first(ctx, e.Tick-min(e.Tick, 8*agree.Every), e.Tick, here)
		return err
	}
	return err
}

// again makes the ticks again and judges by what they lead to.
func again(r *Report, cfg region.Config, load func(string) error, start *replay.Start, records []kept, c *agree.Certificate, here func(base.Tick) (region.Hash, bool)) {
	run, err := replay.Begin(replay.Job{Config: cfg, Load: load}, *start)
	if c == nil { // the records' makers may all have been wrong
		run, err = Again(cfg, load, *start, nil)
	}
	if err != nil {
		r.Why = err.Error()
		return
	}
	for _, k := range records {
		var d *replay.Differs
		if err := run.Next(k.bytes); err != nil && !errors.As(err, &d) {
			r.Why = err.Error()
			return
		}
		if d != nil {
			break // the leader has another state, too: there is no more to learn
		}
		if h, ok := here(k.tick); ok && h != run.Hash() && r.FirstTick == 0 {
			r.FirstTick = k.tick
		}
	}
	was, _ := here(run.Tick())
	switch {
	case c != nil && run.Tick() == c.Tick && c.Last != run.Sum():
		r.Verdict = Log
	case c != nil && run.Tick() == c.Tick && run.Hash() == region.Hash(c.State):
		r.Verdict = Memory
	case run.Hash() == was:
		r.Verdict = Program
	case c == nil:
		r.Verdict = Memory
	}
}

// write keeps the report and the evidence: the state to begin with, the records,
// and the wrong state. Older reports go.
func (w *Witness) write(r *Report, start *replay.Start, records []kept, wrong []byte) error {
	name := filepath.Join(w.cfg.Dir, fmt.Sprintf("divergence-%d", r.Tick))
	r.File = name + ".json"
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("witness: report: %w", err)
	}
	errs := []error{os.WriteFile(r.File, append(b, '\n'), 0o600)}
	if start != nil {
		var log []byte
		for _, k := range records {
			log = binary.LittleEndian.AppendUint32(log, uint32(len(k.bytes)))
			log = append(log, k.bytes...)
		}
		errs = append(errs, os.WriteFile(name+".before", start.Bytes(), 0o600), os.WriteFile(name+".log", log, 0o600))
	}
	if wrong != nil {
		errs = append(errs, os.WriteFile(name+".after", wrong, 0o600))
	}
	w.tidy()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("witness: report: %w", err)
	}
	return nil
}

// tidy bounds what is on the disk.
func (w *Witness) tidy() {
	list, _ := filepath.Glob(filepath.Join(w.cfg.Dir, "divergence-*.json")) // the pattern is well formed
	age := func(name string) int64 {
		if i, err := os.Stat(name); err == nil {
			return i.ModTime().UnixNano()
		}
		return 0
	}
	slices.SortFunc(list, func(a, b string) int { return int(age(b) - age(a)) })
	for _, name := range list[min(len(list), keepReports):] {
		stem := name[:len(name)-len(".json")]
		for _, ext := range []string{".json", ".before", ".log", ".after"} {
			_ = os.Remove(stem + ext) // one that is not there is gone
		}
	}
}
