package e2e

import (
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// TestScreen has a person draw and press keys at the screen of a process, from a
// real terminal and from commands, and end it by a key.
func TestScreen(t *testing.T) {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("tmux is missing: make test installs it")
	}
	dir := t.TempDir()
	home := filepath.Join(dir, "a")
	worldOf(t, nil, home, loopback...)
	must(t, home, "pkg", "install", "sketch")
	pid := must(t, home, "spawn", "sketch")
	if got := must(t, home, "screen", pid, "--once"); !strings.Contains(got, "c:clear q:end") {
		t.Errorf("the screen is %q", got)
	}
	var list control.PsResponse
	mustJSON(t, home, &list, "ps")
	if len(list.Processes) != 1 || !list.Processes[0].Screen {
		t.Errorf("ps: %+v", list.Processes)
	}

	short, err := os.MkdirTemp("", "mt") // a socket's path has little room
	if err != nil {
		t.Fatal(err)
	}
	c := terminal{t, filepath.Join(short, "tmux")}
	c.tmux("new-session", "-d", "-x", "80", "-y", "24", bin+" --home "+home+" screen "+pid)
	defer func() {
		_ = exec.Command("tmux", "-S", c.socket, "kill-server").Run() // it ends with the process
		_ = os.RemoveAll(short)                                       // a temporary directory
	}()
	c.expect(30*time.Second, "c:clear q:end", "watched by 1", "Sketch", "Ctrl-] leaves")
	c.tmux("send-keys", "2")

	shot := filepath.Join(artifacts, "sketch.png")
	eventually(t, 30*time.Second, "the ink and the line", func() error {
		if _, err := cliOut(t, home, "screen", pid, "--do", "press 1 5 3 40 50", "--do", "move 1 9 3 90 50", "--do", "release 1 9 3 90 50", "--png", shot); err != nil {
			return err
		}
		f, err := os.Open(shot)
		if err != nil {
			return err
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			return err
		}
		if r, g, b, _ := img.At(60, 50).RGBA(); r>>8 != 0xe0 || g>>8 != 0x7a || b>>8 != 0x5f {
			return fmt.Errorf("the pixel is %x %x %x", r>>8, g>>8, b>>8)
		}
		return nil
	})
	c.tmux("send-keys", "q")
	eventually(t, 20*time.Second, "the process and its viewer to end", func() error {
		if p := find(t, home, func(p *control.Process) bool { return fmt.Sprint(p.PID) == pid }); p == nil || p.State != "exited" || p.Exit != "exit 0" {
			return fmt.Errorf("%+v", p)
		}
		if out, err := exec.Command("tmux", "-S", c.socket, "list-sessions").CombinedOutput(); err == nil {
			return fmt.Errorf("tmux has %s", out)
		}
		return nil
	})
}

// cliOut is a command that may fail.
func cliOut(t *testing.T, home string, args ...string) (string, error) {
	t.Helper()
	if r := cli(t, home, args...); r.code != 0 {
		return "", fmt.Errorf("exit %d: %s", r.code, r.err)
	} else {
		return r.out, nil
	}
}
