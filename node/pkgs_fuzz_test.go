package node

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// What a stranger asks about packages is answered within bounds, or not at all.
func FuzzPackageQuestion(f *testing.F) {
	store, err := packages.Open(packages.Config{
		Dir:   f.TempDir(),
		Load:  func(any) (bool, error) { return false, nil },
		Save:  func(any) error { return nil },
		Write: func(string, []byte) error { return nil },
	})
	if err != nil {
		f.Fatal(err)
	}
	n := &Node{packages: store, count: newCounters()}
	var e base.Encoder
	e.U8(askReleases)
	e.Key(base.Key{1})
	e.U64(1)
	f.Add(e.B)
	e = base.Encoder{}
	e.U8(askAuthors)
	e.Str("greeter")
	f.Add(e.B)
	f.Fuzz(func(t *testing.T, q []byte) {
		answers := 0
		n.answerPackages(q, func(_ byte, b []byte) bool {
			if answers++; answers > pkg.MaxReleases+1 || 1+len(b) > maxAnswer {
				t.Fatal("an answer that the asker would refuse")
			}
			return true
		})
	})
}
