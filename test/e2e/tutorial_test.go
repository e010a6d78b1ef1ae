package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fence is a block of a page: what stands behind the three ticks, and what is
// in it.
type fence struct{ info, text string }

func fences(t *testing.T, page string) (all []fence) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(.*?)\n(.*?)^```$").FindAllSubmatch(b, -1) {
		all = append(all, fence{string(m[1]), string(m[2])})
	}
	return all
}

// likely turns what a page shows into an expression: "…" is anything, also
// several lines, and white space is as much as there is.
func likely(text string) *regexp.Regexp {
	words := strings.Fields(text)
	for i, w := range words {
		words[i] = strings.ReplaceAll(regexp.QuoteMeta(w), "…", `.*?`)
	}
	return regexp.MustCompile(`(?s)^\s*` + strings.Join(words, `\s*`) + `\s*$`)
}

// reader is somebody who follows a page: one shell, and terminals.
type reader struct {
	t    *testing.T
	dir  string
	env  []string
	last string // what the last block printed
	look string // the last block, when it only looks
	tabs []*terminalTab
}

// terminalTab is a command in a terminal of its own.
type terminalTab struct {
	cmd *exec.Cmd
	out string // file; what is said for people is in one called out.err
}

// shows holds what the last block printed against the page. Who only looked
// looks again: what is to be seen may take a moment.
func (r *reader) shows(text string) {
	r.t.Helper()
	want := likely(text)
	for late := time.Now().Add(time.Minute); !want.MatchString(r.last); r.do(r.look) {
		if r.look == "" || time.Now().After(late) {
			r.t.Fatalf("the page shows\n%s\nand there is\n%s%s", text, r.last, r.tails())
		}
	}
}

// do runs a block in the shell that the reader is in: directory and variables
// stay for the next.
func (r *reader) do(block string) {
	r.t.Helper()
	r.look = ""
	if strings.HasPrefix(block, "metatopia script show ") {
		r.look = block
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Minute)
	defer cancel()
	state := filepath.Join(r.dir, "state")
	cmd := exec.CommandContext(ctx, "bash", "-c", "set -e\n"+block+"\n{ pwd; printf %s \"$PATH\"; } > "+state)
	cmd.Dir, cmd.Env = r.cwd(), r.env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	r.last = string(out)
	if err != nil {
		r.t.Fatalf("%s%v\n%s%s%s", block, err, out, errs.Bytes(), r.tails())
	}
	b, err := os.ReadFile(state)
	if err != nil {
		r.t.Fatal(err)
	}
	at, path, _ := strings.Cut(string(b), "\n")
	r.env = append(r.env, "PWD="+at, "PATH="+path)
}

func (r *reader) cwd() string {
	for i := len(r.env) - 1; i >= 0; i-- {
		if at, ok := strings.CutPrefix(r.env[i], "PWD="); ok {
			return at
		}
	}
	return ""
}

func (r *reader) tails() (s string) {
	for _, tab := range r.tabs {
		out, _ := os.ReadFile(tab.out)
		errs, _ := os.ReadFile(tab.out + ".err")
		s += fmt.Sprintf("--- %s\n%s%s", tab.cmd.Args[2], out, errs)
	}
	return s
}

// open starts a command in a terminal of its own and waits until it speaks, or
// for a listener until it listens.
func (r *reader) open(block string) {
	r.t.Helper()
	tab := &terminalTab{cmd: exec.Command("bash", "-c", "exec "+block), out: filepath.Join(r.dir, fmt.Sprintf("tab%d", len(r.tabs)))}
	f, err := os.Create(tab.out)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	errs, err := os.Create(tab.out + ".err")
	if err != nil {
		r.t.Fatal(err)
	}
	defer errs.Close()
	tab.cmd.Dir, tab.cmd.Env, tab.cmd.Stdout, tab.cmd.Stderr = r.cwd(), r.env, f, errs
	if err := tab.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.tabs = append(r.tabs, tab)
	r.t.Cleanup(func() {
		_ = tab.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = tab.cmd.Wait()
	})
	eventually(r.t, time.Minute, "the terminal to say something", func() error {
		for _, file := range []string{tab.out, tab.out + ".err"} {
			if st, err := os.Stat(file); err == nil && st.Size() > 0 {
				return nil
			}
		}
		return fmt.Errorf("%s: nothing", block)
	})
}

// TestTutorial follows docs/tutorial-script.md word for word.
func TestTutorial(t *testing.T) {
	abs, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	r := &reader{t: t, dir: t.TempDir()}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "METATOPIA_") && !strings.HasPrefix(name, "XDG_") && name != "MAKEFLAGS" && name != "MAKELEVEL" && name != "HOME" {
			r.env = append(r.env, v)
		}
	}
	for name, cmd := range map[string][]string{"GOPATH": {"go", "env", "GOPATH"}, "GOCACHE": {"go", "env", "GOCACHE"}} {
		out, err := exec.Command(cmd[0], cmd[1:]...).Output()
		if err != nil {
			t.Fatal(err)
		}
		r.env = append(r.env, name+"="+strings.TrimSpace(string(out)))
	}
	r.env = append(r.env, "HOME="+home, "METATOPIA_MDNS=false", "PWD="+abs)
	heard := 0
	for _, f := range fences(t, "docs/tutorial-script.md") {
		kind, name, _ := strings.Cut(f.info, " ")
		switch {
		case kind == "sh" && name == "terminal":
			r.open(f.text)
		case kind == "sh":
			r.do(f.text)
		case kind == "text":
			r.shows(f.text)
		case kind == "lua":
			if err := os.WriteFile(filepath.Join(r.cwd(), name), []byte(f.text), 0o644); err != nil {
				t.Fatal(err)
			}
		case kind == "heard":
			tab := r.tabs[len(r.tabs)-1]
			eventually(t, 30*time.Second, "what is heard", func() error {
				b, err := os.ReadFile(tab.out)
				if err != nil || len(b) < heard+len(f.text) {
					return fmt.Errorf("heard %q, %v", b[min(heard, len(b)):], err)
				}
				if got := string(b[heard:]); got != f.text {
					return fmt.Errorf("heard %q", got)
				}
				return nil
			})
			heard += len(f.text)
		default:
			t.Fatalf("a block of kind %q", f.info)
		}
	}
	if heard == 0 {
		t.Error("the page has nothing to hear")
	}
}
