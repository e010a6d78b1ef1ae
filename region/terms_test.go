package region

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// held is a region whose owner has a word about its servers.
type held struct {
	t     *testing.T
	owner *person
	s     *Sim
	seq   uint64
}

func newHeld(t *testing.T) *held {
	cfg := testConfig("hearth", 0)
	h := &held{t: t, owner: newPerson("hearth owner")}
	cfg.Terms = func(b []byte) (Terms, error) {
		if len(b) < 64 || !verify(h.owner.key, b[:len(b)-64], b[len(b)-64:]) {
			return Terms{}, errors.New("not the owner's")
		}
		d := base.NewDecoder(b[:len(b)-64])
		x := Terms{Seq: d.U64(), Trust: agree.Trust(d.U8())}
		for range d.Count(99, 32) {
			x.Servers = append(x.Servers, d.Key())
		}
		return x, d.Done()
	}
	h.s = mustNew(t, cfg)
	return h
}

// word is what somebody signs as the owner's word.
func (h *held) word(by *person, trust agree.Trust, servers ...*person) ControlEntry {
	h.seq++
	var e base.Encoder
	e.U64(h.seq)
	e.U8(uint8(trust))
	e.U32(uint32(len(servers)))
	for _, p := range servers {
		e.Key(p.key)
	}
	return ControlEntry{Kind: ControlTerms, Terms: append(e.B, by.sign(e.B)...)}
}

// takes tells whether an entry had an effect.
func (h *held) takes(x Entry) bool {
	h.t.Helper()
	return len(step(h.t, h.s, x).Failed) == 0
}

func (h *held) want(what string, ok bool, x Entry) {
	h.t.Helper()
	if got := h.takes(x); got != ok {
		h.t.Errorf("%s: taken %v", what, got)
	}
}

func (h *held) vouch(p *person, number uint64, c ControlEntry) Entry {
	return Vouch(h.s.cfg.ID, p.key, number, control(c), p.sign)
}

func TestOwnersWord(t *testing.T) {
	h := newHeld(t)
	ann, bob := newPerson("ann"), newPerson("bob")
	old := h.word(h.owner, agree.Crash, ann)
	h.want("a stranger's word", false, control(h.word(bob, agree.Crash, bob)))
	h.want("no servers", false, control(h.word(h.owner, agree.Accountable)))
	h.want("a level to come", false, control(h.word(h.owner, agree.Byzantine+1, ann)))
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, bob)))
	h.want("an older one", false, control(old))
	if h.s.Trust() != agree.Accountable || h.s.roster.since != h.s.Tick()-1 {
		t.Fatalf("%v since %d", h.s.Trust(), h.s.roster.since)
	}
	h.want("the owner's word, though nobody vouches", true, control(h.word(h.owner, agree.Crash, ann)))
	h.want("an entry when none lies", true, control(ballSpec("ball", 1, 1)))
}

