package agree

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// kinds counts events.
func kinds(events []Event) (n [Dissent + 1]int) {
	for _, e := range events {
		n[e.Kind]++
	}
	return n
}

// TestMissingVotes: votes that differ and a server that is silent: nobody is
// right in the end, and nobody is before.
func TestMissingVotes(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, Every, 1)
	if err := c.Vote(ballot(1, Every, batchOf(2))); err != nil {
		t.Fatal(err)
	}
	reach(t, c, Every+Patience-Every, 1)
	if c.Halted() {
		t.Fatal("halted while the third server may still vote")
	}
	reach(t, c, Every+Patience, 1)
	n := kinds(c.Events())
	if !c.Halted() || n[Split] != 1 || n[Certified] != 0 {
		t.Fatalf("halted %v, %v", c.Halted(), n)
	}
	// Nothing is signed while it is halted.
	if v := reach(t, c, Every+Patience+Every, 1); v != nil {
		t.Fatal("a halted replica votes")
	}
	if len(c.Events()) != 0 {
		t.Fatal("a split is told twice")
	}
}

// TestSilenceIsNoDispute: without the others there is no certificate, and no
// reason to halt.
func TestSilenceIsNoDispute(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, 100*Every, 1)
	if c.Halted() || len(c.Events()) != 0 || c.Last() != nil {
		t.Fatal("a replica that hears nothing has decided something")
	}
	if len(c.tallies) > Window {
		t.Fatalf("%d tallies", len(c.tallies))
	}
}

