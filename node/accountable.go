package node

import (
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// holdTicks is how often a server looks whether one of the others has lied.
const holdTicks base.Tick = 4

var errBarred = errors.New("you have signed two things where there can be one; the owner may add you again")

// termsOf reads an owner's site record for the region's sim.
func termsOf(id base.ID, owner base.Key) func([]byte) (region.Terms, error) {
	return func(b []byte) (region.Terms, error) {
		rec, err := world.ParseSite(b)
		if err != nil {
			return region.Terms{}, err
		}
		if rec.Owner != owner || rec.Region() != id {
			return region.Terms{}, world.ErrOtherRegion
		}
		return region.Terms{Seq: rec.Seq, Trust: rec.Trust, Servers: rec.Servers}, nil
	}
}

// terms is what a sim is told of a record.
func terms(rec *world.SiteRecord) (uint64, []byte) { return rec.Seq, rec.Encode() }

// cutSigner signs the records that this node makes of a region's log.
func (w *worldState) cutSigner(id base.ID) *order.Signer {
	return &order.Signer{Key: w.n.key, Sign: func(epoch, term uint64, tick base.Tick, body [32]byte) [64]byte {
		c := agree.Cut{Region: id, Epoch: epoch, Term: term, Tick: tick, Body: body}
		return [64]byte(w.n.sign(c.SigningBytes()))
	}}
}

// without gives the keys of a list that are not in another.
func without(list, out []base.Key) []base.Key {
	return slices.DeleteFunc(slices.Clone(list), func(k base.Key) bool { return slices.Contains(out, k) })
}

// hold holds the servers to what they have signed: proofs go into the log, and a
// server against which there is one is not heard any more, before the log has it: it
// may be the leader. It runs on the sim's goroutine.
func (x *watching) hold(watch *witness.Witness, now base.Tick, sim *region.Sim) {
	if strict := sim.Trust() != agree.Crash; strict != x.strict {
		x.strict = strict
		watch.SetAccountable(strict)
	}
	if now%holdTicks != 0 || !x.strict && len(x.shunned) == 0 {
		return
	}
	bad := sim.Barred()
	if x.strict {
		for _, c := range watch.Charges() {
			k := c.Server()
			if !sim.Accused(&c) || slices.Contains(bad, k) {
				continue
			}
			x.s.srv.Charge(c)
			bad = append(bad, k)
		}
	}
	slices.SortFunc(bad, base.Key.Compare)
	bad = slices.DeleteFunc(bad, func(k base.Key) bool { return k == x.w.n.key })
	if !slices.Equal(bad, x.shunned) || len(bad) > 0 && x.s.group.ledBy(bad) {
		x.s.group.log.Shun(bad)
		x.shunned = bad
	}
}

// ledBy tells whether one of some servers leads, as far as is known here.
func (g *several) ledBy(keys []base.Key) bool {
	m, ok := g.log.Leader()
	return ok && slices.Contains(keys, m.Key)
}

// disown takes servers that have lied out of the record of an own region.
func (w *worldState) disown(s *servedRegion) {
	rec := w.record(s.id)
	barred := s.srv.Status().Barred
	if rec == nil || rec.Owner != w.n.key || len(barred) == 0 || s.group.fixed {
		return
	}
	left := without(rec.Servers, barred)
	if len(left) == len(rec.Servers) || len(left) == 0 {
		return
	}
	next, err := w.changeServers(rec, left, rec.Epoch)
	if err == nil {
		err = w.noteServers(w.n.ctx, next)
	}
	w.n.log.Warn("servers that have lied are not named any more", "region", rec.Name, "servers", len(rec.Servers)-len(left), "err", err)
}

// held is what other nodes are told of it.
func held(st *server.Status) member.Held {
	h := member.Held{Trust: uint8(st.Trust)}
	for _, c := range st.Guilty {
		h.Convicted = append(h.Convicted, member.Convicted{Key: c.Server, Kind: uint8(c.Kind), About: c.Tick, At: c.At, Barred: slices.Contains(st.Barred, c.Server)})
	}
	return h
}

// tellHeld puts it into words; nil: no server answers.
func tellHeld(out *control.RegionServers, want agree.Trust, h *member.Held) {
	if h == nil {
		return
	}
	if is := agree.Trust(h.Trust); is != want {
		out.InForce = is.String()
	}
	out.Dissents = h.Dissents
	for _, c := range h.Convicted {
		out.Convicted = append(out.Convicted, control.Conviction{PeerID: p2p.PeerID(c.Key), Why: agree.ChargeKind(c.Kind).String(),
			About: uint64(c.About), Tick: uint64(c.At), Barred: c.Barred})
	}
}

func (x *watching) dissents() uint64 {
	watch := x.witness()
	if watch == nil {
		return 0
	}
	return watch.Dissents()
}
