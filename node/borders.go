package node

import (
	"bytes"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
)

// borderTopic joins a region's border topic; only its owner may write there.
func (w *worldState) borderTopic(rec *world.SiteRecord) (*p2p.Topic, error) {
	id := rec.Region()
	w.topicsMu.Lock()
	defer w.topicsMu.Unlock()
	if t := w.topics[id]; t != nil {
		return t, nil
	}
	t, err := w.n.net.Topic(w.topicName(id.String()+"/border"), func(from base.Key, data []byte) p2p.Verdict {
		now := w.record(id)
		if now == nil {
			now = rec
		}
		switch {
		case len(data) > region.MaxBorder:
		case from == now.Owner || lists(now, from):
			return p2p.Accept
		case now.Owner != rec.Owner:
		default:
			return p2p.Ignore // a server that the sender knows of, perhaps
		}
		w.n.count.add(countRefused, 1)
		return p2p.Reject
	})
	if err == nil {
		w.topics[id] = t
	}
	return t, err
}

// updateNeighbours tells every region served here who lies around it, and
// listens to their border topics.
func (w *worldState) updateNeighbours() {
	// One at a time: of two that overlap, the older list must not win.
	w.feeding.Lock()
	defer w.feeding.Unlock()
	wanted := map[base.ID]*world.SiteRecord{}
	for _, s := range w.servedList() {
		var list []region.Neighbour
		near := w.regions(s.rec.Site)
		for _, r := range near {
			if r.Region() != s.id && len(list) < region.MaxNeighbours {
				list = append(list, region.Neighbour{ID: r.Region(), Name: r.Name, Site: r.Site})
				if !w.alone(r.Region()) { // those are told directly
					wanted[r.Region()] = r
				}
			}
		}
		slices.SortFunc(list, func(a, b region.Neighbour) int { return bytes.Compare(a.ID[:], b.ID[:]) })
		s.srv.SetNeighbours(list)
	}
	for id, end := range w.border { //lint:sorted each on its own
		if wanted[id] == nil {
			end()
			delete(w.border, id)
		}
	}
	for id, r := range wanted { //lint:sorted each on its own
		if w.border[id] == nil {
			if end := w.feed(r); end != nil {
				w.border[id] = end
			}
		}
	}
}

// publishBorder sends a region's border message to the nodes that listen, and
// to the regions of this node, which hear nothing of their own gossip.
func (w *worldState) publishBorder(s *servedRegion, msg []byte) error {
	err := s.topic.Publish(w.n.ctx, msg)
	w.deliverBorder(s.id, msg)
	return err
}

// feed subscribes to a foreign region's border topic, and gives what ends it;
// nil when it failed.
func (w *worldState) feed(r *world.SiteRecord) (end func()) {
	id := r.Region()
	t, err := w.borderTopic(r)
	if err != nil {
		w.n.log.Error("border not joined", "region", r.Name, "err", err)
		return nil
	}
	cancel, err := t.Subscribe(func(_ base.Key, data []byte) { w.deliverBorder(id, data) })
	if err != nil {
		w.n.log.Error("border not joined", "region", r.Name, "err", err)
		return nil
	}
	return cancel
}

func (w *worldState) deliverBorder(from base.ID, data []byte) {
	for _, s := range w.servedList() {
		if s.id != from {
			s.srv.HandleBorder(from, data)
		}
	}
}
