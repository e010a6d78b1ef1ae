package raysim

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

func TestKeysCarryNumbers(t *testing.T) {
	seen := map[base.Key]bool{}
	for _, i := range []int32{0, 1, 2, 255, 256, 99_999, 1<<20 + 7, 1<<24 - 1} {
		k := keyOf(i)
		if got, ok := numberOf(k); !ok || got != i || seen[k] {
			t.Errorf("node %d has key %v, which is of %d", i, k, got)
		}
		seen[k] = true
		k[3] ^= 1
		if got, ok := numberOf(k); ok {
			t.Errorf("a changed key is taken for that of %d", got)
		}
	}
	for z := uint64(1); z != 0; z <<= 1 {
		if unmix64(mix64(z)) != z {
			t.Errorf("%x is not undone", z)
		}
	}
}
