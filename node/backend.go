package node

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region"
)

// backend is a Node behind the local API.
type backend struct{ *Node }

var _ control.Backend = (*backend)(nil)

// maxSource bounds the script source shown by Inspect, in bytes.
const maxSource = 256 << 10

// inWorld gives the world or says how to get into one.
func (b *backend) inWorld() (*worldState, error) {
	if w := b.current(); w != nil {
		return w, nil
	}
	return nil, control.Errorf(control.Conflict, "found one with `metatopia world create NAME`, or `metatopia join LINK`", "this node is in no world yet")
}

// Status says what this node is and what it counted.
func (b *backend) Status(context.Context) (*control.StatusResponse, error) {
	b.mu.Lock()
	web, telnet, w := b.webURL, b.telnet, b.world
	b.mu.Unlock()
	s := &control.StatusResponse{
		Name: b.cfg.Name, Key: b.key.String(), PeerID: p2p.PeerID(b.key), Addrs: b.net.Addrs(), Home: b.home.dir,
		Version: b.cfg.Version, Uptime: time.Since(b.started).Seconds(), WebURL: web, Telnet: telnet,
		Counters: b.count.snapshot(), Regions: []control.Region{}, Serving: []control.ServedRegion{},
	}
	if w == nil {
		return s, nil
	}
	s.World = w.info()
	s.Regions = w.regionList()
	for _, r := range w.servedList() {
		st := r.srv.Status()
		s.Serving = append(s.Serving, control.ServedRegion{
			ID: st.ID.String(), Name: st.Name, Tick: uint64(st.Tick), Hash: st.Hash.String(),
			Players: st.Players, Things: st.Things, Durable: uint64(st.Durable),
		})
	}
	if own, ok := w.player.view.get(w.player.id); ok {
		e := entityOf(&own, w.player.id)
		s.Avatar = &e
		s.InRegion = w.player.inName()
	}
	return s, nil
}

func (w *worldState) regionList() []control.Region {
	out := []control.Region{}
	for _, r := range w.records() {
		id := r.Region()
		out = append(out, control.Region{
			ID: id.String(), Name: r.Name, Site: pointOf(r.Site), Owner: r.Owner.String(),
			Color: regionColor(id), Live: w.localServer(id) != nil || w.player.live(id),
		})
	}
	return out
}

func (p *player) live(id base.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[id]
	return c != nil && c.ready
}

func (p *player) inName() string {
	p.mu.Lock()
	owner := p.owner
	p.mu.Unlock()
	if rec := p.record(owner); rec != nil {
		return rec.Name
	}
	return ""
}

// Peers lists the connected nodes.
func (b *backend) Peers(context.Context) (*control.PeersResponse, error) {
	out := &control.PeersResponse{Peers: []control.Peer{}}
	for _, p := range b.net.Peers() {
		out.Peers = append(out.Peers, control.Peer{
			PeerID: p.PeerID, Key: p.Key.String(), Addr: p.Addr, Transport: p.Transport, RTT: p.RTT,
		})
	}
	return out, nil
}

// Neighbours lists the Raynet near view.
func (b *backend) Neighbours(context.Context) (*control.NeighboursResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	return &control.NeighboursResponse{Neighbours: w.overlay.neighbours()}, nil
}

// WorldCreate founds a world owned by this node's key.
func (b *backend) WorldCreate(ctx context.Context, req *control.WorldCreateRequest) (*control.WorldInfo, error) {
	w, err := b.create(ctx, req)
	if err != nil {
		return nil, err
	}
	return w.info(), nil
}

// WorldInfo tells the charter of the world this node is in.
func (b *backend) WorldInfo(context.Context) (*control.WorldInfo, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	return w.info(), nil
}

// Join follows a join link.
func (b *backend) Join(ctx context.Context, req *control.JoinRequest) (*control.WorldInfo, error) {
	w, err := b.join(ctx, req.Link)
	if err != nil {
		return nil, err
	}
	return w.info(), nil
}

