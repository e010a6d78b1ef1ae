// Package script reads and writes scripts: the text of a program together with
// the names of the modules that run it.
//
//	#!metatopia-script 1
//	name greeter.lua
//	language Lua
//	driver bafkrei...
//	use noise bafkrei...
//
//	function on_touch(who) say("Hello!") end
//
// The text begins behind the empty line. The form is strict, so that equal
// scripts are equal bytes, and the CID of a script names its driver too: all
// nodes that run it run it by the same one.
package script

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds on a script.
const (
	MaxText = 64 << 10 // bytes of the program
	MaxName = 64       // bytes of a name; it stands before every message
	MaxUses = 8        // modules
	maxCID  = 128

	// MaxBytes is the most that Encode gives.
	MaxBytes = MaxText + 4096
)

const magic = "#!metatopia-script 1\n"

// ErrMalformed marks what is not a script.
var ErrMalformed = errors.New("malformed script")

// Script is a program with what runs it.
type Script struct {
	Name     string // of the file, for messages: 1-64 of A-Z a-z 0-9 . _ -
	Language string // for people: the same characters
	Driver   string // CID of the module that runs it
	Uses     []Use  // by name, at most MaxUses
	Text     []byte // UTF-8
}

// Use binds a name of the program to a module.
type Use struct{ Name, Module string }

// Is tells whether bytes begin like a script.
func Is(b []byte) bool { return bytes.HasPrefix(b, []byte(magic)) }

// Check holds a script against the bounds.
func (s *Script) Check() error {
	switch {
	case !word(s.Name) || !word(s.Language):
		return fmt.Errorf("%w: name %q, language %q: want 1-%d of A-Z a-z 0-9 . _ -", ErrMalformed, s.Name, s.Language, MaxName)
	case !cid(s.Driver):
		return fmt.Errorf("%w: driver %q is no CID", ErrMalformed, s.Driver)
	case len(s.Uses) > MaxUses:
		return fmt.Errorf("%w: %d modules, at most %d", ErrMalformed, len(s.Uses), MaxUses)
	case len(s.Text) > MaxText:
		return fmt.Errorf("%w: %d bytes of text, at most %d", ErrMalformed, len(s.Text), MaxText)
	case !utf8.Valid(s.Text):
		return fmt.Errorf("%w: the text is not UTF-8", ErrMalformed)
	}
	for i, u := range s.Uses {
		if !word(u.Name) || !cid(u.Module) || i > 0 && s.Uses[i-1].Name >= u.Name {
			return fmt.Errorf("%w: use %q %q: want a name and a CID, in the order of the names", ErrMalformed, u.Name, u.Module)
		}
	}
	return nil
}

// Encode gives the script's bytes. The error wraps ErrMalformed.
func (s *Script) Encode() ([]byte, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("script: %w", err)
	}
	b := append([]byte(magic), "name "+s.Name+"\nlanguage "+s.Language+"\ndriver "+s.Driver+"\n"...)
	for _, u := range s.Uses {
		b = append(b, "use "+u.Name+" "+u.Module+"\n"...)
	}
	return append(append(b, '\n'), s.Text...), nil
}

// Parse reads what Encode writes, and nothing else. Text keeps a part of b.
func Parse(b []byte) (*Script, error) {
	if len(b) > MaxBytes || !Is(b) {
		return nil, fmt.Errorf("script: %w: does not begin with %q", ErrMalformed, strings.TrimSpace(magic))
	}
	head, text, found := bytes.Cut(b[len(magic):], []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) > 3+MaxUses {
		return nil, fmt.Errorf("script: %w: its head has no end", ErrMalformed)
	}
	s := &Script{Text: text}
	for i, l := range lines {
		key, value, _ := strings.Cut(l, " ")
		switch {
		case i == 0 && key == "name":
			s.Name = value
		case i == 1 && key == "language":
			s.Language = value
		case i == 2 && key == "driver":
			s.Driver = value
		case i > 2 && key == "use":
			name, module, _ := strings.Cut(value, " ")
			s.Uses = append(s.Uses, Use{name, module})
		default:
			return nil, fmt.Errorf("script: %w: line %d, %q", ErrMalformed, i+2, l)
		}
	}
	again, err := s.Encode()
	if err == nil && !bytes.Equal(again, b) {
		err = fmt.Errorf("script: %w: it has another form too", ErrMalformed)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Input is what the driver reads when the script is made ready: a line with
// its name, and the text.
func (s *Script) Input() []byte { return append([]byte(s.Name+"\n"), s.Text...) }

// Modules lists the CIDs that the script names.
func (s *Script) Modules() []string {
	list := []string{s.Driver}
	for _, u := range s.Uses {
		list = append(list, u.Module)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func word(s string) bool {
	return s != "" && len(s) <= MaxName && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	})
}

func cid(s string) bool {
	return s != "" && len(s) <= maxCID && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
