package pkg

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrManifest: what a package says of itself is malformed or against a bound.
var ErrManifest = errors.New("bad package manifest")

// CheckName accepts 1 to MaxName of a-z 0-9 - that begin with a letter and do
// not end with a dash.
func CheckName(s string) error {
	ok := len(s) > 0 && len(s) <= MaxName && s[0] >= 'a' && s[0] <= 'z' && s[len(s)-1] != '-'
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%w: name %q: want 1 to %d of a-z 0-9 - beginning with a letter", ErrManifest, clip(s), MaxName)
	}
	return nil
}

// checkWords accepts printable UTF-8 in one line.
func checkWords(what, s string, least, most int) error {
	if len(s) < least || len(s) > most || !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s: want %d to %d bytes of UTF-8", ErrManifest, what, least, most)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: %s: character %U is not printable", ErrManifest, what, r)
		}
	}
	return nil
}

// checkWord accepts lower-case words with dots, dashes and colons between:
// names of interfaces, privileges, tools and settings.
func checkWord(what, s string, most int) error {
	ok := s != "" && len(s) <= most && s[0] >= 'a' && s[0] <= 'z'
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-.:_", c) >= 0)
	}
	if !ok {
		return fmt.Errorf("%w: %s %q: want 1 to %d of a-z 0-9 - . : _", ErrManifest, what, clip(s), most)
	}
	return nil
}

// clip keeps error texts short.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "..."
	}
	return s
}
