// Package controltest has a Backend for tests of clients: a small world that
// does not move unless told to.
package controltest

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// Backend is a node in memory. Its methods may be called from any goroutine.
// The zero value is not ready: use New.
type Backend struct {
	mu      sync.Mutex
	calls   []string
	lumps   map[string][]byte
	pinned  map[string]bool
	procs   []control.Process
	web     string
	telnet  string
	down    bool
	fail    error
	done    chan struct{}
	watches map[chan *control.Frame]bool

	Name  string        // of the person
	Frame control.Frame // what a new Watch gets first
}

var _ control.Backend = (*Backend)(nil)

// New is a node called Ada in the world Quiet Valley.
func New() *Backend {
	return &Backend{
		lumps: map[string][]byte{}, pinned: map[string]bool{},
		done: make(chan struct{}), watches: map[chan *control.Frame]bool{}, Name: "Ada", Frame: Valley(),
	}
}

// The ids of what Valley holds.
const (
	MeID, BobID, BallID, LampID = "aa01", "aa02", "bb01", "bb02"
	HearthID, CommonsID         = "cc01", "cc02"
	Key                         = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
)

// Valley is a full frame: two regions, me, Bob, a ball and a lamp.
func Valley() control.Frame {
	upright := [4]float64{0, 0, 0, 1}
	return control.Frame{
		Full:  true,
		World: &control.WorldInfo{ID: "bafkworld", Name: "Quiet Valley", Founder: Key, Spacing: 64, Link: "metatopia:bafkworld"},
		Regions: []control.Region{
			{ID: HearthID, Name: "Hearthside", Owner: Key, Color: "#cc8844", Live: true},
			{ID: CommonsID, Name: "Commons", Owner: "ff", Site: control.Point{X: 64}, Color: "#4488cc", Live: true},
		},
		Upsert: []control.Entity{
			{ID: MeID, Kind: "avatar", Name: "Ada", Region: HearthID, Owner: Key, Shape: "box", Rot: upright, Me: true},
			{ID: BobID, Kind: "avatar", Name: "Bob", Region: HearthID, Shape: "box", Pos: control.Point{X: 3, Z: -4}, Rot: upright},
			{ID: BallID, Kind: "ball", Name: "red ball", Region: HearthID, Shape: "sphere", Pos: control.Point{X: 1}, Rot: upright},
			{ID: LampID, Kind: "lamp", Name: "street lamp", Region: HearthID, Shape: "box", Pos: control.Point{Z: 6}, Rot: upright, Script: "bafklamp"},
		},
		Me: MeID, In: HearthID,
	}
}

// Calls are the requests so far, as text.
func (b *Backend) Calls() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.calls...)
}

// Push gives a frame to everybody who watches, and waits until they took it.
func (b *Backend) Push(f *control.Frame) {
	b.mu.Lock()
	var all []chan *control.Frame
	for c := range b.watches {
		all = append(all, c)
	}
	b.mu.Unlock()
	for _, c := range all {
		c <- f
	}
}

// Watching is how many Watch streams are open.
func (b *Backend) Watching() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.watches)
}

// SetEndpoints makes Status report them.
func (b *Backend) SetEndpoints(web, telnet string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.web, b.telnet = web, telnet
}

// Fail makes every call but Status return err, until it is called with nil.
func (b *Backend) Fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

// Done is closed when Shutdown was called.
func (b *Backend) Done() <-chan struct{} { return b.done }

func (b *Backend) called(format string, args ...any) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf(format, args...))
	return b.fail
}

func (b *Backend) Status(context.Context) (*control.StatusResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.Frame
	me := f.Upsert[0]
	return &control.StatusResponse{
		Name: b.Name, Key: Key, PeerID: "12D3KooWAda", Home: "/home/ada", Version: "test", Uptime: 61,
		World: f.World, Avatar: &me, InRegion: f.In, Regions: f.Regions, WebURL: b.web, Telnet: b.telnet,
		Serving: []control.ServedRegion{{ID: HearthID, Name: "Hearthside", Tick: 40, Hash: "abcd", Players: 2, Things: 2, Durable: 39,
			Origins: []control.RegionOrigin{{CID: "bafyorigin", Region: BallID, Name: "Old Hearth", Owner: "beef", Tick: 30}}}},
		Counters: map[string]uint64{"crossings": 1, "messages": 2},
	}, nil
}

