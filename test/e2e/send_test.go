package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// TestSendOverAKill pushes a file to a node that is killed with kill -9 in the
// middle. Sent again it goes on where it was; the receipt is true.
func TestSendOverAKill(t *testing.T) {
	const size = 64 << 20
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, link := worldOf(t, nil, a, loopback...)
	fixed := []string{"--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))}
	u := start(t, nil, b, append(fixed, "--join", link)...)
	sender, receiver := status(t, a).PeerID, status(t, b).PeerID
	content := make([]byte, size)
	for i, r := 0, rand.NewPCG(1, 2); i < size; i += 8 {
		v := r.Uint64()
		for j := range 8 {
			content[i+j] = byte(v >> (8 * j))
		}
	}
	cid := must(t, a, "lump", "add", write(t, filepath.Join(dir, "file"), content))

	if r := cli(t, a, "lump", "send", cid, receiver); r.code != control.ExitDenied || !strings.Contains(r.err, "lump accept "+sender) {
		t.Fatalf("before an agreement: exit code %d\n%s", r.code, r.err)
	}
	must(t, b, "lump", "accept", sender, "--quota", "100M")

	done := make(chan result, 1)
	go func() { done <- cli(t, a, "lump", "send", cid, receiver) }()
	eventually(t, 60*time.Second, "a part to come", func() error {
		if in := status(t, b).Counters["lump_send_bytes_in"]; in < 4<<20 {
			return fmt.Errorf("%d bytes", in)
		}
		return nil
	})
	u.kill()
	first := <-done
	sent := status(t, a).Counters["lump_send_bytes_out"]
	if first.code == 0 {
		t.Logf("all of it came before the kill")
	} else if !strings.Contains(first.err, "hint: ") {
		t.Errorf("exit code %d without a hint: %s", first.code, first.err)
	}

	start(t, nil, b, fixed...)
	var receipt control.Receipt
	eventually(t, 60*time.Second, "the receiver to be reached again", func() error {
		r := cli(t, a, "--json", "lump", "send", cid, receiver, "--note", "once more")
		if r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return json.Unmarshal([]byte(r.out), &receipt)
	})
	again := status(t, a).Counters["lump_send_bytes_out"] - sent
	t.Logf("%d bytes sent before the kill, %d after", sent, again)
	if again > size-2<<20 {
		t.Errorf("%d bytes of %d sent again", again, size)
	}
	var back control.Receipt
	mustJSON(t, b, &back, "lump", "receipt", receipt.Bytes)
	if back != receipt || receipt.CID != cid || receipt.Receiver != receiver || receipt.Sender != sender || receipt.Size != size {
		t.Errorf("receipt %+v, read back as %+v", receipt, back)
	}
	var agreed control.LumpAgreedResponse
	mustJSON(t, b, &agreed, "lump", "agreed", sender)
	if len(agreed.Agreements) != 1 || agreed.Agreements[0].Used != size || agreed.Agreements[0].Quota != 100<<20 {
		t.Errorf("%+v", agreed)
	}
	out := filepath.Join(dir, "back")
	must(t, b, "lump", "get", cid, "-o", out)
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes come back: %v", len(got), err)
	}
	other := must(t, a, "lump", "add", write(t, filepath.Join(dir, "other"), content[1:]))
	if r := cli(t, a, "lump", "send", other, receiver); r.code != control.ExitFailed || !strings.Contains(r.err, fmt.Sprintf("%d of %d bytes", size, 100<<20)) {
		t.Errorf("over quota: exit code %d\n%s", r.code, r.err)
	}
}
