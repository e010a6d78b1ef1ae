package physics

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/golden"
)

var rewrite = golden.Rewrite

// TestGolden compares state hashes with those of every other machine that ran
// this. A difference means replicas would diverge.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, s := range scenes() {
		var events int
		s.play(t, func(step int, w *World, ev []Event) {
			events += len(ev)
			if (step+1)%50 == 0 {
				answers := digest([]byte(strings.Join(questions(w, uint64(step), 10), "\n")))
				fmt.Fprintf(&b, "%s %d bodies=%d events=%d answers=%08x hash=%016x\n", s.name, step+1, w.Len(), events, uint32(answers), w.Hash())
			}
		})
	}
	golden.Check(t, "testdata/golden.txt", b.String())
}
