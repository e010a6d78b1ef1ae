package ragdoll

import "github.com/metatopia/metatopia/spatial"

// Human is a skeleton of 15 bones for an avatar of a height in metres, with its
// arms hanging. Lengths are those of Drillis and Contini (1966), masses those of
// Dempster (1955) in the table of Winter ("Biomechanics and Motor Control of
// Human Movement", 1990), as shares of height and mass.
func Human(height float32) Skeleton {
	h := func(share float32) float32 { return float32(share * height) }
	at := func(x, y, z float32) spatial.Vec { return spatial.Vec{X: h(x), Y: h(y), Z: h(z)} }
	dir := func(x, y, z float32) spatial.Vec { return spatial.Vec{X: x, Y: y, Z: z} }
	up, down, ahead := dir(0, 1, 0), dir(0, -1, 0), dir(0, 0, 1)
	s := Skeleton{
		{Name: "pelvis", Parent: -1, At: at(-0.095, 0.535, 0), Dir: dir(1, 0, 0), Length: h(0.19), Radius: h(0.062), Share: 21.1},
		{Name: "chest", Parent: 0, At: at(0, 0.575, 0), Dir: up, Length: h(0.255), Radius: h(0.085), Share: 28.6,
			Joint: Joint{Axis: dir(0, 1, 0.2), Low: -0.5, High: 0.5, Cone: 0.6}},
		{Name: "head", Parent: 1, At: at(0, 0.845, 0), Dir: up, Length: h(0.15), Radius: h(0.055), Share: 8.1,
			Joint: Joint{Axis: up, Low: -1, High: 1, Cone: 0.7}},
	}
	for _, side := range [2]struct {
		name string
		x    float32
	}{{"left", 1}, {"right", -1}} {
		x := side.x
		add := func(b Bone) int {
			b.Name = side.name + " " + b.Name
			s = append(s, b)
			return len(s) - 1
		}
		arm := add(Bone{Name: "upper arm", Parent: 1, At: at(float32(0.14*x), 0.8, 0), Dir: down, Length: h(0.186), Radius: h(0.028), Share: 2.8,
			Joint: Joint{Axis: dir(float32(0.6*x), -0.5, 0.6), Low: -1, High: 1, Cone: 1.6}})
		// A forearm bends ahead: about the axis to the right.
		fore := add(Bone{Name: "forearm", Parent: arm, At: at(float32(0.14*x), 0.614, 0), Dir: down, Length: h(0.146), Radius: h(0.022), Share: 1.6,
			Joint: Joint{Hinge: true, Axis: dir(-1, 0, 0), High: 2.5}})
		add(Bone{Name: "hand", Parent: fore, At: at(float32(0.14*x), 0.468, 0), Dir: down, Length: h(0.1), Radius: h(0.02), Share: 0.6,
			Joint: Joint{Axis: down, Low: -0.8, High: 0.8, Cone: 0.8}})
		thigh := add(Bone{Name: "thigh", Parent: 0, At: at(float32(0.06*x), 0.53, 0), Dir: down, Length: h(0.245), Radius: h(0.045), Share: 10,
			Joint: Joint{Axis: dir(float32(0.2*x), -0.8, 0.55), Low: -0.6, High: 0.6, Cone: 1.1}})
		// A shank bends back: about the axis to the left.
		shank := add(Bone{Name: "shank", Parent: thigh, At: at(float32(0.06*x), 0.285, 0), Dir: down, Length: h(0.255), Radius: h(0.032), Share: 4.65,
			Joint: Joint{Hinge: true, Axis: dir(1, 0, 0), High: 2.4}})
		add(Bone{Name: "foot", Parent: shank, At: at(float32(0.06*x), 0.03, 0), Dir: ahead, Length: h(0.152), Back: h(0.04), Radius: h(0.03), Share: 1.45,
			Joint: Joint{Hinge: true, Axis: dir(1, 0, 0), Low: -0.5, High: 0.7}})
	}
	return s
}