func TestServersVouchForEntries(t *testing.T) {
	h := newHeld(t)
	ann, bob, eve := newPerson("ann"), newPerson("bob"), newPerson("eve")
	h.want("vouched for where nobody must", true, h.vouch(eve, 1, ballSpec("0", 0, 1)))
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, bob)))
	n := h.s.Things()
	h.want("unsigned", false, control(ballSpec("1", 1, 1)))
	h.want("a stranger's", false, h.vouch(eve, 5, ballSpec("2", 2, 1)))
	forged := h.vouch(ann, 5, ballSpec("3", 3, 1))
	forged.Body[len(forged.Body)-70]++
	h.want("changed", false, forged)
	others := Vouch(regionID("commons"), ann.key, 5, control(ballSpec("4", 4, 1)), ann.sign)
	h.want("of another region", false, others)
	h.want("in another's name", false, Vouch(h.s.cfg.ID, ann.key, 5, control(ballSpec("4", 4, 1)), eve.sign))
	h.want("her own", true, h.vouch(ann, 5, ballSpec("5", 5, 1)))
	h.want("again", false, h.vouch(ann, 5, ballSpec("6", 6, 1)))
	h.want("from before", false, h.vouch(ann, 4, ballSpec("7", 7, 1)))
	if h.s.Things() != n+1 || h.s.Vouched(ann.key) != 5 {
		t.Fatalf("%d things, number %d", h.s.Things()-n, h.s.Vouched(ann.key))
	}
	if out := step(t, h.s, Entry{Kind: EntryBorder, From: regionID("commons"), Body: []byte("x")}); out.Counts.Refused != 1 || out.Counts.BorderBad != 0 {
		t.Fatalf("a border message that nobody vouches for: %+v", out.Counts)
	}
	// Both orders of arrival come to the same: numbers go before places.
	x, y := h.vouch(bob, 8, ballSpec("8", 8, 1)), h.vouch(bob, 9, ballSpec("9", 9, 1))
	b := h.s.Snapshot(nil)
	step(t, h.s, x, y)
	other, err := Restore(h.s.cfg, b)
	if err != nil {
		t.Fatal(err)
	}
	x.Seq, y.Seq = 1, 2
	if _, err := other.Step(Batch{Tick: other.Tick() + 1, Entries: []Entry{y, x}}); err != nil {
		t.Fatal(err)
	}
	if h.s.Hash() != other.Hash() || h.s.Vouched(bob.key) != 9 {
		t.Fatal("the order of arrival matters")
	}
	// One whom the owner names no more is heard for a while.
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann)))
	h.want("on its way", true, h.vouch(bob, 10, ballSpec("10", 10, 1)))
	for range lingerTicks {
		step(t, h.s)
	}
	h.want("too late", false, h.vouch(bob, 11, ballSpec("11", 11, 1)))
}

// signedBy is a record's claim by somebody who leads in a term.
func signedBy(region base.ID, p *person, term uint64, tick, at base.Tick, entries ...Entry) *RecordCut {
	r := order.Record{Epoch: 1, Tick: tick, At: at}
	for _, x := range entries {
		var e base.Encoder
		x.AppendTo(&e)
		r.Entries = append(r.Entries, e.B)
	}
	b := r.AppendTo(nil)
	if p != nil {
		b = r.Claimed(term, &order.Signer{Key: p.key, Sign: func(epoch, term uint64, tick base.Tick, body [32]byte) [64]byte {
			c := agree.Cut{Region: region, Epoch: epoch, Term: term, Tick: tick, Body: body}
			return [64]byte(p.sign(c.SigningBytes()))
		}})
	}
	return CutOf(&r, b)
}

func TestRecordsAreSigned(t *testing.T) {
	h := newHeld(t)
	ann, eve := newPerson("ann"), newPerson("eve")
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann)))
	since := h.s.Tick()
	counts := func(what string, want bool, cut func(tick base.Tick, x Entry) *RecordCut) {
		t.Helper()
		tick, n := h.s.Tick()+1, h.s.Things()
		x := h.vouch(ann, h.s.Vouched(ann.key)+1, ballSpec(what, float32(n), 2))
		x.Seq = 1
		out, err := h.s.Step(Batch{Tick: tick, Entries: []Entry{x}, Cut: cut(tick, x)})
		if err != nil || (len(out.Failed) == 0) != want || (h.s.Things() == n+1) != want {
			t.Errorf("%s: failed %v, %v", what, out.Failed, err)
		}
	}
	id := h.s.cfg.ID
	counts("unsigned, of a maker who could not know", true, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, nil, 0, tick, since-1, x) })
	counts("unsigned", false, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, nil, 0, tick, since, x) })
	counts("a stranger's", false, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, eve, 3, tick, since, x) })
	counts("forged", false, func(tick base.Tick, x Entry) *RecordCut {
		c := signedBy(id, ann, 3, tick, since, x)
		c.Term++
		return c
	})
	counts("hers", true, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, ann, 3, tick, since, x) })
	for range lingerTicks {
		step(t, h.s)
	}
	// What a record says of its maker's lag is the maker's word alone.
	counts("unsigned, of a maker who says that it lags", false, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, nil, 0, tick, since-1, x) })
	counts("hers, of one who lags", true, func(tick base.Tick, x Entry) *RecordCut { return signedBy(id, ann, 3, tick, since-1, x) })
}

