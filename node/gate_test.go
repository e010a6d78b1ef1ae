package node

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

func isIn(n *Node) func() bool {
	return func() bool {
		s, err := n.Backend().Status(n.ctx)
		return err == nil && s.InRegion != ""
	}
}

func deny(t *testing.T, err error, words string) {
	t.Helper()
	if control.CodeOf(err) != control.Denied || control.HintOf(err) == "" || !strings.Contains(err.Error(), words) {
		t.Fatalf("%v (hint %q), want a denial with %q", err, control.HintOf(err), words)
	}
}

// TestRegionPassword: a password is set by the founder; who does not show it
// stays out, who does comes in, also with the link, and after a restart of the
// region's server its ticket still counts.
func TestRegionPassword(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	r := must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Commons"}))(t)
	waitFor(t, "Ada in her region", isIn(a))
	pass := func(n *Node, do, word string) error {
		_, err := n.Backend().RegionPassword(n.ctx, &control.RegionPasswordRequest{Region: "Commons", Do: do, Password: []byte(word)})
		return err
	}
	if err := pass(a, "set", "open sesame"); err != nil {
		t.Fatal(err)
	}
	if !isIn(a)() {
		t.Fatal("the founder was sent out by her own password")
	}
	b := startNode(t, Config{Name: "Bob", Join: w.Link})
	waitFor(t, "a notice that a password is wanted", func() bool { return noticed(b, "wants a password") })
	if isIn(b)() {
		t.Fatal("Bob is in without a password")
	}
	deny(t, pass(b, "set", "mine"), "has not the right")
	deny(t, pass(b, "enter", "open barley"), "wrong password")
	_, err := b.Backend().Say(b.ctx, &control.SayRequest{Text: "let me in"})
	deny(t, err, "password")
	if err := pass(b, "enter", "open sesame"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Bob in the region", isIn(b))
	// With the link.
	c := startNode(t, Config{Name: "Cy", Join: w.Link, Password: []byte("open sesame")})
	waitFor(t, "Cy in the region", isIn(c))
	d := startNode(t, Config{Name: "Dan", Join: w.Link, Password: []byte("guess")})
	waitFor(t, "a notice that it is wrong", func() bool { return noticed(d, "is not the one") })
	if isIn(d)() {
		t.Fatal("Dan is in with a wrong password")
	}
	// Set again, the keys are others, and those before are deleted.
	file := a.home.path("regions", r.ID, keysFile)
	read := func() []byte {
		t.Helper()
		return must(os.ReadFile(file))(t)
	}
	before := read()
	if err := pass(a, "set", "open sesame"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the old keys to be deleted", func() bool { return len(read()) == len(before) && !bytes.Equal(read(), before) })
	if err := pass(d, "enter", "open sesame"); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Backend().AccessReport(a.ctx, &control.AdminRequest{Region: r.ID}); err != nil {
		t.Fatal(err)
	}
	if err := pass(a, "clear", ""); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "all keys to be deleted", func() bool { return len(read()) < len(before) })
	if _, err := d.Backend().Say(d.ctx, &control.SayRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
}

func noticed(n *Node, words string) bool {
	w := n.current()
	if w == nil {
		return false
	}
	w.player.view.mu.Lock()
	defer w.player.view.mu.Unlock()
	for _, x := range w.player.view.notices {
		if strings.Contains(x.v, words) {
			return true
		}
	}
	return false
}

// TestCommandsOfAnAdmin: kick, mute, roles and invitations from another node
// than the region's, effective at once and told to whom they concern.
func TestCommandsOfAnAdmin(t *testing.T) {
	a, b, _ := town(t)
	byDefault := func(role string) {
		t.Helper()
		must(a.Backend().AccessAct(a.ctx, &control.AccessActRequest{Region: "Commons", Do: "settings", Settings: &control.AccessSettings{Default: &role}}))(t)
	}
	byDefault("guest")
	c := startNode(t, Config{Name: "Cy", Join: a.current().link()})
	waitFor(t, "Cy in the region", isIn(c))
	waitFor(t, "Cy's login as a guest", func() bool {
		l, err := a.Backend().AdminLog(a.ctx, &control.AdminLogRequest{Region: "Commons"})
		return err == nil && slices.ContainsFunc(l.Entries, func(e control.AdminEntry) bool {
			return e.By == c.key.String() && e.Kind == "login" && e.Why == "" && strings.HasSuffix(e.Text, "as a guest")
		})
	})
	if s := must(a.Backend().AdminStatus(a.ctx, &control.AdminRequest{Region: "Commons"}))(t); slices.ContainsFunc(s.Heirs, func(x control.AdminStanding) bool { return x.Key == c.key.String() }) {
		t.Fatal("a guest has standing")
	}
	byDefault("builder")
	must(a.Backend().AdminAct(a.ctx, &control.AdminActRequest{Region: "Commons", Do: "appoint", Player: b.key.String()}))(t)
	do := func(n *Node, r control.AccessActRequest) error {
		_, err := n.Backend().AccessAct(n.ctx, &r)
		return err
	}
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	cy := c.key.String()
	deny(t, do(c, control.AccessActRequest{Do: "kick", Player: b.key.String()}), "has not the right")
	deny(t, do(b, control.AccessActRequest{Do: "mute", Player: a.key.String()}), "standing")
	ok(do(b, control.AccessActRequest{Do: "mute", Player: cy, Seconds: 600, Reason: "too loud"}))
	_, err := c.Backend().Say(c.ctx, &control.SayRequest{Text: "hello"})
	deny(t, err, "muted")
	ok(do(b, control.AccessActRequest{Do: "unmute", Player: cy}))
	if _, err := c.Backend().Say(c.ctx, &control.SayRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	ok(do(b, control.AccessActRequest{Do: "kick", Player: cy}))
	waitFor(t, "Cy to know", func() bool { return noticed(c, "sent out of Commons") && !isIn(c)() })
	waitFor(t, "Cy to be back", func() bool {
		_, err := c.Backend().Say(c.ctx, &control.SayRequest{Text: "sorry"})
		return err == nil
	})
	def := "guest"
	ok(do(b, control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Default: &def, May: map[string][]string{"guest": {"enter"}}}}))
	_, err = c.Backend().Say(c.ctx, &control.SayRequest{Text: "hello"})
	deny(t, err, "role")
	ok(do(b, control.AccessActRequest{Do: "role", Player: cy, Role: "resident"}))
	if _, err := c.Backend().Say(c.ctx, &control.SayRequest{Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	friend := base.Key{7}
	ok(do(c, control.AccessActRequest{Do: "invite", Player: friend.String(), Role: "guest"}))
	ok(do(b, control.AccessActRequest{Do: "ban-branch", Player: cy}))
	waitFor(t, "Cy to be out", func() bool { return noticed(c, "banned from Commons") })
	r := must(b.Backend().AccessReport(b.ctx, &control.AdminRequest{}))(t)
	var kinds []string
	for _, l := range r.Audit {
		kinds = append(kinds, l.Kind)
	}
	if got := strings.Join(kinds, ","); got != "settings,settings,mute,unmute,kick,settings,role,invite,ban branch" || len(r.Members) != 2 {
		t.Fatalf("%s, %+v", got, r.Members)
	}
	if r.Audit[2].Text != "for 600 s: too loud" {
		t.Fatal(r.Audit[2].Text)
	}
}

// TestBlocked: nothing of somebody who is blocked reaches a screen: neither
// avatar, nor words, nor things, nor poses, nor bodies; also after a restart; and
// all comes back when they are unblocked.
func TestBlocked(t *testing.T) {
	a, b, _ := town(t)
	seen := func(n *Node) bool {
		_, ok := n.current().player.view.get(base.AvatarID(b.key))
		return ok
	}
	waitFor(t, "Bob in sight", func() bool { return seen(a) })
	if _, err := b.Backend().Say(b.ctx, &control.SayRequest{Text: "first"}); err != nil {
		t.Fatal(err)
	}
	hears := func(n *Node, text string) bool {
		v := n.current().player.view
		v.mu.Lock()
		defer v.mu.Unlock()
		for _, c := range v.chat {
			if c.v.Text == text {
				return true
			}
		}
		return false
	}
	waitFor(t, "a word of Bob's", func() bool { return hears(a, "first") })
	l := must(a.Backend().Block(a.ctx, &control.BlockRequest{Player: "Bob", Things: true}))(t)
	if len(l.Blocks) != 1 || l.Blocks[0].Name != "Bob" {
		t.Fatalf("%+v", l)
	}
	if seen(a) || hears(a, "first") {
		t.Fatal("Bob is still on the screen")
	}
	screen := watch(t, a)
	_, err := b.Backend().Say(b.ctx, &control.SayRequest{Text: "second"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Backend().Steer(b.ctx, &control.SteerRequest{X: 1}); err != nil {
		t.Fatal(err)
	}
	// What comes after is heard: so what came before has been kept back.
	if _, err := a.Backend().Say(a.ctx, &control.SayRequest{Text: "third"}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "what was said later", func() bool { return hears(a, "third") })
	if hears(a, "second") || seen(a) {
		t.Fatal("Bob is seen or heard")
	}
	if _, ok := screen.named("Bob"); ok {
		t.Fatal("Bob is in the frames")
	}
	p := a.current().player
	c := p.conns[p.owner]
	lk := &looker{latest: map[base.ID]seenShard{}}
	p.mu.Lock()
	p.lookers[lk] = struct{}{}
	p.mu.Unlock()
	p.sawShard(c, &wire.Shard{Bodies: []wire.Body{{Pose: wire.Pose{ID: base.AvatarID(b.key)}}, {Pose: wire.Pose{ID: base.ID{9}}}}})
	p.mu.Lock()
	if got := len(lk.latest[c.id].m.Bodies); got != 1 {
		t.Errorf("%d bodies are shown", got)
	}
	delete(p.lookers, lk)
	p.mu.Unlock()
	// His things, and what they say.
	d := &wire.Delta{Upserts: []wire.Entity{{Pose: wire.Pose{ID: base.ID{5}}, Owner: b.key}, {Pose: wire.Pose{ID: base.ID{6}}, Owner: a.key}}}
	p.view.apply(c.id, spatial.Pos{}, d, time.Now())
	if _, ok := p.view.get(base.ID{5}); ok || !a.blocks.mute(base.Key{}, base.ID{5}) || a.blocks.mute(base.Key{}, base.ID{6}) {
		t.Fatal("a thing of Bob's is shown, or heard")
	}

	again, err := openBlocks(a.home)
	if err != nil || !again.blocked(b.key) {
		t.Fatal("a block is forgotten", err)
	}
	if _, err := a.Backend().Block(a.ctx, &control.BlockRequest{Player: a.key.String()}); control.CodeOf(err) != control.Invalid {
		t.Fatal(err)
	}
	if _, err := a.Backend().Unblock(a.ctx, &control.BlockRequest{Player: "Bob"}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "Bob in sight again", func() bool { return seen(a) })
}
