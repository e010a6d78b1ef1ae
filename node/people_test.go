package node

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// watched collects what a Watch stream tells.
type watched struct {
	mu     sync.Mutex
	things map[string]control.Entity
	chat   []string
	in     []string
	jumps  []string // things that vanished, or moved farther in one frame than anything walks
}

func watch(t *testing.T, n *Node) *watched {
	t.Helper()
	s := &watched{things: map[string]control.Entity{}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = n.Backend().Watch(ctx, &control.WatchRequest{}, func(f *control.Frame) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if f.Full {
				clear(s.things)
			}
			for _, e := range f.Upsert {
				s.step(s.things[e.ID], e.Pos)
				s.things[e.ID] = e
			}
			for _, p := range f.Poses {
				e := s.things[p.ID]
				pos := control.Point{X: p.Pos[0], Y: p.Pos[1], Z: p.Pos[2]}
				s.step(e, pos)
				e.Pos = pos
				s.things[p.ID] = e
			}
			for _, id := range f.Gone {
				s.jumps = append(s.jumps, s.things[id].Name+" vanished")
				delete(s.things, id)
			}
			for _, c := range f.Chat {
				s.chat = append(s.chat, c.From+": "+c.Text)
			}
			if f.In != "" {
				s.in = append(s.in, f.In)
			}
			return nil
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// step notes a leap of more than two metres between two frames: ten times
// what a walker does in the 50 ms between them, so a busy machine passes.
func (s *watched) step(was control.Entity, to control.Point) {
	if was.ID != "" && math.Hypot(to.X-was.Pos.X, to.Z-was.Pos.Z) > 2 {
		s.jumps = append(s.jumps, fmt.Sprintf("%s leapt from %v to %v", was.Name, was.Pos, to))
	}
}

func (s *watched) named(name string) (control.Entity, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.things {
		if e.Name == name {
			return e, true
		}
	}
	return control.Entity{}, false
}

func (s *watched) heard(line string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.chat, line)
}

// The main loop of the whole program with four real nodes: two owners, two
// people who see, hear and cross.
func TestPeopleMeetTalkAndCross(t *testing.T) {
	one := startNode(t, Config{Name: "OwnerOne"})
	w := must(one.Backend().WorldCreate(t.Context(), &control.WorldCreateRequest{
		Name: "Small", Spacing: 16, Size: control.Point{X: 64, Y: 16, Z: 64},
	}))(t)
	must(one.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	two := startNode(t, Config{Name: "OwnerTwo", Join: w.Link})
	must(two.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Two", At: control.Point{X: 16}}))(t)
	ada := startNode(t, Config{Name: "Ada", Join: w.Link})
	bob := startNode(t, Config{Name: "Bob", Join: w.Link})
	sa, sb := watch(t, ada), watch(t, bob)
	waitFor(t, "both to see each other", func() bool {
		_, x := sa.named("Bob")
		_, y := sb.named("Ada")
		return x && y
	})
	r := must(ada.Backend().Say(t.Context(), &control.SayRequest{Text: "hello Bob"}))(t)
	if r.Region != "One" || r.Tick == 0 {
		t.Fatalf("%+v", r)
	}
	waitFor(t, "Bob to hear", func() bool { return sb.heard("Ada: hello Bob") && sa.heard("Ada: hello Bob") })
	if n := bob.count.snapshot()[countMessages]; n != 1 {
		t.Fatalf("Bob counts %d messages", n)
	}

	must(ada.Backend().Walk(t.Context(), &control.WalkRequest{To: &control.Point{X: 12}}))(t)
	waitFor(t, "Ada to cross", func() bool {
		st := must(ada.Backend().Status(t.Context()))(t)
		return st.InRegion == "Two" && st.Avatar != nil && st.Avatar.Pos.X > 11
	})
	if n := two.count.snapshot()[countCrossings]; n != 1 {
		t.Fatalf("%d crossings counted", n)
	}
	waitFor(t, "Bob to see Ada over there", func() bool {
		e, ok := sb.named("Ada")
		return ok && e.Pos.X > 11
	})
	// What she says there is durable in the other region, and her numbering
	// went with her.
	if r := must(ada.Backend().Say(t.Context(), &control.SayRequest{Text: "made it"}))(t); r.Region != "Two" {
		t.Fatalf("%+v", r)
	}
	must(ada.Backend().Walk(t.Context(), &control.WalkRequest{Region: "One"}))(t)
	waitFor(t, "Ada to come back", func() bool {
		return must(ada.Backend().Status(t.Context()))(t).InRegion == "One"
	})
	for _, s := range []*watched{sa, sb} {
		s.mu.Lock()
		if len(s.jumps) > 0 {
			t.Errorf("the crossings were seen: %q", s.jumps)
		}
		s.mu.Unlock()
	}
	for _, n := range []*Node{one, two, ada, bob} {
		if e := n.count.snapshot()[countErrors]; e != 0 {
			t.Errorf("%s logged %d errors", n.cfg.Name, e)
		}
	}
}
