package terminal

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

var rewrite = flag.Bool("rewrite", false, "write the golden screens anew")

func valley() control.Frame { return controltest.Valley() }

func stand(t *testing.T) *model {
	t.Helper()
	m := newModel()
	f := valley()
	m.apply(&f)
	return m
}

func texts(ls []line) string {
	var out []string
	for _, l := range ls {
		out = append(out, l.text)
	}
	return strings.Join(out, "\n")
}

// What a person types, and what the node is asked or the person told.
func TestCommands(t *testing.T) {
	for _, tt := range []struct{ typed, call, words string }{
		{"", "", ""},
		{"dance", "", `I do not know "dance"`},
		{"say hello there", "say hello there", ""},
		{"'hello there", "say hello there", ""},
		{"say", "", "say what?"},
		{"go Commons", "walk Commons", "You walk to Commons, 64 m."},
		{"go com", "walk Commons", "You walk to Commons"},
		{"go to hearthside", "walk Hearthside", ""},
		{"go 12,-30", "walk 12,0,-30", "You walk to 12,-30, 8 m."},
		{"go 12 5 -30", "walk 12,0,-30", ""},
		{"go north", "walk 0,0,-8", "You walk to the north"},
		{"go n 20", "walk 0,0,-20", ""},
		{"east", "walk 8,0,0", ""},
		{"sw 10", "walk -7.", ""},
		{"south-west 10 m", "walk -7.", ""},
		{"go north lots", "", `how far is "lots"`},
		{"go north -5", "", "how far"},
		{"go", "", "go where?"},
		{"go bob", "walk 3,0,-4", "You walk to Bob"},
		{"go the lamp", "walk 0,0,6", "You walk to the street lamp"},
		{"go atlantis", "", `called "atlantis"`},
		{"touch lamp", "touch bb02", "You touch the street lamp."},
		{"touch", "", "touch what?"},
		{"touch ada", "", `I see no "ada"`},
		{"throw ball", "throw bb01 0.0,4.0,-9.0", "You throw the red ball ahead."},
		{"throw red ball east", "throw bb01 9.0,4.0,0.0", "to the east"},
		{"throw ball at bob", "throw bb01 5.4,4.0,-7.2", "at Bob"},
		{"throw ball at nobody", "", `I see no "nobody"`},
		{"throw", "", "throw what?"},
		{"inspect lamp", "inspect bb02", "script in go by Ada, licence MIT, ran 3 times"},
		{"x ball", "inspect bb01", "no script"},
		{"who", "", "Bob in Hearthside, 5 m to the north-east"},
		{"look", "", "You stand in Hearthside, at 0,0."},
		{"HELP", "", "throw THING"},
		{"say \x1b[2J", "say \x1b[2J", ""}, // the node refuses it: see package control
	} {
		t.Run(tt.typed, func(t *testing.T) {
			b := controltest.New()
			out := stand(t).run(tt.typed)
			words := texts(out.lines)
			if out.job != nil {
				ls, err := out.job(t.Context(), b)
				if err != nil {
					t.Fatal(err)
				}
				words += texts(ls)
			}
			if got := strings.Join(b.Calls(), ";"); tt.call == "" && got != "" || !strings.HasPrefix(got, tt.call) {
				t.Errorf("asked the node %q, want %q", got, tt.call)
			}
			if !strings.Contains(words, tt.words) {
				t.Errorf("told %q, want %q", words, tt.words)
			}
		})
	}
	if !stand(t).run("quit").quit {
		t.Error("quit does not leave")
	}
	// Before the first frame there is nobody to walk.
	for _, typed := range []string{"look", "go north", "throw ball", "who"} {
		if out := newModel().run(typed); out.job != nil || len(out.lines) == 0 {
			t.Errorf("%s before the first frame: %+v", typed, out)
		}
	}
}

func TestErrorsOfTheNodeAreTold(t *testing.T) {
	b := controltest.New()
	b.Fail(control.Errorf(control.Denied, "ask \x1b[31mher", "the owner \x07forbids it"))
	_, err := stand(t).run("touch lamp").job(t.Context(), b)
	if got := problem(err).text; got != "the owner \ufffdforbids it (ask \ufffd[31mher)" {
		t.Errorf("%q", got)
	}
}