// RegionSeed founds a region around a site, owned and served by this node.
func (b *backend) RegionSeed(_ context.Context, req *control.SeedRequest) (*control.Region, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if err := checkWorldName(req.Name); err != nil {
		return nil, err
	}
	s, err := w.seed(req.Name, posOf(req.At), req.Furnish)
	if err != nil {
		return nil, err
	}
	return &control.Region{
		ID: s.id.String(), Name: s.rec.Name, Site: pointOf(s.rec.Site), Owner: s.rec.Owner.String(),
		Color: regionColor(s.id), Live: true,
	}, nil
}

// Say speaks; the answer means that the line is in the region's log.
func (b *backend) Say(ctx context.Context, req *control.SayRequest) (*control.SayResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	if req.Channel != "" {
		return nil, control.Errorf(control.NotImplemented, "", "chat channels are not implemented yet")
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InSay, Text: req.Text})
	if err != nil {
		return nil, err
	}
	return &control.SayResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}

// Steer sets the walking velocity.
func (b *backend) Steer(ctx context.Context, req *control.SteerRequest) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	if bad(req.X) || bad(req.Z) {
		return control.Errorf(control.Invalid, "", "steer: not a number")
	}
	in := region.Input{Kind: region.InSteer, Vel: vecOf(control.Point{X: req.X, Z: req.Z})}
	if req.Jump {
		in = region.Input{Kind: region.InJump}
	} else if req.X == 0 && req.Z == 0 {
		in = region.Input{Kind: region.InStop}
	}
	return w.player.steer(ctx, in)
}

func bad(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

// Walk sets out for a place or for a region's site.
func (b *backend) Walk(ctx context.Context, req *control.WalkRequest) (*control.WalkResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	var to control.Point
	switch {
	case (req.To == nil) == (req.Region == ""):
		return nil, control.Errorf(control.Invalid, "", "walk: want either a place or a region")
	case req.To != nil:
		to = *req.To
	default:
		found := false
		for _, r := range w.records() {
			if r.Name == req.Region {
				to, found = pointOf(r.Site), true
				break
			}
		}
		if !found {
			return nil, control.Errorf(control.NotFound, "see `metatopia region status`", "walk: no region is called %q", req.Region)
		}
	}
	if bad(to.X) || bad(to.Y) || bad(to.Z) {
		return nil, control.Errorf(control.Invalid, "", "walk: not a number")
	}
	pos := w.charter.Box.Clamp(posOf(to))
	if err := w.player.steer(ctx, region.Input{Kind: region.InWalk, Pos: pos}); err != nil {
		return nil, err
	}
	from, _ := w.player.place()
	a, z := pointOf(from), pointOf(pos)
	return &control.WalkResponse{To: z, Distance: math.Hypot(a.X-z.X, a.Z-z.Z)}, nil
}

// Throw throws the nearest loose thing, or the one named.
func (b *backend) Throw(ctx context.Context, req *control.ThrowRequest) (*control.ThrowResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	in := region.Input{Kind: region.InThrow, Vel: vecOf(req.Vel)}
	if req.Thing != "" {
		if in.Thing, err = parseThing(req.Thing); err != nil {
			return nil, err
		}
	}
	ack, err := w.player.do(ctx, in)
	if err != nil {
		return nil, err
	}
	return &control.ThrowResponse{Thing: ack.Thing.String(), Tick: uint64(ack.Tick)}, nil
}

func parseThing(s string) (base.ID, error) {
	id, err := base.ParseID(s)
	if err != nil {
		return id, control.Errorf(control.Invalid, "", "thing: %w", err)
	}
	return id, nil
}

// Touch gives a thing's script a touch event.
func (b *backend) Touch(ctx context.Context, req *control.TouchRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := parseThing(req.Thing)
	if err != nil {
		return nil, err
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InTouch, Thing: id})
	if err != nil {
		return nil, err
	}
	return &control.TickResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}

