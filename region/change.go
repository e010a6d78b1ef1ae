package region

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// A script is changed in the running thing: the new one waits in slot
// "script-next" until it is loaded, and the old one goes on. Then the new one
// is given the event "upgrade", in which it may make the slots what it wants
// them to be. If that goes well the thing has the new script from the next
// event on, and what it had is kept in "script-before"; if not, nothing has
// changed but the thing's last error.

// EventUpgrade is a new script's first event: From is who changed it, Text the
// script before. What the script does is kept only if it does not fail.
const EventUpgrade = "upgrade"

// NotChanged begins a thing's last error when a change has failed.
const NotChanged = "not changed"

// change is what says whose code a thing runs: a new set of it.
type change struct {
	Since    base.Tick // taken
	By       base.ID   // avatar
	ByName   string
	Identity []SlotWrite // sorted by name
}

// identity are the slots that a change replaces together.
func identity(name string) bool { return provenance(name) && name != SlotNext && name != SlotBefore }

func checkIdentity(ws []SlotWrite) error {
	if len(ws) > maxIdentity {
		return fmt.Errorf("%d slots of a script, at most %d", len(ws), maxIdentity)
	}
	script := len(ws) == 0
	for i, w := range ws {
		script = script || w.Name == SlotScript && w.Value.Type == SlotLump
		if !identity(w.Name) || w.Value.Type == SlotNone {
			return fmt.Errorf("slot %q says nothing of a script", w.Name)
		}
		if i > 0 && ws[i-1].Name >= w.Name {
			return fmt.Errorf("slots of a script are not in order")
		}
		if err := w.Check(); err != nil {
			return err
		}
	}
	if !script {
		return fmt.Errorf("slots of a script without the script")
	}
	return nil
}

func appendIdentity(e *base.Encoder, ws []SlotWrite) {
	e.U8(uint8(len(ws)))
	for _, w := range ws {
		AppendSlotWrite(e, w)
	}
}

func readIdentity(d *base.Decoder) (ws []SlotWrite) {
	n := d.U8()
	if n > maxIdentity {
		d.Fail(fmt.Errorf("%d slots of a script", n))
	}
	for range n {
		if d.Err() != nil {
			return nil
		}
		ws = append(ws, ReadSlotWrite(d))
	}
	if d.Err() == nil {
		if err := checkIdentity(ws); err != nil {
			d.Fail(err)
		}
	}
	return ws
}

func (c *change) slot(name string) SlotWrite {
	var e base.Encoder
	e.U64(uint64(c.Since))
	e.ID(c.By)
	e.Str(c.ByName)
	appendIdentity(&e, c.Identity)
	return SlotWrite{name, BytesSlot(e.B)}
}

// held reads one of the two slots; nil when there is none, or none that makes
// sense (a neighbour may have handed over anything).
func (t *Thing) held(name string) *change {
	v, ok := t.Slots.Get(name)
	if !ok || v.Type != SlotBytes || t.avatar() {
		return nil
	}
	d := base.NewDecoder(v.Bytes)
	c := &change{Since: base.Tick(d.U64()), By: d.ID(), ByName: d.Str(MaxName), Identity: readIdentity(d)}
	if d.Done() != nil {
		return nil
	}
	return c
}

// with is the thing as it would be: with the identity that c brings and
// nothing of the old.
func (t *Thing) with(c *change) (*Thing, error) {
	n := *t
	n.Slots = slices.DeleteFunc(slices.Clone(t.Slots), func(w SlotWrite) bool { return identity(w.Name) || w.Name == SlotNext })
	for _, w := range c.Identity {
		var err error
		if n.Slots, err = n.Slots.With(w); err != nil {
			return nil, err
		}
	}
	return &n, nil
}