func (b *Backend) Peers(context.Context) (*control.PeersResponse, error) {
	return &control.PeersResponse{Peers: []control.Peer{{PeerID: "12D3KooWBob", Transport: "quic-v1", RTT: 1.5, Addr: "/ip4/127.0.0.1/udp/1/quic-v1"}}}, b.called("peers")
}

func (b *Backend) Neighbours(context.Context) (*control.NeighboursResponse, error) {
	return &control.NeighboursResponse{Neighbours: []control.Neighbour{{PeerID: "12D3KooWBob", Name: "Bob", Kind: "avatar", Distance: 5, Rays: 40}}}, b.called("neighbours")
}

func (b *Backend) Doctor(context.Context) (*control.DoctorResponse, error) {
	return &control.DoctorResponse{Checks: []control.DoctorCheck{{Name: "disk", OK: true, Detail: "12 GB free"}}}, b.called("doctor")
}

func (b *Backend) WorldCreate(_ context.Context, r *control.WorldCreateRequest) (*control.WorldInfo, error) {
	return &control.WorldInfo{Name: r.Name, ID: "bafknew"}, b.called("world-create %s", r.Name)
}

func (b *Backend) WorldInfo(context.Context) (*control.WorldInfo, error) {
	return b.Frame.World, b.called("world-info")
}

func (b *Backend) Join(_ context.Context, r *control.JoinRequest) (*control.WorldInfo, error) {
	return b.Frame.World, b.called("join %s", r.Link)
}

func (b *Backend) RegionSeed(_ context.Context, r *control.SeedRequest) (*control.Region, error) {
	return &control.Region{Name: r.Name, Site: r.At}, b.called("seed %s %v %s", r.Name, r.At, r.Furnish)
}

func (b *Backend) Watch(ctx context.Context, _ *control.WatchRequest, send func(*control.Frame) error) error {
	if err := b.called("watch"); err != nil {
		return err
	}
	c := make(chan *control.Frame)
	b.mu.Lock()
	first := b.Frame
	b.mu.Unlock()
	if err := send(&first); err != nil {
		return err
	}
	b.mu.Lock()
	b.watches[c] = true
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.watches, c)
		b.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-c:
			if err := send(f); err != nil {
				return err
			}
		}
	}
}

func (b *Backend) Say(_ context.Context, r *control.SayRequest) (*control.SayResponse, error) {
	return &control.SayResponse{Region: "Hearthside", Tick: 41}, b.called("say %s", r.Text)
}

func (b *Backend) Steer(_ context.Context, r *control.SteerRequest) error {
	return b.called("steer %g %g %v", r.X, r.Z, r.Jump)
}

func (b *Backend) Walk(_ context.Context, r *control.WalkRequest) (*control.WalkResponse, error) {
	if r.To != nil {
		return &control.WalkResponse{To: *r.To, Distance: 8}, b.called("walk %g,%g,%g", r.To.X, r.To.Y, r.To.Z)
	}
	return &control.WalkResponse{Distance: 64}, b.called("walk %s", r.Region)
}

func (b *Backend) Throw(_ context.Context, r *control.ThrowRequest) (*control.ThrowResponse, error) {
	return &control.ThrowResponse{Thing: r.Thing}, b.called("throw %s %.1f,%.1f,%.1f", r.Thing, r.Vel.X, r.Vel.Y, r.Vel.Z)
}

func (b *Backend) Touch(_ context.Context, r *control.TouchRequest) (*control.TickResponse, error) {
	return &control.TickResponse{Region: "Hearthside", Tick: 42}, b.called("touch %s", r.Thing)
}

func (b *Backend) Inspect(_ context.Context, r *control.InspectRequest) (*control.InspectResponse, error) {
	err := b.called("inspect %s", r.Thing)
	for _, e := range b.Frame.Upsert {
		if e.ID == r.Thing {
			res := &control.InspectResponse{Entity: e, Slots: []control.Slot{{Name: "on", Type: "bool", Value: "true"}}}
			if e.Script != "" {
				res.Language, res.License, res.Author, res.Runs = "go", "MIT", "Ada", 3
				res.Source = "package main\n\nfunc handle() {}\n"
			}
			return res, err
		}
	}
	return nil, control.Errorf(control.NotFound, "look first", "no thing %s", r.Thing)
}

