package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// namespaces makes two network namespaces with one cable between them, and
// gives the commands that run something inside: two machines, as far as the
// nodes can tell.
func namespaces(t *testing.T) (a, b []string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("network namespaces need root")
	}
	id := os.Getpid() % 100000
	na, nb := fmt.Sprintf("mta%d", id), fmt.Sprintf("mtb%d", id)
	va, vb := fmt.Sprintf("va%d", id), fmt.Sprintf("vb%d", id)
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			if strings.Contains(string(out), "not permitted") {
				t.Skipf("this container may not make network namespaces: %s", out)
			}
			t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, ns := range []string{na, nb} {
		ip("netns", "add", ns)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", ns).Run() }) // with all that is in it
	}
	ip("link", "add", va, "netns", na, "type", "veth", "peer", "name", vb, "netns", nb)
	for i, end := range []struct{ ns, dev string }{{na, va}, {nb, vb}} {
		ip("-n", end.ns, "addr", "add", fmt.Sprintf("10.99.0.%d/24", i+1), "dev", end.dev)
		ip("-n", end.ns, "link", "set", "lo", "up")
		ip("-n", end.ns, "link", "set", end.dev, "up")
	}
	return []string{"ip", "netns", "exec", na}, []string{"ip", "netns", "exec", nb}
}

// TestTwoMachines: a friend's node on another machine joins by link, meets us
// by position and fetches what we stored.
func TestTwoMachines(t *testing.T) {
	inA, inB := namespaces(t)
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, link := worldOf(t, inA, a, "--listen", "/ip4/10.99.0.1/udp/4001/quic-v1", "--listen", "/ip4/10.99.0.1/tcp/4001")
	if !strings.Contains(link, "10.99.0.1") {
		t.Errorf("the link has no address of this machine: %s", link)
	}
	start(t, inB, b, "--listen", "/ip4/10.99.0.2/udp/4001/quic-v1", "--listen", "/ip4/10.99.0.2/tcp/4001", "--join", link)

	keyA, keyB := status(t, a).Key, status(t, b).Key
	for _, end := range []struct{ home, other string }{{a, keyB}, {b, keyA}} {
		eventually(t, 60*time.Second, "neighbours", func() error {
			var ns control.NeighboursResponse
			mustJSON(t, end.home, &ns, "neighbours")
			for _, n := range ns.Neighbours {
				if n.Key == end.other {
					return nil
				}
			}
			return fmt.Errorf("the other is not among %+v", ns.Neighbours)
		})
	}

	// Three chunks and a bit: a tree of blocks.
	content := bytes.Repeat([]byte("metatopia over a cable\n"), 150_000)
	cid := must(t, a, "lump", "add", write(t, filepath.Join(dir, "big"), content))
	fetched := status(t, b).Counters["lumps_fetched"]
	must(t, b, "lump", "get", cid, "-o", filepath.Join(dir, "copy"))
	got, err := os.ReadFile(filepath.Join(dir, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(got) != sha256.Sum256(content) {
		t.Errorf("%d bytes came, %d were stored, or not the same", len(got), len(content))
	}
	if status(t, b).Counters["lumps_fetched"] <= fetched {
		t.Error("the fetch was not counted")
	}

	// And speech goes over the cable, acknowledged by the region's log.
	eventually(t, 60*time.Second, "speech", func() error {
		if r := cli(t, b, "say", "hello from the other machine"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
	eventually(t, 30*time.Second, "hearing", func() error {
		if n := status(t, a).Counters["messages"]; n == 0 {
			return fmt.Errorf("nothing heard")
		}
		return nil
	})
}
