package overlay

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
)

// The core hears from which part of the internet a connection comes, when it
// is made and when the point starts again.
func TestTheCoreHearsGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		r := w.add(0)
		r.start()
		near, far := w.add(1), w.add(2) // 1.0.0.2 and another /24
		far.ip = "1.0.9.1"
		near.start()
		far.start()
		r.end() // nothing takes its inbox now
		<-r.done
		near.knows(r)
		far.knows(r)
		groups := map[bool]uint32{}
		hear := func() {
			for _, in := range r.o.in.take(nil) {
				if up, ok := in.(raynet.PeerUp); ok {
					groups[up.Key == near.key] = up.Group
				}
			}
		}
		w.until(time.Minute, "both heard of", func() bool { hear(); return len(groups) == 2 })
		if groups[true] == 0 || groups[false] == 0 || groups[true] == groups[false] {
			t.Fatalf("groups %v", groups)
		}
		was := groups[true]
		clear(groups)
		if err := r.o.Place(2, raynet.SetPose{Pos: r.pos}); err != nil {
			t.Fatal(err)
		}
		if hear(); groups[true] != was {
			t.Errorf("groups %v after a new start", groups)
		}
		if r.net.Group(w.add(9).key) != 0 {
			t.Error("a node that is not connected has a group")
		}
		if !slices.ContainsFunc(r.net.Peers(), func(p p2p.Peer) bool { return p.Key == near.key }) {
			t.Error("the test lost its connection")
		}
	})
}
