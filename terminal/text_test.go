package terminal

import (
	"strings"
	"testing"
	"unicode"
)

func TestCleanNeutralises(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                      "plain",
		"\x1b]0;title\x07":           "\ufffd]0;title\ufffd",
		"a\x9b31mb":                  "a\ufffd31mb",
		"two\nlines\r\tx":            "two lines  x",
		"\u202egnirts":               "\ufffdgnirts",
		"e\u0301\u0301\u0301":        "\u00e9",
		"z\u0303\u0303\u0303":        "z",
		"\U0001f468\u200d\U0001f469": "\U0001f468\U0001f469",
		"bad \xff utf":               "bad \ufffd utf",
		"\ue000\uffff":               "\ufffd\ufffd",
		"nbsp\u00a0":                 "nbsp ",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	for _, in := range []string{strings.Repeat("x", 100000), strings.Repeat("\xc0x", 100000), "\u1100\u0301\u1161"} {
		got := clean(in)
		if len(got) > maxLogLine {
			t.Errorf("%d bytes left", len(got))
		}
		if clean(got) != got {
			t.Errorf("%.40q cleaned again is %.40q", got, clean(got))
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"hello", "\x1b[2J", "漢字\u202e", "\xff\xfe", "e\u0301"} {
		f.Add(s, 40)
	}
	f.Fuzz(func(t *testing.T, s string, w int) {
		c := clean(s)
		for _, r := range c {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("%q holds %U", c, r)
			}
		}
		if clean(c) != c {
			t.Fatalf("%q cleaned again is %q", c, clean(c))
		}
		w = minWidth + (w%200+200)%200
		rows := wrap(c, w)
		for _, row := range rows {
			if textCells(row) > w {
				t.Fatalf("a row of %d cells, the width is %d: %q", textCells(row), w, row)
			}
		}
		if got, want := letters(strings.Join(rows, "")), letters(c); got != want {
			t.Fatalf("wrapping made %q of %q", got, want)
		}
		if textCells(cut(c, 10)) > 10 {
			t.Fatalf("cut to 10: %q", cut(c, 10))
		}
	})
}

func letters(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestWrap(t *testing.T) {
	got := strings.Join(wrap("Bob says: one two three four five", 16), "|")
	if got != "Bob says: one|  two three four|  five" {
		t.Errorf("%s", got)
	}
	if got := strings.Join(wrap("", 16), "|"); got != "" {
		t.Errorf("empty text: %q", got)
	}
	got = strings.Join(wrap("漢字漢字漢字漢字漢字", 9), "|")
	if got != "漢字漢字|  漢字漢|  字漢字" {
		t.Errorf("%s", got)
	}
}
