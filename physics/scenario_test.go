package physics

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/scenario"
	"github.com/metatopia/metatopia/spatial"
)

// TestScenarios runs testdata/*.scene: a line is a command, the indented lines
// below it are the events of the steps and what show tells; # starts a
// comment. The world is 40 m wide, its ground at y = 0.
//
//	ball ID X Y Z RADIUS MASS [static|ghost]
//	box ID X Y Z HALFX HALFY HALFZ MASS [static|upright|ghost]
//	vel ID X Y Z | push ID X Y Z | drive ID X Z | jump ID | remove ID
//	step N | show
func TestScenarios(t *testing.T) {
	scenario.Run(t, "testdata/*.scene", *rewrite, playScene)
}

func playScene(t *testing.T, script string) string {
	t.Helper()
	w, err := New(Config{Min: spatial.Vec{X: -20, Z: -20}, Max: spatial.Vec{X: 20, Y: 20, Z: 20}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	var cmds []Command
	step := 0
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue // what happened the last time
		}
		out.WriteString(line + "\n")
		f := strings.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		switch f[0] {
		case "step":
			for range int(number(t, f, 1)) {
				step++
				events, err := w.Step(cmds, nil)
				cmds = nil
				if err != nil {
					fmt.Fprintf(&out, "  %d: %s\n", step, strings.ReplaceAll(err.Error(), "\n", "; "))
				}
				for _, e := range events {
					fmt.Fprintf(&out, "  %d: %s %d %d impulse %.3f\n", step, [...]string{"", "begin", "hit", "end", "broke", "enter", "leave", "out", "sleep", "wake"}[e.Kind], e.A, e.B, e.Impulse)
				}
			}
		case "show":
			w.Each(func(b Body) bool {
				fmt.Fprintf(&out, "  %d at %.3f %.3f %.3f vel %.3f %.3f %.3f\n", b.ID, b.Pos.X, b.Pos.Y, b.Pos.Z, b.Vel.X, b.Vel.Y, b.Vel.Z)
				return true
			})
			fmt.Fprintf(&out, "  hash %016x\n", w.Hash())
		default:
			cmds = append(cmds, sceneCommand(t, w, f))
		}
	}
	return out.String()
}

func sceneCommand(t *testing.T, w *World, f []string) Command {
	t.Helper()
	id := BodyID(number(t, f, 1))
	vec := func(i int) spatial.Vec {
		return spatial.Vec{X: number(t, f, i), Y: number(t, f, i+1), Z: number(t, f, i+2)}
	}
	b := Body{ID: id, Friction: 0.5, Restitution: 0.3}
	for _, word := range f {
		b.Flags |= map[string]Flags{"static": Static, "upright": Upright, "ghost": Ghost}[word]
	}
	switch f[0] {
	case "ball":
		b.Pos, b.Shape, b.Mass = vec(2), Shape{Kind: Sphere, Half: spatial.Vec{X: number(t, f, 5)}}, number(t, f, 6)
		return Command{Kind: CmdAdd, Body: b}
	case "box":
		b.Pos, b.Shape, b.Mass = vec(2), Shape{Kind: Box, Half: vec(5)}, number(t, f, 8)
		return Command{Kind: CmdAdd, Body: b}
	case "vel":
		now, _ := w.Body(id)
		now.Vel = vec(2)
		return Command{Kind: CmdSet, ID: id, Body: now}
	case "push":
		return Command{Kind: CmdImpulse, ID: id, Vec: vec(2)}
	case "drive":
		return Command{Kind: CmdDrive, ID: id, Vec: spatial.Vec{X: number(t, f, 2), Z: number(t, f, 3)}, F: 25}
	case "jump":
		return Command{Kind: CmdDrive, ID: id, Vec: spatial.Vec{Y: 4}, F: 25}
	case "remove":
		return Command{Kind: CmdRemove, ID: id}
	}
	t.Fatalf("unknown command %q", f[0])
	return Command{}
}

func number(t *testing.T, f []string, i int) float32 {
	t.Helper()
	if i >= len(f) {
		t.Fatalf("%v: too few words", f)
	}
	v, err := strconv.ParseFloat(f[i], 32)
	if err != nil {
		t.Fatalf("%v: %v", f, err)
	}
	return float32(v)
}
