package physics

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

// TestRefusedJoints: each is reported with its id, changes nothing, and the
// rest of the step goes on.
func TestRefusedJoints(t *testing.T) {
	a, b, c := crate(1, 0, 5, 0), crate(2, 2, 5, 0), crate(3, 4, 5, 0)
	c.Flags = Static
	ok := hang(1, HingeJoint, a, b, v(1, 5, 0), v(0, 1, 0))
	w := world(t, Config{}, []Body{a, b, c}, ok)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		name   string
		change func(*Joint)
		want   error
	}{
		{"no id", func(j *Joint) { j.ID = 0 }, ErrJoint},
		{"taken", func(j *Joint) { j.ID = 1 }, ErrJoint},
		{"no kind", func(j *Joint) { j.Kind = 0 }, ErrKind},
		{"kind", func(j *Joint) { j.Kind = MotorJoint + 1 }, ErrKind},
		{"flags", func(j *Joint) { j.Flags = 0x80 }, ErrKind},
		{"itself", func(j *Joint) { j.B = j.A }, ErrJoint},
		{"nobody", func(j *Joint) { j.A, j.B = Ground, Ground }, ErrJoint},
		{"unknown", func(j *Joint) { j.B = 9 }, ErrID},
		{"both static", func(j *Joint) { j.A, j.B = Ground, 3 }, ErrStatic},
		{"place", func(j *Joint) { j.FrameA.Pos.X = nan }, ErrValue},
		{"far place", func(j *Joint) { j.FrameB.Pos.X = 2 * MaxExtent }, ErrValue},
		{"turn", func(j *Joint) { j.FrameB.Rot.X = inf }, ErrValue},
		{"limits", func(j *Joint) { j.Flags, j.Low, j.High = JointLimit, 1, -1 }, ErrValue},
		{"limits nan", func(j *Joint) { j.Flags, j.Low = JointLimit, nan }, ErrValue},
		{"limits wide", func(j *Joint) { j.Flags, j.High = JointLimit, 4 }, ErrValue},
		{"negative rope", func(j *Joint) { j.Kind, j.Flags, j.Low = DistanceJoint, JointLimit, -1 }, ErrValue},
		{"cone", func(j *Joint) { j.Kind, j.Flags, j.Cone = BallJoint, JointCone, -1 }, ErrValue},
		{"hertz", func(j *Joint) { j.Spring.Hertz = inf }, ErrValue},
		{"damping", func(j *Joint) { j.Spring = Spring{1, -1, 0} }, ErrValue},
		{"target", func(j *Joint) { j.Spring = Spring{1, 1, nan} }, ErrValue},
		{"torque", func(j *Joint) { j.Motor.MaxTorque = -1 }, ErrValue},
		{"speed", func(j *Joint) { j.Motor = Motor{MaxTorque: 1, Speed: 1e9} }, ErrValue},
		{"spin", func(j *Joint) { j.Kind, j.Motor = BallJoint, Motor{MaxTorque: 1, Angular: v(nan, 0, 0)} }, ErrValue},
		{"break", func(j *Joint) { j.BreakForce = nan }, ErrValue},
	} {
		j := ok
		j.ID = 7
		tt.change(&j)
		before := w.AppendSnapshot(nil)
		err := w.apply([]Command{joined(j)})
		var ce *CommandError
		if !errors.Is(err, tt.want) || !errors.As(err, &ce) || ce.Joint != j.ID {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if !bytes.Equal(before, w.AppendSnapshot(nil)) {
			t.Errorf("%s: changed the world", tt.name)
		}
	}
	for _, c := range []Command{{Kind: CmdJoint}, {Kind: CmdMotor}, {Kind: CmdUnjoint}} {
		if err := w.apply([]Command{c}); !errors.Is(err, ErrValue) {
			t.Errorf("without a joint: %v", err)
		}
	}
	for _, c := range []Command{{Kind: CmdMotor, Joint: &Joint{ID: 5}}, {Kind: CmdUnjoint, Joint: &Joint{ID: 5}}} {
		if err := w.apply([]Command{c}); !errors.Is(err, ErrJoint) {
			t.Errorf("unknown joint: %v", err)
		}
	}
}

