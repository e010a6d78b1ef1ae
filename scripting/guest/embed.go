// Package guest holds the guests that are shipped with the node: wasm modules
// with their sources. They are built, not committed: see guest/build.
package guest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt: this binary was built without the guests.
var ErrNotBuilt = errors.New("guests are not built in: run `make guests` and build again")

// FS is the directory of built guests: NAME.wasm and NAME.source.
func FS() fs.FS {
	d, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("guest: embedded directory is missing: " + err.Error())
	}
	return d
}

// Open gives a shipped guest: its module, its source text and what is known
// about it. It fails with ErrNotBuilt, or with fs.ErrNotExist for a name that
// is not shipped.
func Open(name string) (wasm, source []byte, meta Meta, err error) { return OpenFS(FS(), name) }

// Package is what a shipped guest is as a package.
type Package struct {
	Plan, Bundle, Wasm []byte
	Toolchain          string
}

// OpenPackage gives a shipped guest as a package, from a directory of built
// guests. It fails as OpenFS does.
func OpenPackage(dir fs.FS, name string) (p Package, err error) {
	if _, ok := find(name); !ok {
		return p, fmt.Errorf("guest: open package %s: %w", name, fs.ErrNotExist)
	}
	var toolchain []byte
	for _, f := range []struct {
		end string
		to  *[]byte
	}{{".json", &p.Plan}, {".tar", &p.Bundle}, {".wasm", &p.Wasm}, {".tool", &toolchain}} {
		if *f.to, err = fs.ReadFile(dir, name+f.end); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = ErrNotBuilt
			}
			return p, fmt.Errorf("guest: open package %s: %w", name, err)
		}
	}
	p.Toolchain = string(toolchain)
	return p, nil
}

// OpenFS is Open for another directory of built guests.
func OpenFS(dir fs.FS, name string) (wasm, source []byte, meta Meta, err error) {
	meta, ok := find(name)
	if !ok {
		return nil, nil, Meta{}, fmt.Errorf("guest: open %s: %w", name, fs.ErrNotExist)
	}
	wasm, err = fs.ReadFile(dir, name+".wasm")
	if err == nil {
		source, err = fs.ReadFile(dir, name+".source")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, meta, fmt.Errorf("guest: open %s: %w", name, ErrNotBuilt)
	}
	if err != nil {
		return nil, nil, meta, fmt.Errorf("guest: open %s: %w", name, err)
	}
	return wasm, source, meta, nil
}
