package region

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

const testWorld = "bafyworld"

// person is a player with a key of their own.
type person struct {
	name string
	key  base.Key
	priv ed25519.PrivateKey
	seq  uint64
}

func newPerson(name string) *person {
	seed := sha256.Sum256([]byte("person " + name))
	p := &person{name: name, priv: ed25519.NewKeyFromSeed(seed[:]), seq: 1000}
	copy(p.key[:], p.priv.Public().(ed25519.PublicKey))
	return p
}

func (p *person) sign(b []byte) []byte { return ed25519.Sign(p.priv, b) }

// entry signs an input under the next sequence number.
func (p *person) entry(in Input) Entry {
	p.seq++
	return p.entryAt(p.seq, in)
}

func (p *person) entryAt(seq uint64, in Input) Entry {
	s, err := SignInput(testWorld, p.key, seq, in, p.sign)
	if err != nil {
		panic(err)
	}
	var e base.Encoder
	s.AppendTo(&e)
	return Entry{Kind: EntryInput, Body: e.B}
}

func verify(key base.Key, msg, sig []byte) bool { return ed25519.Verify(key[:], msg, sig) }

func regionID(name string) base.ID { return base.DeriveID("test region", []byte(name)) }

func testConfig(name string, x float64) Config {
	return Config{ID: regionID(name), Name: name, World: testWorld, Owner: newPerson(name + " owner").key,
		Site: spatial.At(x, 0, 0), Min: spatial.At(-96, 0, -96), Max: spatial.At(160, 64, 96), Seed: 7, Verify: verify, Scripts: toy{}}
}

func control(c ControlEntry) Entry {
	var e base.Encoder
	c.AppendTo(&e)
	return Entry{Kind: EntryControl, Body: e.B}
}

func number(list []Entry) []Entry {
	for i := range list {
		if list[i].Kind != EntryInput {
			list[i].Seq = uint64(i + 1)
		}
	}
	return list
}

func mustNew(t testing.TB, cfg Config) *Sim {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func step(t testing.TB, s *Sim, list ...Entry) Output {
	t.Helper()
	out, err := s.Step(Batch{Tick: s.Tick() + 1, Entries: number(list)})
	if err != nil {
		t.Fatal(err)
	}
	if out.Counts.PhysicsRefused != 0 {
		t.Fatalf("tick %d: physics refused a command of the sim", out.Tick)
	}
	return out
}

// named finds a thing by name.
func named(t testing.TB, s *Sim, name string) Seen {
	t.Helper()
	var got Seen
	s.Each(func(x Seen) bool {
		if x.Thing.Name == name {
			got = x
		}
		return true
	})
	if got.Thing == nil {
		t.Fatalf("no thing named %q in %s at tick %d", name, s.cfg.Name, s.tick)
	}
	return got
}

func has(s *Sim, name string) bool {
	found := false
	s.Each(func(x Seen) bool { found = found || x.Thing.Name == name; return !found })
	return found
}

func ballSpec(name string, x, z float32) ControlEntry {
	return ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "ball", Name: name, Shape: Sphere, Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5},
		Color: 0xff0000, Pos: spatial.Vec{X: x, Y: 0.25, Z: z}, Mass: 0.6, Friction: 0.5, Restitution: 0.6}}
}

// toy is a script engine for tests: the module's name says what it does.
type toy struct{}

func (toy) Handle(module string, ev ScriptEvent, slots func(string) (SlotValue, bool), seed, gas uint64) (ScriptResult, error) {
	switch module {
	case "count": // counts events and says so when touched
		v, _ := slots("count")
		r := ScriptResult{Set: []SlotWrite{{"count", IntSlot(v.Int + 1)}}, Gas: 10}
		if ev.Name == EventTouch {
			r.Say = []string{fmt.Sprintf("ding %d for %s", v.Int+1, ev.FromName)}
		}
		return r, nil
	case "seed": // writes down its randomness and what it heard, in order
		v, _ := slots("heard")
		return ScriptResult{Set: []SlotWrite{{"heard", TextSlot(last(v.Text+ev.Text, 600))}, {"seed", IntSlot(int64(seed))}}}, nil
	case "tally": // counts in hundreds, and takes over what "count" has counted
		v, _ := slots("total")
		if ev.Name == EventUpgrade {
			old, _ := slots("count")
			return ScriptResult{Set: []SlotWrite{{"total", IntSlot(100 * old.Int)}, {Name: "count"}}, Say: []string{"I was " + ev.Text}}, nil
		}
		return ScriptResult{Set: []SlotWrite{{"total", IntSlot(v.Int + 100)}}}, nil
	case "eyes": // what lies a metre under it and 40 m away, and how hard the bump was
		r := ScriptResult{Set: []SlotWrite{{"impulse", IntSlot(int64(float32(ev.Impulse * 1000)))}}}
		x, err := ev.Look(ev.At, spatial.Vec{Y: -3})
		if err == nil && x.Found {
			_, y, _ := x.At.Meters()
			r.Set = append(r.Set, SlotWrite{"below", TextSlot(fmt.Sprintf("%.2f %v", y, !x.Thing.IsZero()))})
		}
		if _, err := ev.Look(ev.At, spatial.Vec{X: MaxLook + 1}); err == nil {
			return r, fmt.Errorf("looks too far")
		}
		for range MaxLooks - 1 {
			if _, err := ev.Look(ev.At, spatial.Vec{Y: 1}); err != nil {
				return r, err
			}
		}
		if _, err := ev.Look(ev.At, spatial.Vec{Y: 1}); err == nil {
			return r, fmt.Errorf("looks too often")
		}
		return r, nil
	case "trap":
		return ScriptResult{Set: []SlotWrite{{"bad", BoolSlot(true)}}, Say: []string{"never"}}, fmt.Errorf("unreachable executed")
	case "steal": // tries to write what says whose code it is
		return ScriptResult{Set: []SlotWrite{{SlotAuthor, TextSlot("me")}}}, nil
	}
	return ScriptResult{}, fmt.Errorf("no module %s", module)
}

func last(s string, n int) string {
	if len(s) > n {
		s = s[len(s)-n:]
	}
	return s
}

func scripted(name, module string, x float32) ControlEntry {
	return ControlEntry{Kind: ControlCreate, Thing: ThingSpec{Kind: "bell", Name: name, Shape: Box, Size: spatial.Vec{X: 1, Y: 2, Z: 1}, Color: 0xaaaaaa,
		Pos: spatial.Vec{X: x, Y: 1}, Fixed: true, Slots: Slots{{SlotScript, LumpSlot(module)}}}}
}

func joined(t testing.TB, s *Sim, p *person, x, z float64) {
	t.Helper()
	site, _, _ := s.cfg.Site.Meters()
	out := step(t, s, p.entry(Input{Kind: InJoin, Region: s.cfg.ID, Name: p.name, Pos: spatial.At(site+x, 0, z)}))
	if a := ackOf(t, out, p); a.Code != OK {
		t.Fatalf("join of %s: %v", p.name, a.Code)
	}
}

func ackOf(t testing.TB, out Output, p *person) Ack {
	t.Helper()
	for _, a := range out.Acks {
		if a.Player == p.key && a.Seq == p.seq {
			return a
		}
	}
	t.Fatalf("no acknowledgement for %s %d in tick %d", p.name, p.seq, out.Tick)
	return Ack{}
}

func lines(out Output) string {
	var b strings.Builder
	for _, l := range out.Said {
		fmt.Fprintf(&b, "%s: %s (%d hear)\n", l.Name, l.Text, len(l.To))
	}
	return b.String()
}
