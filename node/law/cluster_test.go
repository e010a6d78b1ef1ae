package law

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

var login = succession.Entry{Kind: succession.Login}

// people come into alice's region: charlie before bob, alice last.
func people(c *cluster) (bob, charlie *person) {
	bob, charlie = newPerson("bob"), newPerson("charlie")
	b := c.benches
	b[0].must(charlie, login)
	c.hours(1, b...)
	b[1].must(bob, login)
	b[2].must(c.alice, login)
	return bob, charlie
}

// TestRolesOnAllReplicas: the story of bob and charlie on three servers, whoever
// of them takes the entries. All have the same roles at every index.
func TestRolesOnAllReplicas(t *testing.T) {
	c := newCluster(t)
	bob, charlie := people(c)
	b := c.benches
	c.temps(nil, b...)
	c.hours(30, b...)
	b[0].must(bob, login)
	c.hours(18, b...)
	c.temps(bob, b...)
	b[1].must(bob, succession.Entry{Kind: succession.Ban, Player: newPerson("eve").key})
	b[2].must(charlie, login)
	c.temps(charlie, b...)
	for _, s := range b {
		if why := s.do(bob, succession.Entry{Kind: succession.Unban, Player: newPerson("eve").key}); !strings.Contains(why, succession.ErrRight.Error()) {
			t.Fatalf("bob's command after charlie came: %q", why)
		}
	}
	b[0].must(c.alice, login)
	c.temps(nil, b...)
	if n := c.settle(b...); n < 50 {
		t.Fatalf("%d entries", n)
	}
}

// TestLeaderKilledBetweenTwoCommands: charlie's login is agreed on, then its
// leader dies. Bob has lost what he had, on the survivors too.
func TestLeaderKilledBetweenTwoCommands(t *testing.T) {
	c := newCluster(t)
	bob, charlie := people(c)
	c.hours(30, c.benches...)
	c.benches[0].must(bob, login)
	c.hours(18, c.benches...)
	c.temps(bob, c.benches...)
	l := c.leader(c.benches...)
	l.must(charlie, login)
	l.stop()
	rest := c.alive()
	// The new leader must have it: it was agreed on. Bob signs what he knows.
	b := c.leader(rest...)
	if why := b.do(bob, succession.Entry{Kind: succession.Appoint, Player: bob.key}); !strings.Contains(why, succession.ErrRight.Error()) {
		t.Fatalf("bob's command after the leader died: %q", why)
	}
	c.temps(charlie, rest...)
}

// TestPartition: only the larger side goes on. An admin on the smaller one
// cannot act or come in; what she signed there proves when she was there.
func TestPartition(t *testing.T) {
	c := newCluster(t)
	bob, _ := people(c)
	lone, others := c.benches[2], c.benches[:2]
	if c.leader(c.benches...) == lone {
		lone = c.benches[0]
		others = c.benches[1:]
	}
	c.hours(20, c.benches...)
	c.town.split(lone.key, 1)
	// Alice is with the one that is alone: nothing that she does is agreed on.
	early := lone.signed(c.alice, login)
	if why := lone.send(c.alice, early, 2*time.Second); why == "" {
		t.Fatal("one of three servers took a login")
	}
	if why := lone.send(c.alice, lone.signed(c.alice, succession.Entry{Kind: succession.Ban, Player: bob.key}), 2*time.Second); why == "" {
		t.Fatal("one of three servers took a command")
	}
	c.pass(time.Hour)
	if err := lone.court.Beat(context.Background(), 0); !errors.Is(err, succession.ErrQuorum) {
		t.Fatalf("time passes on the smaller side: %v", err)
	}
	// The others go on, and the place falls vacant there. Bob is with them.
	c.hours(20, others...)
	others[0].must(bob, login)
	c.hours(10, others...)
	c.temps(bob, others...)
	if lone.temp() == bob.key {
		t.Fatal("the smaller side knows what it cannot know")
	}
	c.town.split(lone.key, 0)
	c.settle(c.benches...)
	// Her login of before counts for then, which is late enough: if the log of
	// the lone server has not brought it by itself, she sends it again.
	if c.benches[0].temp() == bob.key {
		lone.send(c.alice, early, time.Minute)
	}
	c.temps(nil, c.benches...)
	var away int64
	_ = lone.Lawful(func(s *succession.State) { away = s.Report().Admins[0].Away })
	if away < 29*3_600_000 {
		t.Fatalf("a login of 30 hours ago counts as of %d s ago", away/1000)
	}
	// The other way round: she is with the two, and rules.
	c.town.split(lone.key, 1)
	others[0].must(c.alice, succession.Entry{Kind: succession.Ban, Player: bob.key})
	c.town.split(lone.key, 0)
	c.settle(c.benches...)
	banned := false
	_ = lone.Lawful(func(s *succession.State) { banned = s.Banned(bob.key) })
	if !banned {
		t.Fatal("the ban has not come to who was alone")
	}
}

