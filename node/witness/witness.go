package witness

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// Witness is one server's part in agreeing.
type Witness struct {
	cfg Config

	mu        sync.Mutex
	core      *agree.Core
	members   agree.Members
	hashes    [keepHashes]hashed
	points    []point        // oldest first
	bases     []replay.Start // oldest first
	records   []kept         // oldest first, from the oldest base on
	size      int
	certs     []agree.Certificate // oldest first
	halt      error               // why
	event     agree.Event         // Minority or Split
	wrong     []byte              // the snapshot that it was halted with
	questions int
	other     base.Tick // last tick at which another server had diverged
	dissents  uint64    // of witnesses
	cuts      [keepHashes]agree.SignedCut
	charges   []agree.Charge // of two records, one for each server
}

type hashed struct {
	tick base.Tick
	hash region.Hash
}

// point is the state after a tick with votes, by its parts.
type point struct {
	tick  base.Tick
	parts []Part // sorted by name
}

type kept struct {
	tick  base.Tick
	bytes []byte
}

// New begins to watch a sim whose state is the one after tick cfg.At.
func New(cfg Config) (*Witness, error) {
	core, err := agree.New(cfg.Agree, cfg.At, cfg.Members)
	if err != nil {
		return nil, fmt.Errorf("witness: %w", err)
	}
	if cfg.Net == nil || cfg.Dir == "" {
		return nil, fmt.Errorf("witness: no network or no directory")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(string, uint64) {}
	}
	return &Witness{cfg: cfg, core: core, members: cfg.Members}, nil
}

// Applied is told of every tick in order: its record, and the state after it. An
// error means that this server must not go on: Investigate, then begin again
// from a certified state.
func (w *Witness) Applied(rec *order.Encoded, hash region.Hash, sim *region.Sim) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hashes[rec.Tick%keepHashes] = hashed{rec.Tick, hash}
	w.keepCut(rec)
	if len(w.bases) > 0 {
		w.records = append(w.records, kept{rec.Tick, rec.Bytes})
		w.size += len(rec.Bytes)
	}
	vote, err := w.core.Applied(rec.Tick, hash, rec.Sum)
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	if rec.Tick%agree.Every == 0 {
		w.questions = 0
		w.points = append(w.points, point{rec.Tick, sortParts(partsOf(sim))})
		if len(w.points) > keepPoints {
			w.points = append(w.points[:0], w.points[1:]...)
		}
	}
	if n := len(w.bases); n == 0 || rec.Tick >= w.bases[n-1].Tick+baseTicks || w.size > maxRecords {
		w.base(replay.Start{Tick: rec.Tick, Sum: rec.Sum, Hash: hash, Still: sim.Still()})
	}
	if vote != nil {
		m := message{Vote: vote}
		w.tell(m.bytes())
	}
	w.react()
	if w.halt != nil && w.wrong == nil {
		w.wrong = sim.Snapshot(nil)
	}
	return w.halt
}

// base keeps a state to begin again from. Those that are older than one that is
// certified are of no use any more.
func (w *Witness) base(s replay.Start) {
	w.bases = append(w.bases, s)
	certified := base.Tick(0)
	if c := w.core.Last(); c != nil {
		certified = c.Tick
	}
	for len(w.bases) > 1 {
		switch {
		case w.bases[1].Tick <= certified || w.size > maxRecords:
			w.bases = append(w.bases[:0], w.bases[1:]...)
		case len(w.bases) > keepBases: // the oldest may be the one to go back to
			w.bases = append(w.bases[:1], w.bases[2:]...)
		default:
			return
		}
		n := 0
		for n < len(w.records) && w.records[n].tick <= w.bases[0].Tick {
			w.size -= len(w.records[n].bytes)
			n++
		}
		w.records = append(w.records[:0:0], w.records[n:]...)
	}
}

// tell sends every other server a message.
func (w *Witness) tell(b []byte) {
	for _, list := range [][]base.Key{w.members.Voters, w.members.Others} {
		for _, k := range list {
			if k != w.cfg.Agree.Self {
				w.cfg.Net.Send(k, b)
			}
		}
	}
}

