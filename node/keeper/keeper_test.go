package keeper

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/spatial"
)

var owner = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))

// fake is a store of one node, with another to fetch from.
type fake struct {
	t      *testing.T
	store  *keep.Store
	remote *fake // nil: nobody is connected
	fails  map[lumps.Ref]bool
}

func newFake(t *testing.T, remote *fake) *fake {
	s, err := keep.New(keep.Config{Under: mem.New(mem.Config{})})
	if err != nil {
		t.Fatal(err)
	}
	return &fake{t: t, store: s, remote: remote, fails: map[lumps.Ref]bool{}}
}

func (f *fake) get(ctx context.Context, r lumps.Ref, from *string) ([]byte, error) {
	b, err := f.store.Get(ctx, r)
	if err == nil || f.remote == nil || f.fails[r] {
		return b, err
	}
	if b, err = f.remote.store.Get(ctx, r); err == nil {
		*from = "peer"
		err = f.store.Put(ctx, r, b)
	}
	return b, err
}

// read gives a whole content.
func (f *fake) read(ctx context.Context, r lumps.Ref, from *string) ([]byte, error) {
	var out []byte
	walk := unixfs.NewReader(r)
	for {
		next, more := walk.Next()
		if !more {
			return out, nil
		}
		b, err := f.get(ctx, next, from)
		if err != nil {
			return nil, err
		}
		c, err := walk.Give(b)
		if err != nil {
			return nil, err
		}
		out = append(out, c...)
	}
}

// Open fetches no more than the root.
func (f *fake) Open(ctx context.Context, r lumps.Ref) (io.ReadCloser, lumps.Info, error) {
	info := lumps.Info{Source: lumps.SourceDisk}
	b, err := f.get(ctx, r, &info.Source)
	if err != nil {
		return nil, info, err
	}
	walk := unixfs.NewReader(r)
	if _, err := walk.Give(b); err != nil {
		return nil, info, err
	}
	info.Size, _ = walk.Size()
	return &lazy{f: f, ctx: ctx, r: r}, info, nil
}

type lazy struct {
	f   *fake
	ctx context.Context
	r   lumps.Ref
	b   *bytes.Reader
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.b == nil {
		var from string
		all, err := l.f.read(l.ctx, l.r, &from)
		if err != nil {
			return 0, err
		}
		l.b = bytes.NewReader(all)
	}
	return l.b.Read(p)
}

func (l *lazy) Close() error { return nil }

func (f *fake) Fetch(ctx context.Context, r lumps.Ref) (lumps.Info, error) {
	info := lumps.Info{Source: lumps.SourceDisk}
	_, err := f.read(ctx, r, &info.Source)
	return info, err
}

func (f *fake) Add(ctx context.Context, r io.Reader, pin bool) (lumps.Stat, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return lumps.Stat{}, err
	}
	ref := lumps.Of(b)
	if err := f.store.Put(ctx, ref, b); err != nil {
		return lumps.Stat{}, err
	}
	if pin {
		err = f.store.Pin(ctx, ref)
	}
	return lumps.Stat{Ref: ref}, err
}

func (f *fake) Parts(ctx context.Context, r lumps.Ref) ([]unixfs.Link, error) {
	b, err := f.store.Get(ctx, r)
	if err != nil {
		return nil, err
	}
	n, err := unixfs.Decode(b)
	if err != nil {
		return nil, err
	}
	return n.Links, nil
}

func (f *fake) Stat(ctx context.Context, r lumps.Ref) (lumps.Stat, error) {
	st := lumps.Stat{Ref: r, Local: true}
	parts, err := f.Parts(ctx, r)
	for _, p := range parts {
		ok, herr := f.store.Has(ctx, p.Ref)
		if herr != nil {
			return st, herr
		}
		st.Local = st.Local && ok
	}
	return st, err
}

func (f *fake) put(b []byte) lumps.Ref {
	f.t.Helper()
	r := lumps.Of(b)
	if err := f.store.Put(f.t.Context(), r, b); err != nil {
		f.t.Fatal(err)
	}
	return r
}

// setup is a world with one region, its server and a follower of it.
type setup struct {
	t       *testing.T
	charter *world.Charter
	site    *world.SiteRecord
	server  *fake
	here    *fake
	offers  []Offer
	file    []byte // keep.json
	now     time.Time
}

