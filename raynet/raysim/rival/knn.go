package rival

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/raysim"
)

// Figures of knn20: the size of the two views, what a shuffle passes on, the
// period of both, and the age from which a descriptor is worth nothing.
const (
	knnNear    = 20
	knnRandom  = 24
	knnShuffle = 8
	knnPeriod  = raysim.Second
	knnOld     = 30_000 // ms
)

// knn is the plain thing: everybody keeps the 20 nearest it knows of, and
// routes greedily over them. Each second it exchanges with a random one of
// them the 20 that are nearest to the other (T-Man: Jelasity, Montresor and
// Babaoglu 2009), and shuffles 8 entries of a random view of 24 with the
// oldest member of it (Cyclon: Voulgaris, Gavidia and van Steen 2005), which
// finds what gossip among neighbours does not.
//
// A descriptor carries the time at which its node made it: the newer stays,
// and after 30 s it is dropped, so that the dead go. Every message carries its
// sender's own. While a node knows fewer than 20 it exchanges with its random
// view every other second. A route whose next node cannot be reached is sent
// again to another.
type knn struct {
	at      point
	self    int32
	rng     base.Rand
	near    []contact // the nearest first
	random  []contact
	sent    []contact // to the partner of the shuffle under way
	partner int32
	boot    []int32
	dead    graves
	routes  sentRoutes
	wakeAt  int64
	turn    uint8
	s       *shard
}

const (
	knnOffer = iota
	knnAnswer
	knnShuffled
	knnShuffledAnswer
	knnRoute
)

var knnKinds = []string{"near", "near_answer", "shuffle", "shuffle_answer", "route"}

func newKnn(start raysim.Start, _ int, s *shard) raysim.Machine {
	return &knn{s: s, at: pointOf(start.Pos), self: start.Node, rng: *base.NewRand(start.Seed, 1), partner: -1, wakeAt: never}
}

// Step implements raysim.Machine.
func (k *knn) Step(now int64, ev *raysim.Event, out *raysim.Out) {
	switch ev.Kind {
	case raysim.EvStart:
		k.boot = ev.Keys
		for _, to := range k.boot {
			if to != k.self {
				k.offer(now, to, knnShuffled, nil, out)
			}
		}
		k.wakeAt = now + knnPeriod/2
		out.WakeAt(k.wakeAt)
	case raysim.EvWake:
		k.wake(now, out)
	case raysim.EvPose:
		k.at = pointOf(ev.Pos)
		k.sort()
	case raysim.EvMessage:
		k.dead.raise(ev.From)
		switch m := ev.Msg.(type) {
		case *gossip:
			k.receive(now, ev.From, m, out)
		case *route:
			k.pass(now, m, out)
		}
	case raysim.EvRoute:
		k.pass(now, &route{ev.Token, pointOf(ev.Pos), 0, knnRoute}, out)
	case raysim.EvSendFailed:
		k.near, k.random = drop(k.near, ev.From), drop(k.random, ev.From)
		k.sort()
		k.dead.bury(now, ev.From)
		for _, r := range k.routes.failed(ev.From) {
			k.pass(now, r, out)
		}
	}
}

func (k *knn) pass(now int64, r *route, out *raysim.Out) {
	sent, to := r.step(k.at, out, k.near)
	k.routes.add(now, sent, to)
}

// wake runs the exchange of neighbours and the shuffle half a period apart.
func (k *knn) wake(now int64, out *raysim.Out) {
	if now < k.wakeAt {
		return
	}
	k.wakeAt += knnPeriod / 2
	out.WakeAt(k.wakeAt)
	k.turn++
	if k.turn%2 == 1 {
		k.shuffle(now, out)
		return
	}
	k.forget(now)
	view := k.near
	if len(view) == 0 || (len(view) < knnNear && k.turn%4 == 0 && len(k.random) > 0) {
		view = k.random
	}
	if len(view) > 0 {
		m := view[k.rng.IntN(len(view))]
		k.offer(now, m.node, knnOffer, k.nearestTo(m.at, m.node), out)
	}
}

