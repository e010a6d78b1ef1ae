package region

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

type evKind uint8

const (
	evScript evKind = 1 // Name, FromName, Text
	evThrow  evKind = 2 // Vel, At, player
	evSet    evKind = 3 // Slot, player
	evChange evKind = 4 // FromName, Identity, player
)

// event is in an actor's inbox. Only script events live past a tick.
type event struct {
	To, From base.ID
	Seq      uint64 // per source and tick
	Kind     evKind
	Name     string
	FromName string
	Text     string
	Vel, At  spatial.Vec
	Slot     SlotWrite
	Identity []SlotWrite
	player   base.Key // whose input it was
	rank     uint64
}

// job is one actor's turn: what it may read and what it left.
type job struct {
	thing  *Thing
	sess   *session
	body   physics.Body
	native []event
	script []event
	due    bool // a change of its script is to be tried

	// Results. Nothing else is written while jobs run.
	newThing *Thing
	newSess  session
	cmds     []physics.Command
	acks     []reply
	says     []string
	logs     []LogLine
	slots    []SlotChange
	runs     uint64
	faults   uint64
}

type reply struct {
	ev   event
	code Code
}

// act runs every actor that has something to do and merges what they leave in
// the order of their ids.
func (s *Sim) act() {
	jobs := s.jobs()
	s.cfg.Parallel(len(jobs), func(i int) { s.run(&jobs[i]) })
	for i := range jobs {
		s.merge(&jobs[i])
	}
}

