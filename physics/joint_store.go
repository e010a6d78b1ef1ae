package physics

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/spatial/det"
)

// link is a Joint with the rest of its state: the impulses to start from.
type link struct {
	Joint
	memory
}

// memory is what a joint keeps from one step for the next, per substep. Which
// of it a kind uses, and in which axes, see the solve of that kind.
type memory struct {
	linear  det.Vec // N·s
	angular det.Vec // N·m·s
	drive   det.Vec // motor of a ball joint; otherwise X is the spring's, Y the motor's
	low     float32 // the limits'
	high    float32
	cone    float32
}

// joints is the part of a World that holds them.
type joints struct {
	links []link      // in (A, B, ID) order
	named []jointName // in ID order: where to look in links
}

type jointName struct {
	id   JointID
	a, b BodyID
}

func (n jointName) compare(o jointName) int {
	return cmp.Or(cmp.Compare(n.a, o.a), cmp.Compare(n.b, o.b), cmp.Compare(n.id, o.id))
}

func (j *Joint) name() jointName { return jointName{j.ID, j.A, j.B} }

// index is where joint id is in links.
func (js *joints) index(id JointID) (int, bool) {
	n, ok := js.findName(id)
	if !ok {
		return 0, false
	}
	return js.search(js.named[n])
}

func (js *joints) findName(id JointID) (int, bool) {
	return slices.BinarySearchFunc(js.named, id, func(n jointName, id JointID) int { return cmp.Compare(n.id, id) })
}

func (js *joints) search(n jointName) (int, bool) {
	return slices.BinarySearchFunc(js.links, n, func(l link, n jointName) int { return l.name().compare(n) })
}

// insert adds a joint whose ID is new.
func (js *joints) insert(l link) {
	n, _ := js.findName(l.ID)
	js.named = slices.Insert(js.named, n, l.name())
	i, _ := js.search(l.name())
	js.links = slices.Insert(js.links, i, l)
}

// drop removes the joint at i.
func (js *joints) drop(i int) {
	n, _ := js.findName(js.links[i].ID)
	js.named = slices.Delete(js.named, n, n+1)
	js.links = slices.Delete(js.links, i, i+1)
}

// Joint is a copy of a joint.
func (w *World) Joint(id JointID) (Joint, bool) {
	i, ok := w.index(id)
	if !ok {
		return Joint{}, false
	}
	return w.links[i].Joint, true
}

// Joints is the number of joints.
func (w *World) Joints() int { return len(w.links) }

// EachJoint calls f with every joint in (A, B, ID) order until f returns
// false. f must not step the world.
func (w *World) EachJoint(f func(Joint) bool) {
	for i := range w.links {
		if !f(w.links[i].Joint) {
			return
		}
	}
}
