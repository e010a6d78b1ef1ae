package region

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// court is a region with one server, whose key its founder has too.
type court struct {
	*Sim
	t     testing.TB
	owner *person
}

func newCourt(t testing.TB) *court {
	c := &court{Sim: mustNew(t, testConfig("hearth", 0)), t: t, owner: newPerson("hearth owner")}
	if c.owner.key != c.cfg.Owner {
		t.Fatal("the owner of the test's region has another key")
	}
	return c
}

// law signs an entry and fills in what is missing.
func (c *court) law(p *person, x succession.Entry) ControlEntry {
	g := c.Law().Genesis()
	x.By = p.key
	if x.Counter == 0 {
		p.seq++
		x.Counter = p.seq
	}
	if x.Head == (succession.Head{}) {
		x.Head = c.Law().Head()
	}
	if x.Kind == succession.Login {
		x.Server = c.owner.key
		g.SignServer(&x, c.owner.sign)
	}
	g.Sign(&x, p.sign)
	return ControlEntry{Kind: ControlLaw, Law: x.Bytes()}
}

// do takes one such entry in a tick of its own.
func (c *court) do(p *person, x succession.Entry) error {
	c.t.Helper()
	out := step(c.t, c.Sim, control(c.law(p, x)))
	if len(out.Law) != 1 || (out.Law[0].Why == nil) != (len(out.Failed) == 0) {
		c.t.Fatalf("%+v, failed %v", out.Law, out.Failed)
	}
	return out.Law[0].Why
}

