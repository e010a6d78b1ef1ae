// Package controltest has a Backend for tests of clients: a small world that
// does not move unless told to.
package controltest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
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
		Serving:  []control.ServedRegion{{ID: HearthID, Name: "Hearthside", Tick: 40, Hash: "abcd", Players: 2, Things: 2, Durable: 39}},
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

func (b *Backend) RegionCheckpoint(_ context.Context, r *control.CheckpointRequest) (*control.KeptRegion, error) {
	return &control.KeptRegion{ID: "00aa", Name: "Hearthside", Own: true, Root: "cid7", Tick: 1200, Bytes: 40_000, Whole: true}, b.called("checkpoint %s", r.Region)
}

// kept is a region kept of somebody else.
func (b *Backend) kept(world bool, quota int64) *control.KeptResponse {
	return &control.KeptResponse{World: world, Quota: quota, Used: 2_000_000, Regions: []control.KeptRegion{{
		ID: "00bb", Name: "Commons", Owner: "c0ffee00c0ffee00", Root: "cid8", Tick: 600, Age: 95, Bytes: 2_000_000,
		Whole: true, Carry: 3, Lacks: 1, From: "12D3KooWFriend", Older: []string{"cid6"},
	}}}
}

func (b *Backend) Keep(_ context.Context, r *control.KeepRequest) (*control.KeptResponse, error) {
	if r.Region == "Nowhere" {
		return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "no region Nowhere is known")
	}
	return b.kept(r.World, max(r.Quota, 1<<30)), b.called("keep %s world=%v quota=%d", r.Region, r.World, r.Quota)
}

func (b *Backend) Unkeep(_ context.Context, r *control.UnkeepRequest) (*control.KeptResponse, error) {
	return &control.KeptResponse{Quota: 1 << 30}, b.called("unkeep %s world=%v", r.Region, r.World)
}

func (b *Backend) Kept(context.Context) (*control.KeptResponse, error) {
	return b.kept(false, 1<<30), b.called("kept")
}

func (b *Backend) LumpAdd(_ context.Context, pin bool, next func() ([]byte, error)) (*control.Lump, error) {
	if err := b.called("lump-add pin=%v", pin); err != nil {
		return nil, err
	}
	var all []byte
	for {
		p, err := next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p...)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	cid := fmt.Sprintf("cid%d", len(b.lumps))
	b.lumps[cid], b.pinned[cid] = all, pin
	return &control.Lump{CID: cid, Size: int64(len(all)), Pinned: pin, Local: true}, nil
}

// LumpImport takes anything for an archive of one file.
func (b *Backend) LumpImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*control.LumpListResponse, error) {
	l, err := b.LumpAdd(ctx, pin, next)
	if err != nil {
		return nil, err
	}
	return &control.LumpListResponse{Lumps: []control.Lump{*l}, Bytes: l.Size}, nil
}

// LumpExport gives the content as it is.
func (b *Backend) LumpExport(ctx context.Context, r *control.LumpRequest, send func(*control.LumpChunk) error) error {
	return b.LumpGet(ctx, r, send)
}

func (b *Backend) lump(cid string) (*control.Lump, []byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.lumps[cid]
	if !ok {
		return nil, nil, control.Errorf(control.NotFound, "ask whoever gave you the CID to be online", "no lump %s", cid)
	}
	return &control.Lump{CID: cid, Size: int64(len(data)), Pinned: b.pinned[cid], Local: true}, data, nil
}

func (b *Backend) LumpGet(_ context.Context, r *control.LumpRequest, send func(*control.LumpChunk) error) error {
	_, data, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	total := int64(len(data))
	data = data[min(r.Offset, total):]
	first := &control.LumpChunk{Total: total, Source: "disk"}
	for {
		n := min(len(data), control.MaxChunkBytes)
		first.Data, data = data[:n], data[n:]
		if err := send(first); err != nil || len(data) == 0 {
			return err
		}
		first = &control.LumpChunk{Total: first.Total}
	}
}

