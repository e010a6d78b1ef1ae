package pkg

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// Reference is how people name packages: a CID, or [AUTHOR/]NAME[@VERSION]. An
// author is a key in hexadecimal, or its beginning where it is clear.
type Reference struct {
	Root    lumps.Ref // not zero: the rest is empty
	Author  string    // at least minAuthor hexadecimal digits, or ""
	Name    string
	Version Version
	Exact   bool // there is a version
}

// minAuthor: shorter beginnings are typed by mistake.
const minAuthor = 6

// ParseReference reads one.
func ParseReference(s string) (Reference, error) {
	if len(s) > 64+1+MaxName+1+MaxVersion {
		return Reference{}, fmt.Errorf("%w: reference of %d bytes", ErrManifest, len(s))
	}
	if r, err := lumps.Parse(s); err == nil {
		return Reference{Root: r}, nil
	}
	var r Reference
	rest := s
	if a, after, ok := strings.Cut(s, "/"); ok {
		if len(a) < minAuthor || len(a) > 64 || strings.ContainsFunc(a, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') }) {
			return Reference{}, fmt.Errorf("%w: %q: an author is a key: %d to 64 hexadecimal digits", ErrManifest, clip(s), minAuthor)
		}
		r.Author, rest = a, after
	}
	name, version, exact := strings.Cut(rest, "@")
	r.Name, r.Exact = name, exact
	if err := CheckName(name); err != nil {
		return Reference{}, fmt.Errorf("%w; a package is [AUTHOR/]NAME[@VERSION] or a CID", err)
	}
	if exact {
		var err error
		if r.Version, err = ParseVersion(version); err != nil {
			return Reference{}, err
		}
	}
	return r, nil
}

// By tells whether the reference may mean a package of this author.
func (r Reference) By(k base.Key) bool { return strings.HasPrefix(k.String(), r.Author) }

// Key is the author's whole key, if the reference has it.
func (r Reference) Key() (k base.Key, ok bool) {
	k, err := base.ParseKey(r.Author)
	return k, err == nil
}

func (r Reference) String() string {
	switch {
	case !r.Root.IsZero():
		return r.Root.String()
	case r.Author != "":
		r.Author += "/"
	}
	if r.Exact {
		return r.Author + r.Name + "@" + r.Version.String()
	}
	return r.Author + r.Name
}

// Rendezvous is the content under which those who know an author's releases
// announce themselves: nobody can know a package's root beforehand.
func Rendezvous(author base.Key) []byte {
	return []byte("metatopia packages of " + author.String() + "\n")
}