// SetMembers says which servers there are from the next tick on.
func (w *Witness) SetMembers(m agree.Members) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.core.SetMembers(m); err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	w.members = m
	w.charges = slices.DeleteFunc(w.charges, func(c agree.Charge) bool { return !w.member(c.Server()) })
	return nil
}

// Certificate is that of a tick, if it is among the last ones.
func (w *Witness) Certificate(tick base.Tick) (agree.Certificate, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i := len(w.certs) - 1; i >= 0; i-- {
		if w.certs[i].Tick == tick {
			return w.certs[i], true
		}
	}
	return agree.Certificate{}, false
}

// Last is the newest certificate; false before the first.
func (w *Witness) Last() (agree.Certificate, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.core.Last(); c != nil {
		return *c, true
	}
	return agree.Certificate{}, false
}

// Proofs convict servers of having signed two votes for one tick.
func (w *Witness) Proofs() []agree.Proof {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.core.Proofs()
}

// OtherDiverged is the last tick at which another server was in another state than
// is certified; 0: none was.
func (w *Witness) OtherDiverged() base.Tick {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.other
}

// Err is why this server must not go on, nil while it may.
func (w *Witness) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.halt
}

// Resume says that the sim is in the state after tick at again, which is
// certified or leads to a certified one.
func (w *Witness) Resume(at base.Tick) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.core.Resume(at)
	w.halt, w.event, w.wrong = nil, agree.Event{}, nil
	w.points, w.bases, w.records, w.size = nil, nil, nil, 0
	w.hashes = [keepHashes]hashed{}
}

// react acts on what the core has found out. mu is held.
func (w *Witness) react() {
	for _, e := range w.core.Events() {
		switch e.Kind {
		case agree.Certified:
			w.cfg.OnEvent(EventCertified, 1)
			if w.certs = append(w.certs, *e.Certificate); len(w.certs) > keepCertificates {
				w.certs = append(w.certs[:0], w.certs[1:]...)
			}
		case agree.Diverged, agree.Dissent:
			w.other = max(w.other, e.Tick)
			name := EventDiverged
			if e.Kind == agree.Dissent {
				name = EventDissent
				w.dissents++
			}
			w.cfg.OnEvent(name, 1)
			w.cfg.Log.Warn("a server is in another state than is certified", "server", e.Server.Short(), "tick", uint64(e.Tick),
				"state", region.Hash(e.Vote.State).Short(), "certified", region.Hash(e.Certificate.State).Short(), "log", e.Vote.Last == e.Certificate.Last)
			// It may not have heard the others' votes; and a third server that told
			// it something else is found out by it.
			m := message{Certificate: e.Certificate}
			w.cfg.Net.Send(e.Server, m.bytes())
			// Nor may the others have what it sent here: if they have another
			// vote of it, the two convict it.
			v := message{Vote: &e.Vote}
			w.tell(v.bytes())
		case agree.Equivocated:
			w.cfg.OnEvent(EventEquivocated, 1)
			w.cfg.Log.Error("a server has signed two votes for one tick", "server", e.Server.Short(), "tick", uint64(e.Tick))
			w.keepProof(e.Proof)
			p := message{Charge: new(agree.ChargeOf(*e.Proof))}
			w.tell(p.bytes())
		case agree.Minority:
			w.stop(e, fmt.Errorf("witness: tick %d: %w", e.Tick, ErrDiverged))
		case agree.Split:
			w.stop(e, fmt.Errorf("witness: tick %d: %w; the last tick with a certificate is %d", e.Tick, ErrSplit, e.Back))
		}
	}
}

func (w *Witness) stop(e agree.Event, why error) {
	if w.halt != nil {
		return
	}
	w.halt, w.event = why, e
	w.cfg.OnEvent(EventHalted, 1)
	w.cfg.Log.Error("this server stops", "region", w.cfg.Region.Name, "err", why)
	if w.cfg.Halted != nil {
		w.cfg.Halted(why)
	}
}

// keepProof writes a proof where the owner finds it.
func (w *Witness) keepProof(p *agree.Proof) {
	var e base.Encoder
	p.AppendTo(&e)
	name := filepath.Join(w.cfg.Dir, fmt.Sprintf("equivocation-%s.proof", p.Server().Short()))
	if err := os.WriteFile(name, e.B, 0o600); err != nil {
		w.cfg.Log.Warn("proof not kept", "err", err)
	}
}
