package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
)

// spoiler changes a server's state after one tick, each server's in another way:
// the last letter of the name of a thing.
type spoiler struct {
	letter byte
	at     *atomic.Uint64 // the tick; 0: none yet
	always *atomic.Bool   // each time that the tick is made
	did    atomic.Uint64
}

func (x *spoiler) spoil(cfg region.Config, tick base.Tick, sim *region.Sim) {
	if at := x.at.Load(); at == 0 || uint64(tick) != at || x.did.Load() > 0 && !x.always.Load() {
		return
	}
	b := sim.Snapshot(nil)
	i := bytes.Index(b, []byte("victim-a"))
	if i < 0 {
		panic("no victim")
	}
	b[i+len("victim-")] = x.letter
	other, err := region.Restore(cfg, b)
	if err != nil {
		panic(err)
	}
	*sim = *other
	x.did.Add(1)
}

// threeServers are Ada's region "Plaza" with two servers more, and a thing to spoil.
func threeServers(t *testing.T, at *atomic.Uint64, always *atomic.Bool) (nodes [3]*Node, spoilers [3]*spoiler) {
	t.Helper()
	for i := range spoilers {
		spoilers[i] = &spoiler{letter: byte('b' + i), at: at, always: always}
	}
	soon := member.Times{Near: time.Second, Dead: member.Usual.Dead}
	a := startNode(t, Config{Name: "Ada", spoil: spoilers[0].spoil, Servers: soon})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	nodes[0] = a
	for i, name := range []string{"Bob", "Cem"} {
		n := startNode(t, Config{Name: name, Join: link, spoil: spoilers[i+1].spoil, Servers: soon})
		nodes[i+1] = n
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
		must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: must(n.Backend().Status(t.Context()))(t).PeerID}))(t)
	}
	eventually(t, "three voters", func() error {
		if r := serversOf(t, a); !inStep(r, 3) {
			return fmt.Errorf("%+v", r)
		}
		return nil
	})
	for _, n := range nodes {
		eventually(t, "a certificate", func() error { _, err := certifiedAfter(n, 0); return err })
	}
	makeThing(t, a, "victim-a")
	return nodes, spoilers
}

// certifiedAfter gives the newest certificate's tick, if it is later than a tick.
func certifiedAfter(n *Node, after base.Tick) (base.Tick, error) {
	list := n.current().servedList()
	if len(list) != 1 || list[0].watching == nil {
		return 0, errors.New("not served")
	}
	watch := list[0].watching.witness()
	if watch == nil {
		return 0, errors.New("not caught up")
	}
	cert, ok := watch.Last()
	if !ok || cert.Tick <= after || watch.Err() != nil {
		return 0, fmt.Errorf("certificate of tick %d, %v", cert.Tick, watch.Err())
	}
	return cert.Tick, nil
}

// makeThing puts a thing into the region and waits until that is durable.
func makeThing(t *testing.T, n *Node, name string) {
	t.Helper()
	eventually(t, name+" to be made", func() error {
		_, err := n.Backend().ThingCreate(t.Context(), &control.ThingCreateRequest{Name: name})
		return err
	})
}

// has reports whether a server's state has a thing of that name.
func has(n *Node, name string) bool {
	list := n.current().servedList()
	if len(list) != 1 {
		return false
	}
	for _, x := range list[0].srv.Things() {
		if x.Thing.Name == name {
			return true
		}
	}
	return false
}

// reportsOf are a node's reports of divergence after a tick.
func reportsOf(t *testing.T, n *Node, id base.ID, after base.Tick) (list []witness.Report) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(n.home.path("regions", id.String()), "divergence-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		var r witness.Report
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Tick > after {
			list = append(list, r)
		}
	}
	return list
}