// TestJointsAreBounded: a world holds MaxJoints for each body it may hold.
func TestJointsAreBounded(t *testing.T) {
	w := world(t, Config{MaxBodies: 2}, []Body{crate(1, 0, 5, 0), crate(2, 2, 5, 0)})
	for i := range 2 * MaxJoints {
		if err := w.apply([]Command{joined(Joint{ID: JointID(i + 1), Kind: FixedJoint, A: 2, B: 1})}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.apply([]Command{joined(Joint{ID: 99, Kind: FixedJoint, A: 2, B: 1})}); !errors.Is(err, ErrFull) {
		t.Errorf("%v", err)
	}
}

// TestJointsGoWithBodies and leave nothing behind; what hung there wakes.
func TestJointsGoWithBodies(t *testing.T) {
	w := chain(t, 5, 5)
	steps(t, w, 300)
	if !w.Resting(6) {
		t.Fatal("the chain does not rest")
	}
	w.Step([]Command{{Kind: CmdRemove, ID: 3}}, nil)
	if w.Joints() != 4 || len(w.named) != 4 {
		t.Errorf("%d joints left", w.Joints())
	}
	w.EachJoint(func(j Joint) bool {
		if j.A == 3 || j.B == 3 {
			t.Errorf("joint %d still holds body 3", j.ID)
		}
		return true
	})
	steps(t, w, 60)
	if b, _ := w.Body(6); b.Pos.Y > 35 {
		t.Errorf("the weight hangs in the air at %v", b.Pos)
	}
}

// TestJointOrder: joints come in (A, B, ID) order however they were added.
func TestJointOrder(t *testing.T) {
	a, b := []Body{}, []Joint{}
	for i := range 6 {
		a = append(a, crate(BodyID(i+1), float32(2*i), 5, 0))
	}
	for i := range 15 {
		b = append(b, Joint{ID: JointID(1 + (i*7)%15), Kind: BallJoint, A: BodyID(1 + i%6), B: BodyID(1 + (i+1+i%3)%6)})
	}
	one := world(t, Config{}, a, b...)
	slices.Reverse(b)
	two := world(t, Config{}, a, b...)
	if one.Hash() != two.Hash() {
		t.Error("the order of adding shows")
	}
	if !slices.IsSortedFunc(one.links, func(x, y link) int { return x.name().compare(y.name()) }) {
		t.Error("not in order")
	}
	for i := range 20 {
		_, ok := one.Joint(JointID(i))
		if ok != (i >= 1 && i <= 15) {
			t.Errorf("joint %d: %v", i, ok)
		}
	}
}

// TestJointCollide: joined bodies pass through each other unless the flag says
// otherwise.
func TestJointCollide(t *testing.T) {
	for _, flag := range []JointFlags{0, JointCollide} {
		a, b := ball(1, 0.5, 0, 5, 0), ball(2, 0.5, 2, 5, 0)
		b.Vel.X = -2
		j := Joint{ID: 1, Kind: DistanceJoint, Flags: JointLimit | flag, A: 2, B: 1, High: 10}
		w := world(t, Config{Gravity: Weightless}, []Body{a, b}, j)
		touched := false
		for range 120 {
			ev, _ := w.Step(nil, nil)
			touched = touched || len(ev) > 0
		}
		if touched != (flag != 0) {
			t.Errorf("flag %d: touched %v", flag, touched)
		}
	}
}

// TestJoinedSleepTogether: what hangs on a joint sleeps as one and wakes as
// one, however far apart, and the ground joins nobody.
func TestJoinedSleepTogether(t *testing.T) {
	a, b, other := crate(1, 0, 0.5, 0), crate(2, 30, 0.5, 0), crate(3, -20, 0.5, 0)
	rope := Joint{ID: 1, Kind: DistanceJoint, Flags: JointLimit, A: 1, B: 2, High: 60}
	tie := hang(2, DistanceJoint, Body{}, other, v(-20, 0, 0), v(0, 1, 0))
	tie.Flags, tie.High = JointLimit, 5
	tie2 := hang(3, DistanceJoint, Body{}, a, v(-20, 0, 0), v(0, 1, 0))
	tie2.Flags, tie2.High = JointLimit, 50
	w := world(t, Config{}, []Body{a, b, other}, rope, tie, tie2)
	steps(t, w, 20)
	for range 60 {
		w.Step([]Command{{Kind: CmdImpulse, ID: 2, Vec: v(0, 0.2, 0)}}, nil)
	}
	if w.Resting(1) || w.Resting(2) || !w.Resting(3) {
		t.Errorf("resting: %v %v, alone %v", w.Resting(1), w.Resting(2), w.Resting(3))
	}
	steps(t, w, 120)
	if !w.Resting(1) || !w.Resting(2) {
		t.Fatal("do not rest")
	}
	w.Step([]Command{{Kind: CmdImpulse, ID: 1, Vec: v(0, 0.2, 0)}}, nil)
	if w.Resting(1) || w.Resting(2) || !w.Resting(3) {
		t.Errorf("after a push resting: %v %v, alone %v", w.Resting(1), w.Resting(2), w.Resting(3))
	}
	steps(t, w, 120)
	w.Step([]Command{{Kind: CmdUnjoint, Joint: &Joint{ID: 1}}}, nil)
	if w.Resting(1) || w.Resting(2) {
		t.Error("sleep through their joint's end")
	}
}

// TestJoinedToPlatform: what hangs on a kinematic body goes with it, and wakes
// when it sets out.
func TestJoinedToPlatform(t *testing.T) {
	crane := Body{ID: 1, Shape: boxShape(0.5, 0.1, 0.5), Flags: Kinematic, Pos: v(0, 6, 0)}
	load := crate(2, 0, 4, 0)
	w := world(t, Config{}, []Body{crane, load}, hang(1, BallJoint, crane, load, v(0, 6, 0), v(0, 1, 0)))
	steps(t, w, 120)
	if !w.Resting(2) {
		t.Fatal("the load does not rest")
	}
	crane.Vel = v(1, 0.5, 0)
	steps(t, w, 240, Command{Kind: CmdSet, ID: 1, Body: crane})
	a, b := at(t, w, 1), at(t, w, 2)
	if a.Pos.Sub(v(4, 8, 0)).Len() > 0.02 || det.Abs(b.Pos.X-a.Pos.X) > 1 || state(t, w, 1).Gap > 0.002 {
		t.Errorf("crane at %v, load at %v", a.Pos, b.Pos)
	}
	if err := w.apply([]Command{joined(hang(2, FixedJoint, Body{}, a, v(0, 0, 0), v(1, 0, 0)))}); !errors.Is(err, ErrStatic) {
		t.Errorf("ground and platform joined: %v", err)
	}
}

// TestJointsWaitForWhatIsOut: what left an open world pulls at nobody, and is
// still joined when it is set back.
func TestJointsWaitForWhatIsOut(t *testing.T) {
	a, b := bob(1, 0, 5, 0), bob(2, 9.5, 5, 0)
	b.Vel = v(40, 0, 0)
	rope := Joint{ID: 1, Kind: DistanceJoint, Flags: JointLimit, A: 1, B: 2, High: 9.8}
	w := world(t, Config{Open: true, Gravity: Weightless, Min: v(-10, 0, -10), Max: v(10, 10, 10)}, []Body{a, b}, rope)
	for range 60 {
		w.Step(nil, nil)
	}
	if at(t, w, 2).Flags&Out == 0 {
		t.Fatalf("not out: %v", at(t, w, 2))
	}
	x := at(t, w, 1)
	if x.Vel.Len() > 45 {
		t.Errorf("pulled at: %v", x.Vel)
	}
	x.Pos, x.Vel = v(0, 5, 0), v(-1, 0, 0)
	b.Pos, b.Vel = v(9.5, 5, 0), v(0, 0, 0)
	steps(t, w, 120, Command{Kind: CmdSet, ID: 1, Body: x}, Command{Kind: CmdSet, ID: 2, Body: b})
	if now := at(t, w, 2); now.Vel.X > -0.4 {
		t.Errorf("not pulled: %v", now.Vel)
	}
}

// TestJointsSurviveRandomScenes: whatever hangs on whatever, the state stays one
// that Restore takes.
func TestJointsSurviveRandomScenes(t *testing.T) {
	broken, joints := 0, 0
	for seed := range uint64(40) {
		s := jointMix(seed, 30, 120)
		s.play(t, func(step int, w *World, ev []Event) {
			for _, e := range ev {
				switch e.Kind {
				case EvBroke:
					broken++
				case EvOut:
					t.Fatalf("seed %d step %d: the state of body %d was not finite", seed, step, e.A)
				}
			}
			joints = max(joints, w.Joints())
			if step%20 == 19 {
				r, err := Restore(w.cfg, w.AppendSnapshot(nil))
				if err != nil || r.Hash() != w.Hash() {
					t.Fatalf("seed %d step %d: %v", seed, step, err)
				}
			}
		})
	}
	if broken < 20 || joints < 10 {
		t.Errorf("%d breaks, %d joints at most: the scenes prove little", broken, joints)
	}
}

// TestJointsAllocateNothing once the world has seen its most.
func TestJointsAllocateNothing(t *testing.T) {
	s := jointScene()
	s.steps = 60
	w := s.play(t, nil)
	ev := make([]Event, 0, 1024)
	if n := testing.AllocsPerRun(20, func() {
		for i := range w.solids {
			w.wake(&w.solids[i])
		}
		ev, _ = w.Step(nil, ev[:0])
	}); n != 0 {
		t.Errorf("%g allocations per step", n)
	}
}

// FuzzJoint: a joint of any bytes is refused or lives, and what it leaves can be
// restored.
func FuzzJoint(f *testing.F) {
	for _, j := range jointScene().at[0] {
		if j.Joint != nil {
			f.Add(jointBits(j.Joint))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		j, ok := jointOf(b)
		if !ok {
			return
		}
		j.A, j.B = j.A%4, j.B%4
		c := crate(3, 4, 5, 0)
		c.Flags = Static
		w := world(t, Config{MaxBodies: 8}, []Body{crate(1, 0, 5, 0), bob(2, 1, 5, 0), c})
		w.Step([]Command{joined(j)}, nil)
		for range 4 {
			w.Step(nil, nil)
		}
		w.Step([]Command{{Kind: CmdMotor, Joint: &j}}, nil)
		r, err := Restore(w.cfg, w.AppendSnapshot(nil))
		if err != nil {
			t.Fatalf("%+v: %v", j, err)
		}
		w.Step(nil, nil)
		r.Step(nil, nil)
		if r.Hash() != w.Hash() {
			t.Fatalf("%+v: restored, goes on otherwise", j)
		}
	})
}

// jointBits is a joint's fields one after the other, floats by their bits: also
// those that no command may hold.
func jointBits(j *Joint) []byte {
	var e base.Encoder
	j.AppendTo(&e)
	return e.B
}

func jointOf(b []byte) (j Joint, ok bool) {
	const head = 8 + 1 + 1 + 8 + 8
	if len(b) != jointBytes-memoryBytes {
		return j, false
	}
	d := base.NewDecoder(b[:head])
	j.ID, j.Kind, j.Flags = JointID(d.U64()), JointKind(d.U8()), JointFlags(d.U8())
	j.A, j.B = BodyID(d.U64()), BodyID(d.U64())
	x := make([]float32, 0, 31)
	for b = b[head:]; len(b) > 0; b = b[4:] {
		x = append(x, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	vec := func(i int) spatial.Vec { return v(x[i], x[i+1], x[i+2]) }
	j.FrameA = Frame{vec(0), spatial.Quat{X: x[3], Y: x[4], Z: x[5], W: x[6]}}
	j.FrameB = Frame{vec(7), spatial.Quat{X: x[10], Y: x[11], Z: x[12], W: x[13]}}
	j.Low, j.High, j.Cone = x[14], x[15], x[16]
	j.Spring = Spring{x[17], x[18], x[19]}
	j.Motor = Motor{x[20], vec(21), vec(24), x[27], x[28]}
	j.BreakForce, j.BreakTorque = x[29], x[30]
	return j, true
}

// FuzzParts: what ReadJoint and ReadVehicle take is written as the same bytes.
func FuzzParts(f *testing.F) {
	for _, c := range append(jointScene().at[0], carScene().at[0]...) {
		var e base.Encoder
		switch {
		case c.Joint != nil:
			c.Joint.AppendTo(&e)
		case c.Vehicle != nil:
			c.Vehicle.AppendTo(&e)
		}
		f.Add(e.B)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := base.NewDecoder(b)
		if j := ReadJoint(d); d.Done() == nil {
			var e base.Encoder
			if j.AppendTo(&e); !bytes.Equal(e.B, b) {
				t.Errorf("%+v", j)
			}
		}
		d = base.NewDecoder(b)
		if c := ReadVehicle(d); d.Done() == nil {
			var e base.Encoder
			if c.AppendTo(&e); !bytes.Equal(e.B, b) {
				t.Errorf("%+v", c)
			}
		}
	})
}
