package region

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/golden"
	"github.com/metatopia/metatopia/internal/scenario"
	"github.com/metatopia/metatopia/spatial"
)

var rewrite = golden.Rewrite

// TestScenarios runs the files of testdata: a line is a command, the indented
// lines below it are what happened; # starts a comment. Commands that lie
// between "{" and "}" happen in one tick, each other one in a tick of its own.
// Positions are metres from the site of the region "hearth", whose neighbour
// "commons" lies 64 m to the east; "@commons" before a command goes there.
//
//	ball NAME X Z | thing NAME MODULE X      made by the region
//	module NAME [why not]                    the driver loaded it, or could not
//	remove NAME | away WHO
//	join WHO X Z | leave WHO | walk WHO X Z | steer WHO X Z | jump WHO | stop WHO
//	say WHO TEXT | touch WHO THING | throw WHO THING|- VX VY VZ | set WHO THING SLOT VALUE
//	again WHO                                the last input once more
//	forge WHO                                an input with a broken signature
//	wait N | show
func TestScenarios(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", *rewrite, play)
}

type drama struct {
	t      *testing.T
	p      *pair
	people map[string]*person
	last   map[string]Entry
	in     [2][]Entry
	open   bool
	out    strings.Builder
}

func play(t *testing.T, script string) string {
	d := &drama{t: t, p: newPair(t, 0), people: map[string]*person{}, last: map[string]Entry{}}
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		d.out.WriteString(line + "\n")
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			d.do(f)
		}
	}
	return d.out.String()
}

func (d *drama) person(name string) *person {
	if d.people[name] == nil {
		d.people[name] = newPerson(name)
	}
	return d.people[name]
}

func (d *drama) do(f []string) {
	side := 0
	if f[0] == "@commons" {
		side, f = 1, f[1:]
	}
	s := []*Sim{d.p.a, d.p.b}[side]
	switch f[0] {
	case "{":
		d.open = true
		return
	case "}":
		d.open = false
	case "wait":
		n, _ := strconv.Atoi(f[1])
		for range n {
			d.tick()
		}
		return
	case "show":
		d.show()
		return
	default:
		d.in[side] = append(d.in[side], d.entry(s, f))
	}
	if !d.open {
		d.tick()
	}
}

func (d *drama) number(s string) float64 {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func (d *drama) entry(s *Sim, f []string) Entry {
	num := func(i int) float32 { return float32(d.number(f[i])) }
	pos := func(i int) spatial.Pos { return spatial.At(d.number(f[i]), 0, d.number(f[i+1])) }
	id := func(name string) base.ID {
		if name == "-" {
			return base.ID{}
		}
		return named(d.t, s, name).Thing.ID
	}
	switch f[0] {
	case "ball":
		c := ballSpec(f[1], num(2), num(3))
		c.Thing.Pos = c.Thing.Pos.Sub(s.cfg.Site.Sub(spatial.Pos{}))
		return control(c)
	case "thing":
		c := scripted(f[1], f[2], num(3))
		c.Thing.Pos = c.Thing.Pos.Sub(s.cfg.Site.Sub(spatial.Pos{}))
		return control(c)
	case "module":
		return control(ControlEntry{Kind: ControlModule, Module: f[1], Text: strings.Join(f[2:], " ")})
	case "remove":
		return control(ControlEntry{Kind: ControlRemove, ID: id(f[1])})
	case "away":
		return control(ControlEntry{Kind: ControlAway, Player: d.person(f[1]).key})
	}
	p := d.person(f[1])
	switch f[0] {
	case "again":
		return d.last[p.name]
	case "forge":
		e := p.entryAt(p.seq+1, Input{Kind: InLeave})
		e.Body[50] ^= 1
		return e
	}
	var in Input
	switch f[0] {
	case "join":
		in = Input{Kind: InJoin, Region: s.cfg.ID, Name: p.name, Pos: pos(2)}
	case "leave":
		in.Kind = InLeave
	case "walk":
		in = Input{Kind: InWalk, Pos: pos(2)}
	case "steer":
		in = Input{Kind: InSteer, Vel: spatial.Vec{X: num(2), Z: num(3)}}
	case "jump":
		in.Kind = InJump
	case "stop":
		in.Kind = InStop
	case "say":
		in = Input{Kind: InSay, Text: strings.Join(f[2:], " ")}
	case "touch":
		in = Input{Kind: InTouch, Thing: id(f[2])}
	case "throw":
		in = Input{Kind: InThrow, Thing: id(f[2]), Vel: spatial.Vec{X: num(3), Y: num(4), Z: num(5)}}
	case "set":
		in = Input{Kind: InSet, Thing: id(f[2]), Slot: SlotWrite{f[3], TextSlot(strings.Join(f[4:], " "))}}
	default:
		d.t.Fatalf("unknown command %v", f)
	}
	e := p.entry(in)
	d.last[p.name] = e
	return e
}

func (d *drama) tick() {
	a, b := d.p.step(d.in[0], d.in[1])
	d.in = [2][]Entry{}
	d.tell(d.p.a, &a)
	d.tell(d.p.b, &b)
}

func (d *drama) who(k base.Key) string {
	for _, p := range d.people { //lint:sorted one matches
		if p.key == k {
			return p.name
		}
	}
	return "?"
}

// tell writes down everything of a tick but the movement.
func (d *drama) tell(s *Sim, o *Output) {
	say := func(format string, args ...any) {
		fmt.Fprintf(&d.out, "  %s %d: %s\n", s.cfg.Name, o.Tick, fmt.Sprintf(format, args...))
	}
	for _, a := range o.Acks {
		when := "at once"
		if a.Durable {
			when = "when durable"
		}
		say("%s's input is answered %s: %v", d.who(a.Player), when, a.Code)
	}
	if o.Counts.Forged > 0 {
		say("%d forged", o.Counts.Forged)
	}
	for _, l := range o.Said {
		var to []string
		for _, k := range l.To {
			to = append(to, d.who(k))
		}
		say("%s hear %s: %q", strings.Join(to, ", "), l.Name, l.Text)
	}
	for _, l := range o.Logs {
		say("log: %s", l.Text)
	}
	for _, w := range o.Slots {
		v := w.Value
		say("slot %s of %s is %v %v%v%v", w.Name, d.name(s, w.Thing), v.Type, v.Text, v.Lump, map[bool]any{true: v.Int, false: ""}[v.Type == SlotInt])
	}
	for _, m := range o.Want {
		say("wants module %s", m)
	}
	for _, m := range o.Moved {
		say("%s moved on", d.who(m.Player))
	}
	if n := o.Counts.HandoffsIn; n > 0 {
		say("took over %d", n)
	}
}

func (d *drama) name(s *Sim, id base.ID) string {
	if t := s.thing(id); t != nil {
		return t.Name
	}
	return "?"
}

func (d *drama) show() {
	for _, s := range []*Sim{d.p.a, d.p.b} {
		s.Each(func(x Seen) bool {
			w, _, _ := s.cfg.Site.Meters()
			p := x.Motion.Pos
			fmt.Fprintf(&d.out, "  %s has %s %s at %.1f,%.1f,%.1f\n", s.cfg.Name, x.Thing.Kind, x.Thing.Name, w+float64(p.X), p.Y, p.Z)
			return true
		})
	}
}
