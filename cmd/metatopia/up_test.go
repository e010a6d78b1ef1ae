package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

const limit = time.Minute

// process is `metatopia up` with its ready line read.
type process struct {
	cmd   *exec.Cmd
	ready ready
	words *strings.Builder // read after wait
	ended chan error
}

func up(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	cmd := command(t, dir, append(args, "--json")...)
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, words: new(strings.Builder), ended: make(chan error, 1)}
	cmd.Stderr = p.words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	r := bufio.NewReader(out)
	line, err := r.ReadString('\n')
	go func() {
		_, _ = io.Copy(io.Discard, r)
		p.ended <- cmd.Wait()
	}()
	if err != nil {
		t.Fatalf("no ready line: %v; %v", err, <-p.ended)
	}
	if err := json.Unmarshal([]byte(line), &p.ready); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return p
}

// wait gives the exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatal("the process does not end")
		return -1
	}
}

// Everything that up promises: page, telnet, socket, private file, one node a
// directory, a clean end by a signal.
func TestUp(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "up", "--name", "Ada", "--no-mdns")
	r := p.ready
	if r.Key != controltest.Key || r.PID != p.cmd.Process.Pid || r.Home != filepath.Join(dir, "metatopia") {
		t.Errorf("ready: %+v", r)
	}
	c := control.Dial(r.Socket)
	defer c.Close()
	st, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.WebURL != r.URL || st.Telnet != r.Telnet {
		t.Errorf("status tells %q and %q, ready told %q and %q", st.WebURL, st.Telnet, r.URL, r.Telnet)
	}
	file := filepath.Join(r.Home, "page-url")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(file); info.Mode().Perm() != 0o600 || strings.TrimSpace(string(b)) != r.URL {
		t.Errorf("page-url: mode %v, %q", info.Mode().Perm(), b)
	}
	base, token, ok := strings.Cut(r.URL, "/#token=")
	if !ok {
		t.Fatalf("URL %s", r.URL)
	}
	res, err := http.Get(base + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Errorf("the page: %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	web := control.DialWeb(base, token)
	defer web.Close()
	if _, err := web.Say(t.Context(), &control.SayRequest{Text: "hi"}); err != nil {
		t.Errorf("say over the web: %v", err)
	}
	conn, err := net.Dial("tcp", r.Telnet)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(limit))
	text := make([]byte, 0, 4096)
	for !strings.Contains(string(text), "You stand in Hearthside") {
		buf := make([]byte, 1024)
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatalf("telnet: %v after %q", err, text)
		}
		text = append(text, buf[:n]...)
	}

	second := command(t, dir, "up")
	words, err := second.CombinedOutput()
	if second.ProcessState.ExitCode() != 1 || !strings.Contains(string(words), "already running") || !strings.Contains(string(words), "hint: stop it") {
		t.Errorf("a second node: %v, exit %d: %s", err, second.ProcessState.ExitCode(), words)
	}

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d after SIGTERM: %s", code, p.words)
	}
	for _, f := range []string{file, r.Socket} {
		if _, err := os.Stat(f); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", f)
		}
	}
}

func TestStop(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "up", "--no-web", "--no-telnet")
	if p.ready.URL != "" || p.ready.Telnet != "" {
		t.Errorf("ready: %+v", p.ready)
	}
	if out, err := command(t, dir, "stop").CombinedOutput(); err != nil || !strings.Contains(string(out), "has stopped") {
		t.Errorf("stop: %v: %s", err, out)
	}
	if code := p.wait(t); code != 0 {
		t.Errorf("exit code %d after stop: %s", code, p.words)
	}
}

// A killed node leaves its socket; the next one starts over it.
func TestUpAfterKill(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "up")
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	p.wait(t)
	if out, err := command(t, dir, "status").CombinedOutput(); err == nil || !strings.Contains(string(out), "no node is running") {
		t.Errorf("status of a killed node: %v: %s", err, out)
	}
	again := up(t, dir, nil, "up")
	if again.ready.URL == p.ready.URL {
		t.Error("the token is the same after a restart")
	}
	if out, err := command(t, dir, "status").CombinedOutput(); err != nil {
		t.Errorf("status: %v: %s", err, out)
	}
}

