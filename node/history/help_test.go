package history

import (
	"crypto/ed25519"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/spatial"
)

func keyOf(seed byte) (ed25519.PrivateKey, base.Key) {
	s := [32]byte{seed}
	priv := ed25519.NewKeyFromSeed(s[:])
	return priv, base.Key(priv.Public().(ed25519.PublicKey))
}

func regionConfig() region.Config {
	_, owner := keyOf(99)
	return region.Config{ID: base.ID{1, 2, 3}, Name: "Hearthside", World: "w", Owner: owner, Seed: 1,
		Verify: func(k base.Key, msg, sig []byte) bool {
			return len(sig) == ed25519.SignatureSize && ed25519.Verify(k[:], msg, sig)
		},
		Site: spatial.At(0, 0, 0), Min: spatial.At(-64, 0, -64), Max: spatial.At(64, 64, 64)}
}

// world is a region of one server, with a history.
type world struct {
	t     *testing.T
	sim   *region.Sim
	ord   *order.Single
	store *Store
	hash  []region.Hash // by tick
	fast  bool          // ticks do not wait for states to be written
	n     uint64
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	sim, err := region.New(regionConfig())
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(cfg, 0)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, sim: sim, ord: order.NewSingle(0, order.Sum{}), store: s, hash: []region.Hash{sim.Hash()}}
}

func (w *world) submit(kind region.EntryKind, body []byte) {
	w.t.Helper()
	w.n++
	var e base.Encoder
	region.Entry{Kind: kind, Seq: w.n, Body: body}.AppendTo(&e)
	if err := w.ord.Submit(e.B, false); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) control(c region.ControlEntry) {
	var e base.Encoder
	c.AppendTo(&e)
	w.submit(region.EntryControl, e.B)
}

// input is one of a player's.
func (w *world) input(who byte, in region.Input) {
	w.n++
	priv, key := keyOf(who)
	var p, e base.Encoder
	in.AppendTo(&p)
	x := region.SignedInput{Key: key, Seq: w.n, Payload: p.B}
	copy(x.Sig[:], ed25519.Sign(priv, region.SigningBytes(regionConfig().World, key, x.Seq, p.B)))
	x.AppendTo(&e)
	w.submit(region.EntryInput, e.B)
}

func (w *world) ticks(n int) {
	w.t.Helper()
	for range n {
		w.ord.Cut(w.sim.Tick(), w.sim.Hash())
		for _, rec := range w.ord.Ready() {
			out, err := w.sim.Step(replay.Batch(&rec.Record))
			if err != nil {
				w.t.Fatal(err)
			}
			w.hash = append(w.hash, out.Hash)
			if w.store != nil {
				w.store.Applied(&rec, out.Hash, w.sim)
				w.settle()
			}
		}
	}
}

// settle waits until no state is being written.
func (w *world) settle() {
	if !w.fast {
		w.store.tasks.Wait()
	}
}

func ball(name string, x float32, owner base.Key) region.ControlEntry {
	return region.ControlEntry{Kind: region.ControlCreate, Thing: region.ThingSpec{Kind: "ball", Name: name, Owner: owner, Shape: region.Sphere,
		Size: spatial.Vec{X: 0.5, Y: 0.5, Z: 0.5}, Pos: spatial.Vec{X: x, Y: 0.25}, Mass: 2}}
}

// replayTo makes the ticks from a state to a tick again.
func replayTo(t *testing.T, dir string, job replay.Job, from, to base.Tick) *replay.Replay {
	t.Helper()
	s, err := State(dir, from)
	if err != nil {
		t.Fatal(err)
	}
	r, err := replay.Begin(job, *s)
	if err != nil {
		t.Fatal(err)
	}
	err = Walk(dir, s.Tick, func(tick base.Tick, b []byte) error {
		if tick > to {
			return errStop
		}
		return r.Next(b)
	})
	if err != nil && err != errStop {
		t.Fatal(err)
	}
	return r
}

func edSign(p ed25519.PrivateKey, msg []byte) []byte { return ed25519.Sign(p, msg) }