// TestWhoseModulesAreLoaded: nobody looks for a module because of an entry that the
// sim refuses.
func TestWhoseModulesAreLoaded(t *testing.T) {
	h := newHeld(t)
	ann, eve := newPerson("ann"), newPerson("eve")
	module := func(name, text string) ControlEntry {
		return ControlEntry{Kind: ControlModule, Module: name, Text: text}
	}
	var cut func(x []Entry) *RecordCut
	loads := func(what string, want []string, x ...Entry) {
		t.Helper()
		b := Batch{Tick: h.s.Tick() + 1, Entries: number(x)}
		if cut != nil {
			b.Cut = cut(b.Entries)
		}
		if got := h.s.Loads(&b); !slices.Equal(got, want) {
			t.Errorf("%s: %q", what, got)
		}
		out, err := h.s.Step(b)
		if err != nil || len(out.Failed) != len(x)-len(want) {
			t.Errorf("%s: refused %v of %d, %v", what, out.Failed, len(x), err)
		}
	}
	loads("where none lies", []string{"a", "b"}, control(module("a", "")), h.vouch(eve, 1, module("b", "")))
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann)))
	loads("where servers vouch", []string{"d"}, control(module("c", "")), h.vouch(ann, 1, module("d", "")), h.vouch(eve, 2, module("e", "")))
	forged := h.vouch(ann, 2, module("f", ""))
	forged.Body[len(forged.Body)-1]++
	loads("forged", nil, forged)
	cut = func(x []Entry) *RecordCut {
		return signedBy(h.s.cfg.ID, ann, 7, h.s.Tick()+1, h.s.Tick(), x...)
	}
	loads("in a record of several servers", nil, h.vouch(ann, 4, module("h", "")))
	if b := (Batch{Tick: h.s.Tick() + 1, Entries: number([]Entry{h.vouch(ann, 5, module("i", "no such module"))})}); h.s.Loads(&b) != nil {
		t.Error("a module that is not there is loaded")
	}
}

func chargeEntry(c agree.Charge) ControlEntry {
	var e base.Encoder
	c.AppendTo(&e)
	return ControlEntry{Kind: ControlCharge, Charge: e.B}
}

// lie is two votes of somebody for a tick.
func lie(t *testing.T, region base.ID, p *person, tick base.Tick) agree.Charge {
	vote := func(state byte) agree.SignedVote {
		v := agree.Vote{Region: region, Epoch: 1, Tick: tick, Content: agree.Content{State: [32]byte{state}}}
		return agree.SignedVote{Vote: v, Signed: succession.Signed{Server: p.key, Sig: succession.Signature(p.sign(v.SigningBytes()))}}
	}
	a, b := vote(1), vote(2)
	if bytes.Compare(a.SigningBytes(), b.SigningBytes()) > 0 {
		a, b = b, a
	}
	return agree.ChargeOf(agree.Proof{A: a, B: b})
}

func cuts(t *testing.T, region base.ID, p *person, termA, termB uint64, tick base.Tick) (agree.Charge, error) {
	cut := func(term uint64, body byte) agree.SignedCut {
		c := agree.Cut{Region: region, Epoch: 1, Term: term, Tick: tick, Body: [32]byte{body}}
		return agree.SignedCut{Cut: c, Signed: succession.Signed{Server: p.key, Sig: succession.Signature(p.sign(c.SigningBytes()))}}
	}
	return agree.ChargeOfCuts(cut(termA, 1), cut(termB, 2))
}

