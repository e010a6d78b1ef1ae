package node

import (
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guesttest"
)

// What people see of processes and do with them: lists of a tree, ordered and
// cut, logs by level, of all and from the disk, tags, and the end of a tree.
func TestProcessesOfATree(t *testing.T) {
	ada := startNode(t, Config{Name: "Ada"})
	b := ada.Backend()
	spawn := func() uint64 {
		t.Helper()
		return must(b.Spawn(t.Context(), &control.SpawnRequest{Wasm: guesttest.Family(), Name: "family", Processes: 3}))(t).Process.PID
	}
	list := func(req control.PsRequest) (names []string, total int) {
		t.Helper()
		r := must(b.Ps(t.Context(), &req))(t)
		for _, p := range r.Processes {
			names = append(names, p.Name)
		}
		return names, r.Total
	}
	first, second := spawn(), spawn()
	waitFor(t, "children", func() bool { _, total := list(control.PsRequest{}); return total == 6 })
	if names, _ := list(control.PsRequest{Tree: second}); !slices.Equal(names, []string{"family", "a", "b"}) {
		t.Errorf("the tree of the second is %q", names)
	}
	if names, total := list(control.PsRequest{Sort: "gas", Limit: 2}); len(names) != 2 || total != 6 || names[0] != "family" {
		t.Errorf("%q of %d", names, total)
	}
	tail := func(req control.TailRequest) (lines []string) {
		t.Helper()
		if err := b.Tail(t.Context(), &req, func(l *control.LogLine) error {
			lines = append(lines, l.Name+" "+l.Level+" "+l.Text)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return lines
	}
	if got := tail(control.TailRequest{PID: first}); !slices.Equal(got, []string{"family debug quiet", "family error loud"}) {
		t.Errorf("%q", got)
	}
	if got := tail(control.TailRequest{Level: "warn"}); !slices.Equal(got, []string{"family error loud", "family error loud"}) {
		t.Errorf("%q", got)
	}
	if err := b.Send(t.Context(), &control.SendRequest{PID: first, Tag: 7}); err != nil {
		t.Fatal(err)
	}
	if i, err := ada.procs.Wait(t.Context(), first); err != nil || i.Exit != "exit 7" {
		t.Errorf("%s, %v", i.Exit, err)
	}
	// Its children live on, and go with the tree.
	if names, _ := list(control.PsRequest{Tree: first}); !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("left are %q", names)
	}
	if err := b.Kill(t.Context(), &control.KillRequest{PID: first, Tree: true}); err != nil {
		t.Fatal(err)
	}
	if names, _ := list(control.PsRequest{}); !slices.Equal(names, []string{"family", "a", "b"}) {
		t.Errorf("left are %q", names)
	}
	if _, err := b.Ps(t.Context(), &control.PsRequest{Tree: 99}); control.CodeOf(err) != control.NotFound {
		t.Error(err)
	}
	if err := ada.journal.Close(); err != nil {
		t.Fatal(err)
	}
	if got := tail(control.TailRequest{Disk: true, Level: "error"}); strings.Join(got, "|") != "family error loud|family error loud" {
		t.Errorf("%q on disk", got)
	}
}
