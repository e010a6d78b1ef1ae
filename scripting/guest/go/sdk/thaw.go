//go:build wasip1

package sdk

import (
	"math/rand/v2"
	"os"
	"unsafe"
)

var random = rand.NewChaCha8([32]byte{})

// Rand gives random numbers that no other process has. The functions of
// math/rand and math/rand/v2 themselves, and the order of maps, are the same in
// all processes that a node makes from one image: Go seeds them when the
// program starts, which is once for all of them. crypto/rand is not concerned.
func Rand() *rand.Rand { return rand.New(random) }

// thaw is called in every process before run: the program may have been
// started long ago, in another process whose memory this one began with.
//
//go:wasmexport _thaw
func thaw() {
	var seed [32]byte
	mtRandomFill(unsafe.Pointer(&seed), int32(len(seed)))
	random.Seed(seed)
	os.Args = append([]string{"guest"}, Args()...)
}
