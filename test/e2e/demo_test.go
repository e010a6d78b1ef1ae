package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// counts is the object that `metatopia demo --json` prints.
type counts struct {
	Nodes        int      `json:"nodes"`
	Neighbours   int      `json:"neighbours"`
	Crossings    uint64   `json:"crossings"`
	Messages     uint64   `json:"messages"`
	LumpsFetched uint64   `json:"lumps_fetched"`
	ScriptsRun   uint64   `json:"scripts_run"`
	Handoffs     uint64   `json:"handoffs"`
	Errors       uint64   `json:"errors"`
	Seconds      float64  `json:"seconds"`
	OpenAfter    float64  `json:"open_after"`
	World        string   `json:"world"`
	Ended        []string `json:"ended"`
	Missing      []string `json:"missing"`
	Regions      []struct {
		Name          string
		Tick, Durable uint64
	} `json:"regions"`
}

func (c counts) check(t *testing.T) {
	t.Helper()
	if c.Nodes < 8 {
		t.Errorf("nodes: %d, want 8", c.Nodes)
	}
	// Eight points in the plane have at least seven Voronoi neighbourships.
	if c.Neighbours < 7 {
		t.Errorf("neighbours: %d pairs, want 7 or more", c.Neighbours)
	}
	for name, n := range map[string]uint64{
		"crossings": c.Crossings, "messages": c.Messages, "lumps_fetched": c.LumpsFetched,
		"scripts_run": c.ScriptsRun, "handoffs": c.Handoffs,
	} {
		if n == 0 {
			t.Errorf("%s: 0", name)
		}
	}
	if c.Errors != 0 || len(c.Ended) != 0 || len(c.Missing) != 0 {
		t.Errorf("errors %d, ended %v, missing %v", c.Errors, c.Ended, c.Missing)
	}
}

// keepLogs copies the nodes' logs to the artefacts when the test failed.
func keepLogs(t *testing.T, home string) {
	t.Helper()
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		logs, _ := filepath.Glob(filepath.Join(home, "logs", "*.log"))
		for _, path := range logs {
			b, err := os.ReadFile(path)
			if err != nil || len(b) == 0 {
				continue
			}
			name := strings.ReplaceAll(t.Name(), "/", "-") + "-" + filepath.Base(path)
			if err := os.WriteFile(filepath.Join(artifacts, name), b, 0o644); err != nil {
				t.Log(err)
			}
			t.Logf("end of %s:\n%s", filepath.Base(path), b[max(0, len(b)-2000):])
		}
	})
}

// TestDemoCountsWhatItPromises is the acceptance check of README, shorter.
func TestDemoCountsWhatItPromises(t *testing.T) {
	home := t.TempDir()
	keepLogs(t, home)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, "demo", "--headless", "--for", "40s", "--json", "--home", home)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	err := cmd.Run()
	t.Logf("said:\n%s", words.String())
	if err != nil {
		t.Errorf("demo: %v", err)
	}
	c := report(t, out.Bytes())
	c.check(t)
	if c.Seconds < 39 || c.Seconds > 60 {
		t.Errorf("open for %.1f s, asked for 40", c.Seconds)
	}
	t.Logf("open after %.1f s: %+v", c.OpenAfter, c)
	if err := os.WriteFile(filepath.Join(artifacts, "demo.json"), out.Bytes(), 0o644); err != nil {
		t.Error(err)
	}

	// The same home again: the world goes on where it stopped. A second is too
	// short for every promise, so only what it says is judged.
	out.Reset()
	cmd = exec.CommandContext(ctx, bin, "demo", "--headless", "--for", "1s", "--json", "--home", home)
	cmd.Stdout = &out
	_ = cmd.Run()
	again := report(t, out.Bytes())
	if again.World != c.World || len(again.Regions) != 2 || len(c.Regions) != 2 {
		t.Fatalf("another world: %+v, was %+v", again, c)
	}
	for i, r := range again.Regions {
		if was := c.Regions[i]; r.Name != was.Name || r.Tick < was.Durable {
			t.Errorf("%s at tick %d, was %s with %d durable", r.Name, r.Tick, was.Name, was.Durable)
		}
	}
}

// report is the one JSON object that a demo prints.
func report(t *testing.T, out []byte) (c counts) {
	t.Helper()
	if err := json.Unmarshal(out, &c); err != nil {
		t.Fatalf("one JSON object on standard output, got %q: %v", out, err)
	}
	return c
}

// openDemo is a demo that stays open while tests look at it.
type openDemo struct {
	home string
	you  string // home of the node with the page and telnet
	cmd  *exec.Cmd
	out  *bytes.Buffer
	done chan struct{}
	err  error
}

