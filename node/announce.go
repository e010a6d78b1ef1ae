package node

import (
	"bufio"
	"context"
	"io"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
)

// Site records travel two ways: each change by gossip, and the whole list by
// a stream that a node opens towards every peer it meets, because gossip does
// not repeat what was said before one came.
const (
	protoSites    = "/metatopia/sites/1"
	announceEvery = 30 * time.Second
	sitesTimeout  = 10 * time.Second
)

func (w *worldState) topicName(kind string) string { return "mt/" + w.id.String() + "/" + kind }

func (w *worldState) startAnnounce() error {
	var err error
	w.announce, err = w.n.net.Topic(w.topicName("announce"), func(_ base.Key, data []byte) p2p.Verdict {
		r, err := world.ParseSite(data)
		if err != nil || r.World != w.id {
			w.n.count.add(countRefused, 1)
			return p2p.Reject
		}
		// What does not fit is not passed on, and not held against a sender
		// who may know less.
		w.mu.Lock()
		fits := w.dir.Fits(r)
		w.mu.Unlock()
		if !fits {
			return p2p.Ignore
		}
		return p2p.Accept
	})
	if err != nil {
		return err
	}
	if _, err := w.announce.Subscribe(func(_ base.Key, data []byte) { w.heardSite(data) }); err != nil {
		return err
	}
	w.n.net.Handle(protoSites, w.serveSites)
	w.n.goRun(func(ctx context.Context) { w.announceLoop(ctx) })
	return nil
}

// serveSites answers with every record known, framed, and ends the stream.
func (w *worldState) serveSites(_ base.Key, s p2p.Stream) {
	answer(s, sitesTimeout, func(r *bufio.Reader, to io.Writer) bool {
		id, err := p2p.ReadFrame(r, 128)
		if err != nil || string(id) != w.id.String() {
			return false
		}
		for _, rec := range w.records() {
			if _, err := to.Write(p2p.AppendFrame(nil, rec.Encode())); err != nil {
				return false
			}
		}
		return true
	})
}

// pullSites asks a peer for its records.
func (w *worldState) pullSites(ctx context.Context, k base.Key) {
	ctx, cancel := context.WithTimeout(ctx, sitesTimeout)
	defer cancel()
	_ = w.n.ask(ctx, k, protoSites, p2p.AppendFrame(nil, []byte(w.id.String())), func(r *bufio.Reader) error {
		var all []*world.SiteRecord
		for len(all) < world.MaxSites {
			b, err := p2p.ReadFrame(r, world.MaxRecord)
			if err != nil {
				break
			}
			rec, err := world.ParseSite(b)
			if err != nil {
				w.n.count.add(countRefused, 1)
				break
			}
			all = append(all, rec)
		}
		// At once: a newcomer who knows one region of several takes that one for
		// the entrance of the world.
		w.addSites(all...)
		return nil
	}) // another node may know more
}

// heardSite takes a record from anywhere.
func (w *worldState) heardSite(b []byte) {
	r, err := world.ParseSite(b)
	if err != nil {
		w.n.count.add(countRefused, 1)
		return
	}
	w.addSites(r)
}

func (w *worldState) addSites(all ...*world.SiteRecord) {
	anything := false
	w.mu.Lock()
	for _, r := range all {
		changed, dropped, err := w.dir.Add(r)
		if err != nil {
			w.n.log.Debug("site record refused", "region", r.Name, "err", err)
			continue
		}
		for _, id := range dropped {
			w.n.log.Warn("region gave way to an older site", "region", id)
		}
		anything = anything || changed
	}
	w.mu.Unlock()
	if anything {
		w.sitesChanged()
	}
}

// announceLoop repeats this node's own records: gossip is lossy, and a node
// that was away hears them again.
func (w *worldState) announceLoop(ctx context.Context) {
	t := time.NewTicker(announceEvery)
	defer t.Stop()
	for {
		w.announceOwn(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

func (w *worldState) announceOwn(ctx context.Context) {
	for _, r := range w.records() {
		if r.Owner == w.n.key || w.localServer(r.Region()) != nil {
			if err := w.announce.Publish(ctx, r.Encode()); err != nil && ctx.Err() == nil {
				w.n.log.Warn("site not announced", "region", r.Name, "err", err)
			}
		}
	}
}

func (w *worldState) records() []*world.SiteRecord {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dir.All()
}
