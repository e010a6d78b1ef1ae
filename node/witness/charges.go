package witness

import (
	"context"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// SetAccountable says whether servers are held to what they sign, and witnesses
// drawn.
func (w *Witness) SetAccountable(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.core.SetAccountable(on)
}

// Dissents is how often a witness has voted against a certificate.
func (w *Witness) Dissents() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dissents
}

// Charges prove servers guilty.
func (w *Witness) Charges() []agree.Charge {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(w.charges)
	for _, p := range w.core.Proofs() {
		list = append(list, agree.ChargeOf(p))
	}
	return list
}

// keepCut keeps who signed a tick's record. mu is held.
func (w *Witness) keepCut(rec *order.Encoded) {
	c := agree.SignedCut{}
	if x := rec.Claim; x != nil {
		c.Cut = agree.Cut{Region: w.cfg.Agree.Region, Epoch: rec.Epoch, Term: x.Term, Tick: rec.Tick, Body: order.Body(rec.Bytes)}
		c.Signed = succession.Signed{Server: x.Server, Sig: x.Sig}
	}
	w.cuts[rec.Tick%keepHashes] = c
}

// charge takes what another server says of a third. One proof for each is enough,
// the latest.
// mu is held.
func (w *Witness) charge(c *agree.Charge) error {
	k := c.Server()
	if c.Region() != w.cfg.Agree.Region || !w.member(k) {
		return fmt.Errorf("witness: charge against %s: %w", k.Short(), errMessage)
	}
	i := slices.IndexFunc(w.charges, func(o agree.Charge) bool { return o.Server() == k })
	if i >= 0 && c.Tick() <= w.charges[i].Tick() || i < 0 && len(w.charges) >= 2*agree.MaxMembers {
		return nil
	}
	if err := c.Check(w.cfg.Agree.Verify); err != nil {
		return err
	}
	if i >= 0 { // the later one may count where the other does not
		w.charges[i] = *c
		return nil
	}
	w.cfg.OnEvent(EventEquivocated, 1)
	w.cfg.Log.Error("a server has lied", "server", k.Short(), "tick", uint64(c.Tick()), "why", c.Kind().String())
	w.charges = append(w.charges, *c)
	return nil
}

// twice asks the others who made the records that differ from those of this server,
// and tells all of a server that has made two of one tick.
func (w *Witness) twice(ctx context.Context, until base.Tick) {
	first := until - min(until-1, maxHashes-1)
	w.mu.Lock()
	mine := map[base.Tick]agree.SignedCut{}
	for t := first; t <= until; t++ {
		if c := w.cuts[t%keepHashes]; c.Tick == t {
			mine[t] = c
		}
	}
	others := slices.Clone(w.members.Voters)
	w.mu.Unlock()
	if len(mine) == 0 {
		return
	}
	for _, k := range others {
		if k == w.cfg.Agree.Self {
			continue
		}
		q := question{Kind: kindCuts, Tick: first, Count: uint8(until - first + 1)}
		actx, cancel := context.WithTimeout(ctx, askWait)
		b, err := w.cfg.Net.Ask(actx, k, q.bytes())
		cancel()
		if err != nil {
			continue
		}
		a, err := parseAnswer(b)
		if err != nil || a.Kind != kindCuts {
			continue
		}
		for i := range a.Cuts {
			have, ok := mine[a.Cuts[i].Tick]
			if !ok || have.Body == a.Cuts[i].Body {
				continue
			}
			c, err := agree.ChargeOfCuts(have, a.Cuts[i])
			if err != nil {
				continue
			}
			w.mu.Lock()
			if w.charge(&c) == nil {
				m := message{Charge: &c}
				w.tell(m.bytes())
			}
			w.mu.Unlock()
		}
	}
}