// splits: three servers come to three states. They write down how they differ, go
// back by themselves to the last certified tick, make the same ticks again, and
// agree; what was acknowledged after that tick is still there. Then a tick comes out
// differently each time it is made: after some tries all stand still and say so, and
// the owner begins anew with all that was agreed on.
func splits(t *testing.T, nodes [3]*Node, spoilers [3]*spoiler, at *atomic.Uint64, always *atomic.Bool) {
	id := nodes[0].current().servedList()[0].id
	// A tick to come, between two votes.
	now := nodes[0].current().servedList()[0].srv.Status().Tick
	at.Store(uint64((now/agree.Every+5)*agree.Every + 2))
	eventually(t, "all three states to be spoilt", func() error {
		for i, x := range spoilers {
			if x.did.Load() == 0 {
				return fmt.Errorf("server %d", i)
			}
		}
		return nil
	})
	makeThing(t, nodes[0], "later")
	for i, n := range nodes {
		eventually(t, "the servers to agree again", func() error {
			if _, err := certifiedAfter(n, base.Tick(at.Load())+agree.Every); err != nil {
				return err
			}
			if !has(n, "victim-a") || !has(n, "later") {
				return errors.New("the things are not there")
			}
			return nil
		})
		list := reportsOf(t, n, id, base.Tick(at.Load()))
		if len(list) == 0 {
			t.Fatalf("server %d has written nothing down", i)
		}
		r := list[0]
		if len(r.Servers) != 2 || r.Verdict != witness.Memory || uint64(r.Back) >= at.Load() {
			t.Fatalf("server %d: %+v", i, r)
		}
		for _, o := range r.Servers {
			if o.Why == "" && (!strings.HasPrefix(o.Part, "thing ") || uint64(o.First) != at.Load()+1) {
				t.Fatalf("server %d: %+v", i, o)
			}
		}
	}

	always.Store(true)
	a := nodes[0]
	now = a.current().servedList()[0].srv.Status().Tick
	at.Store(uint64((now/agree.Every+5)*agree.Every + 2))
	for _, n := range nodes {
		eventually(t, "the server to stand still", func() error {
			// One that noticed fewer of the splits is left without a log to go on with.
			list := n.current().servedList()
			if n.current().stuckIn(id) == nil && (len(list) != 1 || !list[0].srv.Status().Frozen) {
				return errors.New("it goes on")
			}
			return nil
		})
	}
	r := serversOf(t, a)
	stopped := 0
	for _, s := range r.Servers {
		if s.Role == "stopped" {
			stopped++
		}
	}
	if stopped < 2 || !strings.Contains(r.Why, fmt.Sprintf("%d of its servers", stopped)) {
		t.Fatalf("%+v", r)
	}
	if n := len(reportsOf(t, a, id, base.Tick(at.Load()))); n == 0 {
		t.Fatal("nothing is written down")
	}
	c := nodes[2].current()
	before := must(c.shelf().Get(id))(t) // what a client knows
	r = must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersRecover, Region: "Plaza"}))(t)
	if r.Epoch != 1 {
		t.Fatalf("%+v", r)
	}
	eventually(t, "the region to run", func() error {
		list := a.current().servedList()
		if len(list) != 1 || !list[0].srv.Status().Leading || uint64(list[0].srv.Status().Tick) <= at.Load() {
			return errors.New("not yet")
		}
		return nil
	})
	if !has(a, "victim-a") && !has(a, "victim-b") || !has(a, "later") { // as Ada's server has it
		t.Fatal("what was agreed on is lost")
	}
	makeThing(t, a, "last")
	newEpoch(t, nodes[2], a, id, before)
	for _, n := range nodes[1:] {
		eventually(t, "the others to hear of it", func() error {
			if n.current().stuckIn(id) != nil {
				return errors.New("it stands still")
			}
			return nil
		})
	}
}

// newEpoch: after a recovery what was signed for the epoch before is refused with
// clear words, and a client that knows the charter follows the certificates.
func newEpoch(t *testing.T, client, owner *Node, id base.ID, before *law.Known) {
	t.Helper()
	w := client.current()
	court := owner.current().servedList()[0].court
	head := court.Answer(t.Context(), client.key, law.Ask{Kind: law.AskHead})
	x := succession.Entry{Kind: succession.Opt, By: client.key, Counter: client.lawCounter.next(head.Counter), Head: succession.Head{Index: head.Index, Sum: head.Sum}, Out: true}
	before.Charter.Genesis.Sign(&x, client.sign)
	a := court.Answer(t.Context(), client.key, law.Ask{Kind: law.AskEntry, Entry: x.Bytes()})
	if !strings.Contains(a.Why, "signed for epoch 1, this region is in epoch 2") {
		t.Fatalf("an entry of the old epoch: %q", a.Why)
	}
	eventually(t, "a certificate of the new epoch", func() error {
		s, err := client.Backend().AdminStatus(t.Context(), &control.AdminRequest{Region: "Plaza"})
		if err == nil && (s.Warning != "" || s.Certificate == nil || len(s.Servers) != 1) {
			err = fmt.Errorf("%+v", s)
		}
		return err
	})
	now := must(w.shelf().Get(id))(t)
	if k, err := law.Verify(before.Charter.Encode(), now.Chain.Bytes(), law.VerifyKey); err != nil || k.Last.Epoch != 2 || k.Last.Servers[0] != owner.key || len(k.Last.Admins) != 1 {
		t.Fatalf("with the charter alone: %v", err)
	}
	if _, err := w.shelf().Take(id, before.Charter.Encode(), before.Chain.Bytes()); !errors.Is(err, law.ErrOlder) || !strings.Contains(err.Error(), "signed for epoch 1, this region is in epoch 2") {
		t.Fatalf("a certificate of the old epoch: %v", err)
	}
	eventually(t, "an entry of the new epoch", func() error {
		_, err := client.Backend().AdminAct(t.Context(), &control.AdminActRequest{Region: "Plaza", Do: "out"})
		return err
	})
}
