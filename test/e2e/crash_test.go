package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// TestKilledRegionLosesNothing kills a region's node with kill -9 in the
// middle of work. What it acknowledged before must be there afterwards, and
// the state must be the one that the first life had at that tick.
func TestKilledRegionLosesNothing(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a")
	u, link := worldOf(t, nil, a, loopback...)
	before := status(t, a)
	b := filepath.Join(dir, "b")
	start(t, nil, b, append(loopback, "--join", link)...)
	eventually(t, 60*time.Second, "the guest stands in the region", func() error {
		if st := status(t, b); st.Avatar == nil || st.InRegion == "" {
			return fmt.Errorf("avatar %v in %q", st.Avatar, st.InRegion)
		}
		return nil
	})
	must(t, b, "walk", "--to", "10,0,10")
	lump := must(t, a, "lump", "add", write(t, filepath.Join(dir, "x"), []byte("kept over a crash")))
	var said control.SayResponse
	mustJSON(t, b, &said, "say", "remember me")

	// Ticks and hashes of the first life, for as long as it lives.
	seen := make(map[uint64]string)
	watch := func() control.ServedRegion {
		st := status(t, a)
		if len(st.Serving) != 1 {
			t.Fatalf("serves %d regions, want 1", len(st.Serving))
		}
		seen[st.Serving[0].Tick] = st.Serving[0].Hash
		return st.Serving[0]
	}
	var last control.ServedRegion
	eventually(t, 30*time.Second, "the line is durable", func() error {
		if last = watch(); last.Durable < said.Tick {
			return fmt.Errorf("durable tick %d, said at %d", last.Durable, said.Tick)
		}
		return nil
	})
	u.kill()

	start(t, nil, a, loopback...)
	after := status(t, a)
	if after.Key != before.Key {
		t.Errorf("another key: %s, was %s", after.Key, before.Key)
	}
	if after.World == nil || after.World.ID != before.World.ID {
		t.Fatalf("world %+v, was %s", after.World, before.World.ID)
	}
	if len(after.Serving) != 1 || after.Serving[0].ID != last.ID {
		t.Fatalf("serves %+v, was %s", after.Serving, last.ID)
	}
	if got := after.Serving[0].Tick; got < last.Durable {
		t.Errorf("resumed at tick %d, tick %d was durable", got, last.Durable)
	}
	if got := after.Serving[0].Things; got < last.Things-last.Players {
		t.Errorf("%d things, there were %d (%d of them players)", got, last.Things, last.Players)
	}
	if got := must(t, a, "lump", "get", lump); got != "kept over a crash" {
		t.Errorf("the lump holds %q", got)
	}
	eventually(t, 60*time.Second, "the guest finds back", func() error {
		r := cli(t, b, "--json", "say", "still here")
		if r.code != 0 {
			return fmt.Errorf("say: %s", r.err)
		}
		var s control.SayResponse
		if err := json.Unmarshal([]byte(r.out), &s); err != nil {
			return err
		}
		if s.Tick <= said.Tick {
			return fmt.Errorf("said at tick %d, before the crash at %d", s.Tick, said.Tick)
		}
		return nil
	})
}
