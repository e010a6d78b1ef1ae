package node

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/spatial"
)

// scriptWait bounds fetching and compiling a thing's module: the thing does
// not react until then.
const scriptWait = 30 * time.Second

// simScripts runs the handlers of things inside a sim. The sim calls it only
// for modules that loadScript has made ready, so that the outcome is a
// function of the arguments.
type simScripts struct{ n *Node }

// Handle implements region.Scripts.
func (s simScripts) Handle(module string, ev region.ScriptEvent, slots func(string) (region.SlotValue, bool), seed, gas uint64) (region.ScriptResult, error) {
	ref, err := lumps.Parse(module)
	if err != nil {
		return region.ScriptResult{}, err
	}
	s.n.modules.mu.Lock()
	mod, script := s.n.modules.m[ref], s.n.modules.scripts[ref]
	s.n.modules.mu.Unlock()
	event := scripting.Event{Name: ev.Name, From: ev.From, FromName: ev.FromName, Text: ev.Text,
		Tick: uint64(ev.Tick), Loose: ev.Loose, Vel: [3]float64{float64(ev.Vel.X), float64(ev.Vel.Y), float64(ev.Vel.Z)}}
	event.At[0], event.At[1], event.At[2] = ev.At.Meters()
	event.Impulse = float64(ev.Impulse)
	event.Tag, event.Self = ev.Tag, ev.Self
	if ev.Peek != nil {
		event.Peek = func(thing base.ID, slot string) (scripting.Value, uint64, bool) {
			v, version, ok := ev.Peek(thing, slot)
			return toScript(v), version, ok
		}
	}
	event.Answer = answerOf(ev.Answer)
	if ev.Look != nil {
		event.Look = func(from, way [3]float64) (at [3]float64, found, ok bool) {
			x, err := ev.Look(spatial.At(from[0], from[1], from[2]), spatial.Vec{X: float32(way[0]), Y: float32(way[1]), Z: float32(way[2])})
			at[0], at[1], at[2] = x.At.Meters()
			return at, x.Found, err == nil
		}
	}
	read := func(name string) (scripting.Value, bool) {
		v, ok := slots(name)
		return toScript(v), ok
	}
	var out scripting.Effects
	switch {
	case script != nil:
		out, err = s.n.engine.HandleImage(script.image, event, read, seed, gas)
	case mod != nil:
		out, err = s.n.engine.Handle(mod, event, read, seed, gas)
	default:
		return region.ScriptResult{}, fmt.Errorf("module %s is not loaded", ref)
	}
	res := region.ScriptResult{Say: out.Say, Log: out.Log, Gas: out.Gas,
		Push: spatial.Vec{X: float32(out.Push[0]), Y: float32(out.Push[1]), Z: float32(out.Push[2])}}
	for _, w := range out.Set {
		res.Set = append(res.Set, region.SlotWrite{Name: w.Name, Value: fromScript(w.Value)})
	}
	asked(&res, &out)
	return res, err
}

// asked is what a script wants of other things.
func asked(res *region.ScriptResult, out *scripting.Effects) {
	for _, m := range out.Send {
		res.Send = append(res.Send, region.Send{To: m.To, Tag: m.Tag, Text: m.Data})
	}
	for _, p := range out.Propose {
		res.Propose = append(res.Propose, region.Proposal{Thing: p.Thing, Slot: p.Slot, Op: region.Operator(p.Op), Value: fromScript(p.Value), Expect: fromScript(p.Expect)})
	}
	for _, x := range out.Txns {
		t := region.Txn{Tag: x.Tag}
		for _, r := range x.Reads {
			t.Reads = append(t.Reads, region.SlotRead(r))
		}
		for _, w := range x.Writes {
			t.Writes = append(t.Writes, region.SlotSet{Thing: w.Thing, SlotWrite: region.SlotWrite{Name: w.Name, Value: fromScript(w.Value)}})
		}
		if len(t.Writes) > 0 {
			res.Txns = append(res.Txns, t)
		}
	}
	for _, t := range out.Timers {
		res.Timers = append(res.Timers, region.SetTimer(t))
	}
	res.Asks = asks(out.Asks)
}

func toScript(v region.SlotValue) scripting.Value {
	switch v.Type {
	case region.SlotInt:
		return scripting.Int(v.Int)
	case region.SlotText:
		return scripting.Text(v.Text)
	case region.SlotBytes:
		return scripting.Bytes(v.Bytes)
	case region.SlotLump:
		return scripting.Lump(v.Lump)
	case region.SlotBool:
		return scripting.Bool(v.Bool)
	}
	return scripting.Value{}
}

func fromScript(v scripting.Value) region.SlotValue {
	switch v.Kind {
	case scripting.KindInt:
		return region.IntSlot(v.Int)
	case scripting.KindText:
		return region.TextSlot(v.Str)
	case scripting.KindBytes:
		return region.BytesSlot([]byte(v.Str))
	case scripting.KindLump:
		return region.LumpSlot(v.Str)
	case scripting.KindBool:
		return region.BoolSlot(v.Int != 0)
	}
	return region.SlotValue{}
}

// loadScript makes a thing's module or script ready and keeps it, or its source
// where the region wants that: a region must find it again when it replays its
// log.
func (n *Node) loadScript(module string) error {
	if cid, ok := strings.CutPrefix(module, region.SourcePrefix); ok {
		return n.loadSource(cid)
	}
	ref, err := lumps.Parse(module)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(n.ctx, scriptWait)
	defer cancel()
	is, err := n.modules.isScript(ctx, ref)
	if err != nil {
		return err
	}
	if is {
		return n.modules.loadScript(ctx, ref)
	}
	mod, err := n.modules.load(ctx, ref)
	if err != nil {
		return err
	}
	if err := mod.IsHandler(); err != nil {
		return err
	}
	_, err = n.lumps.Pin(ctx, ref)
	return err
}

// scriptSlots stores a shipped guest with its source as lumps and gives the
// slots that name them.
func (n *Node) scriptSlots(name string, slots region.Slots) (region.Slots, error) {
	if n.cfg.Guests == nil {
		return slots, guest.ErrNotBuilt
	}
	wasm, source, meta, err := guest.OpenFS(n.cfg.Guests, name)
	if err != nil {
		return slots, err
	}
	ctx, cancel := context.WithTimeout(n.ctx, scriptWait)
	defer cancel()
	mod, err := n.lumps.Add(ctx, &chunkReader{next: once(wasm)}, true)
	if err != nil {
		return slots, err
	}
	src, err := n.lumps.Add(ctx, &chunkReader{next: once(source)}, true)
	if err != nil {
		return slots, err
	}
	for _, w := range []region.SlotWrite{
		{Name: region.SlotScript, Value: region.LumpSlot(mod.Ref.String())},
		{Name: region.SlotSource, Value: region.LumpSlot(src.Ref.String())},
		{Name: region.SlotLanguage, Value: region.TextSlot(meta.Language)},
		{Name: region.SlotLicense, Value: region.TextSlot(meta.License)},
		{Name: region.SlotAuthor, Value: region.TextSlot(meta.Author)},
	} {
		if slots, err = slots.With(w); err != nil {
			return slots, err
		}
	}
	return slots, nil
}
