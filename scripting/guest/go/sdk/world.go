//go:build wasip1

package sdk

import "unsafe"

//go:wasmimport mt:world@1 say
func mtSay(text string) int32

//go:wasmimport mt:world@1 where
func mtWhere(at unsafe.Pointer) int32

//go:wasmimport mt:world@1 region
func mtRegion(buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:world@1 nearby
func mtNearby(most int32) int32

//go:wasmimport mt:world@1 near_id
func mtNearID(i int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:world@1 near_kind
func mtNearKind(i int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:world@1 near_name
func mtNearName(i int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:world@1 near_region
func mtNearRegion(i int32, buf unsafe.Pointer, size int32) int32

//go:wasmimport mt:world@1 near_at
func mtNearAt(i int32, at unsafe.Pointer) int32

//go:wasmimport mt:world@1 walk
func mtWalk(x, z float64) int32

//go:wasmimport mt:world@1 throw
func mtThrow(thing string, vx, vy, vz float64) int32

//go:wasmimport mt:world@1 touch
func mtTouch(thing string) int32

// Point is a place in metres, Y up.
type Point struct{ X, Y, Z float64 }

// Thing is something near the avatar.
type Thing struct {
	ID, Kind, Name, Region string
	At                     Point
}

// Say says one line of at most 512 bytes as the node's avatar.
func Say(text string) error { return check(mtSay(text)) }

// Where tells where the avatar is and in which region.
func Where() (Point, string, error) {
	var at [3]float64
	if err := check(mtWhere(unsafe.Pointer(&at))); err != nil {
		return Point{}, "", err
	}
	region, err := read(func(b []byte) int32 { return mtRegion(ptr(b), int32(len(b))) })
	return Point{at[0], at[1], at[2]}, region, err
}

// Nearby lists what the avatar sees, the nearest first.
func Nearby(most int) ([]Thing, error) {
	n := mtNearby(int32(most))
	if n < 0 {
		return nil, Code(n)
	}
	all := make([]Thing, 0, n)
	for i := range n {
		var t Thing
		for _, f := range []struct {
			to   *string
			call func(int32, unsafe.Pointer, int32) int32
		}{{&t.ID, mtNearID}, {&t.Kind, mtNearKind}, {&t.Name, mtNearName}, {&t.Region, mtNearRegion}} {
			s, err := read(func(b []byte) int32 { return f.call(i, ptr(b), int32(len(b))) })
			if err != nil {
				return all, err
			}
			*f.to = s
		}
		var at [3]float64
		if err := check(mtNearAt(i, unsafe.Pointer(&at))); err != nil {
			return all, err
		}
		t.At = Point{at[0], at[1], at[2]}
		all = append(all, t)
	}
	return all, nil
}

// Walk starts walking towards a place of the ground plane.
func Walk(x, z float64) error { return check(mtWalk(x, z)) }

// Throw throws a thing within reach, in metres per second.
func Throw(thing string, vx, vy, vz float64) error { return check(mtThrow(thing, vx, vy, vz)) }

// Touch touches a thing: its script gets a "touch" event.
func Touch(thing string) error { return check(mtTouch(thing)) }
