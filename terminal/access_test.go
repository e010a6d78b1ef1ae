package terminal

import (
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// TestPasswordIsNotShown: the line after "password" goes to the node and is
// neither on the screen, nor in the log, nor remembered; a wrong one says so.
func TestPasswordIsNotShown(t *testing.T) {
	s := newSession(nil, nil, nil)
	jobs := make(chan job, 4)
	s.command("password Hearthside", jobs)
	if s.secret == nil || !s.in.hidden {
		t.Fatal("no password is asked for")
	}
	b := controltest.New()
	for _, word := range []string{"wrong", "open sesame"} {
		if s.secret == nil {
			s.command("password", jobs)
		}
		for _, r := range word {
			s.in.press(key(r))
		}
		g := newGrid(80, 24)
		s.model.layout(g, s.lines, 0, &s.in)
		typed, entered := s.in.press(keyEnter)
		if !entered || typed != word {
			t.Fatal(typed)
		}
		s.command(typed, jobs)
		ls, err := (<-jobs)(t.Context(), b)
		if (err == nil) != (word != "wrong") {
			t.Fatal(ls, err)
		}
		var drawn strings.Builder
		for _, c := range g.cells {
			drawn.WriteRune(c.r)
		}
		if strings.Contains(drawn.String(), word) || !strings.Contains(drawn.String(), "Password, then Enter") {
			t.Fatal("the password is on the screen, or nothing asks for it")
		}
	}
	all := strings.Join(s.in.history, " ")
	for _, l := range s.lines {
		all += l.text
	}
	if strings.Contains(all, "sesame") || strings.Contains(all, "wrong") {
		t.Fatal(all)
	}
	if s.in.hidden || s.secret != nil {
		t.Fatal("what comes next is hidden too")
	}
}

func TestBlockAndKick(t *testing.T) {
	m := newModel()
	m.apply(&control.Frame{Full: true, Me: "1", Upsert: []control.Entity{{ID: "2", Kind: kindAvatar, Name: "Ben", Owner: "bbbb"}}})
	b := controltest.New()
	for typed, want := range map[string]string{
		"block ben": "nothing more of ben", "unblock Ben": "again", "blocks": "Ben", "kick ben": "Done in Hearthside", "mute Ben": "Done", "unmute Ben": "Done",
	} {
		out := m.run(typed)
		if out.job == nil {
			t.Fatal(typed)
		}
		ls, err := out.job(t.Context(), b)
		if err != nil || len(ls) == 0 || !strings.Contains(ls[0].text, want) {
			t.Fatal(typed, ls, err)
		}
	}
	if out := m.run("kick"); len(out.lines) != 1 || out.lines[0].text != "kick whom?" {
		t.Fatal(out.lines)
	}
}
