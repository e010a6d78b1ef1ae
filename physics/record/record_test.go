package record

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

func v(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }

// play records a tower that is built, pushed and taken from. tamper, where it
// is not nil, changes what the world is told in a step but not the recording.
func play(t testing.TB, steps, every int, first uint64, tamper func(step int, cmds []physics.Command) []physics.Command) []byte {
	t.Helper()
	w, err := physics.New(physics.Config{Min: v(-50, 0, -50), Max: v(50, 50, 50)})
	if err != nil {
		t.Fatal(err)
	}
	var rec *Recorder
	var file []byte
	for i := range steps {
		if uint64(i) == first {
			var b []byte
			if rec, b, err = Start(w, Options{Label: "hearth", First: first, Every: every}); err != nil {
				t.Fatal(err)
			}
			file = append(file, b...)
		}
		cmds := commands(i)
		told := cmds
		if tamper != nil {
			told = tamper(i, cmds)
		}
		_, _ = w.Step(told, nil)
		if rec != nil {
			b, err := rec.Step(cmds, w)
			if err != nil {
				t.Fatal(err)
			}
			file = append(file, b...)
		}
	}
	return file
}

func commands(i int) (cmds []physics.Command) {
	switch {
	case i == 0:
		for k := range 8 {
			cmds = append(cmds, physics.Command{Kind: physics.CmdAdd, Body: physics.Body{ID: physics.BodyID(k + 1),
				Shape: physics.Shape{Kind: physics.Box, Half: v(0.5, 0.5, 0.5)}, Pos: v(0, 0.5+float32(k), 0), Mass: 2, Friction: 0.5}})
		}
	case i%9 == 4:
		cmds = append(cmds, physics.Command{Kind: physics.CmdImpulse, ID: physics.BodyID(1 + i%8), Vec: v(3, 0, 1)})
	case i == 30:
		cmds = append(cmds, physics.Command{Kind: physics.CmdRemove, ID: 2},
			physics.Command{Kind: physics.CmdImpulse, ID: 999, Vec: v(float32(math.NaN()), 0, 0)}) // refused, and an input all the same
	}
	return cmds
}

// nudge pushes body 5 a little in one step, behind the recorder's back.
func nudge(step int) func(int, []physics.Command) []physics.Command {
	return func(i int, cmds []physics.Command) []physics.Command {
		if i != step {
			return cmds
		}
		return append(cmds[:len(cmds):len(cmds)], physics.Command{Kind: physics.CmdImpulse, ID: 5, Vec: v(1e-4, 0, 0)})
	}
}

