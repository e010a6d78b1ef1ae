package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
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
	// A region's owner listens at the same place in every life, so that the
	// others find it again.
	fixed := []string{"--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))}
	u, link := worldOf(t, nil, a, fixed...)
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

	// Ticks and hashes of the first life, asked for much more often than the
	// sim steps, so that nearly every tick is seen.
	client := control.Dial(u.ready.Socket)
	defer client.Close()
	seen := make(map[uint64]string)
	var last control.ServedRegion
	watch := func() {
		t.Helper()
		st, err := client.Status(t.Context())
		if err != nil || len(st.Serving) != 1 {
			t.Fatalf("status %+v: %v", st, err)
		}
		last = st.Serving[0]
		seen[last.Tick] = last.Hash
	}
	for watch(); last.Durable < said.Tick; watch() {
		if last.Tick > said.Tick+20*30 {
			t.Fatalf("said at tick %d, at tick %d only %d is durable", said.Tick, last.Tick, last.Durable)
		}
	}
	for until := last.Tick + 40; last.Tick < until; watch() {
	}
	u.kill()

	again := start(t, nil, a, append(fixed, "--log-level", "info")...)
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

	// The log of the second life says what it began with. The tick is the last
	// durable one; the first life was asked about nearly all of them, and at
	// most the few after the last question are unknown.
	again.stop(t)
	m := regionOpen.FindStringSubmatch(again.stderr.String())
	if m == nil {
		t.Fatalf("the second life does not say what it began with:\n%s", again.stderr)
	}
	tick, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if tick < last.Durable {
		t.Errorf("resumed at tick %d, but %d was durable", tick, last.Durable)
	}
	want, ok := seen[tick]
	if !ok {
		t.Fatalf("resumed at tick %d; the first life was last asked at %d (%d ticks seen)", tick, last.Tick, len(seen))
	}
	if m[2] != want {
		t.Errorf("state at tick %d is %s, was %s", tick, m[2], want)
	}
}

// freePort is a TCP port that nobody listens on just now.
func freePort(t *testing.T) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // nothing was written
	return ln.Addr().(*net.TCPAddr).Port
}

// regionOpen is the node's line about a region that it opens.
var regionOpen = regexp.MustCompile(`msg="region open" region=\S+ tick=(\d+) hash=([0-9a-f]+)`)
