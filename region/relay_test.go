package region

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

// talk is a script that sends numbers to a thing, three at a time, or writes down
// which it got and from whom.
type talk struct{ to map[string]base.ID }

func (c talk) Handle(module string, ev ScriptEvent, slots func(string) (SlotValue, bool), _, _ uint64) (r ScriptResult, _ error) {
	r.Gas = 10
	n, _ := slots("n")
	switch {
	case ev.Name == EventMessage:
		v, _ := slots("got")
		r.Set = []SlotWrite{{"got", TextSlot(v.Text + fmt.Sprintf("%s%d ", ev.FromName, ev.Tag))}}
	case ev.Name == EventTick && module != "mute" && n.Int < 90:
		for i := range int64(3) {
			r.Send = append(r.Send, Send{To: c.to[module], Tag: n.Int + i, Text: "number"})
		}
		r.Set = []SlotWrite{{"n", IntSlot(n.Int + 3)}}
	}
	return r, nil
}

// talkers are two regions with a thing each beside their border.
func talkers(t *testing.T, loss int) (*pair, talk) {
	p := newPair(t, loss)
	c := talk{map[string]base.ID{}}
	p.a.cfg.Scripts, p.b.cfg.Scripts = c, c
	modules := []Entry{}
	for _, m := range []string{"east", "west", "mute"} {
		modules = append(modules, control(ControlEntry{Kind: ControlModule, Module: m}))
	}
	thing := func(name, module string, x float32) Entry {
		e := scripted(name, module, x)
		e.Thing.Slots = append(Slots{{SlotEvery, IntSlot(MinEvery)}}, e.Thing.Slots...)
		return control(e)
	}
	p.step(append(slices.Clone(modules), thing("a", "east", 30), thing("c", "east", 28)), append(slices.Clone(modules), thing("b", "west", -30)))
	for range 40 { // until they know of each other
		p.step(nil, nil)
	}
	c.to["east"], c.to["west"] = named(t, p.b, "b").Thing.ID, named(t, p.a, "a").Thing.ID
	return p, c
}

func heard(t testing.TB, s *Sim, name string) []string {
	v, _ := named(t, s, name).Thing.Slots.Get("got")
	return strings.Fields(v.Text)
}

// once checks that what came from a source came in order, each once; all says that
// nothing may be missing.
func once(t testing.TB, got []string, from string, all bool) {
	t.Helper()
	var list []int
	for _, x := range got {
		if rest, ok := strings.CutPrefix(x, from); ok {
			var n int
			fmt.Sscan(rest, &n)
			list = append(list, n)
		}
	}
	for i := 1; i < len(list); i++ {
		if list[i] <= list[i-1] || all && list[i] != list[i-1]+1 {
			t.Fatalf("from %s: %v", from, list)
		}
	}
	if len(list) == 0 || list[len(list)-1] != 89 || all && list[0] != 89-len(list)+1 {
		t.Fatalf("from %s: %v", from, list)
	}
}

// TestThingsTalkOverABorder: messages of things reach things of a neighbour, each
// once and a source's in order, whatever the network does and however often a
// region is restored.
func TestThingsTalkOverABorder(t *testing.T) {
	for _, loss := range []int{0, 25} {
		t.Run(fmt.Sprint(loss), func(t *testing.T) {
			p, _ := talkers(t, loss)
			for i := range 800 {
				p.step(nil, nil)
				if i%60 == 59 {
					for _, s := range []**Sim{&p.a, &p.b} {
						r, err := Restore((*s).cfg, (*s).Snapshot(nil))
						if err != nil || r.Hash() != (*s).Hash() {
							t.Fatal("another state", err)
						}
						*s = r
					}
				}
			}
			once(t, heard(t, p.b, "b"), "a", true)
			once(t, heard(t, p.b, "b"), "c", true)
			once(t, heard(t, p.a, "a"), "b", true)
			if p.a.relays[0].Next != 1+uint64(len(heard(t, p.b, "b"))) || len(p.a.relays[0].Out) > 0 {
				t.Fatalf("%d sent, %d arrived", p.a.relays[0].Next-1, len(heard(t, p.b, "b")))
			}
			if len(heard(t, p.a, "c")) != 0 {
				t.Fatal("who was not told heard it")
			}
		})
	}
}

// TestTalkAtOnce: what waited while no message came through arrives at once then, and
// is more than the receiver takes of one source in a tick: the rest comes later.
func TestTalkAtOnce(t *testing.T) {
	p, _ := talkers(t, 0)
	p.loss = 100
	for range 70 {
		p.step(nil, nil)
	}
	if n := len(p.a.relays[0].Out); n <= MaxFromOne {
		t.Fatalf("only %d wait", n)
	}
	p.loss = 0
	for range 700 {
		p.step(nil, nil)
	}
	once(t, heard(t, p.b, "b"), "a", true)
	once(t, heard(t, p.b, "b"), "c", true)
}

