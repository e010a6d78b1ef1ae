package node

import (
	"context"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// maxSource bounds the script source shown by Inspect, in bytes.
const maxSource = 256 << 10

// Inspect asks the region that owns a thing for its slots, and the network
// for its script's source.
func (b *backend) Inspect(ctx context.Context, req *control.InspectRequest) (*control.InspectResponse, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := w.thingInSight(ctx, req.Thing)
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
	if !rep.Borrower.IsZero() {
		out.Borrower, out.Left = rep.Borrower.String(), float64(rep.Left)/region.TickRate
	}
	out.Presence = w.presence.of(id, s.pos())
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
				out.Source = readable(src)
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
		w.Value = region.SlotValue{Type: region.SlotBytes}
		w.Value.Bytes, err = hex.DecodeString(s.Value)
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
	id, err := w.thingHere(req.Thing)
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