func openWorld(t *testing.T) *openDemo {
	t.Helper()
	home := t.TempDir()
	keepLogs(t, home)
	d := &openDemo{home: home, you: filepath.Join(home, "you"), out: new(bytes.Buffer), done: make(chan struct{})}
	d.cmd = exec.Command(bin, "demo", "--headless", "--json", "--home", home)
	words := &signalWriter{on: "is open", ch: make(chan struct{})}
	d.cmd.Stdout, d.cmd.Stderr = d.out, words
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // usually stopped before
		<-d.done
	})
	timeout := time.NewTimer(2 * time.Minute)
	defer timeout.Stop()
	select {
	case <-words.ch:
	case <-d.done:
		t.Fatalf("the demo ended: %v\n%s", d.err, words)
	case <-timeout.C:
		t.Fatalf("the demo is not open after two minutes\n%s", words)
	}
	return d
}

// close interrupts the demo as Ctrl-C would and gives its report.
func (d *openDemo) close(t *testing.T) counts {
	t.Helper()
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	select {
	case <-d.done:
	case <-timeout.C:
		t.Fatal("the demo did not stop within a minute of Ctrl-C")
	}
	if d.err != nil {
		t.Errorf("the demo ended with %v", d.err)
	}
	return report(t, d.out.Bytes())
}

// signalWriter closes ch when on was written.
type signalWriter struct {
	buf bytes.Buffer
	on  string
	ch  chan struct{}
	hit bool
}

func (w *signalWriter) Write(p []byte) (int, error) {
	w.buf.Write(p)
	if !w.hit && strings.Contains(w.buf.String(), w.on) {
		w.hit = true
		close(w.ch)
	}
	return len(p), nil
}

func (w *signalWriter) String() string { return w.buf.String() }

// TestWorld opens one world and enters it by every door.
func TestWorld(t *testing.T) {
	d := openWorld(t)
	st := status(t, d.you)
	if st.WebURL == "" || st.Telnet == "" || st.World == nil {
		t.Fatalf("you have no way in: %+v", st)
	}
	t.Run("page", func(t *testing.T) { testPage(t, st.WebURL, "page") })
	t.Run("telnet", func(t *testing.T) { testTelnet(t, d, st.Telnet) })
	t.Run("strangers", func(t *testing.T) { testStrangers(t, st.WebURL) })
	t.Run("walk", func(t *testing.T) { testWalk(t, d) })
	t.Run("processes", func(t *testing.T) { testProcesses(t, d) })
	t.Run("physics", func(t *testing.T) { testPage(t, st.WebURL, "physics") })
	c := d.close(t)
	if c.Errors != 0 || len(c.Ended) != 0 {
		t.Errorf("errors %d, ended %v", c.Errors, c.Ended)
	}
	nobodyLeft(t, d.home)
}

// testWalk crosses the border by command and looks at who serves the avatar.
func testWalk(t *testing.T, d *openDemo) {
	names := make(map[string]string)
	region := func() (string, error) {
		st := status(t, d.you)
		for _, r := range st.Regions {
			names[r.ID], names[r.Name] = r.Name, r.Name // inRegion may be either
		}
		if st.Avatar == nil {
			return "", errors.New("no avatar")
		}
		return names[st.InRegion], nil
	}
	for _, goal := range []struct{ to, region string }{{"44,0,6", "Commons"}, {"20,0,6", "Hearthside"}, {"44,0,6", "Commons"}} {
		must(t, d.you, "walk", "--to", goal.to)
		eventually(t, 90*time.Second, "walk to "+goal.region, func() error {
			in, err := region()
			if err == nil && in != goal.region {
				err = fmt.Errorf("still in %q", in)
			}
			return err
		})
	}
}

// testProcesses: a resident's brain is a process on its own node, from a
// module that came over the network; it can be listed, read and killed.
func testProcesses(t *testing.T, d *openDemo) {
	homes, err := filepath.Glob(filepath.Join(d.home, "resident-1-*"))
	if err != nil || len(homes) != 1 {
		t.Fatalf("%v, %v", homes, err)
	}
	type process struct {
		PID                 uint64
		Module, State, Name string
		Gas                 uint64
	}
	list := func(args ...string) (ps struct{ Processes []process }) {
		mustJSON(t, homes[0], &ps, append([]string{"ps"}, args...)...)
		return ps
	}
	ps := list().Processes
	if len(ps) != 1 || ps[0].Gas == 0 || ps[0].Module == "" {
		t.Fatalf("want one busy process, got %+v", ps)
	}
	if st := status(t, homes[0]); st.Counters["lumps_fetched"] == 0 {
		t.Error("the module did not come over the network")
	}
	must(t, homes[0], "kill", fmt.Sprint(ps[0].PID))
	eventually(t, 20*time.Second, "kill", func() error {
		if left := list().Processes; len(left) != 0 {
			return fmt.Errorf("still there: %+v", left)
		}
		return nil
	})
}

// nobodyLeft looks for processes that still have the demo's home in their
// command line.
func nobodyLeft(t *testing.T, home string) {
	t.Helper()
	cmdlines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(cmdlines) == 0 {
		t.Skip("no /proc here")
	}
	for _, path := range cmdlines {
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(home)) {
			t.Errorf("left over: %s", bytes.ReplaceAll(b, []byte{0}, []byte{' '}))
		}
	}
}