func (c *court) login(p *person) {
	c.t.Helper()
	if err := c.do(p, succession.Entry{Kind: succession.Login}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *court) act(p *person, a ControlEntry) error {
	c.t.Helper()
	var e base.Encoder
	a.AppendTo(&e)
	return c.do(p, succession.Entry{Kind: succession.Act, Body: e.B})
}

// days pass, with a beat each hour.
func (c *court) days(n int) {
	c.t.Helper()
	for range 24 * n {
		step(c.t, c.Sim, control(c.beat(3_600_000)))
	}
}

func (c *court) beat(ms int64) ControlEntry {
	st, g := c.Law(), c.Law().Genesis()
	x := succession.Entry{Kind: succession.Beat, Samples: []succession.Sample{{Server: c.owner.key, Wall: st.Wall() + ms}}}
	copy(x.Samples[0].Sig[:], c.owner.sign(g.SampleBytes(st.LastBeat(), st.Wall()+ms)))
	return ControlEntry{Kind: ControlLaw, Law: x.Bytes()}
}

// TestTemporaryAdminInTheRegion: bob has the founder's rights while the place is
// vacant, and loses them in the tick in which charlie, who joined before him,
// comes: also an input of that very tick is refused.
func TestTemporaryAdminInTheRegion(t *testing.T) {
	c := newCourt(t)
	bob, charlie := newPerson("bob"), newPerson("charlie")
	c.login(charlie)
	c.login(bob)
	c.login(c.owner)
	step(t, c.Sim, control(scripted("bell", "count", 3)))
	bell := named(t, c.Sim, "bell").Thing.ID
	joined(t, c.Sim, bob, 1, 1)
	write := func() Entry {
		return bob.entry(Input{Kind: InSet, Thing: bell, Slot: SlotWrite{"note", TextSlot("mine")}})
	}
	if out := step(t, c.Sim, write()); ackOf(t, out, bob).Code != NotAllowed {
		t.Fatal("bob writes what is not his while the founder is there")
	}
	if err := c.act(bob, ControlEntry{Kind: ControlRules, Rules: RuleCopyleft}); !errors.Is(err, ErrNoRight) {
		t.Fatal(err)
	}
	c.days(29)
	c.login(bob)
	c.days(1)
	if c.Law().Temp() != bob.key {
		t.Fatal("bob is not temporary admin")
	}
	if out := step(t, c.Sim, write()); ackOf(t, out, bob).Code != OK {
		t.Fatal("the temporary admin may not write a slot")
	}
	if err := c.act(bob, ControlEntry{Kind: ControlRules, Rules: RuleCopyleft}); err != nil || c.Rules() != RuleCopyleft {
		t.Fatal(err)
	}
	if err := c.act(bob, ControlEntry{Kind: ControlRaise, Life: 9}); !errors.Is(err, ErrAct) {
		t.Fatalf("%v: what only a server may say", err)
	}
	// The whole state, roles included, goes through a snapshot.
	twin, err := Restore(c.cfg, c.Snapshot(nil))
	if err != nil || twin.Hash() != c.Hash() || twin.Law().Temp() != bob.key || !twin.May(bob.key, RightRules) {
		t.Fatal("a restored region has other roles", err)
	}
	in := write()
	out := step(t, c.Sim, in, control(c.law(charlie, succession.Entry{Kind: succession.Login})))
	if ackOf(t, out, bob).Code != NotAllowed || c.Law().Temp() != charlie.key {
		t.Fatalf("bob's input in charlie's tick: %v", ackOf(t, out, bob).Code)
	}
	if err := c.act(bob, ControlEntry{Kind: ControlRules}); !errors.Is(err, ErrNoRight) || c.Rules() != RuleCopyleft {
		t.Fatal(err)
	}
	if err := c.act(charlie, ControlEntry{Kind: ControlRules}); err != nil || c.Rules() != 0 {
		t.Fatal(err)
	}
}

// TestBanned: the avatar goes in the tick of the ban, and does not come back;
// who is banned in a tick does nothing in it.
func TestBanned(t *testing.T) {
	c := newCourt(t)
	bob := newPerson("bob")
	c.login(bob)
	c.login(c.owner)
	joined(t, c.Sim, bob, 1, 1)
	out := step(t, c.Sim, bob.entry(Input{Kind: InSay, Text: "hello"}), control(c.law(c.owner, succession.Entry{Kind: succession.Ban, Player: bob.key})))
	if ackOf(t, out, bob).Code != NotHere || len(c.Players()) != 0 {
		t.Fatal("the banned player is still here")
	}
	again := bob.entry(Input{Kind: InJoin, Region: c.cfg.ID, Name: "bob", Pos: spatial.At(0, 0, 0)})
	if a := ackOf(t, step(t, c.Sim, again), bob); a.Code != Banned {
		t.Fatal(a.Code)
	}
	twin, err := Restore(c.cfg, c.Snapshot(nil))
	if err != nil || !bytes.Equal(twin.Snapshot(nil), c.Snapshot(nil)) {
		t.Fatal(err)
	}
	if a := ackOf(t, step(t, twin, bob.entry(Input{Kind: InJoin, Region: c.cfg.ID, Name: "bob", Pos: spatial.At(0, 0, 0)})), bob); a.Code != Banned {
		t.Fatal("a restored region has forgotten the ban")
	}
	if err := c.do(c.owner, succession.Entry{Kind: succession.Unban, Player: bob.key}); err != nil {
		t.Fatal(err)
	}
	joined(t, c.Sim, bob, 1, 1)
}

// TestRolesOfAnotherCharter: a snapshot whose roles began otherwise than the
// region's charter says is refused.
func TestRolesOfAnotherCharter(t *testing.T) {
	cfg := testConfig("hearth", 0)
	g := succession.Genesis{Region: cfg.ID, Epoch: 1, Founder: cfg.Owner, Servers: []base.Key{cfg.Owner}, Settings: succession.DefaultSettings}
	cfg.Law = &g
	b := mustNew(t, cfg).Snapshot(nil)
	if _, err := Restore(cfg, b); err != nil {
		t.Fatal(err)
	}
	other := g
	other.Servers = []base.Key{newPerson("eve").key}
	cfg.Law = &other
	if _, err := Restore(cfg, b); !errors.Is(err, ErrSnapshot) {
		t.Fatal(err)
	}
}
