package admit_test

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/metatopia/metatopia/internal/base"
)

var digestFile = flag.String("digest", "", "file with the digest that another CPU found; written when there is none")

// TestSameEverywhere: what programs made at random do, and the gas that they
// take, is the same on every CPU. `make test` runs this for two, with one
// -digest; other tests compare the compiler and the interpreter.
func TestSameEverywhere(t *testing.T) {
	if *digestFile == "" {
		t.Skip("compares two CPUs: -digest")
	}
	h := sha256.New()
	for seed := range uint64(100) {
		r := base.NewRand(seed, 9)
		in := make([]byte, 800)
		for k := range in {
			in[k] = byte(r.IntN(256))
		}
		p := &programmer{in: in}
		o, gas := observe(t, wazero.NewRuntimeConfigCompiler().WithMemoryLimitPages(16), rewrite(t, p.program()), math.MaxInt64/2, seed)
		fmt.Fprintln(h, seed, o, gas)
	}
	digest := fmt.Sprintf("%x", h.Sum(nil))
	want, err := os.ReadFile(*digestFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = os.WriteFile(*digestFile, []byte(digest), 0o644)
		want = []byte(digest)
	}
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != digest {
		t.Errorf("digest %s, another CPU has %s", digest, want)
	}
}
