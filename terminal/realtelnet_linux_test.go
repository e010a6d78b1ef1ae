package terminal

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// openPTY gives both ends of a new pseudo-terminal of the size given.
func openPTY(t *testing.T, w, h int) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)})
	}
	if err != nil {
		t.Fatalf("pseudo-terminal: %v", err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// The telnet program of the system shows the place and takes commands.
func TestRealTelnetClient(t *testing.T) {
	path, err := exec.LookPath("telnet")
	if err != nil {
		t.Skip("no telnet program here")
	}
	b, _, addr := serve(t)
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	master, slave := openPTY(t, 90, 26)
	cmd := exec.Command(path, host, port)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })

	var mu sync.Mutex
	v := newVT(90, 26)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			mu.Lock()
			_, _ = v.Write(buf[:n])
			mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	shown := func() string {
		mu.Lock()
		defer mu.Unlock()
		return v.g.text()
	}
	sees := func(text string) {
		t.Helper()
		if !controltest.Poll(limit, func() bool { return strings.Contains(shown(), text) }) {
			t.Fatalf("%q is not on the screen\n%s", text, shown())
		}
	}
	press := func(s string) {
		t.Helper()
		if _, err := master.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	sees("Near: Bob 5 m NE")
	sees("\n" + strings.Repeat("─", 90) + "\n>\n") // the window's size was understood
	press("'grüße, 世界\r")
	if !controltest.Poll(limit, func() bool { return strings.Contains(strings.Join(b.Calls(), ";"), "say grüße, 世界") }) {
		t.Fatalf("the node heard %q", b.Calls())
	}
	b.Push(&control.Frame{Chat: []control.ChatLine{{From: "Ada", Key: "f", Entity: controltest.MeID, Text: "grüße, 世界"}}})
	sees("You say: grüße, 世界")
	press("look\r")
	sees("Things: red ball 1 m E, street lamp 6 m S.")
	press("\x1b[A") // up: the last line again
	sees("\n> look\n")
	press("\x15quit\r")
	if err := cmd.Wait(); err != nil && !strings.Contains(err.Error(), "exit status") {
		t.Errorf("telnet: %v", err)
	}
	sees("Goodbye.")
}