// Inspect asks the region that owns a thing for its slots, and the network
// for its script's source.
func (b *backend) Inspect(ctx context.Context, req *control.InspectRequest) (*control.InspectResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := parseThing(req.Thing)
	if err != nil {
		return nil, err
	}
	s, ok := w.player.view.get(id)
	if !ok {
		return nil, control.Errorf(control.NotFound, "only things in sight can be inspected", "no thing %s is in sight", req.Thing)
	}
	w.player.mu.Lock()
	c := w.player.conns[s.region]
	w.player.mu.Unlock()
	if c == nil {
		return nil, control.Errorf(control.Unavailable, "", "the region of %s is not connected", s.e.Name)
	}
	rep, err := c.inspect(ctx, id)
	if err != nil {
		return nil, control.Errorf(control.Unavailable, "", "inspect %s: %w", s.e.Name, err)
	}
	if !rep.Found {
		return nil, control.Errorf(control.NotFound, "try again: it may be crossing a border", "%s is not in its region now", s.e.Name)
	}
	out := &control.InspectResponse{Entity: entityOf(&s, w.player.id), Slots: []control.Slot{}, Runs: rep.Runs, LastError: rep.LastError}
	for _, sl := range rep.Slots {
		out.Slots = append(out.Slots, slotText(sl))
		switch sl.Name {
		case region.SlotLanguage:
			out.Language = sl.Value.Text
		case region.SlotLicense:
			out.License = sl.Value.Text
		case region.SlotAuthor:
			out.Author = sl.Value.Text
		case region.SlotSource:
			out.SourceCID = sl.Value.Lump
		}
	}
	if out.SourceCID != "" {
		if ref, err := lumps.Parse(out.SourceCID); err == nil {
			ctx, cancel := context.WithTimeout(ctx, ackWait)
			defer cancel()
			if src, _, err := b.lumps.Bytes(ctx, ref, maxSource); err == nil {
				out.Source = string(src)
			} else {
				out.LastError = fmt.Sprintf("source not fetched: %v", err)
			}
		}
	}
	return out, nil
}

func slotText(s region.SlotWrite) control.Slot {
	v := s.Value
	out := control.Slot{Name: s.Name, Type: v.Type.String()}
	switch v.Type {
	case region.SlotInt:
		out.Value = strconv.FormatInt(v.Int, 10)
	case region.SlotText:
		out.Value = v.Text
	case region.SlotBytes:
		out.Value = fmt.Sprintf("%x", v.Bytes)
	case region.SlotLump:
		out.Value = v.Lump
	case region.SlotBool:
		out.Value = strconv.FormatBool(v.Bool)
	}
	return out
}

func slotValue(s control.Slot) (region.SlotWrite, error) {
	w := region.SlotWrite{Name: s.Name}
	var err error
	switch s.Type {
	case "int":
		w.Value = region.SlotValue{Type: region.SlotInt}
		w.Value.Int, err = strconv.ParseInt(s.Value, 10, 64)
	case "text":
		w.Value = region.TextSlot(s.Value)
	case "lump":
		w.Value = region.LumpSlot(s.Value)
	case "bool":
		w.Value = region.SlotValue{Type: region.SlotBool}
		w.Value.Bool, err = strconv.ParseBool(s.Value)
	case "bytes":
		var raw []byte
		if _, err = fmt.Sscanf(s.Value, "%x", &raw); err == nil || s.Value == "" {
			err, w.Value = nil, region.BytesSlot(raw)
		}
	case "none":
	default:
		err = fmt.Errorf("type %q is none of int, text, lump, bool, bytes, none", s.Type)
	}
	if err == nil {
		err = w.Check()
	}
	if err != nil {
		return w, control.Errorf(control.Invalid, "", "slot %s: %w", s.Name, err)
	}
	return w, nil
}

// SetSlot writes a slot of a thing that this person owns.
func (b *backend) SetSlot(ctx context.Context, req *control.SetSlotRequest) (*control.TickResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := parseThing(req.Thing)
	if err != nil {
		return nil, err
	}
	slot, err := slotValue(req.Slot)
	if err != nil {
		return nil, err
	}
	ack, err := w.player.do(ctx, region.Input{Kind: region.InSet, Thing: id, Slot: slot})
	if err != nil {
		return nil, err
	}
	return &control.TickResponse{Region: w.player.inName(), Tick: uint64(ack.Tick)}, nil
}

// Shutdown asks whoever started the node to stop it.
func (b *backend) Shutdown(context.Context) error {
	b.once.Do(func() { close(b.done) })
	return nil
}

// equalJSON compares two values as a client would see them.
func equalJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) == string(y)
}
