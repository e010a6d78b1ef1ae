package node

import (
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/order"
)

// takeLog makes the ticks that the log of an own region has on this disk after the
// state that lies beside it, so that a new epoch begins with all that this node has:
// the region is not served here, and its state is that of the last checkpoint. What
// cannot be read or made is left out, and said.
func (w *worldState) takeLog(saved savedRegion, rec *world.SiteRecord) error {
	id := rec.Region()
	list, epoch, err := replica.Records(w.orderDir(id), id)
	if err != nil {
		w.n.log.Error("the log of the old epoch is left out", "region", rec.Name, "err", err)
		return nil
	}
	if len(list) == 0 || epoch != logEpoch(rec) {
		return nil
	}
	charter, err := w.regionCharter(saved, rec)
	if err != nil {
		return err
	}
	cfg, dir := w.simConfig(rec), w.n.home.path("regions", id.String())
	cfg.Law, cfg.Scripts, cfg.Parallel = &charter.Genesis, simScripts{w.n}, nil
	at, sim, err := server.Last(server.Config{Region: cfg, Dir: dir, Load: w.n.loadScript})
	if err != nil {
		return err
	}
	if sim.Law().Epoch() > epoch {
		return nil // a recovery that was cut off has done this
	}
	var rest [][]byte
	for _, b := range list {
		if r, err := order.Parse(b); err == nil && r.Tick > at.Tick {
			rest = append(rest, b)
		}
	}
	run, err := witness.Again(cfg, w.n.loadScript, replay.Start{Tick: at.Tick, Sum: at.Sum, Hash: at.State, Snapshot: sim.Snapshot(nil)}, rest)
	if run == nil {
		return err
	}
	w.n.log.Warn("ticks of the old epoch made again from its log", "region", rec.Name, "from", uint64(at.Tick), "to", uint64(run.Tick()), "of", len(rest), "err", err)
	if run.Tick() == at.Tick {
		return nil
	}
	return server.Install(cfg, dir, server.Checkpoint{Tick: run.Tick(), State: run.Hash(), Sum: run.Sum()}, run.Sim().Snapshot(nil))
}
