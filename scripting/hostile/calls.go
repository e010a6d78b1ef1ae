package hostile

import (
	"fmt"
	"math"

	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// arguments are the values that functions are called with, one after the
// other: places at and behind the end of the memory, lengths that are not.
var arguments = []struct {
	name string
	int  []int64
	num  float64
}{
	{"zero", []int64{0}, 0},
	{"one", []int64{1}, 1},
	{"minus one", []int64{-1}, math.NaN()},
	{"the least", []int64{math.MinInt64}, math.Inf(-1)},
	{"the greatest of 32 bits", []int64{math.MaxInt32}, math.MaxFloat64},
	{"the greatest", []int64{math.MaxInt64}, math.Inf(1)},
	{"the end of the memory", []int64{65536}, 1e300},
	{"across the end", []int64{65530, 100}, -1e300},
	{"all from the beginning", []int64{0, -1}, math.SmallestNonzeroFloat64},
	{"nothing behind the end", []int64{-1, 0}, math.Copysign(0, -1)},
	{"all of the memory", []int64{0, 65536}, 0.5},
	{"handles and places", []int64{1, 8, 65000}, 2},
}

// calls use every function that there is with arguments that make no sense.
// None may do more than trap, or wait until it is killed.
func calls() []Guest {
	var list []Guest
	for _, f := range scripting.Functions() {
		for _, a := range arguments {
			if len(f.Params) == 0 && a.name != "zero" {
				continue
			}
			list = append(list, Guest{Name: fmt.Sprintf("%s.%s with %s", f.Module, f.Name, a.name), Kind: kindFor(f), Want: anyEnd, Wasm: abuse(f, a.int, a.num)})
		}
		list = append(list, Guest{Name: fmt.Sprintf("%s.%s without memory", f.Module, f.Name), Kind: kindFor(f), Want: anyEnd | Refused, Wasm: bare(f)})
	}
	return named("call", list)
}

// kindFor is a kind that may import a function.
func kindFor(f scripting.Function) Kind {
	switch {
	case f.Processes:
		return Process
	case f.Handlers:
		return Handler
	}
	return Loader
}

func raw(types []admit.ValType) []byte {
	out := make([]byte, len(types))
	for k, t := range types {
		out[k] = byte(t)
	}
	return out
}

func pushed(f scripting.Function, ints []int64, num float64) []byte {
	var code []byte
	for k, t := range f.Params {
		v := ints[k%len(ints)]
		switch t {
		case admit.I32:
			code = cat(code, c32(int32(v)))
		case admit.I64:
			code = cat(code, c64(v))
		case admit.F32:
			code = cat(code, asm.F32Bits(math.Float32bits(float32(num))))
		case admit.F64:
			code = cat(code, asm.F64Bits(math.Float64bits(num)))
		}
	}
	return code
}

// abuse calls the function three times with the same, after it has filled the
// memory with what could be lengths and places.
func abuse(f scripting.Function, ints []int64, num float64) []byte {
	var m asm.Module
	fn := m.Import(f.Module, f.Name, raw(f.Params), raw(f.Results))
	m.Memory(1, 1)
	once := cat(pushed(f, ints, num), call(fn), rep(drop, len(f.Results)))
	code := cat(c32(0), c32(0xff), c32(4096), fill(), c32(4096), c32(0x41), c32(4096), fill(), rep(once, 3))
	m.Export(exports(kindFor(f)), asm.Func, m.Func(nil, nil, nil, code))
	m.Export("try_call", asm.Func, m.Func(rep(i32, 3), nil, nil)) // for try
	return m.Bytes()
}

// bare calls the function from a module that has no memory.
func bare(f scripting.Function) []byte {
	var m asm.Module
	fn := m.Import(f.Module, f.Name, raw(f.Params), raw(f.Results))
	m.Export(exports(kindFor(f)), asm.Func, m.Func(nil, nil, nil, pushed(f, []int64{0, 8}, 1), call(fn), rep(drop, len(f.Results))))
	return m.Bytes()
}
