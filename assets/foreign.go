package assets

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/metatopia/metatopia/lumps"
)

// Foreign is a format that a guest reads. It is told by Magic at the start of
// the bytes; or by Words: text each of whose first lines begins with one of
// them, the first word at least once; or, with neither, only when somebody
// asks for it by name.
type Foreign struct {
	Name   string // 1-16 of a-z 0-9
	Class  Class
	Magic  []byte
	Words  []string
	Loader lumps.Ref // its module
}

// Guests runs loader guests. It gives what the guest wrote, at most
// GuestOutput bytes, and the gas charged. Errors wrap ErrGuest when the module
// or what it did is at fault, so that trying again is of no use.
type Guests interface {
	RunLoader(ctx context.Context, loader lumps.Ref, as Class, b []byte) (out []byte, gas uint64, err error)
}

const (
	maxForeignName = 16
	maxMagic       = 64
	maxWords       = 64
	// sniffLines and sniffBytes are how far words are looked for: material
	// definitions may come before the first vertex.
	sniffLines = 4096
	sniffBytes = 256 << 10
	// guestWork is what running a guest takes: its memory, what it wrote, the
	// form made of that, and an image inside.
	guestWork = GuestMemory + 2*GuestOutput + maxInnerImage
)

// ParseForeign reads a format from settings:
//
//	NAME:CLASS:MAGIC:CID
//
// MAGIC is hexadecimal, or words=a,b,c, or empty. Errors say what is wrong.
func ParseForeign(s string) (Foreign, error) {
	p := strings.Split(s, ":")
	if len(p) != 4 {
		return Foreign{}, fmt.Errorf("assets: loader %q: want NAME:CLASS:MAGIC:CID", s)
	}
	f := Foreign{Name: p[0]}
	var err error
	if f.Class, err = ParseClass(p[1]); err != nil {
		return Foreign{}, err
	}
	if words, ok := strings.CutPrefix(p[2], "words="); ok {
		f.Words = strings.Split(words, ",")
	} else if f.Magic, err = hex.DecodeString(p[2]); err != nil {
		return Foreign{}, fmt.Errorf("assets: loader %q: magic %q: %w", s, p[2], err)
	}
	if f.Loader, err = lumps.Parse(p[3]); err != nil {
		return Foreign{}, fmt.Errorf("assets: loader %q: %w", s, err)
	}
	return f, f.check()
}

func (f Foreign) check() error {
	bad := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	switch {
	case f.Name == "" || len(f.Name) > maxForeignName || strings.ContainsFunc(f.Name, bad):
		return fmt.Errorf("assets: loader %q: a name is 1-%d of a-z 0-9", f.Name, maxForeignName)
	case f.Class == ClassAny || f.Class >= classes:
		return fmt.Errorf("assets: loader %s: no class", f.Name)
	case len(f.Magic) > maxMagic || len(f.Words) > maxWords || slices.Contains(f.Words, ""):
		return fmt.Errorf("assets: loader %s: at most %d bytes of magic, or %d words", f.Name, maxMagic, maxWords)
	case f.Loader.IsZero():
		return fmt.Errorf("assets: loader %s: no module", f.Name)
	}
	return nil
}

func (f Foreign) is(b []byte) bool {
	switch {
	case len(f.Magic) > 0:
		return bytes.HasPrefix(b, f.Magic)
	case len(f.Words) > 0:
		return f.hasWords(b)
	}
	return false
}

func (f Foreign) hasWords(b []byte) bool {
	head := b
	if len(head) > sniffBytes {
		head = head[:sniffBytes]
		head = head[:bytes.LastIndexByte(head, '\n')+1]
	}
	if !utf8.Valid(head) {
		return false
	}
	first, n, goesOn := false, 0, false
	for line := range bytes.Lines(head) {
		if n++; n > sniffLines {
			break
		}
		line = bytes.TrimSpace(line)
		skip := goesOn || len(line) == 0 || line[0] == '#'
		goesOn = bytes.HasSuffix(line, []byte(`\`))
		if skip {
			continue
		}
		end := bytes.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		word := string(line[:end])
		if !slices.Contains(f.Words, word) {
			return false
		}
		first = first || word == f.Words[0]
	}
	return first
}

// foreign is the format that a guest reads.
func (l *Library) foreign(f Foreign) Format {
	return Format{
		Name: f.Name, Classes: []Class{f.Class}, Loader: f.Loader, is: f.is,
		named:   len(f.Magic) == 0 && len(f.Words) == 0,
		measure: func(b []byte, _ Class) (int64, error) { return guestWork, nil },
		guest: func(ctx context.Context, b []byte, as Class) (Form, uint64, error) {
			if l.cfg.Guests == nil {
				return nil, 0, fmt.Errorf("%w: this node runs no guests", ErrNoLoader)
			}
			out, gas, err := l.cfg.Guests.RunLoader(ctx, f.Loader, as, b)
			if err != nil {
				return nil, gas, err
			}
			// What a guest wrote is as good as what a stranger sent.
			class, form, err := Decode(ctx, out, l.cfg.Modules)
			switch {
			case err != nil:
				return nil, gas, fmt.Errorf("%w: it wrote %w", ErrGuest, err)
			case class != as:
				return nil, gas, fmt.Errorf("%w: it wrote a %s, not a %s", ErrGuest, class, as)
			}
			return form, gas, nil
		},
	}
}
