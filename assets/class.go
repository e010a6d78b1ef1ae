package assets

import (
	"fmt"
	"strings"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Class is what a lump is loaded as. The numbers are part of the encoding that
// loader guests write: only ever extended at the end.
type Class uint8

// The classes. ClassAny leaves the choice to the content: it is the first
// class of the format that the content has.
const (
	ClassAny     Class = 0
	ClassMesh    Class = 1 // triangles in metres, y up
	ClassTexture Class = 2
	ClassSound   Class = 3
	ClassModule  Class = 4 // WebAssembly that this node would run
	ClassScript  Class = 5 // source text
	ClassText    Class = 6
	ClassAvatar  Class = 7 // a GLB, whole, for whoever draws it

	classes = 8
)

var classNames = [classes]string{"", "Mesh", "Texture", "Sound", "Module", "Script", "Text", "Avatar"}

// String is the name of the class, "" for ClassAny.
func (c Class) String() string {
	if c < classes {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// ParseClass reads the name of a class in any case; "" is ClassAny. The error
// wraps ErrClass.
func ParseClass(s string) (Class, error) {
	for i, name := range classNames {
		if strings.EqualFold(s, name) {
			return Class(i), nil
		}
	}
	return ClassAny, fmt.Errorf("assets: no class %q, there are %s: %w", s, strings.Join(classNames[1:], ", "), ErrClass)
}

// Form is the validated form of a class in memory: *Mesh, *Texture, *Sound,
// *Module, *Text (of ClassScript and ClassText), *Avatar. Forms are shared
// between all who hold the asset and must not be written to.
type Form interface {
	// Memory is what the form holds, in bytes, as the cache counts it.
	Memory() int64
}

// Asset is a lump that was loaded.
type Asset struct {
	Ref    lumps.Ref
	Class  Class
	Format string    // the name of its Format
	Loader lumps.Ref // the guest that loaded it; zero when the node did
	Gas    uint64    // that the guest was charged
	Source string    // lumps.SourceDisk, or the peer that sent the first lump
	Size   int64     // bytes of the content
	Form   Form

	Fetch  time.Duration // from the question to the bytes
	Decode time.Duration // from the bytes to the form, without waiting
}

// Memory is what the cache counts for the asset, in bytes.
func (a *Asset) Memory() int64 { return entryBytes + a.Form.Memory() }
