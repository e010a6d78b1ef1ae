package node

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

func strangerKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

// record signs a site of a stranger.
func record(t *testing.T, w *worldState, key ed25519.PrivateKey, x float64, founded int64, name string) *world.SiteRecord {
	t.Helper()
	r := &world.SiteRecord{World: w.id, Founded: founded, Seq: 1, Site: spatial.At(x, 0, 0), Name: name}
	var k base.Key
	copy(k[:], key.Public().(ed25519.PublicKey))
	r.Servers = []base.Key{k}
	if err := r.Sign(key); err != nil {
		t.Fatal(err)
	}
	return r
}

func ownerAndBob(t *testing.T) (one, bob *Node) {
	t.Helper()
	one = startNode(t, Config{Name: "Owner", Absent: true})
	w := found(t, one)
	must(one.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	bob = startNode(t, Config{Name: "Bob", Join: w.Link})
	waitFor(t, "Bob to stand in One", func() bool { return inRegion(t, bob) == "One" })
	return one, bob
}

func inRegion(t *testing.T, n *Node) string {
	st := must(n.Backend().Status(t.Context()))(t)
	if st.Avatar == nil {
		return ""
	}
	return st.InRegion
}

// A region near by says all that could take a player's avatar, numbers or
// words away. None of it counts.
func TestLyingRegion(t *testing.T) {
	_, bob := ownerAndBob(t)
	w := bob.current()
	key := strangerKey(77)
	liar, err := p2p.New(p2p.Config{Key: key, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer liar.Close()
	rec := record(t, w, key, 100, time.Now().UnixMilli(), "Liar")
	mine := base.AvatarID(bob.key)
	stolen := wire.Entity{Epoch: ^uint64(0), Kind: "avatar", Name: "Bob", Player: bob.key}
	stolen.Pose.ID = mine
	liar.Handle(protoClient+rec.Region().String(), func(_ base.Key, s p2p.Stream) {
		r := bufio.NewReader(s)
		if _, err := wire.Read(r, wire.MaxClientFrame); err != nil {
			return
		}
		for _, m := range []wire.Message{
			&wire.Welcome{Region: rec.Region(), Seq: 1 << 62, Avatar: mine},
			&wire.Said{From: mine, Player: bob.key, Name: "Bob", Text: "words I never said"},
			&wire.Moved{Thing: mine, To: base.ID{9}, Epoch: ^uint64(0)},
			&wire.Delta{Tick: 1, Full: true, Upserts: []wire.Entity{stolen}},
			&wire.Delta{Tick: 2, Upserts: []wire.Entity{entity(200, 1, 0)}}, // all before has been read
		} {
			if wire.Write(s, m) != nil {
				return
			}
		}
		_, _ = wire.Read(r, wire.MaxClientFrame)
		_, _ = s.Read(make([]byte, 1)) // held open
	})
	if _, err := liar.Dial(t.Context(), bob.net.Addrs()[0]); err != nil {
		t.Fatal(err)
	}
	w.heardSite(rec.Encode())
	waitFor(t, "the lies to be heard", func() bool {
		_, ok := w.player.view.get(base.ID{200})
		return ok
	})
	if in := inRegion(t, bob); in != "One" {
		t.Errorf("the avatar is in %q now", in)
	}
	r := must(bob.Backend().Say(t.Context(), &control.SayRequest{Text: "still here"}))(t)
	if r.Region != "One" {
		t.Errorf("%+v", r)
	}
	f, _, _, _ := w.player.view.frame(0, base.ID{})
	for _, c := range f.Chat {
		if c.Text == "words I never said" {
			t.Error("believed what another region says that Bob said")
		}
	}
}

func TestOneRegionCannotFloodTheScreen(t *testing.T) {
	v := newView()
	for i := range maxShown/wire.MaxUpserts + 4 {
		d := &wire.Delta{}
		for j := range wire.MaxUpserts {
			e := wire.Entity{Epoch: 1}
			binary.LittleEndian.PutUint64(e.Pose.ID[:], uint64(i*wire.MaxUpserts+j+1))
			d.Upserts = append(d.Upserts, e)
		}
		v.apply(regA, siteA, d, time.Unix(1, 0))
	}
	if len(v.things) != maxShown {
		t.Fatalf("%d things of one region", len(v.things))
	}
	v.apply(regB, siteB, &wire.Delta{Full: true, Upserts: []wire.Entity{entity(1, 2, 0)}}, time.Unix(1, 0))
	if s, ok := v.get(entity(1, 1, 0).Pose.ID); !ok || s.region != regB {
		t.Fatal("another region has no room")
	}
	v.lost(regA)
	if len(v.things) != 1 || v.count[regA] != 0 || v.count[regB] != 1 {
		t.Fatalf("%d things, counts %v", len(v.things), v.count)
	}
}

// Site records of strangers: none displaces the founder's region, and many
// for one place cost one border topic.
func TestStrangersSites(t *testing.T) {
	one, _ := ownerAndBob(t)
	w := one.current()
	now := time.Now().UnixMilli()
	w.heardSite(record(t, w, strangerKey(50), 3, -1<<63, "Evil").Encode())
	w.heardSite(record(t, w, strangerKey(51), 3, w.charter.Founded*1000, "Sly").Encode())
	for i := range 60 {
		w.heardSite(record(t, w, strangerKey(byte(60+i)), 100, now-int64(i), fmt.Sprint("X", i)).Encode())
	}
	names := map[string]bool{}
	for _, r := range w.records() {
		names[r.Name] = true
	}
	if !names["One"] || len(names) != 2 {
		t.Errorf("regions now: %v", names)
	}
	w.feeding.Lock()
	defer w.feeding.Unlock()
	if len(w.border) != 1 {
		t.Errorf("%d border topics for one neighbour", len(w.border))
	}
}

func TestBadAddressInALinkDoesNotBrickTheHome(t *testing.T) {
	one := startNode(t, Config{Name: "Owner"})
	link := found(t, one).Link + "&at=foo"
	home := t.TempDir()
	bob := startNode(t, Config{Name: "Bob", Home: home, Join: link})
	saved, err := os.ReadFile(bob.home.path("world.json"))
	if err != nil {
		t.Fatal(err)
	}
	stopNode(t, bob)
	// As a crash leaves it: nothing was written at the stop.
	if err := os.WriteFile(home+"/world.json", saved, 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Start(t.Context(), Config{Name: "Bob", Home: home, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	stopNode(t, again)
}

// What a region would end the stream for is refused here, at once.
func TestUnprintableWords(t *testing.T) {
	_, bob := ownerAndBob(t)
	if _, err := bob.Backend().Say(t.Context(), &control.SayRequest{Text: "a\u2028b"}); control.CodeOf(err) != control.Invalid {
		t.Fatal(err)
	}
	if _, err := bob.Backend().Throw(t.Context(), &control.ThrowRequest{Vel: control.Point{X: 1e300}}); control.CodeOf(err) != control.Invalid {
		t.Fatal(err)
	}
	must(bob.Backend().Say(t.Context(), &control.SayRequest{Text: "fine"}))(t)
}

// After a crash the avatar may still stand where the saved place is not: it is
// found all the same, and stands once.
func TestAvatarFarFromTheSavedPlace(t *testing.T) {
	one := startNode(t, Config{Name: "Owner", Absent: true})
	w := must(one.Backend().WorldCreate(t.Context(), &control.WorldCreateRequest{
		Name: "Long", Size: control.Point{X: 512, Y: 64, Z: 192},
	}))(t)
	must(one.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	must(one.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Two", At: control.Point{X: 140}}))(t)
	home := t.TempDir()
	bob := startNode(t, Config{Name: "Bob", Home: home, Join: w.Link})
	waitFor(t, "Bob to stand in One", func() bool { return inRegion(t, bob) == "One" })
	// A crash: no leave is sent, and place.json is an old one.
	p := bob.current().player
	p.mu.Lock()
	p.owner, p.wanted = base.ID{}, false
	p.mu.Unlock()
	stopNode(t, bob)
	if err := os.WriteFile(home+"/place.json", fmt.Appendf(nil, `{"pos":{"X":%d,"Y":1024,"Z":0}}`, 140*spatial.Unit), 0o600); err != nil {
		t.Fatal(err)
	}
	bob = startNode(t, Config{Name: "Bob", Home: home})
	waitFor(t, "Bob to stand in one region, seen", func() bool {
		players := 0
		for _, s := range one.current().servedList() {
			players += s.srv.Status().Players
		}
		return players == 1 && inRegion(t, bob) != ""
	})
}
