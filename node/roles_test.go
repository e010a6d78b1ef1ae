package node

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/region/succession"
)

// town is Ada's region, in which Bob stands.
func town(t *testing.T) (a, b *Node, id base.ID) {
	a = startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	r := must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Commons"}))(t)
	id, err := base.ParseID(r.ID)
	if err != nil {
		t.Fatal(err)
	}
	b = startNode(t, Config{Name: "Bob", Join: w.Link})
	waitFor(t, "the logins", func() bool {
		s, err := a.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Commons"})
		return err == nil && len(s.Heirs) == 1 && s.Heirs[0].Key == b.key.String() && s.Admins[0].Joined > 0
	})
	return a, b, id
}

// TestRolesOfARegion: a player's node logs in, follows the certificates and keeps
// them; commands count for who has the right; the trail has what was done and
// what was refused; and who is not there verifies it all from the charter.
func TestRolesOfARegion(t *testing.T) {
	a, b, id := town(t)
	ctx := t.Context()
	waitFor(t, "a certificate of Bob's login", func() bool {
		s, err := b.Backend().AdminStatus(ctx, &control.AdminRequest{})
		return err == nil && s.Warning == "" && s.Certificate != nil && slices.Equal(s.Certificate.Admins, []string{a.key.String()}) && !s.May
	})
	_, err := b.Backend().AdminAct(ctx, &control.AdminActRequest{Do: "ban", Player: a.key.String()})
	if control.CodeOf(err) != control.Denied || control.HintOf(err) == "" {
		t.Fatalf("Bob bans the founder: %v", err)
	}
	on := true
	_, err = b.Backend().RegionRules(ctx, &control.RegionRulesRequest{Copyleft: &on})
	deny(t, err, "has not the right")
	if _, err := a.Backend().RegionRules(ctx, &control.RegionRulesRequest{Copyleft: &on}); err != nil {
		t.Fatal(err)
	}
	days := uint32(40)
	must(a.Backend().AdminAct(ctx, &control.AdminActRequest{Region: "Commons", Do: "set", Settings: &control.AdminSettings{VacantDays: &days}}))(t)
	must(a.Backend().AdminAct(ctx, &control.AdminActRequest{Region: "Commons", Do: "appoint", Player: "Bob"}))(t)
	if s := must(b.Backend().AdminStatus(ctx, &control.AdminRequest{}))(t); !s.May || len(s.Admins) != 2 || *s.Settings.VacantDays != 40 {
		t.Fatalf("%+v", s)
	}
	// An admin's node need not serve the region to say which rules hold there.
	off := false
	if r := must(b.Backend().RegionRules(ctx, &control.RegionRulesRequest{Region: "Commons"}))(t); !r.Copyleft {
		t.Fatalf("Bob's node hears of %+v", r)
	}
	must(b.Backend().RegionRules(ctx, &control.RegionRulesRequest{Copyleft: &off}))(t)
	waitFor(t, "the rules to go", func() bool {
		r, err := a.Backend().RegionRules(ctx, &control.RegionRulesRequest{Region: "Commons"})
		return err == nil && !r.Copyleft
	})
	_, err = b.Backend().AdminAct(ctx, &control.AdminActRequest{Do: "remove", Player: a.key.String()})
	if control.CodeOf(err) != control.Denied || !strings.Contains(err.Error(), "appointed earlier") {
		t.Fatalf("Bob removes the founder: %v", err)
	}
	must(a.Backend().AdminAct(ctx, &control.AdminActRequest{Region: "Commons", Do: "ban", Player: b.key.String()[:8]}))(t)
	if slices.Contains(a.current().localServer(id).Present(), b.key) {
		waitFor(t, "Bob's avatar to go", func() bool {
			for _, x := range a.current().localServer(id).Things() {
				if x.Thing.Player == b.key {
					return false
				}
			}
			return true
		})
	}
	if _, err := b.Backend().AdminAct(ctx, &control.AdminActRequest{Region: "Commons", Do: "unban", Player: b.key.String()}); control.CodeOf(err) != control.Denied {
		t.Fatalf("the banned unbans himself: %v", err)
	}

	// The trail, the newest first.
	var kinds []string
	from := uint64(0)
	for {
		p := must(b.Backend().AdminLog(ctx, &control.AdminLogRequest{Region: "Commons", From: from, Count: 3}))(t)
		for _, e := range p.Entries {
			k := e.Kind
			if e.Why != "" {
				k += "!"
			}
			if e.Kind != "login" && e.Kind != "presence" {
				kinds = append(kinds, k)
			}
		}
		if from = p.Next; from == 0 {
			break
		}
	}
	if want := []string{"unban!", "ban", "remove!", "act", "appoint", "set", "act", "act!", "ban!"}; !slices.Equal(kinds, want) {
		t.Fatalf("trail %v, want %v", kinds, want)
	}

	// What Bob's node has on disk is all that it takes.
	var k *law.Known
	waitFor(t, "the last certificate", func() bool {
		p := must(b.Backend().AdminProof(ctx, &control.AdminRequest{Region: "Commons"}))(t)
		if k, err = law.Verify(p.Charter, p.Chain, law.VerifyKey); err != nil {
			t.Fatal(err)
		}
		return len(k.Last.Admins) == 1
	})
	if k.Charter.Genesis.Founder != a.key || k.Charter.Genesis.Region != id || k.Last.Admins[0] != a.key {
		t.Fatalf("%+v", k.Last)
	}
	charter, err1 := os.ReadFile(b.home.path("law", id.String()+".charter"))
	chain, err2 := os.ReadFile(b.home.path("law", id.String()+".chain"))
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if k, err = law.Verify(charter, chain, law.VerifyKey); err != nil || k.Last == nil {
		t.Fatal(err)
	}
	for i := range chain { // not a byte of it can be another
		if i%7 == 0 {
			chain[i] ^= 1
			if k, err := law.Verify(charter, chain, law.VerifyKey); err == nil && k.Last != nil {
				t.Fatalf("byte %d of the chain was changed", i)
			}
			chain[i] ^= 1
		}
	}
}