// TestGoingBack: a replica that was wrong begins again, comes to what the others
// have, signs nothing twice, and is with them again at the next vote.
func TestGoingBack(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, 2*Every, 1)
	for i := 1; i < 3; i++ {
		for k := base.Tick(1); k <= 2; k++ {
			if err := c.Vote(ballot(i, k*Every, batchOf(int(k)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := c.Events()
	if n := kinds(e); n[Minority] != 1 || n[Certified] != 2 || n[Diverged] != 0 || !c.Halted() {
		t.Fatalf("%v", n)
	}
	c.Resume(Every)
	if c.Halted() {
		t.Fatal("halted after Resume")
	}
	if v := reach(t, c, 2*Every, 2); v != nil {
		t.Fatal("a second vote for the tick that it was wrong at")
	}
	if c.Halted() || len(c.Events()) != 0 {
		t.Fatal("in the minority though it agrees now")
	}
	if v := reach(t, c, 3*Every, 3); v == nil {
		t.Fatal("no vote after it agreed again")
	}
	// Wrong again: it is noticed again.
	c.Resume(Every)
	reach(t, c, 2*Every, 9)
	if n := kinds(c.Events()); n[Minority] != 1 || !c.Halted() {
		t.Fatal("the second divergence is not noticed")
	}
}

// TestSplitIsOver: after all went back, the votes of before split nothing again.
func TestSplitIsOver(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, 2*Every, 1)
	for i := 1; i < 3; i++ {
		_ = c.Vote(ballot(i, Every, batchOf(i+1)))
	}
	if n := kinds(c.Events()); n[Split] != 1 {
		t.Fatal("no split")
	}
	c.Resume(0)
	reach(t, c, 2*Every, 1)
	for i := 1; i < 3; i++ {
		_ = c.Vote(ballot(i, 2*Every, batchOf(i+1)))
	}
	if c.Halted() || len(c.Events()) != 0 {
		t.Fatal("votes from before the split halt it again")
	}
	reach(t, c, 3*Every, 1)
	_ = c.Vote(ballot(1, 3*Every, batchOf(1)))
	if c.Last() == nil || c.Last().Tick != 3*Every {
		t.Fatal("no certificate after the split")
	}
}

func TestEquivocation(t *testing.T) {
	for _, accountable := range []bool{false, true} {
		cfg := config(0)
		cfg.Accountable = accountable
		c := make1(t, cfg, voters(3))
		reach(t, c, Every, 1)
		_ = c.Vote(ballot(1, Every, batchOf(2)))
		_ = c.Vote(ballot(1, Every, batchOf(1)))
		_ = c.Vote(ballot(1, Every, batchOf(3))) // costs nothing more
		e := c.Events()
		if n := kinds(e); n[Equivocated] != 1 || n[Certified] != 0 {
			t.Fatalf("%v", n)
		}
		p := c.Proofs()
		if len(p) != 1 || p[0].Check(toyVerify) != nil || p[0].Server() != name(1) {
			t.Fatal("no proof")
		}
		// Its vote is void: two of three are enough, one and a half are not.
		_ = c.Vote(ballot(2, Every, batchOf(1)))
		if c.Last() == nil || len(c.Last().Signed) != 2 || c.Last().Signed[1].Server != name(2) {
			t.Fatal("no certificate of the two honest servers")
		}
		reach(t, c, 2*Every, 1)
		_ = c.Vote(ballot(1, 2*Every, batchOf(1)))
		if got := c.Last().Tick == 2*Every; got == accountable {
			t.Fatalf("accountable %v: the vote of a convicted server counts: %v", accountable, got)
		}
	}
}

// TestLyingBothWays: a server signs one thing for each of two others. Either is
// certified, and their certificates convict it.
func TestLyingBothWays(t *testing.T) {
	a, b := make1(t, config(0), voters(3)), make1(t, config(1), voters(3))
	reach(t, a, Every, 1)
	reach(t, b, Every, 2)
	_ = a.Vote(ballot(2, Every, batchOf(1)))
	_ = b.Vote(ballot(2, Every, batchOf(2)))
	x, y := a.Last(), b.Last()
	if x == nil || y == nil {
		t.Fatal("no certificates")
	}
	list := Conflict(x, y)
	if len(list) != 1 || list[0].Server() != name(2) || list[0].Check(toyVerify) != nil {
		t.Fatalf("%d proofs", len(list))
	}
	if len(Conflict(x, x)) != 0 {
		t.Fatal("a certificate is in conflict with itself")
	}
	a.Events()
	if err := a.Certificate(y); err != nil {
		t.Fatal(err)
	}
	if n := kinds(a.Events()); n[Equivocated] != 1 || n[Diverged] != 1 {
		t.Fatalf("%v", n)
	}
}

func TestWhatIsRefused(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, 40*Every, 1)
	good := ballot(1, 40*Every, batchOf(1))
	for _, x := range []struct {
		what string
		do   func(*SignedVote)
		err  error
	}{
		{"a changed state", func(v *SignedVote) { v.State[3]++ }, ErrSignature},
		{"another server's name", func(v *SignedVote) { v.Server = name(2) }, ErrSignature},
		{"a stranger", func(v *SignedVote) { *v = ballot(9, v.Tick, v.Content) }, ErrServer},
		{"another region", func(v *SignedVote) { v.Region[0]++ }, ErrOther},
		{"another epoch", func(v *SignedVote) { v.Epoch++ }, ErrOther},
		{"a tick without votes", func(v *SignedVote) { v.Tick++ }, ErrOther},
		{"an old tick", func(v *SignedVote) { *v = ballot(1, 8*Every, v.Content) }, ErrWindow},
		{"a far tick", func(v *SignedVote) { *v = ballot(1, 73*Every, v.Content) }, ErrWindow},
	} {
		v := good
		x.do(&v)
		if err := c.Vote(v); !errors.Is(err, x.err) {
			t.Errorf("%s: %v", x.what, err)
		}
	}
	if c.Last() != nil || len(c.Events()) != 0 {
		t.Error("something came of votes that were refused")
	}
	if err := c.Vote(good); err != nil || c.Last() == nil {
		t.Error(err)
	}
	if _, err := c.Applied(7, [32]byte{}, [32]byte{}); !errors.Is(err, ErrOrder) {
		t.Error(err)
	}
}

// TestMembersChange: who has a vote for a tick is who had it then.
func TestMembersChange(t *testing.T) {
	c := make1(t, config(0), voters(3))
	reach(t, c, Every, 1)
	if err := c.SetMembers(voters(5)); err != nil {
		t.Fatal(err)
	}
	_ = c.Vote(ballot(1, Every, batchOf(1)))
	if c.Last() == nil {
		t.Fatal("two of three did not do")
	}
	if err := c.Vote(ballot(4, Every, batchOf(1))); !errors.Is(err, ErrServer) {
		t.Fatal("a server voted for a tick before it was one")
	}
	reach(t, c, 2*Every, 1)
	_ = c.Vote(ballot(1, 2*Every, batchOf(1)))
	if c.Last().Tick != Every {
		t.Fatal("two of five did")
	}
	_ = c.Vote(ballot(4, 2*Every, batchOf(1)))
	if c.Last().Tick != 2*Every {
		t.Fatal("three of five did not do")
	}
}

// TestAnotherLife: a vote of this server that comes back is not contradicted.
func TestAnotherLife(t *testing.T) {
	c := make1(t, config(0), voters(3))
	if err := c.Vote(ballot(0, Every, batchOf(5))); err != nil {
		t.Fatal(err)
	}
	if v := reach(t, c, Every, 1); v != nil {
		t.Fatal("a second vote")
	}
	cfg := config(0)
	cfg.From = 2 * Every
	c = make1(t, cfg, voters(3))
	if v := reach(t, c, 2*Every, 1); v != nil {
		t.Fatal("a vote for a tick at or before From")
	}
	if v := reach(t, c, 3*Every, 1); v == nil {
		t.Fatal("no vote after From")
	}
	// Begun between two votes: what it has is not the whole batch.
	c, err := New(config(0), 3, voters(3))
	if err != nil {
		t.Fatal(err)
	}
	if v := reach(t, c, Every, 1); v != nil {
		t.Fatal("a vote over a part of a batch")
	}
}

func TestWitnesses(t *testing.T) {
	var others []base.Key
	for i := range 9 {
		others = append(others, name(100+i))
	}
	drawn := map[base.Key]int{}
	for tick := base.Tick(8); tick < 8000; tick += 8 {
		w := Witnesses(tick, [32]byte{3}, others)
		if len(w) != MaxWitnesses || w[0].Compare(w[1]) >= 0 {
			t.Fatal("not two, sorted")
		}
		for _, k := range w {
			drawn[k]++
		}
	}
	for _, k := range others {
		if n := drawn[k]; n < 170 || n > 280 { // 222 expected
			t.Errorf("%s is drawn %d times", k.Short(), n)
		}
	}
	// One who is drawn votes, counts nothing, and is told of when he differs.
	m := voters(3)
	m.Others = []base.Key{name(100), name(101)}
	cfg := config(100)
	cfg.Accountable = true
	w := make1(t, cfg, m)
	v := reach(t, w, Every, 2)
	if v == nil {
		t.Fatal("a witness does not vote")
	}
	cfg = config(0)
	cfg.Accountable = true
	c := make1(t, cfg, m)
	reach(t, c, Every, 1)
	if err := c.Vote(*v); err != nil || c.Last() != nil {
		t.Fatal("a witness's vote counts", err)
	}
	_ = c.Vote(ballot(1, Every, batchOf(1)))
	if n := kinds(c.Events()); n[Certified] != 1 || n[Dissent] != 1 || n[Diverged] != 0 {
		t.Fatalf("%v", n)
	}
}

// TestFollow: a client that knows the genesis alone checks a certificate by
// Ed25519, over a change of servers too.
func TestFollow(t *testing.T) {
	a, ka := edKey(1)
	b, kb := edKey(2)
	if ka.Compare(kb) > 0 {
		a, ka, b, kb = b, kb, a, ka
	}
	g := succession.Genesis{Region: testRegion, Epoch: 1, Founder: ka, Servers: []base.Key{ka}, Settings: succession.Settings{VacantDays: 30, ActiveDays: 7}, Wall: 1}
	v := Vote{Region: testRegion, Epoch: 1, Tick: 16, Content: content(1)}
	sign := func(msg []byte, who ...int) (list []succession.Signed) {
		for _, i := range who {
			k, p := ka, a
			if i == 1 {
				k, p = kb, b
			}
			list = append(list, succession.Signed{Server: k, Sig: edSign(p, msg)})
		}
		return list
	}
	c := Certificate{v, sign(v.SigningBytes(), 0)}
	if err := c.Follow(g, nil, edVerify); err != nil {
		t.Fatal(err)
	}
	roles := succession.Certificate{Region: testRegion, Epoch: 1, Head: succession.Head{Index: 4}, Wall: 5, Admins: []base.Key{ka}, Servers: []base.Key{ka, kb}}
	roles.Signed = sign(roles.SigningBytes(), 0)
	chain := []succession.Certificate{roles}
	if err := c.Follow(g, chain, edVerify); !errors.Is(err, succession.ErrQuorum) {
		t.Fatalf("one of two: %v", err)
	}
	c.Signed = sign(v.SigningBytes(), 0, 1)
	if err := c.Follow(g, chain, edVerify); err != nil {
		t.Fatal(err)
	}
	c.State[0]++
	if err := c.Follow(g, chain, edVerify); !errors.Is(err, succession.ErrSignature) {
		t.Fatalf("a changed state: %v", err)
	}
	g.Epoch = 2
	if err := c.Follow(g, chain, edVerify); !errors.Is(err, succession.ErrEpoch) {
		t.Fatalf("another epoch: %v", err)
	}
}
