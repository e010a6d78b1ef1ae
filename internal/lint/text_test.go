package lint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLengthControl(t *testing.T) {
	expect(t, Length("a.go", []byte(strings.Repeat("x\n", MaxLines))), "")
	expect(t, Length("a.go", []byte(strings.Repeat("x\n", MaxLines+1))), "second noun")
}

func TestSleepControl(t *testing.T) {
	sleeping := `package p; import "time"; func f() { time.Sleep(1) }`
	fs, err := Sleeps("a_test.go", []byte(sleeping))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, fs, "waits for the condition")

	bubble := `package p; import ("time"; _ "testing/synctest"); func f() { time.Sleep(1) }`
	if fs, err = Sleeps("a_test.go", []byte(bubble)); err != nil {
		t.Fatal(err)
	}
	expect(t, fs, "")
}

func TestLinksControl(t *testing.T) {
	dir := t.TempDir()
	other := filepath.Join(dir, "other.md")
	if err := os.WriteFile(other, []byte("# A tick, at 20 Hz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(dir, "page.md")
	for _, tc := range []struct{ text, want string }{
		{"[o](other.md)", ""},
		{"[o](other.md#a-tick-at-20-hz)", ""},
		{"[o](other.md#a-tock)", "no such heading"},
		{"[o](missing.md)", "does not exist"},
		{"![picture](img/world.png \"title\")", "does not exist"},
		{"# Here\n[o](#here)", ""},
		{"# Here\n[o](#there)", "no such heading"},
		{"[o](https://example.org/x)", ""},
		{"`[o](missing.md)`", ""},
		{"```\n[o](missing.md)\n```", ""},
	} {
		t.Run(tc.text, func(t *testing.T) { expect(t, Links(page, []byte(tc.text)), tc.want) })
	}
}

func TestFilesSkipsWhatIsNotOurs(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.go", "node_modules/b.go", "bin/c.go", "sub/d.go", "e.txt"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Files(dir, ".go")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || filepath.Base(got[0]) != "a.go" || filepath.Base(got[1]) != "d.go" {
		t.Errorf("want a.go and sub/d.go, got %v", got)
	}
}
