package regionbench

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/node"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

var joinAims = map[string]figures.Aim{"join_s": figures.AtMost(60)}

const (
	joinThings = 8000
	joinSlots  = 6
	joinRow    = 140 // things in a row of the grid, 1.5 m apart
	joinRegion = "Plaza"
	// joinCalm bounds waiting until the ticks are on time, before the measurement.
	joinCalm = 2 * time.Minute
)

// join measures a server that joins a region with a large state over a slow
// link, from a node with an empty directory: from its start until it has a vote.
// Two servers have a vote before. Meanwhile slots change ten times a second. All
// nodes are whole ones, in this process, with connections over loopback; the new
// one's go through a link of Options.Mbit each way.
func (b *bench) join(ctx context.Context) (err error) {
	j := &joinRun{bench: b, late: &lateness{}}
	defer func() { err = errors.Join(err, j.close()) }()
	if err := j.servers(ctx); err != nil {
		return err
	}
	if err := j.fill(ctx); err != nil {
		return err
	}
	stop := j.write(ctx)
	defer stop()
	if err := j.settle(ctx); err != nil {
		return err
	}
	b.Tell("ticks without anybody who joins")
	j.late.begin()
	if err := pause(ctx, b.For); err != nil {
		return err
	}
	b.setLate("join_before", j.late)
	j.late.begin()
	if err := j.newcomer(ctx); err != nil {
		return err
	}
	b.setLate("join_during", j.late)
	return nil
}

func (b *bench) setLate(name string, l *lateness) {
	p99, gap, n := l.result()
	b.report.Set(name+"_tick_p99_ms", p99)
	b.report.Set(name+"_gap_ms", gap)
	b.report.Set(name+"_ticks", float64(n))
}

type joinRun struct {
	*bench
	nodes []*node.Node
	id    base.ID
	link  string // to the world
	late  *lateness
}

func (j *joinRun) start(ctx context.Context, cfg node.Config) (*node.Node, error) {
	cfg.Home = filepath.Join(j.Dir, fmt.Sprint("node", len(j.nodes)))
	cfg.Version, cfg.Reach, cfg.Absent, cfg.Join = "bench", "private", true, j.link
	if cfg.Listen == nil {
		cfg.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	}
	n, err := node.Start(ctx, cfg)
	if err == nil {
		j.nodes = append(j.nodes, n)
	}
	return n, err
}

func (j *joinRun) close() (err error) {
	for _, n := range j.nodes {
		if n != nil {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			err = errors.Join(err, n.Close(ctx))
			cancel()
		}
	}
	return err
}

// servers founds a region and brings it to two servers with a vote: a third one
// goes again, for two do not come about by themselves.
func (j *joinRun) servers(ctx context.Context) error {
	a, err := j.start(ctx, node.Config{Name: "first", Took: j.late.took})
	if err != nil {
		return err
	}
	if _, err := a.Backend().WorldCreate(ctx, &control.WorldCreateRequest{Name: "Bench", Size: control.Point{X: 512, Y: 64, Z: 512}}); err != nil {
		return err
	}
	if _, err := a.Backend().RegionSeed(ctx, &control.SeedRequest{Name: joinRegion}); err != nil {
		return err
	}
	info, err := a.Backend().WorldInfo(ctx)
	if err != nil {
		return err
	}
	j.link = info.Link
	for _, name := range []string{"second", "third"} {
		n, err := j.start(ctx, node.Config{Name: name})
		if err != nil {
			return err
		}
		if err := j.add(ctx, n); err != nil {
			return err
		}
	}
	j.Tell("three servers get a vote, one of them goes again")
	if err := j.until(ctx, 3*time.Minute, func(r *control.RegionServers) bool { return voters(r) == 3 }); err != nil {
		return err
	}
	if err := j.do(ctx, a, control.ServersRemove, j.nodes[2]); err != nil {
		return err
	}
	err = j.until(ctx, time.Minute, func(r *control.RegionServers) bool { return voters(r) == 2 && len(r.Servers) == 2 })
	if err != nil {
		return err
	}
	third := j.nodes[2]
	j.nodes[2] = nil
	j.id, err = j.region(ctx)
	return errors.Join(err, third.Close(ctx))
}

func (j *joinRun) region(ctx context.Context) (base.ID, error) {
	r, err := j.status(ctx)
	if err != nil {
		return base.ID{}, err
	}
	return base.ParseID(r.ID)
}

func (j *joinRun) status(ctx context.Context) (*control.RegionServers, error) {
	return j.nodes[0].Backend().RegionServers(ctx, &control.RegionServersRequest{Do: control.ServersStatus, Region: joinRegion})
}

func (j *joinRun) do(ctx context.Context, at *node.Node, what string, whom *node.Node) error {
	req := &control.RegionServersRequest{Do: what, Region: joinRegion}
	if whom != nil {
		st, err := whom.Backend().Status(ctx)
		if err != nil {
			return err
		}
		req.Peer = st.PeerID
	}
	_, err := at.Backend().RegionServers(ctx, req)
	return err
}

