package witness

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

func keyOf(seed byte) (ed25519.PrivateKey, base.Key) {
	s := [32]byte{seed}
	priv := ed25519.NewKeyFromSeed(s[:])
	return priv, base.Key(priv.Public().(ed25519.PublicKey))
}

func verify(k base.Key, msg, sig []byte) bool {
	return len(sig) == ed25519.SignatureSize && ed25519.Verify(k[:], msg, sig)
}

func regionConfig() region.Config {
	_, owner := keyOf(99)
	return region.Config{ID: base.ID{1, 2, 3}, Name: "Hearthside", World: "w", Owner: owner, Seed: 1, Verify: verify,
		Site: spatial.At(0, 0, 0), Min: spatial.At(-64, 0, -64), Max: spatial.At(64, 64, 64)}
}

// letter is on its way to a replica.
type letter struct {
	from base.Key
	to   base.Key
	msg  []byte
}

// cluster is a region of several servers in one goroutine: one log, a sim and a
// witness each.
type cluster struct {
	t    *testing.T
	ord  *order.Single
	log  []order.Encoded
	all  []*replica
	mail []letter
}

type replica struct {
	c     *cluster
	key   base.Key
	sim   *region.Sim
	watch *Witness
	sum   order.Sum
	stops []error

	stopped bool
}

func (r *replica) Send(to base.Key, msg []byte) {
	r.c.mail = append(r.c.mail, letter{r.key, to, bytes.Clone(msg)})
}

func (r *replica) Ask(_ context.Context, to base.Key, q []byte) ([]byte, error) {
	for _, o := range r.c.all {
		if o.key == to {
			return o.watch.Answer(r.key, q)
		}
	}
	return nil, errors.New("nobody")
}

func newCluster(t *testing.T, n int) *cluster {
	c := &cluster{t: t, ord: order.NewSingle(0, order.Sum{})}
	var m agree.Members
	keys := map[base.Key]ed25519.PrivateKey{}
	for i := range n {
		p, k := keyOf(byte(i + 1))
		keys[k] = p
		m.Voters = append(m.Voters, k)
	}
	for i := range m.Voters {
		for j := i; j > 0 && m.Voters[j-1].Compare(m.Voters[j]) > 0; j-- {
			m.Voters[j-1], m.Voters[j] = m.Voters[j], m.Voters[j-1]
		}
	}
	for _, k := range m.Voters {
		sim, err := region.New(regionConfig())
		if err != nil {
			t.Fatal(err)
		}
		r := &replica{c: c, key: k, sim: sim}
		r.watch, err = New(Config{
			Agree: agree.Config{Region: regionConfig().ID, Epoch: 1, Self: k, Verify: verify,
				Sign: func(msg []byte) succession.Signature { return succession.Signature(ed25519.Sign(keys[k], msg)) }},
			Members: m, Region: regionConfig(), Dir: t.TempDir(), Net: r,
			Halted: func(err error) { r.stops = append(r.stops, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		c.all = append(c.all, r)
	}
	return c
}

// tick cuts a tick, which every replica makes that is not halted; then the mail
// is delivered: a trip takes a tick.
func (c *cluster) tick(entries ...region.ControlEntry) {
	c.t.Helper()
	for i, x := range entries {
		var e, all base.Encoder
		x.AppendTo(&e)
		region.Entry{Kind: region.EntryControl, Seq: uint64(i + 1), Body: e.B}.AppendTo(&all)
		if err := c.ord.Submit(all.B, false); err != nil {
			c.t.Fatal(err)
		}
	}
	last := base.Tick(len(c.log))
	for _, r := range c.all {
		if !r.stopped {
			c.ord.Cut(last, r.sim.Hash())
			break
		}
	}
	c.log = append(c.log, c.ord.Ready()...)
	mail := c.mail
	c.mail = nil
	for _, r := range c.all {
		if !r.stopped && int(last) < len(c.log) {
			r.step(&c.log[last])
		}
	}
	for _, m := range mail {
		for _, r := range c.all {
			if r.key == m.to {
				_ = r.watch.Take(m.from, m.msg)
			}
		}
	}
}

func (r *replica) step(rec *order.Encoded) {
	r.c.t.Helper()
	out, err := r.sim.Step(replay.Batch(&rec.Record))
	if err != nil {
		r.c.t.Fatal(err)
	}
	r.sum = rec.Sum
	if err := r.watch.Applied(rec, out.Hash, r.sim); err != nil {
		if r.watch.Err() == nil {
			r.c.t.Fatal(err)
		}
		r.stopped = true // as a server does
	}
}

// flip changes one bit of a replica's state: the first letter of a thing's name.
func (r *replica) flip(name string) {
	r.c.t.Helper()
	b := r.sim.Snapshot(nil)
	i := bytes.Index(b, []byte(name))
	if i < 0 {
		r.c.t.Fatal("no such thing")
	}
	b[i] ^= 0x20
	sim, err := region.Restore(regionConfig(), b)
	if err != nil {
		r.c.t.Fatal(err)
	}
	r.sim = sim
}

// again begins from a state of another replica that is certified, and makes the
// ticks since then.
func (r *replica) again(from []byte, at base.Tick) {
	r.c.t.Helper()
	sim, err := region.Restore(regionConfig(), from)
	if err != nil {
		r.c.t.Fatal(err)
	}
	r.sim = sim
	r.watch.Resume(at)
	r.stopped = false
	for i := int(at); i < len(r.c.log); i++ {
		r.step(&r.c.log[i])
	}
}

func things(names ...string) (list []region.ControlEntry) {
	for i, n := range names {
		list = append(list, region.ControlEntry{Kind: region.ControlCreate, Thing: region.ThingSpec{Kind: "ball", Name: n, Shape: region.Sphere,
			Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}, Pos: spatial.Vec{X: float32(2 * i), Y: 3}}})
	}
	return list
}

// direct answers out of a witness that nobody else uses.
type direct struct{ w *Witness }

func (direct) Send(base.Key, []byte) {}

func (d direct) Ask(_ context.Context, _ base.Key, q []byte) ([]byte, error) {
	d.w.questions = 0
	return d.w.Answer(base.Key{1}, q)
}
