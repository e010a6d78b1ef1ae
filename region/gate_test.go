package region

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// order signs an access entry.
func (c *court) order(p *person, x access.Entry) ControlEntry {
	x.By, x.Region, x.Epoch, x.Until = p.key, c.cfg.ID, 1, c.Tick()+access.Minute
	x.Counter = c.Access().Member(p.key).Counter + 1
	copy(x.Sig[:], p.sign(x.SigningBytes()))
	return ControlEntry{Kind: ControlAccess, Access: x.Bytes()}
}

// orders takes one in a tick of its own.
func (c *court) orders(p *person, x access.Entry) (Output, error) {
	c.t.Helper()
	out := step(c.t, c.Sim, control(c.order(p, x)))
	if len(out.Access) != 1 || (out.Access[0].Why == nil) != (len(out.Failed) == 0) {
		c.t.Fatalf("%+v, failed %v", out.Access, out.Failed)
	}
	return out, out.Access[0].Why
}

func (c *court) must(p *person, x access.Entry) Output {
	c.t.Helper()
	out, err := c.orders(p, x)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func (c *court) joins(p *person) Code {
	c.t.Helper()
	return ackOf(c.t, step(c.t, c.Sim, p.entry(Input{Kind: InJoin, Region: c.cfg.ID, Name: p.name, Pos: spatial.At(0, 0, 0)})), p).Code
}

func (c *court) tells(p *person, text string) (Code, int) {
	c.t.Helper()
	out := step(c.t, c.Sim, p.entry(Input{Kind: InSay, Text: text}))
	return ackOf(c.t, out, p).Code, len(out.Said)
}

func TestKickMuteAndRoles(t *testing.T) {
	c := newCourt(t)
	bob := newPerson("bob")
	joined(t, c.Sim, bob, 1, 1)
	joined(t, c.Sim, c.owner, 2, 1)
	if _, err := c.orders(bob, access.Entry{Kind: access.Expel, Player: c.owner.key}); !errors.Is(err, access.Right) {
		t.Fatal(err)
	}
	c.must(c.owner, access.Entry{Kind: access.Silence, Player: bob.key, For: access.Minute})
	if code, n := c.tells(bob, "hello"); code != Muted || n != 0 {
		t.Fatal(code, n)
	}
	c.must(c.owner, access.Entry{Kind: access.Unsilence, Player: bob.key})
	if code, n := c.tells(bob, "hello"); code != OK || n != 1 {
		t.Fatal(code, n)
	}
	out := c.must(c.owner, access.Entry{Kind: access.Expel, Player: bob.key})
	if len(out.Expelled) != 1 || out.Expelled[0] != (Expelled{bob.key, Kicked}) || len(c.Players()) != 1 {
		t.Fatalf("%+v", out.Expelled)
	}
	if code := c.joins(bob); code != Kicked {
		t.Fatal(code)
	}
	for range access.KickTicks {
		step(t, c.Sim)
	}
	if code := c.joins(bob); code != OK {
		t.Fatal(code)
	}
	set := access.DefaultSettings
	set.Default = access.Guest
	set.May[0] = access.Enter
	c.must(c.owner, access.Entry{Kind: access.Configure, Settings: set})
	if code, _ := c.tells(bob, "hello"); code != RoleMayNot {
		t.Fatal(code)
	}
	if a := ackOf(t, step(t, c.Sim, bob.entry(Input{Kind: InThrow})), bob); a.Code != RoleMayNot {
		t.Fatal(a.Code)
	}
	// All of that is in a snapshot.
	twin, err := Restore(c.cfg, c.Snapshot(nil))
	if err != nil || !bytes.Equal(twin.Snapshot(nil), c.Snapshot(nil)) || twin.Hash() != c.Hash() {
		t.Fatal(err)
	}
	if code := twin.mayDo(bob.key, &Input{Kind: InSay}); code != RoleMayNot {
		t.Fatal(code)
	}
}

func TestWhitelistPasswordAndBranch(t *testing.T) {
	c := newCourt(t)
	bob, eve, mia := newPerson("bob"), newPerson("eve"), newPerson("mia")
	c.login(c.owner)
	joined(t, c.Sim, bob, 1, 1)
	joined(t, c.Sim, mia, 3, 1)
	c.must(bob, access.Entry{Kind: access.Bring, Player: eve.key, Role: access.Guest})
	joined(t, c.Sim, eve, 2, 1)
	out := c.must(c.owner, access.Entry{Kind: access.Prune, Player: bob.key, On: true})
	if len(out.Expelled) != 2 || c.joins(eve) != Banned || c.joins(bob) != Banned {
		t.Fatalf("%+v", out.Expelled)
	}
	c.must(c.owner, access.Entry{Kind: access.Prune, Player: bob.key})
	if code := c.joins(bob); code != OK {
		t.Fatal(code)
	}
	set := access.DefaultSettings
	set.Whitelist = true
	// Eve was invited, which is as good as listed.
	out = c.must(c.owner, access.Entry{Kind: access.Configure, Settings: set})
	if len(out.Expelled) != 2 || c.joins(eve) != OK || c.joins(bob) != Unlisted {
		t.Fatalf("%+v", out.Expelled)
	}
	c.must(c.owner, access.Entry{Kind: access.Configure, Settings: access.DefaultSettings})
	joined(t, c.Sim, bob, 1, 1)
	c.must(c.owner, access.Entry{Kind: access.SetSecret, For: 1, Record: make([]byte, access.RecordBytes)})
	if len(c.Players()) != 2 {
		t.Fatal("a new password sends out who is here")
	}
	if code := c.joins(mia); code != NeedsPassword {
		t.Fatal(code)
	}
	tk := access.Ticket{Region: c.cfg.ID, Epoch: 1, Secret: 1, Player: mia.key, Until: c.Tick() + access.Hour, Server: c.owner.key}
	copy(tk.Sig[:], mia.sign(tk.SigningBytes()))
	x := access.Entry{Kind: access.Admit, Ticket: tk}
	if out := step(t, c.Sim, control(ControlEntry{Kind: ControlAccess, Access: x.Bytes()})); !errors.Is(out.Access[0].Why, access.Forged) {
		t.Fatal(out.Access[0].Why)
	}
	copy(x.Ticket.Sig[:], c.owner.sign(tk.SigningBytes()))
	if out := step(t, c.Sim, control(ControlEntry{Kind: ControlAccess, Access: x.Bytes()})); out.Access[0].Why != nil {
		t.Fatal(out.Access[0].Why)
	}
	if code := c.joins(mia); code != OK {
		t.Fatal(code)
	}
	// The temporary admin's orders end with his office, in the very tick.
	if _, err := c.orders(mia, access.Entry{Kind: access.Configure, Settings: set}); !errors.Is(err, access.Right) {
		t.Fatal(err)
	}
	if err := c.do(c.owner, succession.Entry{Kind: succession.Ban, Player: eve.key}); err != nil || c.joins(eve) != Banned {
		t.Fatal(err)
	}
}

// TestServersTakeKeysAlong: who is no server any more since the password was set is
// counted, until a new one is set.
func TestServersTakeKeysAlong(t *testing.T) {
	c := newCourt(t)
	ann, bob := newPerson("ann"), newPerson("bob")
	left := func(what string, want uint32) {
		t.Helper()
		if got := c.Access().Secret().Left; got != want {
			t.Fatalf("%s: %d servers left, want %d", what, got, want)
		}
	}
	number := uint64(0)
	set := func() {
		t.Helper()
		number++
		c.must(c.owner, access.Entry{Kind: access.SetSecret, For: number, Record: make([]byte, access.RecordBytes)})
	}
	servers := func(list ...*person) {
		t.Helper()
		x := succession.Entry{Kind: succession.Members}
		for _, p := range list {
			x.Servers = append(x.Servers, p.key)
		}
		slices.SortFunc(x.Servers, base.Key.Compare)
		if out := step(t, c.Sim, control(c.law(c.owner, x))); len(out.Law) != 1 || out.Law[0].Why != nil {
			t.Fatalf("%+v", out.Law)
		}
	}
	c.login(c.owner)
	servers(c.owner, ann, bob)
	servers(c.owner, ann)
	left("without a password", 0)
	servers(c.owner, ann, bob)
	set()
	servers(c.owner, ann)
	left("one is removed", 1)
	servers(ann, bob)
	left("the owner's own goes, and another comes", 1)
	servers(ann)
	left("that one goes", 2)
	s, err := Restore(c.cfg, c.Snapshot(nil))
	if err != nil || s.Access().Secret().Left != 2 || s.Hash() != c.Hash() {
		t.Fatal("not in the snapshot", err)
	}
	set()
	left("set again", 0)
}

// TestHandedOverWithoutAccess: a neighbour hands over somebody who could not
// have joined here: they do not stay a tick longer than it takes to see it.
func TestHandedOverWithoutAccess(t *testing.T) {
	p := newPair(t, 0)
	owner := newPerson("commons owner")
	c := &court{Sim: p.b, t: t, owner: owner}
	set := access.DefaultSettings
	set.Whitelist = true
	p.step(nil, []Entry{control(c.order(owner, access.Entry{Kind: access.Configure, Settings: set}))})
	ann := newPerson("ann")
	p.step([]Entry{ann.entry(Input{Kind: InJoin, Region: p.a.cfg.ID, Name: "ann", Pos: spatial.At(28, 0, 0)})}, nil)
	p.step([]Entry{ann.entry(Input{Kind: InWalk, Pos: spatial.At(38, 0, 1)})}, nil)
	for range 300 {
		_, out := p.step(nil, nil)
		if len(out.Expelled) > 0 {
			if out.Expelled[0] != (Expelled{ann.key, Unlisted}) {
				t.Fatalf("%+v", out.Expelled)
			}
			if inA, inB := p.where("ann"); inA || inB {
				t.Fatal("she is still in the world")
			}
			return
		}
		if len(p.b.Players()) > 0 {
			t.Fatal("she walks about in a region that she may not enter")
		}
	}
	t.Fatal("she never came")
}

// TestMutedOverABorder: what a muted player says next door is not heard here.
func TestMutedOverABorder(t *testing.T) {
	c := newCourt(t)
	next := testConfig("commons", 64)
	step(t, c.Sim, control(ControlEntry{Kind: ControlNeighbours, Neighbours: []Neighbour{{ID: next.ID, Name: "commons", Site: next.Site}}}))
	bob := newPerson("bob")
	joined(t, c.Sim, c.owner, 30, 1)
	line := func(n uint64) Entry {
		m := BorderMessage{Kind: BorderSaid, N: n, Line: Line{From: base.AvatarID(bob.key), Player: bob.key, Name: "bob", Pos: spatial.At(34, 0, 1), Text: "hello"}}
		var e base.Encoder
		m.AppendTo(&e)
		return Entry{Kind: EntryBorder, From: next.ID, Seq: n, Body: e.B}
	}
	if out := step(t, c.Sim, line(1)); len(out.Said) != 1 {
		t.Fatal("a line from next door is not heard")
	}
	c.must(c.owner, access.Entry{Kind: access.Silence, Player: bob.key})
	if out := step(t, c.Sim, line(2)); len(out.Said) != 0 {
		t.Fatal("a muted player is heard")
	}
}

// TestNoScriptInANewThing: who may create and not script makes no thing that
// runs.
func TestNoScriptInANewThing(t *testing.T) {
	c := newCourt(t)
	bob := newPerson("bob")
	joined(t, c.Sim, bob, 1, 1)
	c.must(c.owner, access.Entry{Kind: access.Assign, Player: bob.key, Role: access.Resident})
	spec := scripted("bell", "count", 3).Thing
	if code := c.mayDo(bob.key, &Input{Kind: InCreate, Spec: spec}); code != RoleMayNot {
		t.Fatal(code)
	}
	spec.Slots = nil
	if code := c.mayDo(bob.key, &Input{Kind: InCreate, Spec: spec}); code != OK {
		t.Fatal(code)
	}
	if code := c.mayDo(bob.key, &Input{Kind: InSet, Slot: SlotWrite{Name: SlotScript}}); code != RoleMayNot {
		t.Fatal(code)
	}
}

// TestThingsOfTheMuted: neither a mute nor a role without scripts is got round
// by a thing.
func TestThingsOfTheMuted(t *testing.T) {
	c := newCourt(t)
	bob := newPerson("bob")
	joined(t, c.Sim, bob, 1, 1)
	step(t, c.Sim, control(ControlEntry{Kind: ControlModule, Module: "count"}))
	touch := func() (Code, int) {
		out := step(t, c.Sim, bob.entry(Input{Kind: InTouch, Thing: named(t, c.Sim, "chest").Thing.ID}))
		return ackOf(t, out, bob).Code, len(out.Said)
	}
	set := func(slot string) Code {
		in := Input{Kind: InSet, Thing: named(t, c.Sim, "chest").Thing.ID, Slot: SlotWrite{slot, LumpSlot("count")}}
		return ackOf(t, step(t, c.Sim, bob.entry(in)), bob).Code
	}
	if a := ackOf(t, step(t, c.Sim, bob.entry(made("chest", 1))), bob); a.Code != OK {
		t.Fatal(a.Code)
	}
	if code := set(SlotScript); code != OK {
		t.Fatal(code)
	}
	if code, n := touch(); code != OK || n != 1 {
		t.Fatal(code, n)
	}
	c.must(c.owner, access.Entry{Kind: access.Silence, Player: bob.key})
	if code, n := touch(); code != OK || n != 0 {
		t.Fatal(code, n)
	}
	c.must(c.owner, access.Entry{Kind: access.Assign, Player: bob.key, Role: access.Resident})
	for _, slot := range []string{SlotScript, "poke"} {
		if code := set(slot); code != RoleMayNot {
			t.Fatal(slot, code)
		}
	}
}

// TestGuestsDoNotAge: who has a guest's role, by default or given, gets no
// standing by logging in; a login that does not say so is refused, at the same
// index everywhere; and a region may shut its guests out.
func TestGuestsDoNotAge(t *testing.T) {
	c := newCourt(t)
	bob, eve := newPerson("bob"), newPerson("eve")
	set := access.DefaultSettings
	set.Default = access.Guest
	c.must(c.owner, access.Entry{Kind: access.Configure, Settings: set})
	before := c.Law().Head().Index
	if err := c.do(bob, succession.Entry{Kind: succession.Login}); !errors.Is(err, succession.ErrGuest) {
		t.Fatal(err)
	}
	if c.Law().Head().Index != before+1 || c.Law().Known(bob.key) {
		t.Fatal("a refused login has an index, and nothing else")
	}
	if err := c.do(bob, succession.Entry{Kind: succession.Login, Guest: true}); err != nil || c.Law().Known(bob.key) {
		t.Fatal(err)
	}
	twin, err := Restore(c.cfg, c.Snapshot(nil))
	if err != nil || twin.Hash() != c.Hash() {
		t.Fatal("a replica from a snapshot differs", err)
	}
	c.must(c.owner, access.Entry{Kind: access.Assign, Player: bob.key, Role: access.Resident})
	c.login(bob)
	if !c.Law().Known(bob.key) {
		t.Fatal("a resident has no standing")
	}
	// The founder is an admin, whatever the default.
	c.login(c.owner)
	set.May[0] &^= access.Enter
	c.must(c.owner, access.Entry{Kind: access.Configure, Settings: set})
	if code := c.joins(eve); code != Barred {
		t.Fatal(code)
	}
	if code := c.joins(bob); code != OK {
		t.Fatal(code)
	}
}
