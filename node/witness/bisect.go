package witness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Differing is a part of the state that is not the same here and there.
type Differing struct {
	Part   string `json:"part"`
	Here   string `json:"here,omitempty"` // hash; "": not here
	Others string `json:"others,omitempty"`
}

// asker puts questions to one server.
type asker struct {
	net  Net
	to   base.Key
	left int
	most int // parts to find; 0: maxFound
}

func (a *asker) ask(ctx context.Context, q question) (answer, error) {
	if a.left == 0 {
		return answer{}, errors.New("witness: too many questions")
	}
	a.left--
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	b, err := a.net.Ask(ctx, a.to, q.bytes())
	if err != nil {
		return answer{}, fmt.Errorf("witness: ask %s: %w", a.to.Short(), err)
	}
	if len(b) > MaxAnswer {
		return answer{}, fmt.Errorf("witness: ask %s: %w: %d bytes", a.to.Short(), errMessage, len(b))
	}
	x, err := parseAnswer(b)
	switch {
	case err != nil:
		return answer{}, err
	case x.Kind != q.Kind:
		return answer{}, fmt.Errorf("witness: ask %s: %w: answer to another question", a.to.Short(), errMessage)
	case !x.Known:
		return answer{}, fmt.Errorf("witness: ask %s: it has tick %d no more", a.to.Short(), q.Tick)
	}
	return x, nil
}

// parts finds the parts that differ after a tick, in the order of their names,
// at most so many. It asks for the sums of runs of parts and goes into those
// that are not the same.
func (a *asker) parts(ctx context.Context, tick base.Tick, mine []Part) ([]Differing, error) {
	var out []Differing
	most := cmp.Or(a.most, maxFound)
	type span struct{ lo, hi string }
	todo := []span{{}}
	for len(todo) > 0 && len(out) < most {
		s := todo[0]
		todo = todo[1:]
		x, err := a.ask(ctx, question{Kind: kindParts, Tick: tick, Lo: s.lo, Hi: s.hi})
		if err != nil {
			return out, err
		}
		next := s.lo
		var deeper []span
		for i := range x.Buckets {
			b := &x.Buckets[i]
			out = append(out, before(mine, next, b.First)...)
			here := within(mine, b.First, b.Last)
			next = b.Last + "\x00"
			switch {
			case len(here) > 0 && uint32(len(here)) == b.Count && bucketOf(here).Sum == b.Sum && bucketOf(here).Count == b.Count:
			case b.Count == 1:
				d := Differing{Part: b.First, Others: region.Hash(b.Sum).String()}
				if len(here) > 0 {
					d.Here = region.Hash(here[0].Hash).String()
				}
				out = append(out, d)
			case b.First == s.lo && b.Last == s.hi && len(x.Buckets) == 1:
				return out, fmt.Errorf("witness: ask %s: %w: a run that it does not cut", a.to.Short(), errMessage)
			default:
				deeper = append(deeper, span{b.First, b.Last})
			}
		}
		for _, p := range within(mine, next, s.hi) {
			out = append(out, onlyHere(p))
		}
		todo = append(deeper, todo...)
	}
	slices.SortFunc(out, func(a, b Differing) int { return strings.Compare(a.Part, b.Part) })
	return out[:min(len(out), most)], nil
}

// before lists the parts from lo up to a name, which only this server has.
func before(mine []Part, lo, name string) (out []Differing) {
	for _, p := range within(mine, lo, name) {
		if p.Name != name {
			out = append(out, onlyHere(p))
		}
	}
	return out
}

func onlyHere(p Part) Differing {
	return Differing{Part: p.Name, Here: region.Hash(p.Hash).String()}
}

// first finds the first of the ticks (from, to] whose state hash is another
// there; mine gives the hash here.
func (a *asker) first(ctx context.Context, from, to base.Tick, mine func(base.Tick) (region.Hash, bool)) (base.Tick, error) {
	for t := from + 1; t <= to; t += maxHashes {
		n := min(to-t+1, maxHashes)
		x, err := a.ask(ctx, question{Kind: kindHashes, Tick: t, Count: uint8(n)})
		if err != nil {
			return 0, err
		}
		for i, h := range x.Hashes {
			if here, ok := mine(t + base.Tick(i)); ok && here != h {
				return t + base.Tick(i), nil
			}
		}
	}
	return 0, nil
}