func newSetup(t *testing.T) *setup {
	s := &setup{t: t, now: time.Unix(1_790_000_000, 0)}
	s.charter = &world.Charter{Spacing: 64 * spatial.Unit, Name: "T", Box: spatial.Box{Max: spatial.At(500, 9, 9)}}
	if err := s.charter.Sign(owner); err != nil {
		t.Fatal(err)
	}
	s.site = s.region("R", 0)
	s.server = newFake(t, nil)
	s.here = newFake(t, s.server)
	return s
}

func (s *setup) region(name string, x float64) *world.SiteRecord {
	r := &world.SiteRecord{World: s.charter.ID(), Name: name, Site: spatial.At(x, 0, 0), Servers: []base.Key{base.Key(owner.Public().(ed25519.PublicKey))}}
	if err := r.Sign(owner); err != nil {
		s.t.Fatal(err)
	}
	return r
}

// checkpoint makes one at the server; change may spoil the state.
func (s *setup) checkpoint(site *world.SiteRecord, tick base.Tick, asset []byte, change func(*world.State)) *world.Checkpoint {
	s.t.Helper()
	snapshot := lumpstest.Bytes(uint64(tick)+uint64(site.Site.X), 5000)
	st := &world.State{Tick: tick, Hash: sha256.Sum256(snapshot), Site: site, Carried: []lumps.Ref{s.server.put(asset)}}
	if change != nil {
		change(st)
	}
	n := unixfs.Node{Kind: unixfs.File}
	for _, b := range [][]byte{st.Encode(), snapshot, s.charter.Encode(), asset} {
		n.Links = append(n.Links, unixfs.Link{Ref: s.server.put(b), Size: int64(len(b))})
	}
	enc := n.Append(nil)
	root := lumps.OfNode(enc)
	if err := s.server.store.Put(s.t.Context(), root, enc); err != nil {
		s.t.Fatal(err)
	}
	at := &world.Checkpoint{World: site.World, Region: site.Region(), Tick: tick, Hash: sha256.Sum256(snapshot), Root: root, Size: n.Size(), Time: 1}
	if err := at.Sign(owner); err != nil {
		s.t.Fatal(err)
	}
	return at
}

