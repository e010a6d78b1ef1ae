package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

const (
	startWait = 60 * time.Second // a node's start, on two cores that do other things too
	callWait  = 60 * time.Second // one command
	stopWait  = 60 * time.Second // a clean end
)

// up is a running node.
type up struct {
	home   string
	cmd    *exec.Cmd
	stderr *bytes.Buffer // read after the end
	exited chan struct{}
	err    error
	ready  struct{ URL, Telnet, Socket, Key, Name string }
}

// loopback are listen addresses that no other machine can reach.
var loopback = []string{"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0"}

// start runs `metatopia up` in home and waits for its ready line. prefix is
// put before the command (ip netns exec NAME).
func start(t *testing.T, prefix []string, home string, args ...string) *up {
	t.Helper()
	u, err := tryStart(t, prefix, home, args...)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func tryStart(t *testing.T, prefix []string, home string, args ...string) (*up, error) {
	t.Helper()
	argv := append(append([]string{}, prefix...), bin, "up", "--json", "--home", home, "--no-mdns")
	argv = append(argv, args...)
	u := &up{home: home, cmd: exec.Command(argv[0], argv[1:]...), stderr: new(bytes.Buffer), exited: make(chan struct{})}
	u.cmd.Stderr = u.stderr
	// The process is its own group, so that what a prefix starts ends too.
	u.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := u.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := u.cmd.Start(); err != nil {
		return nil, err
	}
	first := make(chan error, 1)
	go func() {
		r := bufio.NewReader(out)
		line, err := r.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &u.ready)
		}
		first <- err
		_, _ = io.Copy(io.Discard, r) // ends with the process
		u.err = u.cmd.Wait()
		close(u.exited)
	}()
	t.Cleanup(func() { u.kill() })
	timeout := time.NewTimer(startWait)
	defer timeout.Stop()
	select {
	case err = <-first:
	case <-timeout.C:
		err = fmt.Errorf("no ready line within %s", startWait)
	}
	if err != nil {
		u.kill()
		return nil, fmt.Errorf("up in %s: %w (%v)\n%s", home, err, u.err, u.stderr)
	}
	return u, nil
}

// kill is kill -9; it returns when the process is gone.
func (u *up) kill() {
	_ = syscall.Kill(-u.cmd.Process.Pid, syscall.SIGKILL) // it may be gone
	<-u.exited
}

// stop asks for a clean end and wants one.
func (u *up) stop(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(-u.cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Errorf("stop %s: %v", u.home, err)
	}
	timeout := time.NewTimer(stopWait)
	defer timeout.Stop()
	select {
	case <-u.exited:
		if u.err != nil {
			t.Errorf("%s ended badly: %v\n%s", u.home, u.err, u.stderr)
		}
	case <-timeout.C:
		u.kill()
		t.Errorf("%s did not stop within %s\n%s", u.home, stopWait, u.stderr)
	}
}

// result is what a command did.
type result struct {
	out, err string
	code     int
}

// cli runs a command against the node in home and lets it fail.
func cli(t *testing.T, home string, args ...string) result {
	t.Helper()
	return cliWith(t, nil, home, args...)
}

func cliWith(t *testing.T, stdin []byte, home string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), callWait)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, append([]string{"--home", home}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("metatopia %s: %v\n%s", strings.Join(args, " "), errors.Join(err, ctx.Err()), errs.String())
	}
	return result{out.String(), errs.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and gives its output.
func must(t *testing.T, home string, args ...string) string {
	t.Helper()
	r := cli(t, home, args...)
	if r.code != 0 {
		t.Fatalf("metatopia %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.err)
	}
	return strings.TrimSpace(r.out)
}

// mustJSON is must with --json, decoded into v.
func mustJSON(t *testing.T, home string, v any, args ...string) {
	t.Helper()
	out := must(t, home, append([]string{"--json"}, args...)...)
	if err := json.Unmarshal([]byte(out), v); err != nil {
		t.Fatalf("metatopia %s: %v in %q", strings.Join(args, " "), err, out)
	}
}

func status(t *testing.T, home string) control.StatusResponse {
	t.Helper()
	var st control.StatusResponse
	mustJSON(t, home, &st, "status")
	return st
}

// eventually asks again until check is content, and fails with its last word.
func eventually(t *testing.T, wait time.Duration, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(wait)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %v", what, wait, err)
		}
		<-tick.C
	}
}

// write makes a file with content.
func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// worldOf starts a node that founds a world with one furnished region at the
// origin, and gives the join link.
func worldOf(t *testing.T, prefix []string, home string, args ...string) (u *up, link string) {
	t.Helper()
	u = start(t, prefix, home, args...)
	must(t, home, "world", "create", "Proving Ground", "--size", "256,64,192")
	must(t, home, "region", "seed", "Hearthside", "--at", "0,0,0", "--furnish", "hearth")
	return u, must(t, home, "world", "link")
}
