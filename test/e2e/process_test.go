package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guesttest"
)

// find gives the one process of a list for which a test holds.
func find(t *testing.T, home string, which func(*control.Process) bool) *control.Process {
	t.Helper()
	var list control.PsResponse
	mustJSON(t, home, &list, "ps", "-a")
	for i := range list.Processes {
		if which(&list.Processes[i]) {
			return &list.Processes[i]
		}
	}
	return nil
}

// TestProcessesOverAKill has one node run processes for another, and kills it
// with kill -9: what was linked hears that it cannot be reached, within the time
// that is stated, and nothing of it comes back with the node.
func TestProcessesOverAKill(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, link := worldOf(t, nil, a, loopback...)
	fixed := []string{"--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))}
	u := start(t, nil, b, append(fixed, "--join", link)...)
	asker, host := status(t, a).PeerID, status(t, b).PeerID
	echo := must(t, a, "lump", "add", write(t, filepath.Join(dir, "echo.wasm"), guesttest.Echo()))
	caller := write(t, filepath.Join(dir, "caller.wasm"), guesttest.Caller())

	if r := cli(t, a, "spawn", "--on", host, echo); r.code != control.ExitDenied || !strings.Contains(r.err, "process accept "+asker) {
		t.Fatalf("before an agreement: exit code %d\n%s", r.code, r.err)
	}
	must(t, b, "process", "accept", asker, "--processes", "3", "--memory", "16M")
	pid := must(t, a, "spawn", "--on", host, "--name", "mine", echo)
	if p := find(t, b, func(p *control.Process) bool { return p.For == asker }); p == nil || p.Name != "mine" {
		t.Fatalf("%+v", p)
	}
	if out := must(t, a, "ps"); !strings.Contains(out, "on "+host) {
		t.Errorf("ps says\n%s", out)
	}
	must(t, a, "send", pid, "hello", "there")
	eventually(t, 20*time.Second, "the message", func() error {
		if out := must(t, b, "tail"); !strings.Contains(out, "hello there") {
			return fmt.Errorf("the log has %q", out)
		}
		return nil
	})
	linked := must(t, a, "spawn", "--may-spawn-on", host, caller, host, echo, "wait")
	eventually(t, 20*time.Second, "the guest to be linked", func() error {
		if out := must(t, a, "tail", linked); !strings.Contains(out, "ready") {
			return fmt.Errorf("its log has %q", out)
		}
		return nil
	})
	var agreed control.ProcessAgreedResponse
	mustJSON(t, b, &agreed, "process", "agreed")
	if len(agreed.Agreements) != 1 || agreed.Agreements[0].Alive != 2 || agreed.Agreements[0].Processes != 3 {
		t.Errorf("%+v", agreed)
	}

	u.kill()
	began := time.Now()
	var end *control.Process
	eventually(t, 30*time.Second, "the node to be unreachable", func() error {
		end = find(t, a, func(p *control.Process) bool { return fmt.Sprint(p.PID) == linked })
		if end == nil || end.State != "exited" {
			return fmt.Errorf("%+v", end)
		}
		return nil
	})
	t.Logf("unreachable after %v", time.Since(began).Round(10*time.Millisecond))
	if end.Exit != "exit 46" { // 40 and the reason
		t.Errorf("the guest ended by %q", end.Exit)
	}
	if p := find(t, a, func(p *control.Process) bool { return fmt.Sprint(p.PID) == pid }); p == nil || p.Exit != "unreachable" {
		t.Errorf("%+v", p)
	}

	start(t, nil, b, fixed...)
	if r := cli(t, a, "send", pid, "are you there"); r.code != control.ExitFailed {
		t.Errorf("it came back: exit code %d\n%s", r.code, r.err)
	}
	if p := find(t, b, func(p *control.Process) bool { return p.For != "" }); p != nil {
		t.Errorf("the host has %+v", p)
	}
	// The agreement stays.
	eventually(t, 60*time.Second, "the host to run something again", func() error {
		if r := cli(t, a, "spawn", "--on", host, echo); r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return nil
	})
	must(t, b, "process", "refuse", asker)
	eventually(t, 20*time.Second, "it to be evicted", func() error {
		if p := find(t, b, func(p *control.Process) bool { return p.For != "" && p.State != "exited" }); p != nil {
			return fmt.Errorf("%+v", p)
		}
		return nil
	})
}
