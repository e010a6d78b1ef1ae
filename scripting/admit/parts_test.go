package admit_test

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// TestNeverTooCheap: on any path the charges are at least the prices of the
// instructions that ran.
func TestNeverTooCheap(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 40
	}
	for seed := range uint64(n) {
		g := &generator{r: base.NewRand(seed, 3), tables: true}
		wasm := program(g.block(4), get(0), get(1), add, get(2), add)
		counted, err := admit.Counted(wasm, host)
		if err != nil {
			t.Fatal(err)
		}
		want, price, err := run(t, counted, "run", 1e12, 1e12, seed)
		if err != nil {
			t.Fatal(err)
		}
		got, gas, err := run(t, rewrite(t, wasm), "run", 1e12, 1e12, seed)
		if err != nil || got[0] != want[0] || gas < price {
			t.Errorf("seed %d: %d, %d gas, %v; the instructions cost %d", seed, got, gas, err, price)
		}
	}
}

// interpreter is the shape of an interpreter's machine: a loop around a branch
// table of as many arms, of which each of n turns runs the first.
func interpreter(arms int) []byte {
	work := bytes.Repeat(asm.Cat(get(1), c64(3), add, set(1)), 20)
	code := asm.Cat([]byte{0x03, 0x40}, bytes.Repeat([]byte{0x02, 0x40}, arms), c32(0), []byte{0x0e, byte(arms - 1)})
	for k := range arms {
		code = append(code, byte(k))
	}
	for range arms { // every arm ends in the next turn, or behind the loop
		code = asm.Cat(code, end, work, get(0), c64(1), sub, asm.Op(0x22, 0), []byte{0x50, 0x45, 0x04, 0x40})
		code = asm.Cat(code, asm.Op(0x0c, uint64(arms)), end, get(1), ret)
		arms--
	}
	return program(code, end, c64(0))
}

// TestArmsApart: an interpreter pays for the arm that it takes.
func TestArmsApart(t *testing.T) {
	gas := func(arms int) int64 {
		got, gas, err := run(t, rewrite(t, interpreter(arms)), "run", 1e12, 1e12, 100)
		if err != nil || got[0] != 100*20*3 {
			t.Fatalf("%d arms: %v, %v", arms, got, err)
		}
		return gas
	}
	few, many := gas(4), gas(60)
	if few < 100*80 || few > 100*120 || many > 2*few {
		t.Errorf("100 turns of 90 instructions: %d gas with 4 arms, %d with 60", few, many)
	}
}