// Frames become a story.
func TestNarrative(t *testing.T) {
	m := stand(t)
	said := func(f control.Frame) string { return texts(m.apply(&f)) }
	pose := func(id string, x, z float64) control.Pose {
		return control.Pose{ID: id, Pos: [3]float64{x, 0, z}, Rot: [4]float64{0, 0, 0, 1}}
	}
	if got := said(control.Frame{Poses: []control.Pose{pose(controltest.BobID, 15, 0)}}); got != "" {
		t.Errorf("at 15 m Bob is told about: %q", got)
	}
	if got := said(control.Frame{Poses: []control.Pose{pose(controltest.BobID, 30, 0)}}); got != "Bob goes away to the east." {
		t.Errorf("%q", got)
	}
	if got := said(control.Frame{Poses: []control.Pose{pose(controltest.BobID, 0, -11)}}); got != "Bob comes near, from the north." {
		t.Errorf("%q", got)
	}
	if got := said(control.Frame{In: controltest.CommonsID, Notice: []string{"You crossed into Commons."}}); got != "You crossed into Commons." || m.in != controltest.CommonsID {
		t.Errorf("%q, in %s", got, m.in)
	}
	chat := []control.ChatLine{
		{From: "Bob", Key: "ff", Entity: controltest.BobID, Text: "hi\x1b[2J"},
		{From: "Ada", Key: controltest.Key, Entity: controltest.MeID, Text: "hello"},
		{From: "bell", Entity: "bb09", Text: "ding"},
		{From: "\x1b[31m\n", Key: "fe", Text: "x"},
	}
	want := "Bob says: hi\ufffd[2J\nYou say: hello\nThe bell says: ding\n\ufffd[31m says: x"
	if got := said(control.Frame{Chat: chat}); got != want {
		t.Errorf("%q", got)
	}
	if got := said(control.Frame{Notice: []string{"the wall\nis solid"}}); got != "the wall is solid" {
		t.Errorf("%q", got)
	}
	said(control.Frame{Gone: []string{controltest.BobID}})
	if len(m.near) != 0 || len(m.entities) != 3 {
		t.Errorf("Bob is still there: %v", m.near)
	}
	full := valley()
	full.Upsert = full.Upsert[:1]
	said(full)
	if len(m.entities) != 1 {
		t.Errorf("a full frame does not replace: %d entities", len(m.entities))
	}
}

// Things that look the same are counted, people are not; what has no name is
// called what it is.
func TestListCounts(t *testing.T) {
	m := stand(t)
	add := func(id, kind, name string, x float64) {
		m.entities[id] = control.Entity{ID: id, Kind: kind, Name: name, Region: controltest.HearthID, Pos: control.Point{X: x}}
	}
	for i, id := range []string{"e1", "e2", "e3"} {
		add(id, "box", "crate", float64(10+i))
	}
	add("e4", "path", "", 20)
	add("e5", kindAvatar, "Bob", -9)
	got := texts(m.look())
	for _, want := range []string{"crate (3) 10 m E", "path 20 m E", "Bob 5 m NE, Bob 9 m W."} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %s", want, got)
		}
	}
}

func TestEntitiesAreBounded(t *testing.T) {
	m := stand(t)
	for i := range maxEntities + 10 {
		f := control.Frame{Upsert: []control.Entity{{ID: string(rune('a'+i%26)) + strings.Repeat("x", i/26)}}}
		m.apply(&f)
	}
	if len(m.entities) != maxEntities {
		t.Errorf("%d entities", len(m.entities))
	}
}

func TestDirections(t *testing.T) {
	for want, p := range map[string]control.Point{
		"N": {Z: -5}, "E": {X: 5}, "S": {Z: 5}, "W": {X: -5}, "NE": {X: 4, Z: -5}, "SW": {X: -4, Z: 5}, "NW": {X: -1, Z: -1}, "SE": {X: 1, Z: 1},
	} {
		if got := shortDirection(control.Point{}, p); got != want {
			t.Errorf("%v is %s, want %s", p, got, want)
		}
	}
	// A quarter turn to the left about Y looks west.
	if x, z := facing([4]float64{0, 0.70710678, 0, 0.70710678}); x > -0.99 || z > 0.01 || z < -0.01 {
		t.Errorf("facing %g,%g", x, z)
	}
	if x, z := facing([4]float64{}); x != 0 || z != -1 {
		t.Errorf("no rotation faces %g,%g", x, z)
	}
}

