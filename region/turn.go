package region

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// turn is what an actor's script made of its inbox in a tick.
type turn struct {
	thing *Thing // nil: nothing ran
	gas   uint64
	rest  []event // for the next tick
	push  spatial.Vec
	slots []SlotChange
	says  []string
	logs  []LogLine
	send  []Send
	props []Proposal
	txns  []Txn
	asks  []Ask

	runs, faults uint64
}

// Instructions that an actor pays for each thing it asks of others, besides
// what its script took.
const effectGas = 1000

// runScripts gives the tick's fuel to the actors whose scripts have something
// to do. They come in the order of their ids, from one on that the tick's key
// names; each may use what it needs, up to ActorGas for an event, until TickGas
// is used. The others wait for the next tick. Who runs is a function of what
// those before have used, so actors run at the same time only in as large waves
// as will probably all fit; what ran in vain is as if it had not.
func (s *Sim) runScripts(jobs []job) {
	var order []*job
	for i := range jobs {
		if j := &jobs[i]; !j.gone && (len(j.script) > 0 || j.due) {
			order = append(order, j)
		}
	}
	if len(order) == 0 {
		return
	}
	start := int(s.r % uint64(len(order)))
	order = append(order[start:len(order):len(order)], order[:start]...)
	used := uint64(0)
	for len(order) > 0 && used < TickGas {
		n, guess := 0, used
		for n < min(len(order), maxWave) && (n == 0 || guess < TickGas) {
			guess += max(order[n].thing.fuel, minFuel)
			n++
		}
		s.cfg.Parallel(n, func(i int) { s.turn(order[i]) })
		for _, j := range order[:n] {
			if used >= TickGas {
				j.turn = turn{rest: j.script}
				continue
			}
			used += j.turn.gas
		}
		order = order[n:]
	}
	for _, j := range order {
		j.turn = turn{rest: j.script}
	}
	s.out.Counts.Gas += used
}

// turn is an actor's script at its events of this tick. A fault in any of them
// voids what the script did in all of them: all or nothing, as anything else
// would depend on where a fault happens to strike.
func (s *Sim) turn(j *job) {
	t := *j.thing
	if j.now != nil {
		t = *j.now
	}
	x := &j.turn
	x.thing = &t
	if j.due && t.held(SlotNext) != nil {
		s.upgrade(x, &t)
	}
	if len(j.script) == 0 {
		return
	}
	before := *x
	fault := func(format string, args ...any) {
		msg := fmt.Sprintf(format, args...)
		logs := append(x.logs, LogLine{Thing: t.ID, Owner: t.Owner, Fault: true, Text: clip(msg, MaxLogLine)})
		runs, gas := x.runs, x.gas
		*x = before
		x.logs, x.runs, x.gas = logs, runs, gas
		x.faults++
		t.LastError = clip(msg, MaxText)
		t.Runs += runs - before.runs
	}
	if s.cfg.Scripts == nil {
		fault("no script engine")
		return
	}
	slots, timers := t.Slots, t.Timers
	for k := range j.script {
		if x.gas >= ActorShare {
			x.rest = j.script[k:]
			break
		}
		e := &j.script[k]
		name := t.handler(e.Name)
		if name == "" {
			continue // it is gone meanwhile
		}
		if why := s.barred(&t, name); why != "" {
			fault("%s", why)
			return
		}
		x.runs++
		ev := ScriptEvent{Name: e.Name, From: e.From, FromName: e.FromName, Text: e.Text, Tag: e.Tag, Self: t.ID, Peek: s.peek,
			Tick: s.tick, At: s.at(j.body.Pos), Vel: j.body.Vel, Loose: t.loose(), Impulse: e.Impulse, Answer: e.answer, Look: s.looker(&t, j.body.Pos)}
		seed := mix(rank(s.r, t.ID, e.From) + uint64(k))
		res, err := s.cfg.Scripts.Handle(name, ev, slots.Get, seed, ActorGas)
		x.gas += res.Gas + effectGas*uint64(1+len(res.Send)+len(res.Propose)+len(res.Txns)+len(res.Timers)+len(res.Asks))
		if err == nil {
			err = res.check()
		}
		for i := range res.Set {
			if err == nil {
				slots, err = slots.With(res.Set[i])
				x.slots = append(x.slots, SlotChange{t.ID, res.Set[i]})
			}
		}
		if err == nil {
			timers, err = withTimers(timers, s.tick, res.Timers)
		}
		// What was logged on the way to a fault helps to find it.
		x.log(&t, res.Log)
		if err != nil {
			fault("%s: %v", e.Name, err)
			return
		}
		x.push = x.push.Add(res.Push).Limit(MaxPush)
		x.says = append(x.says, res.Say...)
		x.send = append(x.send, res.Send...)
		x.props = append(x.props, res.Propose...)
		x.txns = append(x.txns, res.Txns...)
		x.asks = append(x.asks, res.Asks...)
	}
	t.Slots, t.Timers, t.LastError = slots, timers, ""
	t.Runs += x.runs - before.runs
	t.fuel = max(x.gas, t.fuel-t.fuel/8)
}

