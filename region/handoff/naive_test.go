package handoff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A second model of the protocol, written from sections 1 and 2 of
// docs/protocol/handoff.md and not from the code: no clocks, no floors, no
// reservations, no retries. Timers are choices that may be made at any moment,
// and the network keeps everything for ever. What the core can do to the
// owners of objects must be what this model can do, no less and no more.

type naiveMsg struct {
	kind     string
	from, to int
	n        int
	items    string // "object@epoch ..."
}

type naive struct {
	owns   [maxRegions][maxObjects]int // epoch; 0: not owned
	out    map[[3]int]string           // from, to, n: "offered items" or "released items"
	next   [maxRegions][maxRegions]int // number of the last transfer
	taken  map[[3]int]bool             // from, to, n
	known  [maxRegions][maxObjects]int // highest epoch
	net    map[naiveMsg]bool           // ever sent
	begins int
}

func (s *naive) copy() *naive {
	c := *s
	c.out, c.taken, c.net = maps.Clone(s.out), maps.Clone(s.taken), maps.Clone(s.net)
	return &c
}

// String names a state; fmt prints maps in the order of their keys only when
// the keys have one, as these have.
func (s *naive) String() string {
	var net []string
	for m := range s.net {
		net = append(net, fmt.Sprint(m))
	}
	slices.Sort(net)
	return fmt.Sprint(s.owns, s.out, s.next, s.taken, s.known, net, s.begins)
}

// places says where each object is: owned, or released to a region that has
// not taken it over.
func (s *naive) places(objects int) string {
	at := make([]string, objects)
	put := func(o int, text string) { at[o] += text }
	for r := range s.owns {
		for o, e := range s.owns[r] {
			if e != 0 {
				put(o, fmt.Sprintf("%d owns @%d;", r, e))
			}
		}
	}
	for k, what := range s.out {
		if items, ok := strings.CutPrefix(what, "released "); ok && !s.taken[k] {
			for _, oe := range parseNaive(items) {
				put(oe[0], fmt.Sprintf("to %d @%d;", k[1], oe[1]+1))
			}
		}
	}
	return strings.Join(at, "|")
}

func parseNaive(items string) (list [][2]int) {
	for f := range strings.FieldsSeq(items) {
		var o, e int
		fmt.Sscanf(f, "%d@%d", &o, &e)
		list = append(list, [2]int{o, e})
	}
	return list
}

// steps gives every state one step away.
func (s *naive) steps(regions, objects int, f func(*naive)) {
	for r := range regions {
		for group := 1; s.begins > 0 && group < 1<<objects; group++ {
			items, free := "", true
			for o := range objects {
				if group>>o&1 != 0 {
					free = free && s.owns[r][o] != 0 && !s.onOffer(r, o)
					items += fmt.Sprintf("%d@%d ", o, s.owns[r][o])
				}
			}
			for to := 0; free && to < regions; to++ {
				if to != r {
					n := s.copy()
					n.begins--
					n.next[r][to]++
					n.out[[3]int{r, to, n.next[r][to]}] = "offered " + items
					n.net[naiveMsg{"offer", r, to, n.next[r][to], items}] = true
					f(n)
				}
			}
		}
	}
	for k, what := range s.out { // withdrawn, or lapsed
		if strings.HasPrefix(what, "offered ") {
			n := s.copy()
			delete(n.out, k)
			f(n)
		}
	}
	for m := range s.net {
		n, k, back := s.copy(), [3]int{m.from, m.to, m.n}, [3]int{m.to, m.from, m.n}
		switch m.kind {
		case "offer":
			for _, oe := range parseNaive(m.items) {
				if s.known[m.to][oe[0]] > oe[1] || s.taken[k] {
					n = nil
					break
				}
			}
			if n != nil {
				n.net[naiveMsg{"prepared", m.to, m.from, m.n, m.items}] = true
			}
		case "prepared":
			if s.out[back] != "offered "+m.items {
				continue
			}
			n.out[back] = "released " + m.items
			for _, oe := range parseNaive(m.items) {
				n.owns[m.to][oe[0]] = 0
				n.known[m.to][oe[0]] = oe[1] + 1
			}
			n.net[naiveMsg{"release", m.to, m.from, m.n, m.items}] = true
		case "release":
			if !s.taken[k] {
				n.taken[k] = true
				for _, oe := range parseNaive(m.items) {
					n.owns[m.to][oe[0]] = oe[1] + 1
					n.known[m.to][oe[0]] = oe[1] + 1
				}
			}
			n.net[naiveMsg{"accepted", m.to, m.from, m.n, m.items}] = true
		case "accepted":
			if strings.HasPrefix(s.out[back], "released ") {
				delete(n.out, back)
			}
		}
		if n != nil {
			f(n)
		}
	}
}

