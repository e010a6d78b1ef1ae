package physics

import (
	"cmp"
	"errors"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestInsertionOrder: bodies are kept by id, so the order of adding them is
// nothing, and neither is that of commands on different bodies.
func TestInsertionOrder(t *testing.T) {
	s := mixScene(5, 40, 120)
	want := s.play(t, nil).Hash()
	for seed := range uint64(4) {
		r := base.NewRand(seed, 2)
		mixed := scene{s.name, s.cfg, s.steps, map[int][]Command{}}
		for i, cmds := range s.at {
			// Commands on one body keep their order; which body goes first is
			// drawn.
			rank := map[BodyID]uint32{}
			for _, c := range cmds {
				rank[max(c.ID, c.Body.ID)] = r.Uint32()
			}
			c := slices.Clone(cmds)
			slices.SortStableFunc(c, func(a, b Command) int {
				return cmp.Compare(rank[max(a.ID, a.Body.ID)], rank[max(b.ID, b.Body.ID)])
			})
			mixed.at[i] = c
		}
		if got := mixed.play(t, nil).Hash(); got != want {
			t.Errorf("order %d: hash %016x, want %016x", seed, got, want)
		}
	}
}

// TestHistoryIsNothing: a world that held and lost other bodies goes on like
// one that never did.
func TestHistoryIsNothing(t *testing.T) {
	a, _ := New(Config{})
	b, _ := New(Config{})
	var first, gone []Command
	for i := range 30 {
		first = append(first, add(crate(BodyID(100+i), 50, 40, float32(i)*3)))
		gone = append(gone, Command{Kind: CmdRemove, ID: BodyID(100 + i)})
	}
	a.Step(first, nil)
	a.Step(gone, nil)
	s := stackScene()
	for i := range 200 {
		a.Step(s.at[i], nil)
		b.Step(s.at[i], nil)
		if a.Hash() != b.Hash() {
			t.Fatalf("differs after step %d", i)
		}
	}
}

// TestEventOrder: events come sorted by (A, B, Kind), after those given.
func TestEventOrder(t *testing.T) {
	given := Event{Kind: EvHit, A: 1 << 60}
	s := mixScene(5, 40, 120)
	w, _ := New(s.cfg)
	total := 0
	for i := range s.steps {
		ev, _ := w.Step(s.at[i], []Event{given})
		if ev[0] != given {
			t.Fatal("given events are not kept first")
		}
		if !slices.IsSortedFunc(ev[1:], compareEvents) {
			t.Fatalf("step %d: not sorted: %v", i, ev[1:])
		}
		total += len(ev) - 1
	}
	if total < 50 {
		t.Fatalf("only %d events: the scene proves nothing", total)
	}
}

// TestRefusedCommands: each is reported with its index, changes nothing, and
// stops no other.
func TestRefusedCommands(t *testing.T) {
	nan := float32(0)
	nan /= nan
	with := func(f func(*Body)) Command {
		b := crate(50, 3, 3, 3)
		f(&b)
		return add(b)
	}
	for _, tt := range []struct {
		name string
		cmd  Command
		want error
	}{
		{"no kind", Command{ID: 1}, ErrKind},
		{"zero id", with(func(b *Body) { b.ID = 0 }), ErrID},
		{"taken id", with(func(b *Body) { b.ID = 1 }), ErrID},
		{"two ids", Command{Kind: CmdAdd, ID: 9, Body: crate(8, 0, 5, 0)}, ErrID},
		{"unknown id", Command{Kind: CmdRemove, ID: 77}, ErrID},
		{"flags", with(func(b *Body) { b.Flags = 0x80 }), ErrKind},
		{"shape", with(func(b *Body) { b.Shape.Kind = 9 }), ErrKind},
		{"small", with(func(b *Body) { b.Shape.Half.Y = 0.001 }), ErrValue},
		{"nan size", with(func(b *Body) { b.Shape.Half.Y = nan }), ErrValue},
		{"light", with(func(b *Body) { b.Mass = 0 }), ErrValue},
		{"nan mass", with(func(b *Body) { b.Mass = nan }), ErrValue},
		{"outside", with(func(b *Body) { b.Pos.Y = -0.1 }), ErrValue},
		{"nan place", with(func(b *Body) { b.Pos.X = nan }), ErrValue},
		{"too fast", with(func(b *Body) { b.Vel.X = 101 }), ErrValue},
		{"nan speed", with(func(b *Body) { b.Vel.Z = nan }), ErrValue},
		{"too much spin", with(func(b *Body) { b.Spin.X = 101 }), ErrValue},
		{"no rotation", with(func(b *Body) { b.Rot.X = 1e-3 }), ErrValue},
		{"nan rotation", with(func(b *Body) { b.Rot.W = nan }), ErrValue},
		{"friction", with(func(b *Body) { b.Friction = -1 }), ErrValue},
		{"bounce", with(func(b *Body) { b.Restitution = 1.5 }), ErrValue},
		{"set nan", Command{Kind: CmdSet, ID: 1, Body: Body{Pos: v(nan, 1, 1)}}, ErrValue},
		{"nan impulse", Command{Kind: CmdImpulse, ID: 1, Vec: v(0, nan, 0)}, ErrValue},
		{"huge impulse", Command{Kind: CmdImpulse, ID: 1, Vec: v(0, 2e7, 0)}, ErrValue},
		{"impulse on static", Command{Kind: CmdImpulse, ID: 2, Vec: v(0, 1, 0)}, ErrStatic},
		{"drive static", drive(2, v(1, 0, 0), 1), ErrStatic},
		{"drive a crate", drive(1, v(1, 0, 0), 1), ErrUpright},
		{"drive nan", drive(3, v(nan, 0, 0), 1), ErrValue},
		{"drive too hard", drive(3, v(1, 0, 0), 1e9), ErrValue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			two := func(extra ...Command) (*World, error) {
				w, _ := New(Config{})
				fixed := crate(2, 10, 1, 10)
				fixed.Flags = Static
				w.Step([]Command{add(crate(1, 0, 2, 0)), add(fixed), add(avatar(3, 5, 5))}, nil)
				_, err := w.Step(append(extra, Command{Kind: CmdImpulse, ID: 1, Vec: v(1, 0, 0)}), nil)
				return w, err
			}
			w, err := two(tt.cmd)
			same, none := two()
			var ce *CommandError
			if !errors.Is(err, tt.want) || !errors.As(err, &ce) || ce.Index != 0 {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if none != nil || w.Hash() != same.Hash() {
				t.Errorf("a refused command left a trace")
			}
		})
	}
	t.Run("full", func(t *testing.T) {
		w, _ := New(Config{MaxBodies: 1})
		if _, err := w.Step([]Command{add(crate(1, 0, 1, 0)), add(crate(2, 3, 1, 0))}, nil); !errors.Is(err, ErrFull) || w.Len() != 1 {
			t.Error(err, w.Len())
		}
	})
}