// shuffle is the active half of Cyclon: the oldest member goes, and with it a
// part of the view is exchanged.
func (k *knn) shuffle(now int64, out *raysim.Out) {
	k.sent = k.sent[:0]
	if len(k.random) == 0 {
		if k.partner = -1; len(k.boot) > 0 {
			if to := k.boot[k.rng.IntN(len(k.boot))]; to != k.self {
				k.offer(now, to, knnShuffled, nil, out)
			}
		}
		return
	}
	old := 0
	for i := range k.random {
		if k.random[i].mark < k.random[old].mark {
			old = i
		}
	}
	k.partner = k.random[old].node
	k.random = drop(k.random, k.partner)
	k.sent = append(k.sent, k.pick(knnShuffle-1)...)
	k.offer(now, k.partner, knnShuffled, k.sent, out)
}

// pick draws n of the random view; the answer is valid until the next call.
func (k *knn) pick(n int) []contact {
	n = min(n, len(k.random))
	for i := range n {
		j := i + k.rng.IntN(len(k.random)-i)
		k.random[i], k.random[j] = k.random[j], k.random[i]
	}
	return k.random[:n]
}

// offer sends descriptors, its own as the last.
func (k *knn) offer(now int64, to int32, kind uint8, list []contact, out *raysim.Out) {
	m := &gossip{append(make([]contact, 0, len(list)+1), list...), kind}
	m.list = append(m.list, contact{k.self, k.at, millis(now)})
	out.Send(to, raysim.Datagram, m)
}

// nearestTo selects from both views for somebody else.
func (k *knn) nearestTo(p point, whom int32) []contact {
	all := k.s.cands[:0]
	for _, view := range [][]contact{k.near, k.random} {
		for _, m := range view {
			if m.node != whom && index(all, m.node) < 0 {
				all = append(all, m)
			}
		}
	}
	k.s.cands = all
	sortBy(all, p)
	return all[:min(len(all), knnNear)]
}

func sortBy(list []contact, p point) {
	slices.SortFunc(list, func(a, b contact) int {
		return cmp.Or(cmp.Compare(a.at.dist2(p), b.at.dist2(p)), cmp.Compare(a.node, b.node))
	})
}

func (k *knn) sort() { sortBy(k.near, k.at) }

// forget drops what nobody has renewed.
func (k *knn) forget(now int64) {
	old := func(m contact) bool { return m.mark+knnOld < millis(now) }
	k.near = slices.DeleteFunc(k.near, old)
	k.random = slices.DeleteFunc(k.random, old)
}

func (k *knn) receive(now int64, from int32, m *gossip, out *raysim.Out) {
	switch m.kind {
	case knnOffer:
		k.offer(now, from, knnAnswer, k.nearestTo(m.list[len(m.list)-1].at, from), out)
	case knnShuffled:
		part := slices.Clone(k.pick(knnShuffle))
		k.offer(now, from, knnShuffledAnswer, part, out)
		k.mix(now, m.list, part)
	case knnShuffledAnswer:
		sent := k.sent
		if from != k.partner {
			sent = nil
		}
		k.mix(now, m.list, sent)
	}
	for _, d := range m.list {
		k.take(now, d)
	}
	k.sort()
	k.near = k.near[:min(len(k.near), knnNear)]
}

// welcome says whether a descriptor is worth keeping at all.
func (k *knn) welcome(now int64, d contact) bool {
	return d.node != k.self && d.mark+knnOld >= millis(now) && !k.dead.holds(now, d.node)
}

func (k *knn) take(now int64, d contact) {
	if !k.welcome(now, d) {
		return
	}
	if i := index(k.near, d.node); i >= 0 {
		if k.near[i].mark < d.mark {
			k.near[i] = d
		}
		return
	}
	k.near = append(k.near, d)
}

// mix puts what came by a shuffle into free places, then into those of what
// was sent.
func (k *knn) mix(now int64, got, sent []contact) {
	for _, d := range got {
		if !k.welcome(now, d) {
			continue
		}
		if i := index(k.random, d.node); i >= 0 {
			if k.random[i].mark < d.mark {
				k.random[i] = d
			}
			continue
		}
		if len(k.random) < knnRandom {
			k.random = append(k.random, d)
			continue
		}
		for len(sent) > 0 {
			i := index(k.random, sent[0].node)
			if sent = sent[1:]; i >= 0 {
				k.random[i] = d
				break
			}
		}
	}
}

// Views implements raysim.Viewer.
func (k *knn) Views(v *raysim.Views) {
	for _, m := range k.near {
		v.Near = append(v.Near, m.node)
	}
	for _, m := range k.random {
		v.Random = append(v.Random, m.node)
	}
}