// TestJoinedServerAndOfflineClient: a server that begins with a snapshot has the
// same roles, and after the servers were changed a client that has the charter
// alone follows the certificates to who is admin.
func TestJoinedServerAndOfflineClient(t *testing.T) {
	c := newCluster(t)
	bob, _ := people(c)
	c.hours(3, c.benches...)
	l := c.leader(c.benches...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	certify := func() {
		t.Helper()
		c.until("a certificate", func() bool {
			b := c.leader(c.alive()...)
			err := b.court.certify(ctx)
			l = b
			return err == nil && b.court.Chain().Last() != nil && b.court.Chain().Last().Head.Index == b.court.newest.Head.Index
		})
	}
	certify()
	if n := len(l.court.Chain().Last().Signed); n < 2 {
		t.Fatalf("%d servers signed", n)
	}
	fresh := newPerson("server 4")
	id, err := l.log.AddLearner(ctx, fresh.key)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	tick := l.sim.Tick()
	snapshot := l.sim.Snapshot(nil)
	l.mu.Unlock()
	at, err := l.log.BaseAt(tick)
	if err != nil {
		t.Fatal(err)
	}
	sim, err := region.Restore(c.cfg, snapshot)
	if err != nil {
		t.Fatal(err)
	}
	n := c.serve(fresh, sim, at, id)
	l.must(c.alice, succession.Entry{Kind: succession.Appoint, Player: bob.key})
	c.settle(c.benches...)
	if err := l.log.Promote(ctx, id); err != nil {
		t.Fatal(err)
	}
	// All three old servers go, one certificate signed by them on the way.
	x := succession.Entry{Kind: succession.Members, Servers: []base.Key{fresh.key}}
	l.must(c.alice, x)
	c.settle(c.benches...)
	certify()
	n.must(bob, succession.Entry{Kind: succession.Resign})
	c.settle(c.benches...)
	chain := l.court.Chain()
	// The new server goes on with the chain that it gets from the others.
	if err := n.court.certify(ctx); err != nil {
		t.Fatal(err)
	}
	next := n.court.Chain()
	if len(next) != len(chain)+1 {
		t.Fatalf("chains of %d and %d certificates", len(chain), len(next))
	}
	k, err := Verify(c.charter.Encode(), next.Bytes(), VerifyKey)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Last.Admins) != 1 || k.Last.Admins[0] != c.alice.key || len(k.Last.Servers) != 1 {
		t.Fatalf("%+v", k.Last)
	}
	// Without the link that the old servers signed it proves nothing.
	if _, err := Verify(c.charter.Encode(), next[len(next)-1:].Bytes(), VerifyKey); !errors.Is(err, succession.ErrServer) {
		t.Fatalf("a chain with a gap: %v", err)
	}
	// Nor does it for another charter, also one of the same founder.
	other := *c.charter
	other.Genesis.Epoch = 2
	if err := other.Sign(c.alice.priv); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(other.Encode(), next.Bytes(), VerifyKey); !errors.Is(err, succession.ErrEpoch) {
		t.Fatalf("a chain of another epoch: %v", err)
	}
	forged := *c.charter
	forged.Genesis.Founder = bob.key
	if err := forged.Sign(bob.priv); !errors.Is(err, world.ErrOtherRegion) {
		t.Fatalf("bob says that he has founded it: %v", err)
	}
}
