package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/world"
)

// believed asks the other servers of a region who its voters are, and who of them
// leads. It believes more than half of those whom the owner, or the chain of
// certificates that the owner's charter begins, names: while fewer answer, the error
// says so, and this server waits.
func (w *worldState) believed(ctx context.Context, rec *world.SiteRecord) (leader base.Key, voters []base.Key, err error) {
	others := without(rec.Servers, []base.Key{w.n.key})
	said := w.askServers(ctx, rec.Region(), others)
	proven := w.provenServers(ctx, rec, said)
	voters, ok := member.Voters(others, proven, said, logEpoch(rec))
	if !ok {
		serving := 0
		for _, k := range others {
			if st, ok := said[k]; ok && st.Serving {
				serving++
			}
		}
		return leader, nil, fmt.Errorf("node: join region: of the %d other servers of %q %d answer and %d serve it; more than half must name the same voters", len(others), rec.Name, len(said), serving)
	}
	if leader, ok = member.Leader(voters, said); !ok {
		return leader, nil, fmt.Errorf("node: join region: none of the %d voters of %q that answers leads it", len(voters), rec.Name)
	}
	return leader, voters, nil
}

// provenServers are the servers that the newest certificates of a region name that
// are known here or that one of those who serve it shows; nil when they are of
// another epoch than the owner's record.
func (w *worldState) provenServers(ctx context.Context, rec *world.SiteRecord, said map[base.Key]member.Status) []base.Key {
	id := rec.Region()
	var mu sync.Mutex
	var shown []*law.Answer
	var wg sync.WaitGroup
	for k, st := range said { //lint:sorted the newest is taken, whoever shows it
		if !st.Serving {
			continue
		}
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, askWait)
			defer cancel()
			if a, err := w.askLaw(ctx, k, id, law.Ask{Kind: law.AskHead}); err == nil {
				mu.Lock()
				shown = append(shown, a)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	w.n.shelving.Lock()
	defer w.n.shelving.Unlock()
	for _, a := range shown {
		if _, err := w.shelf().Take(id, a.Charter, a.Chain); err != nil {
			w.n.log.Debug("a region's certificates are not taken", "region", rec.Name, "server", a.Server.Short(), "err", err)
		}
	}
	known, err := w.shelf().Get(id)
	if err != nil || known == nil || known.Signing().Epoch != logEpoch(rec) {
		return nil
	}
	if known.Last == nil {
		return known.Charter.Genesis.Servers
	}
	return known.Last.Servers
}

// confirm waits until more than half of the voters say that this server has the
// number which the leader told.
func (w *worldState) confirm(ctx context.Context, rec *world.SiteRecord, voters []base.Key, number uint64) error {
	ctx, cancel := context.WithTimeout(ctx, serversWait)
	defer cancel()
	for {
		id, ok := member.Number(voters, w.askServers(ctx, rec.Region(), without(voters, []base.Key{w.n.key})), w.n.key)
		if ok && id == number {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node: join region: most voters of %q do not say that this is server %d", rec.Name, number)
		case <-time.After(pointWait):
		}
	}
}