func (b *Backend) SetSlot(_ context.Context, r *control.SetSlotRequest) (*control.TickResponse, error) {
	return &control.TickResponse{}, b.called("set %s %s=%s", r.Thing, r.Slot.Name, r.Slot.Value)
}

func (b *Backend) ScriptRollback(_ context.Context, r *control.ScriptRollbackRequest) (*control.TickResponse, error) {
	return &control.TickResponse{Region: "Hearthside", Tick: 7}, b.called("rollback %s", r.Thing)
}

func (b *Backend) ScriptAdd(_ context.Context, r *control.ScriptAddRequest) (*control.ScriptAddResponse, error) {
	return &control.ScriptAddResponse{CID: "cid1", Source: "cid2", Driver: "cid3", Gas: 1234567, Thing: r.Thing, Region: "Hearthside", Tick: 7},
		b.called("script %s %q %v on %q by %q under %q", r.Name, r.Text, r.Uses, r.Thing, r.Author, r.License)
}

// Spawn keeps the arguments as the process's Exit, so that a list shows them.
func (b *Backend) Spawn(_ context.Context, r *control.SpawnRequest) (*control.SpawnResponse, error) {
	if err := b.called("spawn %s %q %v%s", r.CID, r.Name, r.Args, strings.Join(append([]string{""}, r.SendTo...), " to ")); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := control.Process{PID: uint64(len(b.procs) + 1), Root: uint64(len(b.procs) + 1), Name: r.Name, Kind: "blocking", Module: r.CID, State: "waiting", Exit: strings.Join(r.Args, " ")}
	if r.On != "" {
		p.Kind, p.On = "elsewhere", r.On
	}
	b.procs = append(b.procs, p)
	return &control.SpawnResponse{Process: p}, nil
}

func (b *Backend) Ps(context.Context, *control.PsRequest) (*control.PsResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &control.PsResponse{Processes: append([]control.Process(nil), b.procs...), Total: len(b.procs)}, b.fail
}

func (b *Backend) process(pid uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if pid > uint64(len(b.procs)) {
		return control.Errorf(control.NotFound, "`metatopia ps` lists them", "no process %d", pid)
	}
	return nil
}

func (b *Backend) Kill(_ context.Context, r *control.KillRequest) error {
	_ = b.called("kill %d%s", r.PID, map[bool]string{true: " tree"}[r.Tree])
	return b.process(r.PID)
}

func (b *Backend) Send(_ context.Context, r *control.SendRequest) error {
	_ = b.called("send %d %s", r.PID, r.Data)
	return b.process(r.PID)
}

// Tail gives three lines, and with Follow one more when the caller is gone.
func (b *Backend) Tail(ctx context.Context, r *control.TailRequest, send func(*control.LogLine) error) error {
	if err := b.process(r.PID); err != nil {
		return err
	}
	for i := range 3 {
		if err := send(&control.LogLine{PID: r.PID, Name: "one", Time: "2026-01-02T03:04:05Z", Level: cmp.Or(r.Level, "info"), Text: fmt.Sprintf("line %d", i)}); err != nil {
			return err
		}
	}
	if r.Follow {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// Screen gives one frame that is whole.
func (b *Backend) Screen(ctx context.Context, r *control.ScreenRequest, send func(*control.ScreenFrame) error) error {
	if err := b.process(r.PID); err != nil {
		return err
	}
	if err := send(&control.ScreenFrame{Whole: true, Title: "one", Cols: 5, Rows: 2, Cursor: &control.ScreenCell{Col: 1, Row: 1},
		Lines: []control.ScreenLine{{Row: 0, Runs: []control.ScreenRun{{Text: "he", Fg: "#ff0000"}, {Text: "llo", Flags: 1}}}}}); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (b *Backend) ScreenAct(_ context.Context, r *control.ScreenActRequest) error {
	_ = b.called("act %d %s", r.PID, strings.Join(r.Events, ";"))
	return b.process(r.PID)
}

func (b *Backend) Shutdown(context.Context) error {
	if err := b.called("shutdown"); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.down {
		b.down = true
		close(b.done)
	}
	return nil
}

// Poll calls ok until it is true or the time is over, and says which.
func Poll(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}
