package region

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

type evKind uint8

const (
	evScript evKind = 1 // Name, FromName, Text
	evThrow  evKind = 2 // Vel, At, player
	evSet    evKind = 3 // Slot, player
	evChange evKind = 4 // FromName, Identity, player
	evOwn    evKind = 5 // op, At, to, ticks, player
)

// event is in an actor's inbox. Only script events live past a tick.
type event struct {
	To, From base.ID
	Seq      uint64 // rises for each source; of an input, the player's
	Kind     evKind
	Name     string
	FromName string
	Text     string
	Tag      int64
	Impulse  float32
	Vel, At  spatial.Vec
	Slot     SlotWrite
	Identity []SlotWrite
	op       InputKind
	to       base.Key
	ticks    uint32
	player   base.Key // whose input it was
	answer   *Answer  // of EventAnswer
	rank     uint64
}

// job is one actor's turn: what it may read and what it left.
type job struct {
	thing  *Thing
	sess   *session
	body   physics.Body
	native []event // both in the canonical order
	script []event
	due    bool // a change of its script is to be tried

	// Results. Nothing else is written while jobs run.
	now     *Thing // as native events have left it; nil: as it was
	changed bool
	gone    bool // deleted
	turn    turn
	newSess session
	cmds    []shard.Input
	acks    []reply
	slots   []SlotChange
}

// box tells scripts' events from what players do to a thing.
func (x *event) box() int {
	if x.Kind == evScript {
		return 0
	}
	return 1
}

type reply struct {
	ev   event
	code Code
}

// act runs every actor that has something to do and merges what they leave in
// the order of their ids.
func (s *Sim) act() {
	jobs := s.jobs()
	s.settle(jobs)
	s.cfg.Parallel(len(jobs), func(i int) { s.native(&jobs[i]) })
	s.runScripts(jobs)
	s.merge(jobs)
	clear(jobs)
	s.spare = jobs
}

// sortInbox brings events, whose ranks are set, into the canonical order.
func sortInbox(list []event) {
	slices.SortFunc(list, func(a, b event) int {
		return cmp.Or(a.To.Compare(b.To), cmp.Compare(a.rank, b.rank), a.From.Compare(b.From), cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Kind, b.Kind))
	})
}

// jobs makes the inboxes: events by receiver, each receiver's in the canonical
// order, no more than its bounds allow.
func (s *Sim) jobs() []job {
	todo := s.todo
	slices.SortStableFunc(todo, func(a, b event) int {
		return cmp.Or(a.To.Compare(b.To), cmp.Compare(a.box(), b.box()))
	})
	jobs := s.spare[:0]
	at := func(t *Thing) *job {
		jobs = append(jobs, job{thing: t, body: s.body(t)})
		return &jobs[len(jobs)-1]
	}
	for i := range s.sessions {
		if me := &s.sessions[i]; !me.idle() {
			at(s.thing(me.Thing)).sess = me
		}
	}
	for len(todo) > 0 {
		n := 1
		for n < len(todo) && todo[n].To == todo[0].To && todo[n].box() == todo[0].box() {
			n++
		}
		box := todo[:n]
		todo = todo[n:]
		t := s.thing(box[0].To)
		if t == nil {
			for _, e := range box {
				s.reply(reply{e, NoThing})
			}
			continue
		}
		box = s.inbox(box)
		if j := at(t); box[0].Kind == evScript {
			j.script = box
		} else {
			j.native = box
		}
	}
	for _, id := range s.due() {
		at(s.thing(id)).due = true
	}
	return merged(jobs)
}

// merged are jobs in the order of ids, with those of one thing made one.
func merged(jobs []job) []job {
	slices.SortStableFunc(jobs, func(a, b job) int { return a.thing.ID.Compare(b.thing.ID) })
	out := jobs[:0]
	for _, j := range jobs {
		n := len(out) - 1
		if n < 0 || out[n].thing != j.thing {
			out = append(out, j)
			continue
		}
		o := &out[n]
		if j.sess != nil {
			o.sess = j.sess
		}
		if j.script != nil {
			o.script = j.script
		}
		if j.native != nil {
			o.native = j.native
		}
		o.due = o.due || j.due
	}
	return out
}

// inbox sorts the events for one receiver and drops what is beyond the bounds:
// of one source what it said last, of all what comes last in the order.
func (s *Sim) inbox(box []event) []event {
	for i := range box { // one rank for each source: they mostly lie together
		e := &box[i]
		if i > 0 && e.From == box[i-1].From {
			e.rank = box[i-1].rank
		} else {
			e.rank = rank(s.r, e.To, e.From)
		}
	}
	sortInbox(box)
	out, same := box[:0], 0
	for i, e := range box {
		if same++; i > 0 && e.From != box[i-1].From {
			same = 1
		}
		if e.kept() {
			same-- // besides the others
		} else if len(out) >= MaxInbox || same > MaxFromOne && e.Kind == evScript {
			s.out.Counts.EventsDropped++
			s.reply(reply{e, Busy})
			continue
		}
		out = append(out, e)
	}
	return out
}

// native is an actor's turn but for its script: what players did to the thing.
// It reads the state before the tick and its inbox and writes only to its job.
func (s *Sim) native(j *job) {
	if j.sess != nil {
		j.newSess = *j.sess
		s.walk(j, &j.newSess)
	}
	if len(j.native) == 0 {
		return
	}
	n := *j.thing
	t := &n
	j.now = t
	thrown := false
	for _, e := range j.native {
		code := OK
		if j.gone {
			j.acks = append(j.acks, reply{e, NoThing})
			continue
		}
		switch e.Kind {
		case evOwn:
			code = s.owning(j, t, &e)
		case evThrow:
			if thrown {
				code = CannotThrow // somebody else had it
				break
			}
			thrown = true
			at := s.inside(e.At, t.Size.Scale(0.5))
			j.cmds = append(j.cmds, command(t.ID, physics.Command{Kind: physics.CmdSet,
				Body: physics.Body{Pos: at, Rot: j.body.Rot, Vel: e.Vel, Spin: spatial.Vec{X: e.Vel.Z, Z: -e.Vel.X}.Limit(physics.MaxSpin)}}))
		case evChange:
			if !s.sets(t, InScript, SlotWrite{}, e.player) {
				code = NotAllowed // it was given away in this very tick
				break
			}
			if code = s.rescript(j, t, &e); code == OK {
				j.changed = true
			}
		case evSet:
			if !s.sets(t, InSet, e.Slot, e.player) {
				code = NotAllowed
				break
			}
			if e.Slot.Name == SlotNext || e.Slot.Name == SlotBefore {
				code = BadInput
				break
			}
			slots, err := t.Slots.With(e.Slot)
			if err != nil {
				code = BadInput
				break
			}
			n := *t
			n.Slots = slots
			if s.forbids(t, &n, e.Slot.Name) {
				code = NoSource
				break
			}
			t.Slots, j.changed = slots, true
			if e.Slot.Name == SlotScript {
				t.LastError = ""
			}
			j.slots = append(j.slots, SlotChange{t.ID, e.Slot})
		}
		j.acks = append(j.acks, reply{e, code})
	}
}

// reply answers the input behind an event, if there is one.
func (s *Sim) reply(r reply) {
	if r.ev.player.IsZero() {
		return
	}
	kind := InThrow
	switch r.ev.Kind {
	case evSet:
		kind = InSet
	case evChange:
		kind = InScript
	case evOwn:
		kind = r.ev.op
	}
	s.answer(r.ev.player, r.ev.Seq, kind, r.code, r.ev.To)
}