// peek reads a slot of any thing here as the tick began.
func (s *Sim) peek(id base.ID, name string) (v SlotValue, version uint64, ok bool) {
	t := s.thing(id)
	if t == nil {
		return v, 0, false
	}
	v, _ = t.Slots.Get(name)
	return v, t.Slots.Version(name), true
}

// log takes the lines of one run.
func (x *turn) log(t *Thing, lines []string) {
	for _, l := range lines[:min(len(lines), MaxScriptLogs)] {
		x.logs = append(x.logs, LogLine{Thing: t.ID, Owner: t.Owner, Text: clip(l, MaxLogLine)})
	}
}

// merge makes the new state of what the actors left, in the order of their ids:
// what each wrote of its own, of which it is the only writer; then
// transactions, then proposals; then what is heard and sent, in the next tick.
func (s *Sim) merge(jobs []job) {
	var own written
	var txns []transaction
	var props []proposed
	for i := range jobs {
		j := &jobs[i]
		x := &j.turn
		t := j.thing
		if x.thing != nil {
			t, j.changed = x.thing, true
		} else if j.changed {
			t = j.now
		}
		if j.sess != nil {
			if k, ok := s.findSession(j.newSess.Player); ok {
				s.sessions[k] = j.newSess
			}
		}
		if j.changed {
			s.put(t)
			s.want(t)
		}
		j.slots = append(j.slots, x.slots...)
		for _, w := range j.slots { // a script's own writes never name a script
			s.again(w.SlotWrite)
			own = append(own, slotKey{w.Thing, w.Name})
		}
		if j.gone {
			s.discard(t)
		}
		for _, in := range j.cmds {
			if !j.gone {
				s.do(in)
			}
		}
		if x.push != (spatial.Vec{}) && t.loose() && !j.gone {
			s.do(command(t.ID, physics.Command{Kind: physics.CmdImpulse, Vec: x.push.Scale(j.body.Mass)}))
		}
		for _, r := range j.acks {
			s.reply(r)
		}
		for k := range x.txns {
			txns = append(txns, transaction{Txn: &x.txns[k], from: t, n: k})
		}
		for k := range x.props {
			props = append(props, proposed{Proposal: &x.props[k], from: t, n: k})
		}
		s.out.Logs = append(s.out.Logs, x.logs...)
		s.out.Slots = append(s.out.Slots, j.slots...)
		s.out.Counts.ScriptRuns += x.runs
		s.out.Counts.ScriptFaults += x.faults
	}
	slices.SortFunc(own, slotKey.compare)
	own = slices.Compact(own)
	own = s.settleTxns(txns, own)
	s.settleProposals(props, own)
	for i := range jobs {
		x := &jobs[i].turn
		for _, line := range x.says {
			if t := s.thing(jobs[i].thing.ID); t != nil {
				s.speak(t, line)
			}
		}
		if x.thing != nil {
			s.deliver(x.thing, x.send)
			s.ask(x.thing, x.asks)
		}
		s.pending = append(s.pending, x.rest...) // each keeps its number: what came first stays first
		s.out.Counts.EventsCarried += uint64(len(x.rest))
	}
	s.bound()
}