func parse(t testing.TB, b []byte) *Recording {
	t.Helper()
	r, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReplay(t *testing.T) {
	r := parse(t, play(t, 60, 7, 0, nil))
	if r.Label != "hearth" || r.Len() != 60 || r.States() != 8 || r.Cut {
		t.Errorf("%q, %d steps, %d states, cut %v", r.Label, r.Len(), r.States(), r.Cut)
	}
	if d, n, err := Replay(r); d != nil || n != 60 || err != nil {
		t.Fatalf("%+v after %d steps: %v", d, n, err)
	}
	r = parse(t, play(t, 90, 0, 40, nil)) // from the middle, with one state
	if d, n, err := Replay(r); d != nil || n != 50 || err != nil {
		t.Fatalf("from step 40: %+v after %d steps: %v", d, n, err)
	}
}

// TestReplayDamaged: a state in the file that is not the one of its hash is
// damage to the file and not the same.
func TestReplayDamaged(t *testing.T) {
	r, err := Parse(play(t, 20, 5, 0, nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.steps {
		if s := r.steps[i].state; s != nil {
			s[len(s)/2] ^= 4
			if _, _, err := Replay(r); !errors.Is(err, ErrFormat) {
				t.Errorf("state after step %d: %v", i+1, err)
			}
			s[len(s)/2] ^= 4
		}
	}
	if d, same, err := Replay(r); d != nil || same != 20 || err != nil {
		t.Errorf("whole again: %v, %d steps, %v", d, same, err)
	}
}

// TestReplayNames: the step, the body and the field are named, at once when
// every state is recorded.
func TestReplayNames(t *testing.T) {
	for _, every := range []int{1, 10, 0} {
		d, _, err := Replay(parse(t, play(t, 60, every, 0, nudge(36))))
		if err != nil || d == nil || d.Step != 37 || d.What != "state" {
			t.Fatalf("every %d: %+v, %v", every, d, err)
		}
		switch every {
		case 1:
			if d.At != 37 || d.Where == nil || d.Where.Of != "body" || d.Where.Field != "position" {
				t.Errorf("every %d: %+v", every, d)
			}
		case 10:
			if d.At != 40 || d.Where == nil {
				t.Errorf("every %d: %+v", every, d)
			}
		default:
			if d.Where != nil {
				t.Errorf("without states: %v", d.Where)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	good := parse(t, play(t, 60, 0, 0, nil))
	for _, c := range []struct {
		name  string
		other []byte
		step  uint64
		what  string
		here  string
		where bool
	}{
		{"the same", play(t, 60, 5, 0, nil), 0, "", "", false},
		{"a part", play(t, 50, 5, 20, nil), 0, "", "", false},
		{"another state", play(t, 60, 1, 0, nudge(36)), 37, "state", "this", true},
		{"another state, seen later", play(t, 60, 10, 0, nudge(36)), 37, "state", "this", true},
		{"another state, never seen", play(t, 60, 0, 0, nudge(36)), 37, "state", "this", false},
		{"another start", play(t, 60, 0, 40, nudge(36)), 40, "start", "", true},
	} {
		o := parse(t, c.other)
		d, n, err := Compare(good, o)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if c.what == "" {
			if d != nil || n != o.Len() {
				t.Errorf("%s: %+v after %d steps", c.name, d, n)
			}
			continue
		}
		if d == nil || d.Step != c.step || d.What != c.what || d.Here != c.here || (d.Where != nil) != c.where || d.Command != -1 {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

// TestCompareCommands: two replicas that were told different things.
func TestCompareCommands(t *testing.T) {
	a, b := parse(t, play(t, 40, 1, 0, nil)), parse(t, play(t, 40, 1, 0, nil))
	cmds, hash := a.Step(13)
	cmds[0].Vec.X = 4
	var e base.Encoder
	appendCommand(&e, &cmds[0])
	b.steps[13].commands, b.steps[13].hash = e.B, hash+1
	d, _, err := Compare(a, b)
	if err != nil || d == nil || d.Step != 14 || d.What != "commands" || d.Command != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

// TestWholeCommand: every field of a command and of its body comes back. It
// fails when one is added to physics and not to the format.
func TestWholeCommand(t *testing.T) {
	for _, k := range []physics.CommandKind{physics.CmdAdd, physics.CmdJoint, physics.CmdGeometry, physics.CmdVehicle, physics.CmdField} {
		var c physics.Command
		n := 0
		fill(reflect.ValueOf(&c).Elem(), &n)
		c.Kind = k
		if k != physics.CmdAdd {
			c.Body = physics.Body{}
		}
		if k != physics.CmdJoint {
			c.Joint = nil
		}
		if k != physics.CmdField {
			c.Field = nil
		}
		if k != physics.CmdGeometry {
			c.Geometry = nil
		}
		if k != physics.CmdVehicle {
			c.Vehicle = nil
		}
		var e base.Encoder
		appendCommand(&e, &c)
		d := base.NewDecoder(e.B)
		got := readCommand(d)
		if err := d.Done(); err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%+v\nbecame %+v: %v", c, got, err)
		}
	}
}

// fill gives every field another value that is not zero.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Pointer:
		if v.Type() == reflect.TypeFor[*shape.Geometry]() {
			g, _, _ := shape.NewHull([]det.Vec{{}, {X: 1}, {Y: 1}, {Z: 1}})
			v.Set(reflect.ValueOf(g))
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.Float32:
		v.SetFloat(float64(*n) + 0.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	default:
		v.SetUint(uint64(*n))
	}
}

// TestCut: what a writer that crashed left behind is good as far as it goes.
func TestCut(t *testing.T) {
	b := play(t, 20, 0, 0, nil)
	r := parse(t, b[:len(b)-3])
	if !r.Cut || r.Len() != 19 {
		t.Errorf("cut %v, %d steps", r.Cut, r.Len())
	}
	if d, _, err := Replay(r); d != nil || err != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestParseRefuses(t *testing.T) {
	good := play(t, 4, 1, 0, nil)
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"no start":       good[:6],
		"another format": append([]byte("MTREK"), good[5:]...),
		"a version":      append([]byte("MTREC\x02"), good[6:]...),
		"two starts":     append(bytes.Clone(good), good[6:]...),
		"a kind":         append(bytes.Clone(good), 9, 0, 0, 0, 0),
		"trailing bytes": append(bytes.Clone(good), 2, 13, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
		"two states":     append(append(bytes.Clone(good), 3, 4, 0, 0, 0, 0, 0, 0, 0), 3, 4, 0, 0, 0, 0, 0, 0, 0),
	} {
		if _, err := Parse(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Start(nil, Options{Label: strings.Repeat("x", MaxLabel+1)}); err == nil {
		t.Error("a long label is taken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(play(f, 3, 1, 0, nil))
	f.Add(play(f, 8, 0, 5, nil))
	f.Add([]byte("MTREC\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		if r.Len() > 64 {
			return // enough steps to run
		}
		_, _, _ = Replay(r)
		_, _, _ = Compare(r, r)
	})
}
