package scripting

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

var f64 = []byte{asm.F64}

func cf64(v float64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{0x44}, math.Float64bits(v))
}

// pushGuest pushes its thing with each vector, writes the codes' sum to slot
// "c" and the first number of what `of` gives to slot "x", in thousandths.
func pushGuest(of string, pushes ...[3]float64) []byte {
	var m asm.Module
	push := m.Import("mt:physics@1", "push", asm.Cat(f64, f64, f64), i32)
	point := m.Import("mt:physics@1", of, i32, nil)
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	m.Memory(1, 1)
	m.Data(0, "cx")
	body := c64(0)
	for _, p := range pushes {
		body = asm.Cat(body, cf64(p[0]), cf64(p[1]), cf64(p[2]), call(push), []byte{0xac}, add64) // i64.extend_i32_s
	}
	body = asm.Cat(body, set(0), c32(0), c32(1), get(0), call(setInt), drop,
		c32(64), call(point), c32(1), c32(1), c32(64), []byte{0x2b, 3, 0}, cf64(1000), []byte{0xa2, 0xb0}, call(setInt), drop) // load, mul, i64.trunc_f64_s
	m.Export("handle", asm.Func, m.Func(nil, nil, i64, body))
	return m.Bytes()
}

func TestPhysics(t *testing.T) {
	e := newEngine(t)
	loose := Event{Name: "touch", At: [3]float64{1.5, 2, 3}, Vel: [3]float64{-0.25}, Loose: true}
	fixed := loose
	fixed.Loose = false
	for what, c := range map[string]struct {
		of      string
		ev      Event
		pushes  [][3]float64
		push    [3]float64
		code, x int64
	}{
		"where":         {"where", loose, nil, [3]float64{}, 0, 1500},
		"velocity":      {"velocity", loose, nil, [3]float64{}, 0, -250},
		"two pushes":    {"where", loose, [][3]float64{{1, 2, 3}, {1, 0, -1}}, [3]float64{2, 2, 2}, 0, 1500},
		"fixed":         {"where", fixed, [][3]float64{{1, 2, 3}}, [3]float64{}, codeRefused, 1500},
		"not a number":  {"where", loose, [][3]float64{{1, 0, 0}, {math.NaN(), 0, 0}}, [3]float64{1}, codeInvalid, 1500},
		"infinite":      {"where", loose, [][3]float64{{0, math.Inf(-1), 0}}, [3]float64{}, codeInvalid, 1500},
		"too much":      {"where", loose, [][3]float64{{0, 0, 1e300}}, [3]float64{}, codeTooLarge, 1500},
		"too much both": {"where", loose, [][3]float64{{maxPush, 0, 0}, {maxPush, 0, 0}}, [3]float64{maxPush}, codeTooLarge, 1500},
	} {
		out, err := e.Handle(admitGuest(t, e, pushGuest(c.of, c.pushes...)), c.ev, nil, 1, 500_000)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		if out.Push != c.push || out.Set[0].Value.Int != c.code || out.Set[1].Value.Int != c.x {
			t.Errorf("%s: %+v", what, out)
		}
	}
	// Looks and bumps.
	var looks asm.Module
	see := looks.Import("mt:physics@1", "look", asm.Cat(f64, f64, f64, f64, f64, f64, i32), i32)
	bump := looks.Import("mt:physics@1", "impulse", nil, f64)
	setInt := looks.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	looks.Memory(1, 1)
	looks.Data(0, "cxi")
	store := func(at uint64, v []byte) []byte { return asm.Cat(c32(int32(at)), c32(1), v, call(setInt), drop) }
	looks.Export("handle", asm.Func, looks.Func(nil, nil, nil, asm.Cat(
		store(0, asm.Cat(cf64(1), cf64(2), cf64(3), cf64(0), cf64(-4), cf64(0), c32(64), call(see), []byte{0xac})),
		store(1, asm.Cat(c32(64), []byte{0x2b, 3, 8}, cf64(1000), []byte{0xa2, 0xb0})), // y
		store(2, asm.Cat(call(bump), cf64(1000), []byte{0xa2, 0xb0})))))
	sighted := loose
	sighted.Impulse = 2.5
	for what, c := range map[string]struct {
		look func(from, way [3]float64) ([3]float64, bool, bool)
		code int64
		y    int64
	}{
		"found": {func(from, way [3]float64) ([3]float64, bool, bool) {
			return [3]float64{from[0], from[1] + way[1]/2, from[2]}, true, true
		}, 0, 0},
		"nothing":  {func(_, _ [3]float64) (at [3]float64, found, ok bool) { return at, false, true }, codeNotFound, 0},
		"too far":  {func(_, _ [3]float64) (at [3]float64, found, ok bool) { return at, false, false }, codeTooLarge, 0},
		"no world": {nil, codeNotFound, 0},
	} {
		sighted.Look = c.look
		out, err := e.Handle(admitGuest(t, e, looks.Bytes()), sighted, nil, 1, 500_000)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if out.Set[0].Value.Int != c.code || out.Set[1].Value.Int != c.y || out.Set[2].Value.Int != 2500 {
			t.Errorf("%s: %+v", what, out.Set)
		}
	}
	// A process has no body.
	var m asm.Module
	where := m.Import("mt:physics@1", "where", i32, nil)
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, c32(0), call(where)))
	if _, err := e.Admit(m.Bytes()); !errors.Is(err, ErrRefused) {
		t.Errorf("a process: %v", err)
	}
	// A point outside the memory is a trap.
	var out asm.Module
	where = out.Import("mt:physics@1", "where", i32, nil)
	out.Memory(1, 1)
	out.Export("handle", asm.Func, out.Func(nil, nil, nil, c32(65536-23), call(where)))
	if _, err := e.Handle(admitGuest(t, e, out.Bytes()), loose, nil, 1, 500_000); !errors.Is(err, ErrTrap) {
		t.Errorf("outside: %v", err)
	}
}
