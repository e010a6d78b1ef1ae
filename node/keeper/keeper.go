// Package keeper keeps the checkpoints of regions as lumps: those of the
// regions that this node serves, and those of others' regions that its person
// follows, so that what is in them outlives their owner's machine. It asks,
// fetches, checks, counts against a quota, and lets older ones go.
package keeper

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
	"github.com/metatopia/metatopia/node/world"
)

// Lumps is what the keeper wants of the exchange.
type Lumps interface {
	Add(ctx context.Context, r io.Reader, pin bool) (lumps.Stat, error)
	Open(ctx context.Context, r lumps.Ref) (io.ReadCloser, lumps.Info, error)
	Fetch(ctx context.Context, r lumps.Ref) (lumps.Info, error)
	Parts(ctx context.Context, r lumps.Ref) ([]unixfs.Link, error)
	Stat(ctx context.Context, r lumps.Ref) (lumps.Stat, error)
}

// Offer is a checkpoint that somebody has, with the record that says who may
// sign for the region.
type Offer struct {
	Site *world.SiteRecord
	At   *world.Checkpoint
}

// Config of a Keeper. All but Sites, Now and Log are required.
type Config struct {
	World lumps.Ref
	Lumps Lumps
	Pins  lumps.Pinner
	// Forget unpins contents and deletes what only they held.
	Forget func(ctx context.Context, roots []lumps.Ref) error
	// Ask gives what servers and other nodes offer of a region. site is nil
	// when nothing is known of it; need says that nothing is kept yet.
	Ask func(ctx context.Context, region base.ID, site *world.SiteRecord, need bool) []Offer
	// Sites are the regions of the world that are known.
	Sites func() []*world.SiteRecord
	Load  func(v any) (found bool, err error)
	Save  func(v any) error
	Now   func() time.Time
	Log   *slog.Logger
}

// Errors that a person can act on.
var (
	ErrQuota   = errors.New("over the quota")
	ErrUnknown = errors.New("not kept here")
	ErrNothing = errors.New("nobody who answers has a checkpoint of it")
	ErrFull    = fmt.Errorf("%d regions are kept, and no more can be", MaxRegions)
	ErrRegion  = errors.New("the region is served here")
)

// Keeper is safe for use from any goroutine.
type Keeper struct {
	cfg  Config
	sem  chan struct{}
	work sync.WaitGroup

	mu      sync.Mutex
	quota   int64
	world   bool
	regions map[base.ID]*entry
	dropped []lumps.Ref // let go, not deleted yet
}

// entry is one region.
type entry struct {
	id    base.ID
	site  *world.SiteRecord
	asked bool // followed for itself, not only with the world
	own   bool // served here
	kept  []*held
	bad   []lumps.Ref // roots that are no checkpoints, newest last

	busy  bool
	next  time.Time
	pause time.Duration
	err   error // of the last round
}

// held is one checkpoint that is here, or on its way.
type held struct {
	at    *world.Checkpoint
	from  string // peer that sent the first lump; "" when it was made here
	had   bool   // pinned before the keeper came
	whole bool
	parts []unixfs.Link
	lacks int       // contents that the state names and nobody put in
	carry int       // contents besides the state
	noted time.Time // whole since
}

func (c *Config) validate() error {
	if c.World.IsZero() || c.Lumps == nil || c.Pins == nil || c.Forget == nil || c.Ask == nil || c.Load == nil || c.Save == nil {
		return errors.New("keeper: new: something required is missing")
	}
	if c.Sites == nil {
		c.Sites = func() []*world.SiteRecord { return nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// New takes up what was kept before.
func New(ctx context.Context, cfg Config) (*Keeper, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	k := &Keeper{cfg: cfg, quota: DefaultQuota, regions: map[base.ID]*entry{}, sem: make(chan struct{}, roundsAtOnce)}
	if err := k.load(ctx); err != nil {
		return nil, fmt.Errorf("keeper: %w", err)
	}
	return k, nil
}

// Run asks and fetches until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	defer k.work.Wait()
	step := time.NewTicker(time.Second)
	defer step.Stop()
	forget := time.NewTicker(forgetEvery)
	defer forget.Stop()
	for {
		k.followWorld()
		for _, e := range k.due() {
			k.work.Go(func() {
				select {
				case k.sem <- struct{}{}:
				case <-ctx.Done():
					k.rest(e, ctx.Err())
					return
				}
				defer func() { <-k.sem }()
				k.rest(e, k.round(ctx, e))
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-step.C:
		case <-forget.C:
			k.forget(ctx)
		}
	}
}

// due takes the followed regions whose time has come; each must be given to
// rest.
func (k *Keeper) due() []*entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.cfg.Now()
	var list []*entry
	for _, e := range k.sorted() {
		if !e.own && !e.busy && !e.next.After(now) {
			e.busy = true
			list = append(list, e)
		}
	}
	return list
}

// rest ends a round.
func (k *Keeper) rest(e *entry, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e.busy, e.err = false, err
	if e.pause = min(2*e.pause, askSeldom); err == nil || e.pause == 0 {
		e.pause = askEvery
	}
	e.next = k.cfg.Now().Add(e.pause)
}

// followWorld makes entries of the regions that came.
func (k *Keeper) followWorld() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.world {
		return
	}
	for _, s := range k.cfg.Sites() {
		if e := k.regions[s.Region()]; e != nil {
			if e.site == nil || e.site.Seq < s.Seq {
				e.site = s
			}
		} else if len(k.regions) < MaxRegions {
			k.regions[s.Region()] = &entry{id: s.Region(), site: s}
		}
	}
}

// forget deletes what was let go.
func (k *Keeper) forget(ctx context.Context) {
	k.mu.Lock()
	roots := k.dropped
	k.dropped = nil
	k.mu.Unlock()
	if len(roots) == 0 {
		return
	}
	if err := k.cfg.Forget(ctx, roots); err != nil && ctx.Err() == nil {
		// They are not pinned: a sweep gets them.
		k.cfg.Log.Warn("old checkpoints were not deleted", "err", err)
	}
}

// sorted lists the entries; mu is held.
func (k *Keeper) sorted() []*entry {
	list := make([]*entry, 0, len(k.regions))
	for _, e := range k.regions { //lint:sorted below
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), a.id.Compare(b.id))
	})
	return list
}

func (e *entry) name() string {
	if e.site == nil {
		return ""
	}
	return e.site.Name
}

// newest is the newest whole checkpoint, nil when there is none.
func (e *entry) newest() *held {
	for _, h := range e.kept { // newest first
		if h.whole {
			return h
		}
	}
	return nil
}

// Hurry asks about every followed region now.
func (k *Keeper) Hurry() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, e := range k.sorted() {
		e.next, e.pause = time.Time{}, 0
	}
}