func (s *setup) open() *Keeper {
	s.t.Helper()
	k, err := New(s.t.Context(), Config{
		World: s.charter.ID(), Lumps: s.here, Pins: s.here.store,
		Forget: func(ctx context.Context, roots []lumps.Ref) error {
			_, err := s.here.store.Forget(ctx, roots...)
			return err
		},
		Ask: func(_ context.Context, id base.ID, _ *world.SiteRecord, _ bool) []Offer {
			return slices.DeleteFunc(slices.Clone(s.offers), func(o Offer) bool { return o.At.Region != id })
		},
		Load: func(v any) (bool, error) {
			if s.file == nil {
				return false, nil
			}
			return true, json.Unmarshal(s.file, v)
		},
		Save: func(v any) (err error) { s.file, err = json.Marshal(v); return err },
		Now:  func() time.Time { return s.now },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func (s *setup) has(r lumps.Ref) bool {
	s.t.Helper()
	ok, err := s.here.store.Has(s.t.Context(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return ok
}

func (s *setup) pinned(r lumps.Ref) bool {
	s.t.Helper()
	ok, err := s.here.store.Pinned(s.t.Context(), r)
	if err != nil {
		s.t.Fatal(err)
	}
	return ok
}

func TestTheNewestTwoStay(t *testing.T) {
	s := newSetup(t)
	asset := lumpstest.Bytes(99, 9000)
	k := s.open()
	var all []*world.Checkpoint
	for tick := base.Tick(600); tick <= 2400; tick += 600 {
		at := s.checkpoint(s.site, tick, asset, nil)
		all = append(all, at)
		s.offers = append(s.offers, Offer{s.site, at})
		if err := k.Follow(t.Context(), s.site.Region(), s.site); err != nil {
			t.Fatal(err)
		}
	}
	k.forget(t.Context())
	for i, at := range all {
		if want := i >= 2; s.has(at.Root) != want || s.pinned(at.Root) != want {
			t.Errorf("checkpoint %d: here %v, pinned %v", i, s.has(at.Root), s.pinned(at.Root))
		}
	}
	r := k.List().Regions[0]
	if !s.has(lumps.Of(asset)) || r.At.Root != all[3].Root || !r.Whole || r.From != "peer" || r.Carry != 1 || len(r.Older) != 1 {
		t.Errorf("%+v", r)
	}
	// The shared asset and charter count once.
	if parts := int64(len(asset) + len(s.charter.Encode()) + 2*5000); k.List().Used < parts || k.List().Used > parts+2000 {
		t.Errorf("used %d, the parts have %d", k.List().Used, parts)
	}
	if got := s.open().Offers(s.site.Region()); len(got) != 1 || got[0].At.Root != all[3].Root {
		t.Errorf("after a restart: %+v", got)
	}
	if err := k.Unfollow(t.Context(), s.site.Region()); err != nil {
		t.Fatal(err)
	}
	if n := s.here.store.Bytes(); n != 0 {
		t.Errorf("%d bytes are left of a region that was let go", n)
	}
}

// What is over the quota is refused, and what is here stays.
func TestQuota(t *testing.T) {
	s := newSetup(t)
	k := s.open()
	first := s.checkpoint(s.site, 600, lumpstest.Bytes(1, 4000), nil)
	s.offers = []Offer{{s.site, first}}
	if err := k.SetQuota(20_000); err != nil {
		t.Fatal(err)
	}
	if err := k.Follow(t.Context(), s.site.Region(), s.site); err != nil {
		t.Fatal(err)
	}
	large := s.checkpoint(s.site, 1200, lumpstest.Bytes(2, 15_000), nil)
	s.offers = []Offer{{s.site, large}}
	if err := k.Follow(t.Context(), s.site.Region(), nil); !errors.Is(err, ErrQuota) {
		t.Fatalf("%v", err)
	}
	if s.pinned(large.Root) || s.has(lumps.Of(lumpstest.Bytes(2, 15_000))) {
		t.Error("what was refused is here")
	}
	if r := k.List().Regions[0]; r.At.Root != first.Root || !r.Whole || !errors.Is(r.Err, ErrQuota) {
		t.Errorf("%+v", r)
	}
	if err := k.SetQuota(100); !errors.Is(err, ErrQuota) {
		t.Errorf("a quota below what is kept: %v", err)
	}
	if err := k.SetQuota(40_000); err != nil {
		t.Fatal(err)
	}
	if err := k.Follow(t.Context(), s.site.Region(), nil); err != nil || k.List().Regions[0].At.Root != large.Root {
		t.Errorf("with room: %v", err)
	}
	// Room for the newest and the one before it goes first.
	next := s.checkpoint(s.site, 1800, lumpstest.Bytes(3, 15_000), nil)
	s.offers = []Offer{{s.site, next}}
	if err := k.SetQuota(k.List().Used + 15_000); err != nil {
		t.Fatal(err)
	}
	if err := k.Follow(t.Context(), s.site.Region(), nil); err != nil {
		t.Fatal(err)
	}
	k.forget(t.Context())
	if s.has(first.Root) || !s.has(large.Root) || !s.has(next.Root) {
		t.Error("not the newest two")
	}
}

// A fetch that breaks off is taken up again, also after a restart, and until it
// is whole the one before is what others get.
func TestAnUnfinishedFetchIsTakenUp(t *testing.T) {
	s := newSetup(t)
	k := s.open()
	first := s.checkpoint(s.site, 600, lumpstest.Bytes(1, 4000), nil)
	asset := lumpstest.Bytes(2, 6000)
	second := s.checkpoint(s.site, 1200, asset, nil)
	s.offers = []Offer{{s.site, first}}
	if err := k.Follow(t.Context(), s.site.Region(), s.site); err != nil {
		t.Fatal(err)
	}
	s.offers = []Offer{{s.site, second}}
	s.here.fails[lumps.Of(asset)] = true
	if err := k.Follow(t.Context(), s.site.Region(), nil); !errors.Is(err, lumps.ErrNotFound) {
		t.Fatalf("%v", err)
	}
	k = s.open()
	if got := k.Offers(base.ID{}); len(got) != 1 || got[0].At.Root != first.Root || !s.pinned(second.Root) {
		t.Fatalf("%+v, pinned %v", got, s.pinned(second.Root))
	}
	s.here.fails = map[lumps.Ref]bool{}
	if err := k.Follow(t.Context(), s.site.Region(), nil); err != nil || k.Offers(base.ID{})[0].At.Root != second.Root {
		t.Fatalf("%v", err)
	}
}

// What a server signs for need not be a checkpoint: it is refused once, and
// nothing of it stays.
func TestWhatIsNoCheckpoint(t *testing.T) {
	s := newSetup(t)
	asset := lumpstest.Bytes(1, 4000)
	other := s.region("Other", 100)
	good := s.checkpoint(s.site, 1, asset, nil)
	for name, at := range map[string]*world.Checkpoint{
		"another tick":     s.checkpoint(s.site, 600, asset, func(st *world.State) { st.Tick = 5 }),
		"another hash":     s.checkpoint(s.site, 601, asset, func(st *world.State) { st.Hash[0] ^= 1 }),
		"another region's": s.checkpoint(s.site, 602, asset, func(st *world.State) { st.Site = other }),
		"other parts":      s.checkpoint(s.site, 603, asset, func(st *world.State) { st.Carried = []lumps.Ref{lumps.Of([]byte("x"))} }),
		"another size": func() *world.Checkpoint {
			at := s.checkpoint(s.site, 604, asset, nil)
			at.Size++
			if err := at.Sign(owner); err != nil {
				t.Fatal(err)
			}
			return at
		}(),
	} {
		s.here = newFake(t, s.server)
		s.file = nil
		k := s.open()
		s.offers = []Offer{{s.site, good}, {s.site, at}}
		// The good one is taken in its place.
		if err := k.Follow(t.Context(), s.site.Region(), s.site); err != nil && !errors.Is(err, errBad) {
			t.Errorf("%s: %v", name, err)
		}
		if r := k.List().Regions[0]; r.At == nil || r.At.Root != good.Root || !slices.Contains(k.regions[r.ID].bad, at.Root) {
			t.Errorf("%s: kept %+v", name, r.At)
		}
		k.forget(t.Context())
		if s.pinned(at.Root) {
			t.Errorf("%s: still pinned", name)
		}
	}
	// Somebody who is none of the servers has no say.
	at := s.checkpoint(s.site, 700, asset, nil)
	if err := at.Sign(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))); err != nil {
		t.Fatal(err)
	}
	s.offers = []Offer{{s.site, at}}
	s.here, s.file = newFake(t, s.server), nil
	if err := s.open().Follow(t.Context(), s.site.Region(), s.site); !errors.Is(err, ErrNothing) {
		t.Errorf("a stranger's checkpoint: %v", err)
	}
}

func TestThePersonsOwnPinStays(t *testing.T) {
	s := newSetup(t)
	k := s.open()
	at := s.checkpoint(s.site, 600, lumpstest.Bytes(1, 4000), nil)
	s.offers = []Offer{{s.site, at}}
	if err := k.Follow(t.Context(), s.site.Region(), s.site); err != nil {
		t.Fatal(err)
	}
	if name, ok := k.Holds(at.Root, true); !ok || name != "R" {
		t.Fatalf("%q %v", name, ok)
	}
	if err := s.open().Unfollow(t.Context(), s.site.Region()); err != nil {
		t.Fatal(err)
	}
	if !s.pinned(at.Root) {
		t.Error("the person's pin went with the region")
	}
}

func TestTheWorldIsFollowed(t *testing.T) {
	s := newSetup(t)
	k := s.open()
	two := s.region("Two", 100)
	k.cfg.Sites = func() []*world.SiteRecord { return []*world.SiteRecord{s.site, two} }
	if err := k.FollowWorld(true); err != nil {
		t.Fatal(err)
	}
	a, b := s.checkpoint(s.site, 600, []byte("an asset of both"), nil), s.checkpoint(two, 600, []byte("an asset of both"), nil)
	s.offers = []Offer{{s.site, a}, {two, b}}
	k.followWorld()
	for _, e := range k.due() {
		k.rest(e, k.round(t.Context(), e))
	}
	if len(k.due()) != 0 {
		t.Error("asked again at once")
	}
	if got := k.Offers(base.ID{}); len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	// An own region's checkpoints are no business of the quota or of unpin.
	own := s.region("Own", 200)
	at := s.checkpoint(own, 600, []byte("x"), nil)
	if _, err := s.here.Fetch(t.Context(), at.Root); err != nil {
		t.Fatal(err)
	}
	used := k.List().Used
	if err := k.Publish(t.Context(), own, at); err != nil {
		t.Fatal(err)
	}
	if k.List().Used != used {
		t.Error("an own region counts")
	}
	if err := k.Follow(t.Context(), own.Region(), own); !errors.Is(err, ErrRegion) {
		t.Errorf("%v", err)
	}
	if err := k.FollowWorld(false); err != nil {
		t.Fatal(err)
	}
	if l := k.List(); len(l.Regions) != 1 || !l.Regions[0].Own || l.Used != 0 {
		t.Errorf("%+v", l)
	}
}
