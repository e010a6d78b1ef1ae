package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// config is a demo of fake nodes that closes after one sample.
func config(t *testing.T, mode string) Config {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(fakeEnv, mode)
	return Config{Exe: exe, Home: t.TempDir(), For: time.Millisecond, Guest: make([]byte, 3*lumpChunk+1), Seed: 9, Words: &words{t: t}}
}

// words collects what is said, and calls back when it holds a text.
type words struct {
	t    *testing.T
	mu   sync.Mutex
	b    strings.Builder
	on   string
	then func()
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(p)
	if w.then != nil && strings.Contains(w.b.String(), w.on) {
		w.then()
		w.then = nil
	}
	return len(p), nil
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// pids reads the process ids that the fake nodes left in their homes.
func pids(t *testing.T, home string) []int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(home, "*", "pid"))
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := strconv.Atoi(string(b)); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// runs reports whether a process lives; one that ended and was not waited for
// does not.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return runtime.GOOS != "linux"
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func noneRuns(t *testing.T, home string, want int) {
	t.Helper()
	all := pids(t, home)
	if len(all) != want {
		t.Errorf("%d nodes left a process id, want %d", len(all), want)
	}
	for _, pid := range all {
		if runs(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

func TestRunTwice(t *testing.T) {
	cfg := config(t, "node")
	for run := range 2 {
		rep, err := Run(t.Context(), cfg)
		if err != nil {
			t.Fatalf("run %d: %v", run, err)
		}
		// Everybody but Hearthside has Hearthside as a neighbour: 7 pairs.
		if rep.Nodes != 8 || rep.Neighbours != 7 || rep.Crossings != 8 || rep.Messages != 16 || rep.LumpsFetched != 24 ||
			rep.ScriptsRun != 32 || rep.Handoffs != 40 || rep.Errors != 0 || rep.World != "bafk" || len(rep.Regions) != 2 {
			t.Errorf("run %d: %+v", run, rep)
		}
		if why := rep.Failed(); why != "" {
			t.Errorf("run %d failed: %s", run, why)
		}
		noneRuns(t, cfg.Home, 8)
	}
	said := cfg.Words.(*words).String()
	for _, want := range []string{"http://127.0.0.1:1/#x", "telnet   127.0.0.1 2", "metatopia:bafk", "control.sock", "8 nodes"} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	spawn, err := os.ReadFile(filepath.Join(cfg.Home, "resident-2-bruno", "spawn"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(spawn), fmt.Sprintf("cid-of-%d-bytes ", len(cfg.Guest))) || !strings.Contains(string(spawn), "name=Bruno phase=2 border=32") {
		t.Errorf("spawned as %q: want the whole module, and phase (9+1) mod 4", spawn)
	}
}

func TestDeadNodeIsSaid(t *testing.T) {
	cfg := config(t, "dies")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &words{t: t, on: "Ada has ended by itself", then: cancel}
	cfg.Words, cfg.For = w, time.Minute
	rep, err := Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if rep.Errors != 1 || len(rep.Ended) != 1 || !strings.Contains(rep.Failed(), "Ada ended by itself") {
		t.Errorf("%+v", rep)
	}
	if !strings.Contains(w.String(), "out of cheese") {
		t.Errorf("the last words are missing:\n%s", w)
	}
	// What Ada counted before its end is kept.
	if rep.Crossings != 8 {
		t.Errorf("crossings %d, want 8", rep.Crossings)
	}
	noneRuns(t, cfg.Home, 8)
}

func TestNodeThatDoesNotStart(t *testing.T) {
	cfg := config(t, "refuses")
	_, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "Commons ended while starting") || !strings.Contains(err.Error(), "wrong place") ||
		strings.Contains(err.Error(), "move the moon") || control.HintOf(err) != "move the moon" {
		t.Errorf("got %v, hint %q", err, control.HintOf(err))
	}
	noneRuns(t, cfg.Home, 7)
}

func TestLumpThatIsAnother(t *testing.T) {
	cfg := config(t, "lies")
	_, err := Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "fetches the notice") {
		t.Errorf("got %v", err)
	}
	noneRuns(t, cfg.Home, 8)
}

func TestSecondDemoInTheSameHomeIsRefused(t *testing.T) {
	cfg := config(t, "node")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	second := cfg
	w := &words{t: t, on: "is open"}
	w.then = func() {
		go func() { // not in Write: the second run writes too
			defer cancel()
			second.Words = &words{t: t}
			_, err := Run(context.WithoutCancel(ctx), second)
			if err == nil || !strings.Contains(err.Error(), "already runs") {
				t.Errorf("second demo: %v", err)
			}
		}()
	}
	cfg.Words, cfg.For = w, time.Minute
	rep, err := Run(ctx, cfg)
	if err != nil || len(rep.Ended) != 0 {
		t.Errorf("first demo: %+v, %v", rep, err)
	}
}

// TestKilledSupervisorLeavesNobody: the kernel ends the nodes of a supervisor
// that had no chance to.
func TestKilledSupervisorLeavesNobody(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ties a child's life to its parent's")
	}
	cfg := config(t, "supervisor")
	cmd := exec.Command(cfg.Exe, cfg.Home)
	w := &words{t: t, on: "is open"}
	open := make(chan struct{})
	w.then = func() { close(open) }
	cmd.Stderr = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	select {
	case <-open:
	case err := <-exited:
		t.Fatalf("the supervisor ended: %v\n%s", err, w)
	}
	all := pids(t, cfg.Home)
	if len(all) != 8 {
		t.Errorf("%d nodes, want 8", len(all))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-exited
	deadline := time.Now().Add(time.Minute)
	for _, pid := range all {
		for runs(pid) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d outlived the supervisor", pid)
			}
			runtime.Gosched()
		}
	}
}

// superviseUntilKilled is the process that the test above kills.
func superviseUntilKilled() int {
	if err := os.Setenv(fakeEnv, "node"); err != nil {
		return 1
	}
	exe, err := os.Executable()
	if err == nil {
		_, err = Run(context.Background(), Config{Exe: exe, Home: os.Args[1], Guest: []byte("x"), Words: os.Stderr})
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
