package top

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"github.com/metatopia/metatopia/node/control"
)

var update = flag.Bool("update", false, "write the golden screens")

// fake is a node with a list and lines.
type fake struct {
	ps     []control.Process
	lines  []control.LogLine
	err    error
	asked  []control.PsRequest
	killed []control.KillRequest
}

func (f *fake) Ps(_ context.Context, req *control.PsRequest) (*control.PsResponse, error) {
	f.asked = append(f.asked, *req)
	return &control.PsResponse{Processes: f.ps, Total: len(f.ps)}, f.err
}

func (f *fake) Kill(_ context.Context, req *control.KillRequest) error {
	f.killed = append(f.killed, *req)
	return f.err
}

func (f *fake) Tail(_ context.Context, req *control.TailRequest, send func(*control.LogLine) error) error {
	for i := range f.lines {
		l := &f.lines[i]
		if req.PID != 0 && l.PID != req.PID || req.Level == "warn" && l.Level != "warn" && l.Level != "error" {
			continue
		}
		if err := send(l); err != nil {
			return err
		}
	}
	return f.err
}

func sample() *fake {
	at := "2026-11-21T10:00:00Z"
	return &fake{
		ps: []control.Process{
			{PID: 1, Root: 1, Name: "shop", Kind: "supervisor", State: "waiting", Module: "bafkshop", Memory: 4 << 10, Started: at},
			{PID: 2, Parent: 1, Root: 1, Name: "till", Kind: "handler", State: "waiting", Module: "bafktill", Mailbox: 12_345, Refused: 7, Memory: 3 << 20, Gas: 1_234_567, CPU: 1, Started: at},
			{PID: 3, Parent: 1, Root: 1, Name: "baker", Kind: "blocking", State: "running", Module: "bafkbaker", Memory: 70 << 20, Gas: 9_876_543_210, CPU: 2, Started: at, Received: 41, Links: 1},
			{PID: 4, Parent: 3, Root: 1, Name: "oven", Kind: "handler", State: "waiting", Module: "bafkoven", Memory: 64 << 10, CPU: 0.5, Started: at},
			{PID: 9, Root: 9, Name: "clock", Kind: "elsewhere", State: "waiting", Module: "bafkclock", Memory: 1 << 10, Started: at, On: "12D3KooWpeer"},
		},
		lines: []control.LogLine{
			{PID: 2, Name: "till", Time: at, Level: "info", Text: "open"},
			{PID: 3, Name: "baker", Time: at, Level: "warn", Text: "no flour"},
			{PID: 3, Name: "baker", Time: at, Level: "debug", Text: "kneads"},
			{PID: 4, Name: "oven", Time: at, Level: "error", Text: "too hot"},
		},
	}
}

// run does what a command asks, without those that wait.
func run(m model, cmd tea.Cmd) model {
	if cmd == nil {
		return m
	}
	next, _ := m.Update(cmd())
	return next.(model)
}

// refreshed is a model a second after its first refresh: each process took as
// much more of the processor as it had, in tenths.
func refreshed(f *fake, width, height int) model {
	m := newModel(context.Background(), f, byCPU, false)
	m.width, m.height = width, height
	now := time.Unix(1000, 0)
	next, _ := m.Update(sampleMsg{now, &control.PsResponse{Processes: slices.Clone(f.ps), Total: len(f.ps)}, nil})
	m = next.(model)
	for i := range f.ps {
		f.ps[i].CPU *= 1.1
	}
	next, _ = m.Update(sampleMsg{now.Add(time.Second), &control.PsResponse{Processes: f.ps, Total: len(f.ps)}, nil})
	m = next.(model)
	return run(m, m.fetchLogs())
}

func keyOf(s string) tea.KeyPressMsg {
	codes := map[string]rune{"up": tea.KeyUp, "down": tea.KeyDown, "enter": tea.KeyEnter, "esc": tea.KeyEscape, "tab": tea.KeyTab, "end": tea.KeyEnd, "backspace": tea.KeyBackspace}
	if c, ok := codes[s]; ok {
		return tea.KeyPressMsg{Code: c}
	}
	return tea.KeyPressMsg{Code: []rune(s)[0], Text: s}
}

// press sends keys and does at once what they ask for.
func press(m model, keys ...string) model {
	for _, k := range keys {
		next, cmd := m.Update(keyOf(k))
		m = run(next.(model), cmd)
	}
	return m
}

