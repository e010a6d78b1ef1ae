package assets

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/lumps"
)

// Format is a way in which bytes stand for an asset. It is found by content,
// never by a name.
type Format struct {
	Name    string
	Classes []Class   // what it can be loaded as; the first when nobody says
	Loader  lumps.Ref // the guest that reads it; zero: the node itself

	is      func(b []byte) bool
	named   bool // only when asked for by name: nothing in the bytes tells it
	measure func(b []byte, as Class) (work int64, err error)
	decode  func(ctx context.Context, b []byte, as Class) (Form, error)
	guest   func(ctx context.Context, b []byte, as Class) (Form, uint64, error) // instead of decode
}

// formats lists all in the order in which they are tried: magic numbers first,
// foreign ones by their words, text last.
func (l *Library) makeFormats() []Format {
	all := []Format{glbFormat}
	for i := range imageFormats {
		all = append(all, imageFormats[i].format())
	}
	all = append(all,
		soundFormat("wav", isWAV, readWAV),
		soundFormat("ogg", isOgg, readOgg),
		Format{Name: "wasm", Classes: []Class{ClassModule}, is: isWasm, measure: measureModule, decode: l.decodeModule},
	)
	for _, f := range l.cfg.Foreign {
		all = append(all, l.foreign(f))
	}
	return append(all, Format{
		Name: "text", Classes: []Class{ClassText, ClassScript}, is: looksText,
		measure: measureText, decode: decodeText,
	})
}

// Formats lists what the library loads.
func (l *Library) Formats() []Format { return slices.Clone(l.formats) }

// choose finds the format of b that gives the class wanted, by name when one
// is given.
func (l *Library) choose(b []byte, as Class, name string) (*Format, Class, error) {
	var found *Format
	for i := range l.formats {
		f := &l.formats[i]
		if name != "" && f.Name != name || name == "" && f.named {
			continue
		}
		if !f.named && !f.is(b) {
			continue
		}
		if as == ClassAny {
			return f, f.Classes[0], nil
		}
		if slices.Contains(f.Classes, as) {
			return f, as, nil
		}
		if found == nil {
			found = f
		}
	}
	switch {
	case found != nil:
		return nil, as, fmt.Errorf("%w: it is %s, so %s, not %s", ErrClass, found.Name, classList(found.Classes), as)
	case name != "":
		return nil, as, fmt.Errorf("%w: the bytes are no %s", ErrFormat, name)
	}
	names := make([]string, len(l.formats))
	for i, f := range l.formats {
		names[i] = f.Name
	}
	return nil, as, fmt.Errorf("%w: it is none of %s", ErrFormat, strings.Join(names, ", "))
}

func classList(cs []Class) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.String()
	}
	return strings.Join(names, " or ")
}