// LumpLeaves takes every 8 bytes for a leaf.
func (b *Backend) LumpLeaves(_ context.Context, r *control.LumpRequest, send func(*control.LumpLeaves) error) error {
	_, data, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	for at := 0; at < len(data) && at < int(r.Offset); at += 8 {
		leaf := data[at:min(at+8, len(data))]
		sum := sha256.Sum256(leaf)
		if err := send(&control.LumpLeaves{Leaves: []control.LumpLeaf{{Size: int64(len(leaf)), Sum: sum[:]}}}); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backend) LumpList(context.Context, *control.LumpRequest) (*control.LumpListResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	res := &control.LumpListResponse{}
	for i := range len(b.lumps) {
		cid := fmt.Sprintf("cid%d", i)
		res.Lumps = append(res.Lumps, control.Lump{CID: cid, Size: int64(len(b.lumps[cid])), Pinned: b.pinned[cid], Local: true})
		res.Bytes += int64(len(b.lumps[cid]))
	}
	return res, b.fail
}

func (b *Backend) LumpStat(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	l, _, err := b.lump(r.CID)
	return l, err
}

func (b *Backend) pin(cid string, on bool) (*control.Lump, error) {
	l, _, err := b.lump(cid)
	if err == nil {
		b.mu.Lock()
		b.pinned[cid], l.Pinned = on, on
		b.mu.Unlock()
	}
	return l, err
}

func (b *Backend) LumpPin(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	return b.pin(r.CID, true)
}

func (b *Backend) LumpUnpin(_ context.Context, r *control.LumpRequest) (*control.Lump, error) {
	return b.pin(r.CID, false)
}

// LumpSweep deletes what is not pinned.
func (b *Backend) LumpSweep(_ context.Context, r *control.LumpSweepRequest, send func(*control.LumpSweep) error) error {
	if err := b.called("sweep %d", r.Leave); err != nil {
		return err
	}
	return send(&control.LumpSweep{Done: true, Bytes: r.Leave})
}

// LumpSend takes any peer, and gives a receipt that says so.
func (b *Backend) LumpSend(_ context.Context, r *control.LumpSendRequest, send func(*control.LumpSent) error) error {
	if err := b.called("lump-send %s %s %q", r.CID, r.Peer, r.Note); err != nil {
		return err
	}
	l, _, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	if err := send(&control.LumpSent{Done: l.Size / 2, Total: l.Size}); err != nil {
		return err
	}
	return send(&control.LumpSent{Done: l.Size, Total: l.Size, Receipt: &control.Receipt{
		CID: l.CID, Size: l.Size, Sender: "me", Receiver: r.Peer, Sequence: "0000000000000001", Time: "2026-01-02T03:04:05.000Z", Bytes: "abcd",
	}})
}

// LumpReceipt knows the one that LumpSend gives.
func (b *Backend) LumpReceipt(_ context.Context, r *control.LumpReceiptRequest) (*control.Receipt, error) {
	if r.Bytes != "abcd" {
		return nil, control.Errorf(control.Corrupt, "", "forged receipt")
	}
	return &control.Receipt{CID: "cid0", Size: 3, Sender: "me", Receiver: "peer", Sequence: "0000000000000001", Time: "2026-01-02T03:04:05.000Z", Bytes: r.Bytes}, b.called("lump-receipt %s", r.Bytes)
}

func (b *Backend) LumpAccept(_ context.Context, r *control.LumpAcceptRequest) (*control.Agreement, error) {
	a := &control.Agreement{Peer: r.Peer, Agreed: true, Quota: r.Quota, Since: "2026-01-02T03:04:05Z"}
	return a, b.called("lump-accept %s %d", r.Peer, r.Quota)
}

func (b *Backend) LumpRefuse(_ context.Context, r *control.LumpAcceptRequest) (*control.Agreement, error) {
	return &control.Agreement{Peer: r.Peer, Since: "2026-01-02T03:04:05Z"}, b.called("lump-refuse %s", r.Peer)
}

// LumpAgreed knows one agreement, whomever it is asked for.
func (b *Backend) LumpAgreed(_ context.Context, r *control.LumpAgreedRequest) (*control.LumpAgreedResponse, error) {
	a := control.Agreement{Peer: "12D3peer", Agreed: true, Quota: 1 << 30, Used: 5000, Coming: 2000, Count: 1, Since: "2026-01-02T03:04:05Z"}
	if r.Peer != "" {
		a.Peer = r.Peer
		a.Contents = []control.ReceivedLump{{CID: "cid0", Size: 3000, Time: "2026-01-02T03:04:05Z", Note: "a photo"}}
	}
	return &control.LumpAgreedResponse{Agreements: []control.Agreement{a}}, nil
}

// Spawn keeps the arguments as the process's Exit, so that a list shows them.
func (b *Backend) Spawn(_ context.Context, r *control.SpawnRequest) (*control.SpawnResponse, error) {
	if err := b.called("spawn %s %q %v", r.CID, r.Name, r.Args); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p := control.Process{PID: uint64(len(b.procs) + 1), Name: r.Name, Module: r.CID, State: "waiting", Exit: strings.Join(r.Args, " ")}
	b.procs = append(b.procs, p)
	return &control.SpawnResponse{Process: p}, nil
}

func (b *Backend) Ps(context.Context, *control.PsRequest) (*control.PsResponse, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return &control.PsResponse{Processes: append([]control.Process(nil), b.procs...)}, b.fail
}

func (b *Backend) process(pid uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if pid > uint64(len(b.procs)) {
		return control.Errorf(control.NotFound, "`metatopia ps` lists them", "no process %d", pid)
	}
	return nil
}

func (b *Backend) Kill(_ context.Context, r *control.PIDRequest) error {
	_ = b.called("kill %d", r.PID)
	return b.process(r.PID)
}

func (b *Backend) Send(_ context.Context, r *control.SendRequest) error {
	_ = b.called("send %d %s", r.PID, r.Data)
	return b.process(r.PID)
}

// Tail gives three lines, and with Follow one more when the caller is gone.
func (b *Backend) Tail(ctx context.Context, r *control.PIDRequest, send func(*control.LogLine) error) error {
	if err := b.process(r.PID); err != nil {
		return err
	}
	for i := range 3 {
		if err := send(&control.LogLine{PID: r.PID, Time: "2026-01-02T03:04:05Z", Level: "info", Text: fmt.Sprintf("line %d", i)}); err != nil {
			return err
		}
	}
	if r.Follow {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
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
