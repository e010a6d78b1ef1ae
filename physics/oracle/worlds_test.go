package oracle

import (
	"math"
	"testing"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/scenes"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

const dt = 1.0 / 60

// world is what both engines can do.
type world interface {
	add(b physics.Body)
	addHull(b physics.Body, corners []det.Vec) // which lie about the centre of mass
	join(j physics.Joint)
	step(n int)
	body(id physics.BodyID) physics.Body // pose and velocities
}

// ours is a world of package physics. Bodies and joints come with its next step.
type ours struct {
	t    testing.TB
	w    *physics.World
	cmds []physics.Command
}

func newOurs(t testing.TB) *ours {
	cfg := scenes.Pile().Config
	w, err := physics.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &ours{t: t, w: w}
}

func (o *ours) add(b physics.Body) {
	o.cmds = append(o.cmds, physics.Command{Kind: physics.CmdAdd, Body: b})
}

func (o *ours) addHull(b physics.Body, corners []det.Vec) {
	g, at, err := shape.NewHull(corners)
	if err != nil {
		o.t.Fatal(err)
	}
	b.Shape = physics.Shape{Kind: physics.Hull, Geometry: g.ID()}
	b.Pos, b.Rot = b.Pos.Add(spatial.Vec(at.Pos)), spatial.Quat(at.Rot)
	o.cmds = append(o.cmds, physics.Command{Kind: physics.CmdGeometry, Geometry: g})
	o.add(b)
}

func (o *ours) join(j physics.Joint) {
	o.cmds = append(o.cmds, physics.Command{Kind: physics.CmdJoint, Joint: &j})
}

func (o *ours) step(n int) {
	for range n {
		if _, err := o.w.Step(o.cmds, nil); err != nil {
			o.t.Fatal(err)
		}
		o.cmds = nil
	}
}

func (o *ours) body(id physics.BodyID) physics.Body {
	b, ok := o.w.Body(id)
	if !ok {
		o.t.Fatalf("no body %d", id)
	}
	return b
}

// rapier is a world of the other engine, with its own settings.
type rapier struct {
	*guest
	gravity, params, islands, broad, narrow uint32
	bodies, colliders, soft, joints, multi  uint32
	ccd, pipeline, zero, identity           uint32
	handles                                 map[physics.BodyID]float64
}

func newRapier(t testing.TB, e *engine) *rapier {
	g := e.instance(t)
	r := &rapier{guest: g, handles: map[physics.BodyID]float64{}}
	r.gravity = r.vec(spatial.Vec{Y: -9.81})
	r.params = g.object("rawintegrationparameters_new")
	g.call("rawintegrationparameters_set_dt", r.params, float32(dt))
	r.islands = g.object("rawislandmanager_new")
	r.broad = g.object("rawbroadphase_new")
	r.narrow = g.object("rawnarrowphase_new")
	r.bodies = g.object("rawrigidbodyset_new")
	r.colliders = g.object("rawcolliderset_new")
	r.soft = g.object("rawsoftbodyset_new")
	r.joints = g.object("rawimpulsejointset_new")
	r.multi = g.object("rawmultibodyjointset_new")
	r.ccd = g.object("rawccdsolver_new")
	r.pipeline = g.object("rawphysicspipeline_new")
	r.zero = r.vec(spatial.Vec{})
	r.identity = g.object("rawrotation_identity")
	return r
}

func (r *rapier) vec(v spatial.Vec) uint32 { return r.object("rawvector_new", v.X, v.Y, v.Z) }

func (r *rapier) turn(q spatial.Quat) uint32 {
	if q == (spatial.Quat{}) {
		q = spatial.Identity
	}
	return r.object("rawrotation_new", q.X, q.Y, q.Z, q.W)
}

// Values of Rapier's enumerations.
const (
	typeDynamic, typeFixed = 0, 1
	massGiven              = 1
	combineAverage         = 0
	combineMax             = 3
	everyGroup             = uint32(0xffffffff)
	usualCollisions        = 15
)

func (r *rapier) add(b physics.Body) { r.put(b, r.shape(b.Shape)) }

func (r *rapier) addHull(b physics.Body, corners []det.Vec) {
	n := uint32(len(corners))
	at := r.object("__wbindgen_export3", 12*n, 4) // it is the guest's from the call on
	for i, c := range corners {
		for k, x := range []float32{c.X, c.Y, c.Z} {
			r.mod.Memory().WriteFloat32Le(at+uint32(12*i+4*k), x)
		}
	}
	made := r.object("rawshape_convexHull", at, 3*n)
	if made == 0 {
		r.t.Fatal("rapier makes no hull of these corners")
	}
	r.put(b, made)
}

func (r *rapier) put(b physics.Body, form uint32) {
	kind := typeDynamic
	if b.Flags&physics.Static != 0 {
		kind = typeFixed
	}
	// Nothing is damped, may sleep, or is swept.
	h := r.handle("rawrigidbodyset_createRigidBody", r.bodies, true, r.vec(b.Pos), r.turn(b.Rot), float32(1), float32(0), false, r.zero,
		r.vec(b.Vel), r.vec(b.Spin), r.zero, r.identity, true, true, true, true, true, true, float32(0), float32(0),
		kind, false, false, float32(0), false, 0, 0, 0)
	r.handles[b.ID] = h
	made := r.object("__wbindgen_add_to_stack_pointer", -16)
	r.call("rawcolliderset_createCollider", made, r.colliders, true, form, r.zero, r.identity, massGiven, b.Mass, r.zero, r.zero,
		r.identity, float32(1), b.Friction, b.Restitution, combineAverage, combineMax, false, everyGroup, everyGroup, usualCollisions, 0, 0,
		float32(0), float32(0), true, h, r.bodies)
	r.call("__wbindgen_add_to_stack_pointer", 16)
}

func (r *rapier) shape(s physics.Shape) uint32 {
	switch s.Kind {
	case physics.Sphere:
		return r.object("rawshape_ball", s.Half.X)
	case physics.Box:
		return r.object("rawshape_cuboid", s.Half.X, s.Half.Y, s.Half.Z)
	case physics.Capsule:
		return r.object("rawshape_capsule", s.Half.Y, s.Half.X)
	}
	r.t.Fatalf("shape %d is not translated", s.Kind)
	return 0
}

// handle is call for what gives the name of a body or a joint.
func (r *rapier) handle(name string, args ...any) float64 {
	return math.Float64frombits(r.call(name, args...))
}

func (r *rapier) join(j physics.Joint) {
	a, b := r.vec(j.FrameA.Pos), r.vec(j.FrameB.Pos)
	along := func(f physics.Frame) uint32 {
		if f.Rot == (spatial.Quat{}) {
			f.Rot = spatial.Identity
		}
		return r.vec(f.Rot.Rotate(spatial.Vec{X: 1}))
	}
	var made uint32
	switch j.Kind {
	case physics.BallJoint:
		made = r.object("rawgenericjoint_spherical", a, b)
	case physics.HingeJoint:
		made = r.object("rawgenericjoint_revoluteWithAxes", a, b, along(j.FrameA), along(j.FrameB))
	case physics.SliderJoint:
		made = r.object("rawgenericjoint_prismatic", a, b, along(j.FrameA), j.Flags&physics.JointLimit != 0, j.Low, j.High)
	case physics.FixedJoint:
		made = r.object("rawgenericjoint_fixed", a, r.turn(j.FrameA.Rot), b, r.turn(j.FrameB.Rot))
	case physics.DistanceJoint:
		made = r.object("rawgenericjoint_rope", j.High, a, b)
	default:
		r.t.Fatalf("joint %d is not translated", j.Kind)
	}
	r.handle("rawimpulsejointset_createJoint", r.joints, made, r.end(j.A), r.end(j.B), true)
}

// end is a body, or one that stands for the ground.
func (r *rapier) end(id physics.BodyID) float64 {
	if _, ok := r.handles[id]; !ok && id == physics.Ground {
		r.handles[id] = r.handle("rawrigidbodyset_createRigidBody", r.bodies, true, r.zero, r.identity, float32(1), float32(0), false, r.zero,
			r.zero, r.zero, r.zero, r.identity, true, true, true, true, true, true, float32(0), float32(0),
			typeFixed, false, false, float32(0), false, 0, 0, 0)
	}
	return r.handles[id]
}

func (r *rapier) step(n int) {
	for range n {
		r.call("rawphysicspipeline_step", r.pipeline, r.gravity, r.params, r.islands, r.broad, r.narrow, r.bodies, r.colliders,
			r.soft, r.joints, r.multi, r.ccd)
	}
}

func (r *rapier) body(id physics.BodyID) physics.Body {
	h, ok := r.handles[id]
	if !ok {
		r.t.Fatalf("rapier has no body %d", id)
	}
	vec := func(name string) spatial.Vec {
		r.call(name, r.bodies, h, theScratch)
		return spatial.Vec{X: r.scratch[0], Y: r.scratch[1], Z: r.scratch[2]}
	}
	b := physics.Body{ID: id, Pos: vec("rawrigidbodyset_rbTranslation"), Vel: vec("rawrigidbodyset_rbLinvel"), Spin: vec("rawrigidbodyset_rbAngvel")}
	r.call("rawrigidbodyset_rbRotation", r.bodies, h, theScratch)
	b.Rot = spatial.Quat{X: r.scratch[0], Y: r.scratch[1], Z: r.scratch[2], W: r.scratch[3]}
	return b
}
