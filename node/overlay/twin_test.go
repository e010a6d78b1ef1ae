package overlay

import (
	"crypto/sha256"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// twin runs the same nodes as a town, by key, place and whom they are told of,
// on the simulator's network: messages arrive whole after 20 to 50 ms, and
// there are neither connections nor signatures that cost anything.
type twin struct {
	q     *sim.Queue
	net   *sim.Net
	nodes []*raynet.Node
	keys  []base.Key
	index map[base.Key]int
	wakes []int64
	out   raynet.Outbox
}

const simSecond = int64(1_000_000_000)

func newTwin(t testing.TB, n int) *twin {
	w := &twin{q: sim.New(1), index: map[base.Key]int{}, wakes: make([]int64, n)}
	w.net = sim.NewNet(w.q, n, sim.Link{Latency: 20_000_000, Jitter: 30_000_000, Ordered: true})
	for i := range n {
		key := publicKey(testKey(i))
		cfg, err := raynet.Config{World: testWorld, Min: testBox.Min, Max: testBox.Max}.Complete()
		if err != nil {
			t.Fatal(err)
		}
		node, err := raynet.New(cfg, key, raynet.Start{Pos: placeOf(i), Epoch: 2, Seed: uint64(i)<<32 | 2}, &hashed{})
		if err != nil {
			t.Fatal(err)
		}
		w.nodes, w.keys = append(w.nodes, node), append(w.keys, key)
		w.index[key] = i
	}
	for i := range n {
		var told []base.Key
		for _, j := range doors(i, n) {
			told = append(told, w.keys[j])
		}
		w.q.At(0, func() { w.step(i, raynet.Bootstrap{Keys: told}) })
	}
	return w
}

// hashed signs with a hash; nobody forges here.
type hashed struct{ scratch raynet.Scratch }

func (*hashed) Sign(k base.Key, msg []byte) (sig [64]byte) {
	h := sha256.Sum256(append(k[:], msg...))
	copy(sig[:], h[:])
	return sig
}

func (h *hashed) Verify(k base.Key, msg, sig []byte) bool {
	want := h.Sign(k, msg)
	return slices.Equal(want[:], sig)
}

func (h *hashed) Scratch() *raynet.Scratch { return &h.scratch }

func (w *twin) step(i int, in raynet.Input) {
	if w.net.Down(i) {
		return
	}
	w.out.Reset()
	w.nodes[i].Step(w.q.Now(), in, &w.out)
	for _, e := range slices.Clone(w.out.Effects) {
		switch e := e.(type) {
		case *raynet.Send:
			if to, ok := w.index[e.To]; ok {
				w.net.Send(i, to, wire.Append(nil, e.Msg), func(b []byte) { w.step(to, raynet.Recv{From: w.keys[i], Bytes: b}) })
			}
		case raynet.WakeAt:
			w.wakes[i] = e.T
			w.q.At(e.T, func() {
				if w.wakes[i] == e.T {
					w.step(i, raynet.Tick{})
				}
			})
		}
	}
}

func (w *twin) run(seconds int) { w.q.RunUntil(w.q.Now() + int64(seconds)*simSecond) }

func (w *twin) coverage(sample int) float64 {
	var at []spatial.Pos
	var near []map[base.Key]bool
	var keys []base.Key
	for i, n := range w.nodes {
		if w.net.Down(i) {
			continue
		}
		keys = append(keys, w.keys[i])
		m := map[base.Key]bool{}
		for _, x := range n.Near() {
			m[x.Key] = true
		}
		at, near = append(at, placeOf(i)), append(near, m)
	}
	return coverage(at, keys, near, sample)
}