// add has a node agree to serve, and the owner add it.
func (j *joinRun) add(ctx context.Context, n *node.Node) error {
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err = j.do(ctx, n, control.ServersServe, nil); err == nil {
			if err = j.do(ctx, j.nodes[0], control.ServersAdd, n); err == nil {
				return nil
			}
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return err // the region is not known there yet
}

func voters(r *control.RegionServers) (n int) {
	for _, s := range r.Servers {
		if s.Role == "voter" || s.Role == "leader" {
			n++
		}
	}
	return n
}

func (j *joinRun) until(ctx context.Context, limit time.Duration, f func(*control.RegionServers) bool) error {
	var last *control.RegionServers
	for end := time.Now().Add(limit); time.Now().Before(end); {
		r, err := j.status(ctx)
		if err == nil && f(r) {
			return nil
		}
		if err == nil {
			last = r
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %+v", errStuck, last)
}

// noise is n bytes that nothing makes shorter.
func noise(r *base.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
	return b
}

// fill makes the things, with their slots full.
func (j *joinRun) fill(ctx context.Context) error {
	j.Tell(fmt.Sprintf("%d things with %d MB come", joinThings, j.StateMB))
	size := j.StateMB * 1_000_000 / joinThings / joinSlots
	size = min(size, region.MaxSlotValue)
	var wg sync.WaitGroup
	errs := make(chan error, joinThings)
	room := make(chan struct{}, 64)
	r := base.NewRand(j.Seed, 7)
	for i := range joinThings {
		t := region.ThingSpec{Kind: "shelf", Name: fmt.Sprint("shelf ", i), Shape: region.Box, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}, Fixed: true,
			Pos: spatial.Vec{X: 1.5 * float32(i%joinRow-joinRow/2), Y: 0.25, Z: 1.5 * float32(i/joinRow-joinThings/joinRow/2)}}
		for k := range joinSlots {
			t.Slots = append(t.Slots, region.SlotWrite{Name: fmt.Sprintf("s%d", k), Value: region.BytesSlot(noise(r, size))})
		}
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			errs <- j.control(ctx, region.ControlEntry{Kind: region.ControlCreate, Thing: t})
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// control sends again what there is no room for at once.
func (j *joinRun) control(ctx context.Context, c region.ControlEntry) (err error) {
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); {
		if err = j.nodes[0].Control(ctx, j.id, c); err == nil || ctx.Err() != nil {
			return err
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return err
}

// write makes a small thing ten times a second, so that the state changes, until
// stop is called.
func (j *joinRun) write(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		r := base.NewRand(j.Seed, 8)
		for i := 0; pause(ctx, 100*time.Millisecond) == nil && i < region.MaxThings-joinThings-64; i++ {
			t := region.ThingSpec{Kind: "note", Name: base64.StdEncoding.EncodeToString(noise(r, 12)), Shape: region.Box, Size: spatial.Vec{X: 0.2, Y: 0.2, Z: 0.2}, Fixed: true, Hollow: true,
				Pos: spatial.Vec{X: float32(r.IntN(100)), Y: 1, Z: 60}, Slots: region.Slots{{Name: "text", Value: region.BytesSlot(noise(r, 1000))}}}
			_ = j.nodes[0].Control(ctx, j.id, region.ControlEntry{Kind: region.ControlCreate, Thing: t}) // one more or less
		}
	})
	return func() { cancel(); wg.Wait() }
}

// settle waits until both servers are in step and a checkpoint of all is stored.
func (j *joinRun) settle(ctx context.Context) error {
	j.Tell("both servers store it")
	for i := range 2 {
		if _, err := j.nodes[i].Backend().RegionCheckpoint(ctx, &control.CheckpointRequest{}); err != nil {
			return err
		}
	}
	err := j.until(ctx, 2*time.Minute, func(r *control.RegionServers) bool {
		for _, s := range r.Servers {
			if s.Lag > 20 {
				return false
			}
		}
		return voters(r) == 2
	})
	if err != nil {
		return err
	}
	// The disk has still to do with how the state came, which is not measured.
	for end := time.Now().Add(joinCalm); time.Now().Before(end); {
		j.late.begin()
		if err := pause(ctx, 5*time.Second); err != nil {
			return err
		}
		if _, gap, n := j.late.result(); n >= 5*region.TickRate*19/20 && gap <= 250 {
			return nil
		}
	}
	return nil
}

// newcomer starts a node from nothing and waits until it has a vote.
func (j *joinRun) newcomer(ctx context.Context) error {
	j.Tell(fmt.Sprintf("another joins over %d Mbit/s", j.Mbit))
	l := &link{rate: float64(j.Mbit) * 1e6 / 8}
	begun := time.Now()
	n, err := j.start(ctx, node.Config{Name: "new", Listen: []string{}, Dialed: l.wrap})
	if err != nil {
		return err
	}
	if err := j.add(ctx, n); err != nil {
		return err
	}
	st, err := n.Backend().Status(ctx)
	if err != nil {
		return err
	}
	var learner, near, size float64
	err = j.until(ctx, 10*time.Minute, func(r *control.RegionServers) bool {
		for _, s := range r.Servers {
			if s.PeerID != st.PeerID {
				continue
			}
			size = max(size, float64(s.Want))
			if s.Role == "learner" && learner == 0 {
				learner = time.Since(begun).Seconds()
			}
			if s.Role == "learner" && s.Lag <= 20 && near == 0 {
				near = time.Since(begun).Seconds()
			}
			if s.Role == "voter" || s.Role == "leader" {
				return true
			}
		}
		return false
	})
	j.report.Set("join_s", time.Since(begun).Seconds())
	j.report.Set("join_fetched_s", learner)
	j.report.Set("join_caught_up_s", near)
	j.report.Set("join_state_mb", size/1e6)
	j.report.Set("join_link_mb", float64(l.down.total())/1e6)
	if err == nil && float64(l.down.total()) < size {
		err = errors.New("the state did not come over the link")
	}
	return err
}