func TestConvictions(t *testing.T) {
	h := newHeld(t)
	ann, bob, cem, eve := newPerson("ann"), newPerson("bob"), newPerson("cem"), newPerson("eve")
	id := h.s.cfg.ID
	h.want("where none lies", false, control(chargeEntry(lie(t, id, bob, 800))))
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, bob, cem)))
	number := uint64(0)
	charge := func(c agree.Charge) Entry {
		number++
		return h.vouch(ann, number, chargeEntry(c))
	}
	h.want("that nobody vouches for", false, control(chargeEntry(lie(t, id, bob, 800))))
	h.want("of a stranger", false, charge(lie(t, id, eve, 800)))
	h.want("of another region", false, charge(lie(t, regionID("commons"), bob, 800)))
	forged := chargeEntry(lie(t, id, bob, 800))
	forged.Charge[len(forged.Charge)-1]++
	number++
	h.want("forged", false, h.vouch(ann, number, forged))
	if _, err := cuts(t, id, bob, 4, 5, 9); !errors.Is(err, agree.ErrProof) {
		t.Fatalf("records of two terms: %v", err)
	}
	h.want("of before he was named", false, charge(lie(t, id, bob, 0)))
	if len(h.s.Convictions()) != 0 {
		t.Fatalf("%+v", h.s.Convictions())
	}
	two, err := cuts(t, id, bob, 4, 4, 9)
	if err != nil {
		t.Fatal(err)
	}
	h.want("two records", true, charge(two))
	h.want("again", false, charge(two))
	h.want("two votes, of one who is convicted", false, charge(lie(t, id, bob, 800)))
	h.want("two votes", true, charge(lie(t, id, cem, 800)))
	got := h.s.Convictions()
	if len(got) != 2 || got[0].Server != bob.key || got[0].Kind != agree.TwoCuts || got[0].Tick != 9 || got[1].Kind != agree.TwoVotes {
		t.Fatalf("%+v", got)
	}
	want := []base.Key{bob.key, cem.key}
	slices.SortFunc(want, base.Key.Compare)
	if !slices.Equal(h.s.Barred(), want) {
		t.Fatalf("barred: %v", h.s.Barred())
	}
	h.want("what a convict vouches for", false, h.vouch(bob, 1, ballSpec("1", 1, 1)))
	tick := h.s.Tick() + 1
	x := h.vouch(ann, 99, ballSpec("2", 2, 1))
	if out, err := h.s.Step(Batch{Tick: tick, Entries: []Entry{x}, Cut: signedBy(id, bob, 5, tick, tick-1, x)}); err != nil || len(out.Failed) != 1 {
		t.Fatalf("a convict's record: %+v, %v", out.Failed, err)
	}
	number = 99

	// A restored state knows as much.
	b := h.s.Snapshot(nil)
	s, err := Restore(h.s.cfg, b)
	if err != nil || !bytes.Equal(s.Snapshot(nil), b) || s.Hash() != h.s.Hash() || !slices.Equal(s.Barred(), want) {
		t.Fatalf("restored: %v", err)
	}
	// The owner's word on something else is no pardon; leaving him out and naming
	// him again is. What he did before is not held against him then.
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, bob, cem)))
	if !h.s.Guilty(bob.key) {
		t.Fatal("pardoned in passing")
	}
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, cem)))
	for range 20 {
		step(t, h.s)
	}
	h.want("the owner's word", true, control(h.word(h.owner, agree.Accountable, ann, bob, cem)))
	if h.s.Guilty(bob.key) || !h.s.Guilty(cem.key) {
		t.Fatal("not pardoned")
	}
	h.want("the old proof", false, charge(two))
	h.want("a new one", true, charge(lie(t, id, bob, 800)))
	h.want("his word when none lies", true, control(h.word(h.owner, agree.Crash, ann, bob, cem)))
	if len(h.s.Barred()) != 0 {
		t.Fatal("barred where none lies")
	}
}
