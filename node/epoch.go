package node

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// beginEpoch makes the state of an own region that lies on the disk one of the epoch
// that next begins: what is signed from then on is signed for it, by the servers
// that next names. Ages, roles and bans stay. The region is not served here.
func (w *worldState) beginEpoch(saved savedRegion, next *world.SiteRecord) error {
	id := next.Region()
	charter, err := w.regionCharter(saved, next)
	if err != nil {
		return err
	}
	cfg := w.simConfig(next)
	cfg.Law = &charter.Genesis
	dir := w.n.home.path("regions", id.String())
	var done []region.LawDone
	err = server.Rewrite(server.Config{Region: cfg, Dir: dir, Load: w.n.loadScript}, func(sim *region.Sim) error {
		st := sim.Law()
		if st.Epoch() >= logEpoch(next) {
			return nil // this was done, and then cut off
		}
		x := succession.Entry{Kind: succession.Renew, By: w.n.key, Counter: w.n.lawCounter.next(st.Counter(w.n.key)), Head: st.Head(),
			Epoch: logEpoch(next), Servers: slices.SortedFunc(slices.Values(next.Servers), base.Key.Compare)}
		g := st.Genesis().In(x.Epoch)
		g.Sign(&x, w.n.sign)
		d, err := sim.BeginEpoch(x.Bytes())
		done = append(done, d)
		return err
	})
	if err != nil || len(done) == 0 {
		return err
	}
	book, err := law.OpenBook(dir, done[0].Index-1)
	if err != nil {
		return err
	}
	defer book.Close()
	return book.Add(done)
}