func plain(m model) string {
	lines := strings.Split(ansi.Strip(m.screen()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n") + "\n"
}

func TestScreens(t *testing.T) {
	for _, tc := range []struct {
		name          string
		width, height int
		keys          []string
	}{
		{"start", 80, 24, nil},
		{"wide", 132, 40, []string{"m", "tab"}},
		{"mailbox", 80, 24, []string{"b", "3"}},
		{"names", 80, 24, []string{"n", "enter", "end"}},
		{"filter", 80, 24, []string{"/", "o", "v", "e"}},
		{"kill", 80, 24, []string{"down", "k"}},
		{"killtree", 80, 24, []string{"down", "K"}},
		{"killed", 80, 24, []string{"down", "k", "y"}},
		{"help", 80, 24, []string{"?"}},
		{"paused", 80, 24, []string{"p", "enter", "enter"}},
		{"small", 60, 12, nil},
		{"toosmall", 40, 8, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := plain(press(refreshed(sample(), tc.width, tc.height), tc.keys...))
			path := filepath.Join("testdata", tc.name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the screen is\n%swant\n%s", got, want)
			}
		})
	}
}

// TestScreenHolds: whatever guests are called and say, a screen has its size
// and nothing that a terminal would obey.
func TestScreenHolds(t *testing.T) {
	f := sample()
	nasty := []string{"\x1b[2J\x1b]0;owned\x07", "a\r\nb\tc", "\u202egnp.exe", "e\u0301\u0301\u0301", "漢字漢字漢字漢字漢字漢字漢字漢字", "👩\u200d🚀", "\xff\xfe", strings.Repeat("x", 5000), "\u009b31m"}
	for i, s := range nasty {
		parent := uint64(0)
		if i > 0 {
			parent = uint64(99 + i) // each below the one before
		}
		f.ps = append(f.ps, control.Process{PID: uint64(100 + i), Parent: parent, Name: s, Kind: s, State: s, Module: s, Exit: s, On: s, Started: s})
		f.lines = append(f.lines, control.LogLine{PID: uint64(100 + i), Name: s, Time: s, Level: s, Text: s})
	}
	for _, size := range [][2]int{{60, 12}, {80, 24}, {81, 25}, {200, 60}, {10, 3}} {
		m := refreshed(f, size[0], size[1])
		for range len(f.ps) {
			for _, keys := range [][]string{{"1"}, {"2"}, {"3"}, {"k"}, {"x"}, {"enter"}, {"enter"}, {"enter"}, {"down"}} {
				m = press(m, keys...)
				lines := strings.Split(m.screen(), "\n")
				if len(lines) != size[1] && size[1] >= minHeight {
					t.Fatalf("%d lines on %v", len(lines), size)
				}
				for _, l := range lines {
					if w := ansi.StringWidth(l); w > size[0] {
						t.Fatalf("%d cells on %v: %q", w, size, l)
					}
					// Styles are the only sequences.
					for _, part := range strings.Split(l, "\x1b")[1:] {
						if body, _, ok := strings.Cut(part, "m"); !ok || strings.Trim(body, "[0123456789;") != "" {
							t.Fatalf("a sequence %q", part)
						}
					}
					if s := ansi.Strip(l); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' }) {
						t.Fatalf("a control in %q", s)
					}
				}
			}
		}
	}
}

func TestKillAsksFirst(t *testing.T) {
	f := sample()
	m := press(refreshed(f, 80, 24), "down", "down", "k", "n", "k", "esc", "K", "q")
	if len(f.killed) != 0 {
		t.Fatalf("killed %+v unasked", f.killed)
	}
	pid := m.selected
	m = press(m, "k", "y", "K", "y")
	if want := []control.KillRequest{{PID: pid}, {PID: pid, Tree: true}}; !slices.Equal(f.killed, want) {
		t.Errorf("killed %+v, want %+v", f.killed, want)
	}
	f.err = errors.New("no\x1bsuch")
	if m = press(m, "k", "y"); m.note != "no\ufffdsuch" {
		t.Errorf("it says %q", m.note)
	}
}

// TestSelectionStays with its process when the order changes, and in its place
// when the process goes.
func TestSelectionStays(t *testing.T) {
	f := sample()
	m := press(refreshed(f, 80, 24), "down")
	pid := m.selected
	if m = press(m, "n", "m", "b"); m.selected != pid {
		t.Errorf("selected %d, was %d", m.selected, pid)
	}
	next, _ := m.Update(sampleMsg{time.Unix(1002, 0), &control.PsResponse{}, nil})
	if m = next.(model); m.selected != 0 || press(m, "k", "down", "end").mode != looking {
		t.Errorf("%d is selected of nothing", m.selected)
	}
}

func TestPauseAndFailure(t *testing.T) {
	f := sample()
	m := press(refreshed(f, 80, 24), "p")
	f.asked = nil
	next, cmd := m.Update(tickMsg{})
	if m = next.(model); cmd == nil || len(f.asked) != 0 {
		t.Errorf("a pause asked %v", f.asked)
	}
	next, cmd = m.Update(sampleMsg{err: errors.New("the node is gone")})
	if m = next.(model); cmd == nil || !strings.Contains(plain(m), "the node is gone") || len(m.rows) != len(f.ps) {
		t.Errorf("a failed refresh:\n%s", plain(m))
	}
}

func TestFilterAsksForAll(t *testing.T) {
	f := sample()
	m := refreshed(f, 80, 24)
	run(m, m.fetch())
	m = press(m, "/", "b", "x", "backspace", "enter", "n")
	run(m, m.fetch())
	if n := len(f.asked); n != 2 || f.asked[0].Limit != MaxRows || f.asked[1].Limit != control.MaxPs || f.asked[1].Sort != "pid" {
		t.Errorf("asked %+v", f.asked)
	}
}

func TestArrangeHoldsAgainstCircles(t *testing.T) {
	rows := arrange([]control.Process{{PID: 1, Parent: 2}, {PID: 2, Parent: 1}, {PID: 3, Parent: 3}, {PID: 4, Parent: 77}}, nil, byMemory, "")
	if len(rows) != 4 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestStream(t *testing.T) {
	f, stop := sample(), errors.New("stop")
	var got *Refresh
	err := Stream(t.Context(), f, control.PsRequest{Limit: 5}, func(r *Refresh) error { got = r; return stop })
	if !errors.Is(err, stop) || got.Total != 5 || len(got.Processes) != 5 || got.Processes[1].Name != "till" || f.asked[0].Limit != 5 {
		t.Errorf("%v %+v", err, got)
	}
	f.err = stop
	if err := Stream(t.Context(), f, control.PsRequest{}, func(*Refresh) error { return nil }); !errors.Is(err, stop) {
		t.Errorf("the node's error came as %v", err)
	}
}
