package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guesttest"
)

// TestTop has a person watch the processes of a node on a real terminal, read
// the log of one and kill it.
func TestTop(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("tmux is missing: make test installs it")
	}
	dir := t.TempDir()
	home := filepath.Join(dir, "a")
	worldOf(t, nil, home, loopback...)
	echo := write(t, filepath.Join(dir, "echo.wasm"), guesttest.Echo())
	pid := must(t, home, "spawn", "--name", "baker", echo)
	other := must(t, home, "spawn", "--name", "miller", echo)
	must(t, home, "send", pid, "fresh", "bread")

	short, err := os.MkdirTemp("", "mt") // a socket's path has little room
	if err != nil {
		t.Fatal(err)
	}
	c := terminal{t, filepath.Join(short, "tmux")}
	c.tmux("new-session", "-d", "-x", "80", "-y", "24", bin+" --home "+home+" top")
	defer func() {
		_ = exec.Command("tmux", "-S", c.socket, "kill-server").Run() // it ends with top
		_ = os.RemoveAll(short)                                       // a temporary directory
	}()
	c.expect(30*time.Second, "MAILBOX", "baker", "miller", "fresh bread", "? help")
	c.line("/baker")
	c.expect(30*time.Second, "  /baker", "[1 all processes]")
	c.tmux("send-keys", "2")
	c.expect(30*time.Second, "[2 process "+pid+"]", "fresh bread")
	c.tmux("resize-window", "-x", "120", "-y", "40")
	c.tmux("send-keys", "k")
	c.expect(30*time.Second, "Kill "+pid+"? y/n  baker")
	screen := c.screen()
	t.Logf("top:\n%s", screen)
	if err := os.WriteFile(filepath.Join(artifacts, "top.txt"), []byte(screen), 0o644); err != nil {
		t.Error(err)
	}
	c.tmux("send-keys", "y")
	c.expect(30*time.Second, "Process "+pid+" has ended.")
	eventually(t, 20*time.Second, "it to be gone from the screen", func() error {
		if s := c.screen(); strings.Contains(s, "─baker") || strings.Contains(s, "waiting baker") {
			return fmt.Errorf("the screen is\n%s", s)
		}
		return nil
	})
	if p := find(t, home, func(p *control.Process) bool { return fmt.Sprint(p.PID) == pid }); p == nil || p.State != "exited" {
		t.Errorf("after the kill: %+v", p)
	}
	if p := find(t, home, func(p *control.Process) bool { return fmt.Sprint(p.PID) == other }); p == nil || p.State == "exited" {
		t.Errorf("the other one: %+v", p)
	}
	c.tmux("send-keys", "q")
	eventually(t, 20*time.Second, "top to end", func() error {
		if out, err := exec.Command("tmux", "-S", c.socket, "list-sessions").CombinedOutput(); err == nil {
			return fmt.Errorf("tmux has %s", out)
		}
		return nil
	})

	// A program gets an object a second.
	ctx, cancel := context.WithTimeout(t.Context(), callWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, "--home", home, "top", "--json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for range 2 {
		var r struct {
			Time      string
			Total     int
			Processes []struct {
				Name       string
				CPUPercent *float64
			}
		}
		if !lines.Scan() {
			t.Fatalf("the stream ended: %v", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Total != 1 || len(r.Processes) != 1 || r.Processes[0].Name != "miller" || r.Processes[0].CPUPercent == nil || r.Time == "" {
			t.Errorf("%v in %s", err, lines.Bytes())
		}
	}
	cancel()
	_ = cmd.Wait() // it was killed
}