// TestTalkToWhoCrosses: a thing that goes over the border meanwhile gets each
// message once.
func TestTalkToWhoCrosses(t *testing.T) {
	for seed := range 4 {
		p, c := talkers(t, 3*seed)
		ann := newPerson("ann")
		ball := ballSpec("ball", 26, 3)
		ball.Thing.Slots = Slots{{SlotScript, LumpSlot("mute")}}
		p.step([]Entry{control(ball), ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(25, 0, 3)})}, nil)
		id := named(t, p.a, "ball").Thing.ID
		c.to["east"] = id
		for i := range 500 {
			var in []Entry
			if i == 20+seed {
				in = []Entry{ann.entry(Input{Kind: InThrow, Thing: id, Vel: spatial.Vec{X: 9, Y: 4}})}
			}
			p.step(in, nil)
		}
		if has(p.a, "ball") {
			t.Fatal("the ball did not cross")
		}
		got := heard(t, p.b, "ball")
		seen := map[string]bool{}
		for _, x := range got {
			if seen[x] {
				t.Fatalf("%s came twice", x)
			}
			seen[x] = true
		}
		if seed == 0 && (!seen["a89"] || !seen["a0"] && !seen["a3"] && !seen["a6"] && !seen["a9"] && !seen["a12"]) {
			t.Fatalf("it got %v", got)
		}
		if n := len(got); n < 100 {
			t.Fatalf("it got %d messages", n)
		}
	}
}

// TestTalkToNobody: of a neighbour that is away what it was told is given up, within
// bounds and counted; when it is back it hears what is said from then on, and
// nothing twice.
func TestTalkToNobody(t *testing.T) {
	p, _ := talkers(t, 0)
	lost, most := uint64(0), 0
	for range relayLife + 60 {
		out := step(t, p.a)
		lost += out.Counts.RelaysLost
		for i := range p.a.relays {
			most = max(most, len(p.a.relays[i].Out))
		}
	}
	if most > 2*maxRelayedOne || most == 0 || lost < 50 {
		t.Fatalf("%d waited, %d were lost", most, lost)
	}
	for p.b.tick < p.a.tick {
		step(t, p.b)
	}
	before := len(heard(t, p.b, "b"))
	a := *named(t, p.a, "a").Thing
	a.Slots, _ = a.Slots.With(SlotWrite{"n", IntSlot(60)})
	p.a.put(&a)
	for range 200 {
		p.step(nil, nil)
	}
	got := heard(t, p.b, "b")
	if len(got) <= before || got[len(got)-1] != "a89" {
		t.Fatalf("after it was away: %v", got)
	}
	once(t, got[before:], "a", true)
}

// TestTalkAfterALostLog: a region whose log lost its end goes on being heard.
func TestTalkAfterALostLog(t *testing.T) {
	p, _ := talkers(t, 0)
	old := p.a.Snapshot(nil)
	at := p.a.tick
	for range 100 {
		p.step(nil, nil)
	}
	a, err := Restore(p.a.cfg, old)
	if err != nil {
		t.Fatal(err)
	}
	p.a = a
	before := len(heard(t, p.b, "b"))
	for p.a.tick < p.b.tick {
		step(t, p.a)
	}
	p.net = [2][]flight{}
	for range 800 {
		p.step(nil, nil)
	}
	got := heard(t, p.b, "b")
	if len(got) <= before || got[len(got)-1] != "c89" && got[len(got)-1] != "a89" {
		t.Fatalf("from tick %d on: %v", at, got)
	}
	if x := &p.a.relays[0]; len(x.Out) > 0 {
		t.Fatalf("%d wait", len(x.Out))
	}
}

// TestForgedLetters: nobody speaks for a thing that is here, and what is for another
// region is nobody's here.
func TestForgedLetters(t *testing.T) {
	p, c := talkers(t, 0)
	c.to["east"], c.to["west"] = base.ID{1}, base.ID{1}
	b := p.b.cfg.ID
	put := func(m Relayed) Output {
		return step(t, p.a, borderEntry(b, BorderMessage{Kind: BorderRelay, Relay: &m}))
	}
	to, mine := named(t, p.a, "a").Thing.ID, named(t, p.a, "c").Thing.ID
	got := uint64(0)
	l := letter{To: to, From: mine, Name: "c", Hops: 1}
	if out := put(Relayed{To: p.a.cfg.ID, Floor: got + 1, First: got + 1, Letters: []letter{l}}); out.Counts.BorderBad != 1 || out.Counts.RelaysIn != 0 {
		t.Fatalf("%+v", out.Counts)
	}
	l.From = base.ID{7}
	if out := put(Relayed{To: b, Floor: got + 2, First: got + 2, Letters: []letter{l}}); out.Counts.RelaysIn != 0 {
		t.Fatalf("%+v", out.Counts)
	}
	many := Relayed{To: p.a.cfg.ID, Floor: got + 2, First: got + 2}
	for i := range maxLetters {
		l.From = base.ID{7, byte(i)}
		many.Letters = append(many.Letters, l)
	}
	more := many
	more.First += maxLetters
	e := []Entry{borderEntry(b, BorderMessage{Kind: BorderRelay, Relay: &many}), borderEntry(b, BorderMessage{Kind: BorderRelay, Relay: &more})}
	if out := step(t, p.a, e...); out.Counts.RelaysIn != relayTick {
		t.Fatalf("%+v", out.Counts)
	}
	// The same again is nothing new.
	if out := put(many); out.Counts.RelaysIn != 0 {
		t.Fatalf("%+v", out.Counts)
	}
	// Of one source no more than the receiver's inbox would keep.
	flood := Relayed{To: p.a.cfg.ID, Floor: got + 2, First: p.a.relays[0].Got + 1}
	for range MaxFromOne + 3 {
		flood.Letters = append(flood.Letters, l)
	}
	for _, want := range []uint64{MaxFromOne, 3, 0} {
		if out := put(flood); out.Counts.RelaysIn != want || out.Counts.ScriptRuns < want {
			t.Fatalf("%+v, want %d", out.Counts, want)
		}
	}
}
