package scripting

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting/internal/asm"
	"github.com/metatopia/metatopia/scripting/screen"
)

// watchUntil watches a process until ok says so.
func watchUntil(t *testing.T, ps *Processes, pid uint64, ok func(*screen.Frame) bool) {
	t.Helper()
	enough := errors.New("enough")
	err := ps.Watch(t.Context(), pid, time.Millisecond, func(f *screen.Frame) error {
		if ok(f) {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatal(err)
	}
}

func rowText(f *screen.Frame, row int) string {
	for _, l := range f.Lines {
		if l.Row == row {
			var b strings.Builder
			for _, c := range l.Cells {
				b.WriteRune(c.Rune)
			}
			return b.String()
		}
	}
	return ""
}

// TestSketch draws with the pointer, plays a key and ends by one, on a guest of
// ours.
func TestSketch(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	pid := spawn(t, ps, shipped(t, "sketch"), SpawnSpec{})
	lines(t, ps, pid, 1) // it is ready
	if info, err := ps.Get(pid); err != nil || !info.Screen {
		t.Fatalf("%+v %v", info, err)
	}
	watchUntil(t, ps, pid, func(f *screen.Frame) bool { return strings.Contains(rowText(f, 12), "watched by 1") })

	step := 0
	heard := false
	watchUntil(t, ps, pid, func(f *screen.Frame) bool {
		for _, s := range f.Sounds {
			heard = heard || s.Hertz > 261 && s.Hertz < 262
		}
		switch {
		case step == 0 && f.Whole:
			for _, e := range []string{"key 2", "press 1 10 10 100 100", "move 1 20 10 160 100", "release 1 20 10 160 100", "key a"} {
				if err := ps.Act(pid, e); err != nil {
					t.Fatal(err)
				}
			}
			step++
		case step == 1:
			for _, b := range f.Bands {
				if at := 4 * ((100-b.Y)*f.Width + 130); b.Y <= 100 && at+3 < len(b.Pix) && string(b.Pix[at:at+3]) == "\xe0\x7a\x5f" {
					step++
				}
			}
		}
		return step == 2 && heard
	})
	if err := ps.Act(pid, "watch 3"); !errors.Is(err, ErrNotUsable) {
		t.Error("a person says how many watch:", err)
	}
	if err := ps.Act(pid, "key q"); err != nil {
		t.Fatal(err)
	}
	if info := wait(t, ps, pid); info.Exit != "exit 0" {
		t.Error(info.Exit)
	}
	if err := ps.Watch(t.Context(), pid, time.Millisecond, func(*screen.Frame) error { return nil }); !errors.Is(err, ErrNotFound) {
		t.Error("watching the dead:", err)
	}
}

// A screen counts as memory of the tree, and a guest that opens one after the
// other does not get more than one.
func TestScreenMemory(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{})
	var m asm.Module
	open := m.Import("mt:gfx@1", "open", asm.Cat(i32, i32), i32)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(1, 1)
	f := m.Func(nil, nil, i32,
		loop, c32(640), c32(480), call(open), []byte{0x04, 0x40}, c32(1), call(exit), end, // refused
		get(0), c32(1), []byte{0x6a}, asm.Op(0x22, 0), c32(100), []byte{0x48}, brIf(0), end,
		c32(7), call(exit))
	m.Export("run", asm.Func, f)
	for _, c := range []struct {
		memory uint64
		exit   string
	}{{8 << 20, "exit 7"}, {2 << 20, "exit 1"}} {
		pid := spawn(t, ps, m.Bytes(), SpawnSpec{Memory: c.memory})
		if info := wait(t, ps, pid); info.Exit != c.exit {
			t.Errorf("with %d bytes: %s", c.memory, info.Exit)
		}
	}
}