// TestLawAtTheDoor: what only fills the log, and what is signed by others, is
// refused before it.
func TestLawAtTheDoor(t *testing.T) {
	a, b, id := town(t)
	w := b.current()
	ask := func(x succession.Entry) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		ans, err := w.askLaw(ctx, a.key, id, law.Ask{Kind: law.AskEntry, Entry: x.Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		return ans.Why
	}
	head := must(w.askLaw(t.Context(), a.key, id, law.Ask{Kind: law.AskHead}))(t)
	k, err := law.Verify(head.Charter, head.Chain, law.VerifyKey)
	if err != nil {
		t.Fatal(err)
	}
	g := &k.Charter.Genesis
	signed := func(x succession.Entry) succession.Entry {
		x.By, x.Counter, x.Head = b.key, head.Counter+1000, succession.Head{Index: head.Index, Sum: head.Sum}
		g.Sign(&x, b.sign)
		return x
	}
	wrong := signed(succession.Entry{Kind: succession.Opt})
	wrong.Out = true
	other := signed(succession.Entry{Kind: succession.Opt})
	other.By = a.key
	early := *g
	early.Epoch++
	old := signed(succession.Entry{Kind: succession.Opt, Out: true})
	early.Sign(&old, b.sign)
	for want, x := range map[string]succession.Entry{ //lint:sorted each on its own
		"only servers":             signed(succession.Entry{Kind: succession.Presence, Player: b.key}),
		"signature does not match": wrong,
		"who signed it":            other,
		"another server":           signed(succession.Entry{Kind: succession.Login, Server: b.key}),
		"signature does not":       old,
	} {
		// A login that tells nothing new is not looked at further.
		if why := ask(x); !strings.Contains(why, want) {
			t.Errorf("%v: %q, want %q", x.Kind, why, want)
		}
	}
	if ans := must(w.askLaw(t.Context(), a.key, id, law.Ask{Kind: law.AskSample}))(t); !strings.Contains(ans.Why, "only a server") {
		t.Errorf("a sample for a player: %q", ans.Why)
	}
	if ans := must(w.askLaw(t.Context(), a.key, id, law.Ask{Kind: law.AskSign, Entry: []byte("x")}))(t); !strings.Contains(ans.Why, "only a server") {
		t.Errorf("a signature for a player: %q", ans.Why)
	}
	if now := must(w.askLaw(t.Context(), a.key, id, law.Ask{Kind: law.AskHead}))(t); now.Index != head.Index {
		t.Errorf("the log grew from %d to %d", head.Index, now.Index)
	}
}

// TestRolesSurviveARestart: trail, roles and certificates are there again.
func TestRolesSurviveARestart(t *testing.T) {
	home := t.TempDir()
	a := startNode(t, Config{Name: "Ada", Home: home})
	found(t, a)
	vacant := uint32(9)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Commons", Roles: &control.AdminSettings{VacantDays: &vacant}}))(t)
	waitFor(t, "the login", func() bool {
		s, err := a.Backend().AdminStatus(t.Context(), &control.AdminRequest{})
		return err == nil && s.Admins[0].Joined > 0 && s.Certificate != nil
	})
	before := must(a.Backend().AdminLog(t.Context(), &control.AdminLogRequest{Count: 64}))(t)
	stopNode(t, a)
	a = startNode(t, Config{Name: "Ada", Home: home})
	s := must(a.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Commons"}))(t)
	if *s.Settings.VacantDays != 9 || s.Warning != "" || s.Index < before.Index {
		t.Fatalf("%+v", s)
	}
	after := must(a.Backend().AdminLog(t.Context(), &control.AdminLogRequest{Region: "Commons", From: before.Index, Count: 64}))(t)
	if len(after.Entries) != len(before.Entries) || after.Entries[0] != before.Entries[0] {
		t.Fatalf("the trail was\n%+v\nand is\n%+v", before.Entries, after.Entries)
	}
}