// Screens as they are shown, in testdata; -rewrite makes them anew.
func TestScreens(t *testing.T) {
	type scene struct {
		name string
		w, h int
		do   func(*session)
	}
	for _, sc := range []scene{
		{"arrival", 80, 24, func(s *session) { s.tell(s.model.look()...) }},
		{"waiting", 80, 24, func(s *session) { s.model = newModel() }},
		{"narrow", 40, 12, func(s *session) {
			s.tell(line{cyan, "Bob says: this is a rather long line that does not fit on a narrow screen"})
			for _, r := range "'a line that is longer than the prompt has room for" {
				s.in.press(r)
			}
		}},
		{"wide-characters", 48, 12, func(s *session) {
			s.tell(s.model.heard(control.ChatLine{From: "漢字", Key: "f", Text: "こんにちは、世界。今日はいい天気ですね。散歩に行きましょう。"}))
			s.tell(s.model.heard(control.ChatLine{From: "Zoë", Key: "f", Text: "👋 hi"}))
		}},
		{"crowd", 60, 12, func(s *session) {
			f := control.Frame{}
			for i, n := range []string{"Cleo", "Dev", "Eve", "Finn", "Gus", "Hana", "Ivo"} {
				f.Upsert = append(f.Upsert, control.Entity{ID: "dd0" + string(rune('0'+i)), Kind: "avatar", Name: n, Region: controltest.HearthID, Pos: control.Point{X: float64(i - 3), Z: 5}})
			}
			s.tell(s.model.apply(&f)...)
			s.tell(s.model.who()...)
		}},
		{"inspect", 80, 16, func(s *session) {
			b := controltest.New()
			res, err := b.Inspect(context.Background(), &control.InspectRequest{Thing: controltest.LampID})
			if err != nil {
				t.Fatal(err)
			}
			s.tell(inspected(res)...)
		}},
		{"scrolled-back", 40, 10, func(s *session) {
			for i := range 20 {
				s.tell(line{plain, "line " + string(rune('a'+i))})
			}
			s.neg.width, s.neg.height = 40, 10
			s.page(keyPageUp)
		}},
	} {
		t.Run(sc.name, func(t *testing.T) {
			s := newSession(nil, nil, nil)
			s.model = stand(t)
			sc.do(s)
			g := newGrid(sc.w, sc.h)
			x, y := s.model.layout(g, s.lines, s.back, &s.in)
			if x < 0 || x >= sc.w || y != sc.h-1 {
				t.Errorf("the cursor is at %d,%d", x, y)
			}
			golden(t, sc.name, g.text())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; shown\n%s\nwant\n%s", file, got, want)
	}
}

func TestLineEditing(t *testing.T) {
	var in input
	press := func(keys ...key) {
		for _, k := range keys {
			in.press(k)
		}
	}
	press([]key("hello wrld")...)
	press(keyLeft, keyLeft, keyLeft, 'o', keyHome, '>', keyEnd, '!', keyBack)
	if got := string(in.text); got != ">hello world" {
		t.Errorf("%q", got)
	}
	if line, ok := in.press(keyEnter); !ok || line != ">hello world" || len(in.text) != 0 {
		t.Errorf("%q %v", line, ok)
	}
	press([]key("second word")...)
	press(keyEraseWord)
	if got := string(in.text); got != "second " {
		t.Errorf("%q", got)
	}
	press(keyUp)
	if got := string(in.text); got != ">hello world" {
		t.Errorf("up: %q", got)
	}
	press(keyDown)
	if got := string(in.text); got != "second " {
		t.Errorf("down: %q", got)
	}
	press(keyDown, keyEraseLine, keyBack, keyLeft, keyDelete, keyEraseWord)
	for range 2000 {
		press('漢')
	}
	if in.bytes() > maxInput {
		t.Errorf("%d bytes typed", in.bytes())
	}
	for i := range 100 {
		press(rune('a'+i%26), keyEnter)
	}
	if len(in.history) > maxHistory {
		t.Errorf("%d lines of history", len(in.history))
	}
}
