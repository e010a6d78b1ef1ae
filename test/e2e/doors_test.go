package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testPage opens the page in Chromium with one of the scripts in web/test,
// which fails when what it looks for does not appear. The pictures are kept
// for a person to look at.
func testPage(t *testing.T, pageURL, name string) {
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Fatal("chromium is missing: make test installs it, or: apt-get install chromium")
	}
	out := filepath.Join(artifacts, name)
	if err := os.RemoveAll(out); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "test/"+name+".mjs", "--url", pageURL, "--out", out)
	cmd.Dir = filepath.Join(root, "web")
	said, err := cmd.CombinedOutput()
	t.Logf("%s.mjs: %s", name, said)
	if err != nil {
		t.Fatalf("the page: %v", err)
	}
	pictures, err := filepath.Glob(filepath.Join(out, "*.png"))
	if err != nil || len(pictures) == 0 {
		t.Errorf("no screenshot in %s (%v)", out, err)
	}
}

// terminal is a real telnet client in a tmux of its own.
type terminal struct {
	t      *testing.T
	socket string
}

func (c terminal) tmux(args ...string) string {
	c.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-f", "/dev/null", "-S", c.socket}, args...)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("tmux %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (c terminal) screen() string { return c.tmux("capture-pane", "-p") }

// line types a line and presses Enter.
func (c terminal) line(text string) {
	c.tmux("send-keys", "-l", text)
	c.tmux("send-keys", "Enter")
}

func (c terminal) expect(wait time.Duration, texts ...string) {
	c.t.Helper()
	eventually(c.t, wait, "telnet shows it", func() error {
		s := c.screen()
		for _, text := range texts {
			if !strings.Contains(s, text) {
				return fmt.Errorf("no %q on the screen:\n%s", text, s)
			}
		}
		return nil
	})
}

func testTelnet(t *testing.T, d *openDemo, addr string) {
	for _, name := range []string{"telnet", "tmux"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing: make test installs it", name)
		}
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "mt") // short: a socket's path has little room
	if err != nil {
		t.Fatal(err)
	}
	c := terminal{t, filepath.Join(dir, "tmux")}
	c.tmux("new-session", "-d", "-x", "100", "-y", "30", "telnet "+host+" "+port)
	defer func() {
		_ = exec.Command("tmux", "-S", c.socket, "kill-server").Run() // it ends with telnet
		_ = os.RemoveAll(dir)                                         // a temporary directory
	}()
	c.expect(30*time.Second, "Hearthside")
	c.line("look")
	c.line("who")
	c.line("say hello from a telnet client")
	c.expect(30*time.Second, "hello from a telnet client")
	screen := c.screen()
	t.Logf("telnet:\n%s", screen)
	if err := os.WriteFile(filepath.Join(artifacts, "telnet.txt"), []byte(screen), 0o644); err != nil {
		t.Error(err)
	}
	c.line("quit")
}

// testStrangers: what a web page from elsewhere, another program on the
// machine or a rebinding name server could send to the node's web side.
func testStrangers(t *testing.T, pageURL string) {
	u, err := url.Parse(pageURL)
	if err != nil {
		t.Fatal(err)
	}
	const method = "/metatopia.v1.Node/Status"
	base := "http://" + u.Host
	send := func(change func(*http.Request)) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+method, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", base)
		req.Header.Set("Authorization", "Bearer "+tokenOf(u))
		if change != nil {
			change(req)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck // read below
		b, err := io.ReadAll(io.LimitReader(res.Body, 1<<16))
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	// The positive control: without it every refusal below could be for
	// another reason.
	if code, b := send(nil); code != http.StatusOK || !strings.Contains(b, "counters") {
		t.Fatalf("the right token and origin: %d %s", code, b)
	}
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, http.StatusForbidden},
		{"wrong token", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("A", len(tokenOf(u)))) }, http.StatusForbidden},
		{"rebinding host", func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Origin", "http://evil.example") }, http.StatusMisdirectedRequest},
		{"another port's origin", func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") }, http.StatusForbidden},
		{"a stranger's origin", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, http.StatusForbidden},
		{"a sandboxed frame", func(r *http.Request) { r.Header.Set("Origin", "null") }, http.StatusForbidden},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, b := send(tc.change)
			if code != tc.want || strings.Contains(b, "counters") {
				t.Errorf("status %d, want %d: %s", code, tc.want, b)
			}
		})
	}
	t.Run("an endless request", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+method, bytes.NewReader(make([]byte, 64<<20)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Origin", base)
		req.Header.Set("Authorization", "Bearer "+tokenOf(u))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return // hung up on in the middle: refused
		}
		defer res.Body.Close() //nolint:errcheck // only its status matters
		if res.StatusCode == http.StatusOK {
			t.Error("a request of 64 MiB was taken")
		}
	})
	if code, _ := send(nil); code != http.StatusOK {
		t.Errorf("after all that the node answers %d", code)
	}
}

// tokenOf is the secret in the fragment of a page's URL.
func tokenOf(u *url.URL) string {
	f := u.Fragment
	if i := strings.LastIndexByte(f, '='); i >= 0 {
		return f[i+1:]
	}
	return f
}
