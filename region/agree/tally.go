package agree

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// tally is the votes for one tick.
type tally struct {
	tick    base.Tick
	votes   []SignedVote // sorted by server
	known   bool         // members are those of the tick: it was applied here
	members Members
	applied bool // mine holds
	mine    Content
	void    []base.Key // signed two votes for this tick, sorted
	done    uint8
	cert    *Certificate // of a certified one
}

const (
	open uint8 = iota
	certified
	split
)

func (t *tally) vote(k base.Key) (int, bool) {
	return slices.BinarySearchFunc(t.votes, k, func(v SignedVote, k base.Key) int { return v.Server.Compare(k) })
}

// count gives the content with the most voters, how many that are, how many
// voters may still vote, and how many contents there are.
func (t *tally) count(guilty func(base.Key) bool) (best Content, most, missing, kinds int) {
	type group struct {
		c Content
		n int
	}
	var groups []group
	for _, k := range t.members.Voters {
		if has(t.void, k) || guilty(k) {
			continue
		}
		i, ok := t.vote(k)
		if !ok {
			missing++
			continue
		}
		c := t.votes[i].Content
		j := slices.IndexFunc(groups, func(g group) bool { return g.c == c })
		if j < 0 {
			groups, j = append(groups, group{c: c}), len(groups)
		}
		groups[j].n++
		if groups[j].n > most {
			best, most = c, groups[j].n
		}
	}
	return best, most, missing, len(groups)
}

// certificate is signed by all voters of a content that are counted.
func (t *tally) certificate(c Content, guilty func(base.Key) bool) *Certificate {
	var out *Certificate
	for i := range t.votes {
		v := &t.votes[i]
		if v.Content != c || !t.members.voter(v.Server) || has(t.void, v.Server) || guilty(v.Server) {
			continue
		}
		if out == nil {
			out = &Certificate{Vote: v.Vote}
		}
		out.Signed = append(out.Signed, succession.Signed{Server: v.Server, Sig: v.Sig})
	}
	return out
}