// jobs sorts the inboxes and shares out the tick's script events.
func (s *Sim) jobs() []job {
	for i := range s.todo {
		e := &s.todo[i]
		e.rank = rank(s.r, e.To, e.From)
	}
	slices.SortFunc(s.todo, func(a, b event) int {
		return cmp.Or(a.To.Compare(b.To), cmp.Compare(a.rank, b.rank), a.From.Compare(b.From),
			cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	byThing := map[base.ID]int{}
	var jobs []job
	for i := range s.sessions {
		me := &s.sessions[i]
		if !me.idle() {
			byThing[me.Thing] = len(jobs)
			t := s.thing(me.Thing)
			jobs = append(jobs, job{thing: t, sess: me, body: s.body(t)})
		}
	}
	for rest := s.todo; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].To == rest[0].To {
			n++
		}
		inbox := rest[:n]
		rest = rest[n:]
		t := s.thing(inbox[0].To)
		if t == nil {
			for _, e := range inbox {
				s.reply(reply{e, NoThing})
			}
			continue
		}
		if len(inbox) > MaxInbox {
			for _, e := range inbox[MaxInbox:] {
				s.out.Counts.EventsDropped++
				s.reply(reply{e, Busy})
			}
			inbox = inbox[:MaxInbox]
		}
		k, ok := byThing[t.ID]
		if !ok {
			k = len(jobs)
			jobs = append(jobs, job{thing: t, body: s.body(t)})
		}
		for _, e := range inbox {
			if e.Kind == evScript {
				jobs[k].script = append(jobs[k].script, e)
			} else {
				jobs[k].native = append(jobs[k].native, e)
			}
		}
	}
	for _, id := range s.due() {
		k, ok := byThing[id]
		if !ok {
			k = len(jobs)
			jobs = append(jobs, job{thing: s.thing(id), body: s.body(s.thing(id))})
		}
		jobs[k].due = true
	}
	slices.SortFunc(jobs, func(a, b job) int { return a.thing.ID.Compare(b.thing.ID) })
	s.ration(jobs)
	return jobs
}

// ration bounds the script events of a tick. Who comes first rotates with the
// tick's key; the rest waits for the next tick.
func (s *Sim) ration(jobs []job) {
	if len(jobs) == 0 {
		return
	}
	left := MaxScriptsTick
	start := int(s.r % uint64(len(jobs)))
	for i := range jobs {
		j := &jobs[(start+i)%len(jobs)]
		n := min(len(j.script), MaxEventsTick, left)
		left -= n
		for _, e := range j.script[n:] {
			s.later(e)
		}
		j.script = j.script[:n]
	}
}

// run is one actor's turn. It reads the state before the tick and its inbox
// and writes only to its job.
func (s *Sim) run(j *job) {
	t := *j.thing
	changed := false
	if j.sess != nil {
		j.newSess = *j.sess
		s.walk(j, &j.newSess)
	}
	thrown := false
	for _, e := range j.native {
		code := OK
		switch e.Kind {
		case evThrow:
			if thrown {
				code = CannotThrow // somebody else had it
				break
			}
			thrown = true
			at := s.inside(e.At, t.Size.Scale(0.5))
			j.cmds = append(j.cmds, physics.Command{Kind: physics.CmdSet, ID: physics.BodyID(t.body),
				Body: physics.Body{Pos: at, Rot: j.body.Rot, Vel: e.Vel, Spin: spatial.Vec{X: e.Vel.Z, Z: -e.Vel.X}.Limit(physics.MaxSpin)}})
		case evChange:
			if code = s.rescript(j, &t, &e); code == OK {
				changed = true
			}
		case evSet:
			if e.Slot.Name == SlotNext || e.Slot.Name == SlotBefore {
				code = BadInput
				break
			}
			slots, err := t.Slots.With(e.Slot)
			if err != nil {
				code = BadInput
				break
			}
			n := t
			n.Slots = slots
			if s.forbids(&t, &n, e.Slot.Name) {
				code = NoSource
				break
			}
			t.Slots, changed = slots, true
			if e.Slot.Name == SlotScript {
				t.LastError = ""
			}
			j.slots = append(j.slots, SlotChange{t.ID, e.Slot})
		}
		j.acks = append(j.acks, reply{e, code})
	}
	if j.due && t.held(SlotNext) != nil {
		s.upgrade(j, &t)
		changed = true
	}
	if len(j.script) > 0 {
		s.runScript(j, &t)
		changed = true
	}
	if changed {
		j.newThing = &t
	}
}

// runScript handles an actor's script events of this tick. A fault in any of
// them voids what the script did in all of them: all or nothing, as anything
// else would depend on where a fault happens to strike.
func (s *Sim) runScript(j *job, t *Thing) {
	fault := func(format string, args ...any) {
		msg := fmt.Sprintf(format, args...)
		t.LastError = clip(msg, MaxText)
		j.says, j.faults = nil, j.faults+1
		j.logs = append(j.logs, LogLine{Thing: t.ID, Fault: true, Text: clip(msg, MaxLogLine)})
	}
	name := t.Script()
	if name == "" {
		return
	}
	if s.cfg.Scripts == nil {
		fault("no script engine")
		return
	}
	if why := s.refused(t); why != "" {
		fault("%s", why)
		return
	}
	slots := t.Slots
	var set []SlotChange
	var push spatial.Vec
	for k, e := range j.script {
		j.runs++
		ev := ScriptEvent{Name: e.Name, From: e.From, FromName: e.FromName, Text: e.Text,
			Tick: s.tick, At: s.at(j.body.Pos), Vel: j.body.Vel, Loose: t.loose()}
		seed := mix(rank(s.r, t.ID, e.From) + uint64(k))
		res, err := s.cfg.Scripts.Handle(name, ev, slots.Get, seed, EventGas)
		if err == nil {
			err = res.check()
		}
		if err != nil {
			// What was logged on the way to a fault helps to find it.
			j.log(t, res.Log)
			fault("%s: %v", e.Name, err)
			t.Runs += j.runs
			return
		}
		for _, w := range res.Set {
			next, err := slots.With(w)
			if err != nil {
				fault("%s: %v", e.Name, err)
				t.Runs += j.runs
				return
			}
			slots = next
			set = append(set, SlotChange{t.ID, w})
		}
		push = push.Add(res.Push).Limit(MaxPush)
		j.says = append(j.says, res.Say...)
		j.log(t, res.Log)
	}
	if push != (spatial.Vec{}) && t.loose() {
		j.cmds = append(j.cmds, physics.Command{Kind: physics.CmdImpulse, ID: physics.BodyID(t.body), Vec: push.Scale(j.body.Mass)})
	}
	t.Slots, t.LastError = slots, ""
	t.Runs += j.runs
	j.slots = append(j.slots, set...)
}

// log takes the lines of one run.
func (j *job) log(t *Thing, lines []string) {
	for _, l := range lines[:min(len(lines), MaxScriptLogs)] {
		j.logs = append(j.logs, LogLine{Thing: t.ID, Text: clip(l, MaxLogLine)})
	}
}

// check holds a result against the bounds.
func (r *ScriptResult) check() error {
	if len(r.Set) > MaxScriptSets || len(r.Say) > MaxScriptSays {
		return fmt.Errorf("%d slot writes and %d lines, at most %d and %d", len(r.Set), len(r.Say), MaxScriptSets, MaxScriptSays)
	}
	for _, w := range r.Set {
		if provenance(w.Name) {
			return fmt.Errorf("slot %s is not for scripts to write", w.Name)
		}
	}
	if !r.Push.Finite() || r.Push.Len() > 2*MaxPush {
		return fmt.Errorf("push of %v, at most %v m/s", r.Push, MaxPush)
	}
	for _, l := range r.Say {
		if len(l) > MaxText || !printable(l) {
			return fmt.Errorf("line is empty, too long or not printable text")
		}
	}
	return nil
}

// clip shortens to n bytes at a character and drops control characters.
func clip(s string, n int) string {
	out := make([]rune, 0, min(len(s), n))
	size := 0
	for _, r := range s {
		if r < ' ' || (r >= 0x7f && r <= 0x9f) {
			r = ' '
		}
		w := len(string(r))
		if size += w; size > n {
			break
		}
		out = append(out, r)
	}
	return string(out)
}

// merge puts an actor's writes into the new state. Each part has one writer,
// so the order does not matter for them; for lines and answers it is the order
// of the ids.
func (s *Sim) merge(j *job) {
	if j.sess != nil {
		if i, ok := s.findSession(j.newSess.Player); ok {
			s.sessions[i] = j.newSess
		}
	}
	if j.newThing != nil {
		s.put(j.newThing)
		s.want(j.newThing)
	}
	for _, w := range j.slots { // a script's own writes never name a script
		s.again(w.SlotWrite)
	}
	s.cmds = append(s.cmds, j.cmds...)
	for _, r := range j.acks {
		s.reply(r)
	}
	s.out.Logs = append(s.out.Logs, j.logs...)
	s.out.Slots = append(s.out.Slots, j.slots...)
	s.out.Counts.ScriptRuns += j.runs
	s.out.Counts.ScriptFaults += j.faults
	for _, line := range j.says {
		if t := s.thing(j.thing.ID); t != nil {
			s.speak(t, line)
		}
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
	}
	s.answer(r.ev.player, r.ev.Seq, kind, r.code, r.ev.To)
}