func (s *naive) onOffer(r, o int) bool {
	for k, what := range s.out {
		if items, ok := strings.CutPrefix(what, "offered "); ok && k[0] == r && slices.ContainsFunc(parseNaive(items), func(oe [2]int) bool { return oe[0] == o }) {
			return true
		}
	}
	return false
}

// exploreNaive gives the places that the model can reach.
func exploreNaive(t *testing.T, e exploration) map[string]bool {
	first := &naive{out: map[[3]int]string{}, taken: map[[3]int]bool{}, net: map[naiveMsg]bool{}, begins: int(e.begins)}
	for o, r := range e.homes {
		first.owns[r][o], first.known[r][o] = 1, 1
	}
	seen, places := map[string]bool{first.String(): true}, map[string]bool{}
	for todo := []*naive{first}; len(todo) > 0; todo = todo[1:] {
		s := todo[0]
		at := s.places(e.objects)
		if places[at] = true; strings.Count(at, ";") != e.objects || strings.Contains("|"+at+"|", "||") {
			t.Fatalf("the model itself is wrong: %s", at)
		}
		s.steps(e.regions, e.objects, func(n *naive) {
			if k := n.String(); !seen[k] {
				seen[k] = true
				todo = append(todo, n)
			}
		})
	}
	t.Logf("the model has %d states and %d placements", len(seen), len(places))
	return places
}

// TestAgainstTheModel: core and model place objects in the same ways.
func TestAgainstTheModel(t *testing.T) {
	for name, e := range map[string]exploration{
		"two regions, one object":   {regions: 2, objects: 1, homes: []int{0}, begins: 3},
		"two regions, a group":      {regions: 2, objects: 2, homes: []int{0, 0}, begins: 2},
		"three regions, one object": {regions: 3, objects: 1, homes: []int{0}, begins: 2},
		"three regions, two":        {regions: 3, objects: 2, homes: []int{0, 1}, begins: 2},
	} {
		t.Run(name, func(t *testing.T) {
			want := exploreNaive(t, e)
			got := map[string]bool{}
			explore(t, e, func(x *explorer, s *xstate) {
				for i := range x.perms {
					at := x.placesUnder(s, &x.perms[i])
					// Other names, but the same homes: as the model begins.
					if x.sameHomes(&x.perms[i]) {
						got[at] = true
					}
				}
			})
			for at := range got {
				if !want[at] {
					t.Errorf("the core reaches %q, the model does not", at)
				}
			}
			for at := range want {
				if !got[at] {
					t.Errorf("the model reaches %q, the core does not", at)
				}
			}
		})
	}
}

// sameHomes: the permutation leaves the first state as it is.
func (x *explorer) sameHomes(p *relabel) bool {
	for o, r := range x.homes {
		if x.homes[p.object[o]] != p.region[r] {
			return false
		}
	}
	return true
}

// placesUnder is naive.places of a state of the core, under other names.
func (x *explorer) placesUnder(s *xstate, p *relabel) string {
	at := make([]string, x.objects)
	for o, place := range x.owners(s) {
		if o >= x.objects {
			break
		}
		r := int(place.region)
		if e := x.cores[s.live[r]].owned[o]; e == place.epoch {
			at[p.object[o]] = fmt.Sprintf("%d owns @%d;", p.region[r], e)
		} else {
			at[p.object[o]] = fmt.Sprintf("to %d @%d;", p.region[r], place.epoch)
		}
	}
	return strings.Join(at, "|")
}
