package node

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/stores"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/open"
)

const (
	// storeFile is regions/ID/store: where this node finds the region's store, a
	// line that may hold a password. It is for the node's account alone.
	storeFile = "store"
	// storeWait bounds opening a store, storeAgain is how soon it is tried again.
	storeWait  = 15 * time.Second
	storeAgain = 5 * time.Second
)

// regionStore is this node's way to the store of a region that it serves.
type regionStore struct {
	carrier atomic.Pointer[stores.Carrier]

	setting sync.Mutex // one change at a time

	mu     sync.Mutex
	place  string // "": none
	store  slots.Store
	about  slots.About
	err    error
	closed bool

	// Of whoever changes it: what tries to open it.
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// asked is server.Config.Asked.
func (s *servedRegion) asked(x *server.Asked) {
	if c := s.store.carrier.Load(); c != nil {
		c.Saw(&stores.Sees{Seen: stores.Seen(*x), Late: len(x.Waiting) > 0 && s.late()})
	}
}

// openStore opens the store whose place is set, in the background: a database
// that is away does not keep a region from opening.
func (w *worldState) openStore(s *servedRegion) {
	b, err := os.ReadFile(w.n.home.path("regions", s.id.String(), storeFile))
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			w.n.log.Error("the place of the region's store is not known", "region", s.rec.Name, "err", err)
		}
		return
	}
	r, ctx := &s.store, context.Context(nil)
	r.place = strings.TrimSpace(string(b))
	ctx, r.cancel = context.WithCancel(context.Background())
	r.work.Go(func() {
		for said := false; ; {
			if err := w.tryStore(ctx, s); err == nil || ctx.Err() != nil {
				return
			} else if !said {
				said = true
				w.n.log.Warn("the region's store cannot be opened", "region", s.rec.Name, "err", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(storeAgain):
			}
		}
	})
}

// tryStore opens the store that is set.
func (w *worldState) tryStore(ctx context.Context, s *servedRegion) error {
	r := &s.store
	store, id, err := w.findStore(ctx, s.id, r.place, false)
	r.mu.Lock()
	r.err = err
	r.mu.Unlock()
	if err != nil {
		return err
	}
	w.useStore(s, store, id, r.place)
	return nil
}

// findStore opens a place and says which store of the region is there; zero:
// none. begin makes one.
func (w *worldState) findStore(ctx context.Context, region base.ID, place string, begin bool) (slots.Store, base.ID, error) {
	ctx, cancel := context.WithTimeout(ctx, storeWait)
	defer cancel()
	// Not with the region's own files: those go when the node serves it no more.
	dir := w.n.home.path("stores", region.String())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, base.ID{}, err
	}
	store, err := open.Open(ctx, place, dir)
	if err != nil {
		return nil, base.ID{}, err
	}
	id, err := stores.Identify(ctx, store, region, begin)
	if err != nil {
		return nil, base.ID{}, errors.Join(err, store.Close())
	}
	return store, id, nil
}

// useStore begins to carry requests out. It takes the store over.
func (w *worldState) useStore(s *servedRegion, store slots.Store, id base.ID, place string) {
	r := &s.store
	ctx, cancel := context.WithTimeout(context.Background(), storeWait)
	defer cancel()
	about, _ := store.About(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		_ = store.Close()
		return
	}
	r.place, r.store, r.about, r.err = place, store, about, nil
	r.carrier.Store(stores.New(stores.Config{Region: stores.Owned{ID: s.id, Owner: s.rec.Owner}, Store: store, ID: id,
		Answer: s.srv.Answer, Log: w.n.log.With("region", s.rec.Name)}))
	w.n.log.Info("the region's store is open", "region", s.rec.Name, "engine", about.Engine, "place", about.Place)
}

// leave closes what is open; the region may get another store.
func (r *regionStore) leave() {
	if r.cancel != nil {
		r.cancel()
		r.work.Wait() // it may just have opened it
	}
	r.mu.Lock()
	c, store := r.carrier.Swap(nil), r.store
	r.store, r.cancel, r.place, r.err = nil, nil, "", nil
	r.mu.Unlock()
	if c != nil {
		c.Close()
	}
	if store != nil {
		_ = store.Close()
	}
}