// rescript takes a change, or does it at once where no script runs. An empty
// one asks for what the thing had before.
func (s *Sim) rescript(j *job, t *Thing, e *event) Code {
	c := &change{Since: s.tick, By: e.From, ByName: e.FromName, Identity: e.Identity}
	if len(c.Identity) == 0 {
		before := t.held(SlotBefore)
		if before == nil {
			return NoThing
		}
		c.Identity = before.Identity
	}
	n, err := t.with(c)
	if err != nil {
		return BadInput
	}
	if s.closed(n) != "" {
		return NoSource
	}
	if t.Script() == "" {
		n.LastError = ""
		j.slots = differ(j.slots, t, n.Slots)
		*t = *n
		return OK
	}
	w := c.slot(SlotNext)
	slots, err := t.Slots.With(w)
	if err != nil {
		return BadInput
	}
	t.Slots = slots
	j.slots = append(j.slots, SlotChange{t.ID, w})
	return OK
}

func (w SlotWrite) equal(o SlotWrite) bool {
	var a, b base.Encoder
	AppendSlotWrite(&a, w)
	AppendSlotWrite(&b, o)
	return bytes.Equal(a.B, b.B)
}

// differ appends the writes that lead from t's slots to others.
func differ(list []SlotChange, t *Thing, to Slots) []SlotChange {
	for _, w := range t.Slots {
		if _, ok := to.Get(w.Name); !ok {
			list = append(list, SlotChange{t.ID, SlotWrite{Name: w.Name}})
		}
	}
	for _, w := range to {
		if i, ok := t.Slots.find(w.Name); !ok || !t.Slots[i].equal(w) {
			list = append(list, SlotChange{t.ID, w})
		}
	}
	return list
}

// due are the things whose change can be tried, or given up, in this tick.
func (s *Sim) due() (ids []base.ID) {
	for _, t := range s.things {
		if len(ids) == maxChanges {
			break
		}
		c := t.held(SlotNext)
		if c == nil {
			continue
		}
		if n, err := t.with(c); err != nil || s.loaded(n) != errLoading || s.tick >= c.Since+changeTicks {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// upgrade tries the change that waits.
func (s *Sim) upgrade(x *turn, t *Thing) {
	c := t.held(SlotNext)
	n, err := t.with(c)
	var set []SlotWrite
	var res ScriptResult
	if err == nil {
		err = s.loaded(n)
	}
	if err == nil {
		before := &change{Since: s.tick, By: c.By, ByName: c.ByName}
		for _, w := range t.Slots {
			if identity(w.Name) {
				before.Identity = append(before.Identity, w)
			}
		}
		n.Slots, err = n.Slots.With(before.slot(SlotBefore))
	}
	if err == nil {
		ev := ScriptEvent{Name: EventUpgrade, From: c.By, FromName: c.ByName, Text: t.Script(), Self: t.ID}
		res, err = s.cfg.Scripts.Handle(n.Script(), ev, n.Slots.Get, mix(rank(s.r, t.ID, c.By)), ActorGas)
		x.gas += res.Gas + effectGas
		x.runs++
		n.Runs++
		if err == nil {
			err = res.check()
		}
		set = res.Set
	}
	for _, w := range set {
		if err == nil {
			n.Slots, err = n.Slots.With(w)
		}
	}
	x.log(t, res.Log)
	if err != nil {
		msg := fmt.Sprintf("%s to %s: %v", NotChanged, c.name(), err)
		x.logs = append(x.logs, LogLine{Thing: t.ID, Owner: t.Owner, Fault: true, Text: clip(msg, MaxLogLine)})
		x.faults++
		old := *t
		old.Slots, _ = t.Slots.With(SlotWrite{Name: SlotNext}) // taking away is never refused
		old.LastError = clip(msg, MaxText)
		x.slots = differ(x.slots, t, old.Slots)
		*t = old
		return
	}
	x.logs = append(x.logs, LogLine{Thing: t.ID, Owner: t.Owner, Text: clip("changed to "+n.Script(), MaxLogLine)})
	x.says = append(x.says, res.Say...)
	n.LastError = ""
	x.slots = differ(x.slots, t, n.Slots)
	*t = *n
}

// name of the script that c brings, for people.
func (c *change) name() string {
	for _, w := range c.Identity {
		if w.Name == SlotScript {
			return w.Value.Lump
		}
	}
	return "no script"
}
