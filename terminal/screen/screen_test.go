package screen

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/metatopia/metatopia/node/control"
)

func packed(t *testing.T, rgb ...byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(rgb); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDraw(t *testing.T) {
	var c Copy
	err := c.Apply(&control.ScreenFrame{Whole: true, Cols: 3, Rows: 2, Width: 3, Height: 4, Title: "one",
		Lines: []control.ScreenLine{{Row: 0, Runs: []control.ScreenRun{{Text: "ab", Fg: "#ff0000", Bg: "#000010", Flags: 1}, {Text: " cut off"}}}},
		Bands: []control.ScreenBand{{Y: 0, Rows: 1, RGB: packed(t, 1, 1, 1, 2, 2, 2, 3, 3, 3)}}})
	if err != nil {
		t.Fatal(err)
	}
	got := c.lines(80, 24)
	want := []string{
		"\x1b[0;1;38;2;255;0;0;48;2;0;0;16mab\x1b[0;38;2;3;3;3;48;2;0;0;0m▀\x1b[0m",
		"\x1b[0;38;2;0;0;0;48;2;0;0;0m▀▀▀\x1b[0m",
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %q", i, got[i])
		}
	}
	if c.Text() != "ab\n" {
		t.Errorf("%q", c.Text())
	}
	if narrow := c.lines(2, 1); len(narrow) != 1 || strings.Count(narrow[0], "a")+strings.Count(narrow[0], "b") != 2 {
		t.Errorf("narrow: %q", narrow)
	}
}

func TestPictureAlone(t *testing.T) {
	var c Copy
	if err := c.Apply(&control.ScreenFrame{Whole: true, Width: 320, Height: 200}); err != nil {
		t.Fatal(err)
	}
	for _, s := range [][4]int{{80, 24, 76, 24}, {40, 24, 40, 13}, {1000, 1000, 320, 100}} {
		if a := c.areaOf(s[0], s[1]); a.cols != s[2] || a.rows != s[3] {
			t.Errorf("%v: %+v", s, a)
		}
	}
}

func TestBadFrames(t *testing.T) {
	for name, f := range map[string]*control.ScreenFrame{
		"huge":      {Whole: true, Cols: 1 << 40, Rows: 1 << 40},
		"negative":  {Whole: true, Cols: -1, Rows: -1},
		"line":      {Whole: true, Cols: 1, Rows: 1, Lines: []control.ScreenLine{{Row: 1}}},
		"band":      {Whole: true, Width: 1, Height: 1, Bands: []control.ScreenBand{{Y: 0, Rows: 2}}},
		"too short": {Whole: true, Width: 1, Height: 1, Bands: []control.ScreenBand{{Y: 0, Rows: 1, RGB: packed(t, 1)}}},
	} {
		if err := new(Copy).Apply(f); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestKeys(t *testing.T) {
	acts := make(chan []string, 8)
	var m tea.Model = model{pid: 7, acts: acts, width: 40, height: 10}
	press := func(msg tea.Msg) []string {
		var cmd tea.Cmd
		m, cmd = m.Update(msg)
		if cmd != nil {
			return []string{"quit"}
		}
		select {
		case e := <-acts:
			return e
		default:
			return nil
		}
	}
	press(&control.ScreenFrame{Whole: true, Cols: 4, Rows: 2, Width: 8, Height: 8})
	for _, c := range []struct {
		msg  tea.Msg
		want string
	}{
		{tea.KeyPressMsg{Code: 'a', Text: "a"}, "key a;up a;text a"},
		{tea.KeyPressMsg{Code: tea.KeyUp}, "key ArrowUp;up ArrowUp"},
		{tea.KeyPressMsg{Code: tea.KeySpace, Text: " "}, "key Space;up Space;text  "},
		{tea.KeyPressMsg{Code: 'x', Mod: tea.ModCtrl}, ""},
		{tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}, "quit"},
		{tea.PasteMsg{Content: "hello"}, "text hello"},
		{tea.MouseClickMsg{X: 2, Y: 1, Button: tea.MouseLeft}, "press 1 2 1 4 4"},
		{tea.MouseClickMsg{X: 9, Y: 1, Button: tea.MouseLeft}, ""},
	} {
		if got := strings.Join(press(c.msg), ";"); got != c.want {
			t.Errorf("%v: %q, want %q", c.msg, got, c.want)
		}
	}
}
