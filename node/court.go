package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/succession"
)

// charterFile is regions/ID/charter: what the roles of the region begin with.
const charterFile = "charter"

// lawAnswerWait bounds an answer of a region's court: an entry waits for the
// disk, and perhaps for other servers' clocks.
const lawAnswerWait = 15 * time.Second

// lawCounter gives the numbers of the entries that this node signs, as player and
// as server: they rise, over restarts too.
type lawCounter struct {
	mu   sync.Mutex
	last uint64
}

func (c *lawCounter) next(least uint64) uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, least+1, uint64(time.Now().UnixMilli()))
	return c.last
}

// regionCharter reads a served region's charter, or, as its founder, makes it.
func (w *worldState) regionCharter(saved savedRegion, rec *world.SiteRecord) (*world.RegionCharter, error) {
	file := w.n.home.path("regions", rec.Region().String(), charterFile)
	b, err := os.ReadFile(file)
	if err == nil {
		c, err := world.ParseRegionCharter(b)
		if err == nil && c.Genesis.Region != rec.Region() {
			err = world.ErrOtherRegion
		}
		if err != nil {
			return nil, fmt.Errorf("node: %s: %w", file, err)
		}
		return c, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("node: region charter: %w", err)
	}
	c := &world.RegionCharter{World: w.id, Site: rec.Site, Name: rec.Name, Genesis: succession.Genesis{
		Region: rec.Region(), Epoch: 1, Founder: rec.Owner, Servers: []base.Key{w.n.key}, Settings: saved.Roles.settings(), Wall: saved.Founded}}
	if err := c.Sign(w.n.priv); err != nil {
		return nil, fmt.Errorf("node: region charter: %w", err)
	}
	if err := w.n.home.write(file, c.Encode()); err != nil {
		return nil, fmt.Errorf("node: region charter: %w", err)
	}
	return c, nil
}

// newCourt makes the driver of a served region's roles; shared: the region may
// have several servers.
func (w *worldState) newCourt(s *servedRegion, charter *world.RegionCharter, shared bool) *law.Court {
	cfg := law.Config{
		Charter: charter, Dir: w.n.home.path("regions", s.id.String()), Key: w.n.key, Sign: w.n.sign, Verify: law.VerifyKey,
		Counter: w.n.lawCounter.next, Now: time.Now, Name: func(k base.Key) string { return w.personName(s, k) },
		Ask: func(ctx context.Context, k base.Key, q law.Ask) (*law.Answer, error) {
			return w.askLaw(ctx, k, s.id, q)
		},
		Guest: func(ctx context.Context, k base.Key) (guest bool) {
			if s.srv.Look(ctx, func(st *access.State, r access.Rights, _ base.Tick) { guest = st.Role(k, r) == access.Guest }) != nil {
				return false // the region itself judges
			}
			return guest
		},
		Leading: func() bool { return s.group == nil || s.group.log.Leading() },
		Log:     w.n.log.With("region", s.rec.Name),
	}
	if shared {
		cfg.Voters = s.voters
	}
	return law.New(cfg)
}

// voters are the servers that agree on the region's log, sorted.
func (s *servedRegion) voters() (keys []base.Key) {
	if s.group == nil {
		return nil
	}
	for _, m := range s.group.log.Members() {
		if m.Voter() {
			keys = append(keys, m.Key)
		}
	}
	slices.SortFunc(keys, base.Key.Compare)
	return slices.Compact(keys)
}

// others are the voters but for this node.
func (s *servedRegion) others() []base.Key {
	return slices.DeleteFunc(s.voters(), func(k base.Key) bool { return k == s.points.w.n.key })
}

// personName is what the people in a region call somebody.
func (w *worldState) personName(s *servedRegion, k base.Key) string {
	if s.srv != nil {
		for _, t := range s.srv.Things() {
			if t.Thing.Player == k {
				return fmt.Sprintf("%s (%s)", t.Thing.Name, k.Short())
			}
		}
	}
	return k.Short()
}

// serveLaw answers one question on a stream.
func (w *worldState) serveLaw(c *law.Court) func(base.Key, p2p.Stream) {
	return func(remote base.Key, s p2p.Stream) {
		answer(s, lawAnswerWait, func(r *bufio.Reader, to io.Writer) bool {
			b, err := p2p.ReadFrame(r, law.MaxAsk)
			if err != nil {
				return false
			}
			q, err := law.ParseAsk(b)
			if err != nil {
				w.n.count.add(countRefused, 1)
				return false
			}
			ctx, cancel := context.WithTimeout(w.n.ctx, lawAnswerWait)
			defer cancel()
			_, err = to.Write(p2p.AppendFrame(nil, c.Answer(ctx, remote, q).Bytes()))
			return err == nil
		})
	}
}

// askLaw asks one server of a region.
func (w *worldState) askLaw(ctx context.Context, k base.Key, id base.ID, q law.Ask) (*law.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lawAnswerWait)
	defer cancel()
	var out *law.Answer
	err := w.n.ask(ctx, k, law.Proto+id.String(), p2p.AppendFrame(nil, q.Bytes()), func(r *bufio.Reader) error {
		b, err := p2p.ReadFrame(r, law.MaxFrame)
		if err == nil {
			out, err = law.ParseAnswer(b)
		}
		return err
	})
	return out, err
}

// askCourt asks whichever server of a region answers; one in this process first.
func (w *worldState) askCourt(ctx context.Context, id base.ID, q law.Ask) (*law.Answer, error) {
	w.mu.Lock()
	own, rec := w.served[id], w.dir.Get(id)
	w.mu.Unlock()
	if own != nil && own.court != nil {
		ctx, cancel := context.WithTimeout(ctx, lawAnswerWait)
		defer cancel()
		return own.court.Answer(ctx, w.n.key, q), nil
	}
	if rec == nil {
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "region %s is not known here", id)
	}
	err := errors.New("it has no servers")
	for _, k := range rec.Servers {
		a, aerr := w.askLaw(ctx, k, id, q)
		if aerr == nil {
			return a, nil
		}
		err = aerr
	}
	return nil, control.Errorf(control.Unavailable, "is one of the region's servers running, and reachable from here?", "roles of %s: %w", rec.Name, err)
}