// The file is weaker than a variable, a variable than a flag.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "config", "metatopia")
	if err := os.MkdirAll(conf, 0o700); err != nil {
		t.Fatal(err)
	}
	file := `{"name": "File", "mdns": false, "listen": ["/ip4/127.0.0.1/tcp/1"], "no-web": true, "home": "` + filepath.Join(dir, "there") + `"}`
	if err := os.WriteFile(filepath.Join(conf, "config.json"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		env  []string
		args []string
		want string // what the fake node was given, as its name
	}{
		{nil, nil, "File mdns=false join= listen=[/ip4/127.0.0.1/tcp/1]"},
		{[]string{"METATOPIA_NAME=Variable", "METATOPIA_MDNS=true"}, nil, "Variable mdns=true join= listen=[/ip4/127.0.0.1/tcp/1]"},
		{[]string{"METATOPIA_NAME=Variable"}, []string{"--name", "Flag", "--mdns", "--listen", "/ip4/127.0.0.1/tcp/2"}, "Flag mdns=true join= listen=[/ip4/127.0.0.1/tcp/2]"},
		{nil, []string{"--join", "metatopia:x"}, "File mdns=false join=metatopia:x listen=[/ip4/127.0.0.1/tcp/1]"},
	} {
		p := up(t, dir, tt.env, append([]string{"up"}, tt.args...)...)
		if p.ready.Name != tt.want || p.ready.URL != "" || p.ready.Home != filepath.Join(dir, "there") {
			t.Errorf("env %v flags %v: %+v, want %s", tt.env, tt.args, p.ready, tt.want)
		}
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		if code := p.wait(t); code != 0 {
			t.Errorf("exit code %d after an interrupt: %s", code, p.words)
		}
	}
}

// join starts a node when none runs, with the flags of up.
func TestJoinStartsANode(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "join", "metatopia:x", "--name", "Bob")
	if p.ready.Name != "Bob mdns=true join=metatopia:x listen=[]" {
		t.Errorf("%+v", p.ready)
	}
	if out, err := command(t, dir, "join", "metatopia:y").CombinedOutput(); err != nil || !strings.Contains(string(out), "Quiet Valley") {
		t.Errorf("join with a node running: %v: %s", err, out)
	}
}

// tail -f ends with Ctrl-C and exit code 0.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	startNodeFor(t, filepath.Join(dir, "metatopia"))
	if out, err := command(t, dir, "spawn", "cid0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := command(t, dir, "tail", "-f", "1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	sc := bufio.NewScanner(out)
	for range 3 {
		if !sc.Scan() {
			t.Fatal("the log ended")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("tail: %v", err)
	}
}

func TestCleanOutput(t *testing.T) {
	var b strings.Builder
	e := &environment{terminals: terminals{Out: &b}}
	if err := e.show(nil, func(w io.Writer) { _, _ = io.WriteString(w, "a\x1b[31mb\tc\u202e\n") }); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\u202e") {
		t.Errorf("%q", b.String())
	}
}

// Every command has help that ends with exit code 0, on standard output.
func TestHelp(t *testing.T) {
	for _, words := range []string{"", "up", "demo", "join", "world create", "region seed", "lump get", "spawn", "tail", "doctor", "walk", "status"} {
		var out, errs strings.Builder
		args := append(strings.Fields(words), "--help")
		if code := run(context.Background(), args, &terminals{In: strings.NewReader(""), Out: &out, Err: &errs}); code != 0 || errs.Len() > 0 || !strings.Contains(out.String(), "Usage: metatopia") {
			t.Errorf("%s --help: exit %d, %s%s", words, code, out.String(), errs.String())
		}
	}
}
