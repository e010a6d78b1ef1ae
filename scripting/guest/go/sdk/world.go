//go:build wasip1

package sdk

import "unsafe"

// Point is a place in metres, Y up.
type Point struct{ X, Y, Z float64 }

// Thing is something near the avatar.
type Thing struct {
	ID, Kind, Name, Region string
	At                     Point
}

// Say says one line of at most 512 bytes as the node's avatar.
func Say(text string) error { return check(mtWorldSay(text)) }

// Where tells where the avatar is and in which region.
func Where() (Point, string, error) {
	var at [3]float64
	if err := check(mtWorldWhere(unsafe.Pointer(&at))); err != nil {
		return Point{}, "", err
	}
	region, err := read(func(b []byte) int32 { return mtWorldRegion(ptr(b), int32(len(b))) })
	return Point{at[0], at[1], at[2]}, region, err
}

// Nearby lists what the avatar sees, the nearest first.
func Nearby(most int) ([]Thing, error) {
	n := mtWorldNearby(uint32(most))
	if n < 0 {
		return nil, Code(n)
	}
	all := make([]Thing, 0, n)
	for i := range n {
		var t Thing
		for _, f := range []struct {
			to   *string
			call func(uint32, unsafe.Pointer, int32) int32
		}{{&t.ID, mtWorldNearId}, {&t.Kind, mtWorldNearKind}, {&t.Name, mtWorldNearName}, {&t.Region, mtWorldNearRegion}} {
			s, err := read(func(b []byte) int32 { return f.call(uint32(i), ptr(b), int32(len(b))) })
			if err != nil {
				return all, err
			}
			*f.to = s
		}
		var at [3]float64
		if err := check(mtWorldNearAt(uint32(i), unsafe.Pointer(&at))); err != nil {
			return all, err
		}
		t.At = Point{at[0], at[1], at[2]}
		all = append(all, t)
	}
	return all, nil
}

// Walk starts walking towards a place of the ground plane.
func Walk(x, z float64) error { return check(mtWorldWalk(x, z)) }

// Throw throws a thing within reach, in metres per second.
func Throw(thing string, vx, vy, vz float64) error { return check(mtWorldThrow(thing, vx, vy, vz)) }

// Touch touches a thing: its script gets a "touch" event.
func Touch(thing string) error { return check(mtWorldTouch(thing)) }
