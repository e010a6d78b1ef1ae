package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/mattn/go-isatty"

	"github.com/metatopia/metatopia/node/control"
)

// environment is what every command runs with.
type environment struct {
	terminals
	JSON    bool
	Home    string // data directory, absolute
	Command string // the verbs, as in "lump add"
	Version string
}

// node is a client of the node that runs with this home.
func (e *environment) node() *control.Client { return control.Dial(control.SocketPath(e.Home)) }

// note says something to the person, not to a program.
func (e *environment) note(format string, args ...any) {
	fmt.Fprintln(e.Err, clean(fmt.Sprintf(format, args...)))
}

// show prints v as one line of JSON with --json, else calls words.
func (e *environment) show(v any, words func(w io.Writer)) error {
	if e.JSON {
		return e.line(v)
	}
	tw := tabwriter.NewWriter(cleanWriter{e.Out}, 0, 8, 2, ' ', 0)
	words(tw)
	return tw.Flush()
}

// line prints v as one line of JSON.
func (e *environment) line(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Out, "%s\n", escaped(b))
	return err
}

// escaped writes the characters that clean takes out as \uXXXX: JSON need not
// escape them all, and a terminal would obey them. The value is the same.
func escaped(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		if r < ' ' || !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			out = utf8.AppendRune(out, r)
			continue
		}
		for _, u := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, "\\u%04x", u)
		}
	}
	return out
}

// isTTY says whether w is a terminal, where progress may be drawn.
func isTTY(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// clean takes terminal controls out of text that others may have written.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r) {
			return '\ufffd'
		}
		return r
	}, s)
}

// cleanWriter cleans whole writes; a tabwriter writes cells whole.
type cleanWriter struct{ w io.Writer }

func (c cleanWriter) Write(p []byte) (int, error) {
	if _, err := io.WriteString(c.w, clean(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// defaultHome is $XDG_DATA_HOME/metatopia.
func defaultHome() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "metatopia")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "metatopia")
	}
	return "metatopia-data"
}