// close is leave for good.
func (r *regionStore) close() {
	r.setting.Lock()
	defer r.setting.Unlock()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.leave()
}

// RegionStore sets, takes away or tells the store of a region served here.
// Which store a region has is an entry of its log, for its owner's node to make;
// another of its servers can only be told where it is.
func (b *backend) RegionStore(ctx context.Context, req *control.RegionStoreRequest) (*control.RegionStore, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	s, err := w.ownRegion(req.Region)
	if err != nil {
		return nil, err
	}
	s.store.setting.Lock()
	defer s.store.setting.Unlock()
	switch {
	case req.None && req.Place != "":
		return nil, control.Errorf(control.Invalid, "", "a place, or none")
	case req.None:
		err = w.takeStore(ctx, s)
	case req.Place != "":
		err = w.setStore(ctx, s, req.Place)
	}
	if err != nil {
		return nil, err
	}
	return w.storeStatus(ctx, s)
}

// stateStore asks the sim which store the region has.
func (s *servedRegion) stateStore(ctx context.Context) (id base.ID, waiting int, err error) {
	err = s.srv.Between(ctx, func(sim *region.Sim) { id, waiting = sim.Store(), len(sim.Requests()) })
	return id, waiting, err
}

func (w *worldState) setStore(ctx context.Context, s *servedRegion, place string) error {
	if err := open.Check(place); err != nil {
		return control.Errorf(control.Invalid, "see `metatopia region store --help`", "%w", err)
	}
	has, _, err := s.stateStore(ctx)
	if err != nil {
		return err
	}
	mine := s.rec.Owner == w.n.key
	if has.IsZero() && !mine {
		return control.Errorf(control.Denied, "", "the region has no store; its owner's node gives it one")
	}
	s.store.leave() // a file is open once
	store, id, err := w.findStore(ctx, s.id, place, mine && has.IsZero())
	if err != nil {
		w.openStore(s) // as it was
		return control.Errorf(control.Unavailable, "is the server there, and may this user in?", "%w", errors.New(strings.Join(strings.Fields(err.Error()), " ")))
	}
	switch {
	case has.IsZero():
		err = s.srv.Control(ctx, region.ControlEntry{Kind: region.ControlStore, Store: id})
	case id != has:
		err = control.Errorf(control.Conflict, "the owner may take the store away first: `metatopia region store --none`", "%w", stores.ErrOther)
	}
	if err == nil {
		err = w.n.home.write(w.n.home.path("regions", s.id.String(), storeFile), []byte(place+"\n"))
	}
	if err != nil {
		err = errors.Join(err, store.Close())
		w.openStore(s)
		return err
	}
	w.useStore(s, store, id, place)
	return nil
}

func (w *worldState) takeStore(ctx context.Context, s *servedRegion) error {
	if s.rec.Owner == w.n.key {
		if err := s.srv.Control(ctx, region.ControlEntry{Kind: region.ControlStore}); err != nil {
			return err
		}
	}
	if err := os.Remove(w.n.home.path("regions", s.id.String(), storeFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	s.store.leave()
	return nil
}

func (w *worldState) storeStatus(ctx context.Context, s *servedRegion) (*control.RegionStore, error) {
	id, waiting, err := s.stateStore(ctx)
	if err != nil {
		return nil, err
	}
	out := &control.RegionStore{Region: s.rec.Name, Here: "none", Waiting: waiting}
	if !id.IsZero() {
		out.ID = id.String()
	}
	r := &s.store
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.place == "" {
		return out, nil
	}
	out.Here, out.Place = "away", open.Hide(r.place)
	if r.err != nil {
		out.Error = strings.Join(strings.Fields(r.err.Error()), " ")
	}
	if c := r.carrier.Load(); c != nil {
		st := c.Status()
		out.Here, out.Done, out.Server, out.Place = "open", st.Done, r.about.Server, r.about.Place
		if st.Other {
			out.Here = "other"
		}
		if st.Err != "" {
			out.Here, out.Error = "away", strings.Join(strings.Fields(st.Err), " ")
		}
	}
	return out, nil
}
